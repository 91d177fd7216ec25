"""What was done for a cohort within each campaign of its last year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, select
from sqlmodel import col

from models.calendar import Calendar
from models.campaigns import Campaign, campaigns
from models.case.kernel import Actor, Role
from models.tables import CaseEvent, CaseReferral, CaseRow
from models.views.supervision import CampaignCount, Campaigns
from services.small_counts import without_small_counts
from services.supervised import count_if, supervised

_EVENTS = {"services": ("service_recorded",), "contacts": ("contact_recorded", "follow_up_recorded")}


class CampaignReader:
    """Counts in the ledger of one database."""

    def __init__(self, engine: Engine, smallest_count: int) -> None:
        self._engine = engine
        self._smallest = smallest_count

    def campaigns(self, actor: Actor, *, cohort: int) -> Campaigns:
        """The campaigns of the cohort, within the actor's scope. Raises NotAllowed."""
        with self._engine.connect() as connection:
            scope = supervised(connection, actor)
            cases = [scope(CaseRow.school_id, CaseRow.department_id), col(CaseRow.cohort) == cohort]
            found = Campaigns(cohort=cohort, campaigns=_counted(connection, cases, cohort))
        if actor.role == Role.PROVINCIAL_OBSERVER:
            return without_small_counts(found, self._smallest)
        return found


@dataclass(frozen=True)
class _Span:
    """A campaign of a cohort: `end` is the first moment after it."""

    campaign: Campaign
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, campaign: Campaign, cohort: int) -> "_Span":
        return cls(campaign, campaign.starts.of(cohort), campaign.ends.of(cohort))

    @property
    def start(self) -> datetime:
        return Calendar().midnight(self.starts_on)

    @property
    def end(self) -> datetime:
        return Calendar().midnight(self.ends_on + timedelta(days=1))

    def holds(self, moment: Any) -> ColumnElement[bool]:
        return and_(moment >= self.start, moment < self.end)


def _counted(
    connection: Connection, cases: Sequence[ColumnElement[bool]], cohort: int
) -> list[CampaignCount]:
    """All campaigns at once, so that the cases and what happened in them are gone through once."""
    spans = [_Span.of(item, cohort) for item in campaigns()]
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    opened, closed, sent = col(CaseRow.opened_at), col(CaseRow.closed_at), col(CaseReferral.sent_at)
    type_, at = col(CaseEvent.type), col(CaseEvent.at)
    chosen = select(col(CaseRow.case_id)).where(*cases)

    def counts(conditions: Iterable[ColumnElement[bool]], *where: ColumnElement[bool]) -> Sequence[int]:
        return connection.execute(select(*map(count_if, conditions)).where(*where)).one()

    figures = {
        "opened": counts([span.holds(opened) for span in spans], *cases),
        "closed": counts([span.holds(closed) for span in spans], *cases),
        "referrals": counts([span.holds(sent) for span in spans], col(CaseReferral.case_id).in_(chosen)),
    }
    for name, types in _EVENTS.items():
        figures[name] = counts(
            [span.holds(at) for span in spans],
            type_.in_(types),
            at >= first,
            at < last,
            col(CaseEvent.case_id).in_(chosen),
        )
    return [
        CampaignCount(
            id=span.campaign.id,
            zh=span.campaign.zh,
            en=span.campaign.en,
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            **{name: found[number] for name, found in figures.items()},
        )
        for number, span in enumerate(spans)
    ]
