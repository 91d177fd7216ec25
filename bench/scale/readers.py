"""What people ask of a ledger: lists in every order and with every filter, paged deep, searches, inboxes, overviews."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from bench.scale.seed import COLLEGES, Place
from services.case_filter import Sort
from services.settings import Settings
from services.vault import Vault

Group = Literal["ledger", "overview", "search", "inbox"]
GROUPS: tuple[Group, ...] = get_args(Group)
_SECTIONS = ("due", "overdue", "waiting_for_others", "notices")


@dataclass(frozen=True)
class Ask:
    """A request of a reader, of which up to `pages` are turned."""

    group: Group
    reader: str
    actor: str
    path: str
    pages: int = 1

    def after(self, cursor: str) -> str:
        """The address of the page behind this cursor."""
        return f"{self.path}{'&' if '?' in self.path else '?'}cursor={cursor}"


def readers(place: Place) -> dict[str, str]:
    """Who reads, by role, with their ids."""
    return {
        "mentor": place.mentor(0, 0),
        "counselor": place.counselor(0),
        "college supervisor": place.chief(0),
        "school supervisor": place.centre,
    }


def filters(place: Place, now: datetime) -> tuple[str, ...]:
    """Every filter of the list."""
    return (
        "stage=delivery",
        "stage=pairing&stage=intake",
        f"cohort={now.year + 1}",
        f"department={place.college(0)}",
        f"mentor={place.mentor(0, 0)}",
        "hardship_type=DIBAO",
        "primary_type=LIFTED_POVERTY",
        "risk_level=A",
        "overdue=true",
        "overdue=false",
        f"due_before={now + timedelta(days=7):%Y-%m-%d}",
        "open=true",
        "open=false",
        "unassigned=true",
        "unserved=true",
        "package_complete=true",
        "left_school=true",
        "settled=true",
        "destination_code=11",
        "destination_status=registered",
    )


def asks(place: Place, settings: Settings, now: datetime) -> Iterator[Ask]:
    """Everything that the people of a school, and the observer of its province, ask."""
    people = readers(place)
    for reader, actor in people.items():
        for sort in get_args(Sort):
            yield Ask("ledger", reader, actor, f"/cases?limit=50&sort={sort}", pages=30)
        for wish in filters(place, now):
            if reader == "school supervisor" and "_type=" in wish:
                # The hardship is masked for the school, which may not filter by it.
                continue
            yield Ask("ledger", reader, actor, f"/cases?limit=50&{wish}", pages=4)
        yield from _searches(place, settings, reader, actor)
        for days in (1, 7, 30):
            yield Ask("inbox", reader, actor, f"/inbox?days={days}")
        for section in _SECTIONS:
            yield Ask("inbox", reader, actor, f"/inbox?section={section}&limit=50", pages=10)
    supervisors = {"college supervisor": place.chief(0), "school supervisor": place.centre}
    for reader, actor in supervisors.items():
        yield Ask("inbox", reader, actor, "/supervision/overdue?limit=50", pages=10)
        yield Ask("inbox", reader, actor, "/supervision/caseload")
    for reader, actor in (supervisors | {"observer": place.observer}).items():
        yield from _overviews(place, reader, actor, now)


def _searches(place: Place, settings: Settings, reader: str, actor: str) -> Iterator[Ask]:
    vault = Vault.of(settings)
    for number in range(0, place.cases, max(1, place.cases // 12)):
        student_no = place.student_no(number)
        for text in (student_no, f"100{number:08}", vault.case_id(place.id, student_no), "王伟"):
            yield Ask("search", reader, actor, f"/cases?q={text}")
    vault.store.close()


def _overviews(place: Place, reader: str, actor: str, now: datetime) -> Iterator[Ask]:
    yield Ask("overview", reader, actor, "/supervision/overview")
    yield Ask("overview", reader, actor, f"/supervision/overview?cohort={now.year + 1}")
    yield Ask("overview", reader, actor, "/supervision/overview?hardship_type=DIBAO")
    yield Ask("overview", reader, actor, f"/supervision/campaigns?cohort={now.year}")
    if reader != "observer":
        yield Ask("overview", reader, actor, "/supervision/trends")
    if reader == "school supervisor":
        for college in range(COLLEGES):
            yield Ask("overview", reader, actor, f"/supervision/overview?department={place.college(college)}")
