"""How the printed form names people, services and days."""

from collections.abc import Mapping
from datetime import date, datetime

from models.calendar import Calendar
from models.case.kernel import Role
from models.codes import service_types
from models.views.case import TimelineEntry
from models.views.paper import word


class Names:
    """Who and what is meant by an id: people and colleges of the school."""

    def __init__(self, school: str, colleges: Mapping[str, str], people: Mapping[str, str]) -> None:
        self.school = school
        self.colleges = colleges
        self._people = people

    def of(self, staff_id: str | None) -> str:
        """The name of a member of staff; the id itself of somebody unknown, such as a partner's own name."""
        return self._people.get(staff_id, staff_id) if staff_id else ""

    def who(self, entry: TimelineEntry) -> str:
        """Who did what an event tells."""
        by_role: dict[str, str] = {
            Role.GRADUATE: word("people", "graduate"),
            Role.SYSTEM: word("people", "system"),
        }
        return by_role.get(entry.actor_role) or self.of(entry.actor_id)


def day(value: date | datetime | str | None) -> str:
    """A date where the school is; that of an instant, too, also as JSON has it."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(Calendar().zone)
    return f"{value:%Y-%m-%d}" if value else ""


def service_name(code: str | None) -> str:
    """The Chinese name of a service type."""
    return next((kind.zh for kind in service_types() if kind.id == code), code or "")
