"""What the digest asks of the world: its schedule, the ledger, and the channels."""

import asyncio

from temporalio import activity

from activities.heartbeats import heartbeating
from models.digest_times import DigestTimes
from models.policy import Policy
from services.digest import DigestWriter
from services.messages import Deliveries
from services.policies import policy_on
from services.school_day import today
from services.settings import Settings
from services.trends import DayBook
from workflows.digest_messages import CollectInput, DigestInput, DigestSchedule, SendInput


class DigestActivities:
    """On the worker's threads, as Apprise runs there, but for what tells meanwhile that it lives."""

    def __init__(
        self,
        settings: Settings,
        policies: tuple[Policy, ...],
        writer: DigestWriter,
        day_book: DayBook,
        deliveries: Deliveries,
    ) -> None:
        self._settings = settings
        self._policies = policies
        self._writer = writer
        self._day_book = day_book
        self._deliveries = deliveries

    @activity.defn(name="digest_schedule")
    def digest_schedule(self, _given: DigestInput) -> DigestSchedule:
        """By the service standards of the present season's cohort, as the school is served by one digest."""
        policy = policy_on(self._policies, self._settings.province, today())
        return DigestSchedule(
            times=DigestTimes(digest=policy.digest, timezone=policy.calendar.timezone),
            attempts=self._settings.delivery_attempts,
            retry_seconds=self._settings.delivery_retry_seconds,
        )

    @activity.defn(name="collect_digest")
    async def collect_digest(self, given: CollectInput) -> list[str]:
        async with heartbeating():
            return await asyncio.to_thread(self._collect, given)

    def _collect(self, given: CollectInput) -> list[str]:
        # The trends live on the same beat: this is what runs once a day whatever happens.
        self._day_book.write(given.school_id, given.until)
        return self._writer.collect(given.school_id, given.period, given.until)

    @activity.defn(name="send_deliveries")
    def send_deliveries(self, given: SendInput) -> list[str]:
        return self._deliveries.send(given.ids, activity.heartbeat, last=given.last)
