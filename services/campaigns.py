"""What was done for a cohort within each campaign of its last year."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select
from sqlmodel import col

from models.calendar import Calendar
from models.campaigns import Campaign, campaigns
from models.case.kernel import Actor, Role
from models.tables import CaseEvent, CaseReferral, CaseRow
from models.views.supervision import CampaignCount, Campaigns
from services.small_counts import without_small_counts
from services.supervised import count_if, supervised

_SERVICES = ("service_recorded",)
_CONTACTS = ("contact_recorded", "follow_up_recorded")


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
            found = Campaigns(
                cohort=cohort, campaigns=[_counted(connection, cases, item, cohort) for item in campaigns()]
            )
        if actor.role == Role.PROVINCIAL_OBSERVER:
            return without_small_counts(found, self._smallest)
        return found


def _counted(
    connection: Connection, cases: Sequence[ColumnElement[bool]], campaign: Campaign, cohort: int
) -> CampaignCount:
    starts_on, ends_on = campaign.starts.of(cohort), campaign.ends.of(cohort)
    calendar = Calendar()
    start, end = calendar.midnight(starts_on), calendar.midnight(ends_on + timedelta(days=1))

    def within(moment: Any) -> ColumnElement[bool]:
        return and_(moment >= start, moment < end)

    opened, closed = connection.execute(
        select(count_if(within(col(CaseRow.opened_at))), count_if(within(col(CaseRow.closed_at)))).where(
            *cases
        )
    ).one()
    chosen = select(col(CaseRow.case_id)).where(*cases)
    type_ = col(CaseEvent.type)
    events = select(type_, func.count()).where(
        type_.in_((*_SERVICES, *_CONTACTS)), within(col(CaseEvent.at)), col(CaseEvent.case_id).in_(chosen)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(events.group_by(type_))}
    referrals = select(func.count()).where(
        within(col(CaseReferral.sent_at)), col(CaseReferral.case_id).in_(chosen)
    )
    return CampaignCount(
        id=campaign.id,
        zh=campaign.zh,
        en=campaign.en,
        starts_on=starts_on,
        ends_on=ends_on,
        opened=opened,
        closed=closed,
        services=sum(counts.get(name, 0) for name in _SERVICES),
        contacts=sum(counts.get(name, 0) for name in _CONTACTS),
        referrals=connection.execute(referrals).scalar_one(),
    )
