"""Messages that leave the product, and what became of each (投递记录)."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.base import Model
from models.case.kernel import Actor
from models.tables import Delivery, Staff
from models.views.page import Page
from services.channels import Channels, SendError
from services.database import writing
from services.keyset import after, cursor_of, read_cursor
from services.metrics import DELIVERIES

_ENDED = frozenset({"sent", "given_up"})
_ORDER = (col(Delivery.created_at), col(Delivery.id))
# Seconds between two signs of life while nobody takes a message.
_ALIVE_SECONDS = 10


class DeliveryView(Model):
    """A delivery. `status`: queued, failed (waits for another try), retried (being tried again), sent,
    given_up. The text itself stays with its addressee."""

    id: str
    staff_id: str
    period: str
    channel: str
    status: str
    subject: str
    attempts: int
    error: str | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None


class Deliveries:
    """The deliveries of one database. `at_once`: the most messages that are on their way at one time."""

    def __init__(self, engine: Engine, channels: Channels, at_once: int) -> None:
        self._engine = engine
        self._channels = channels
        self._at_once = at_once

    def page(
        self, actor: Actor, *, status: str | None, staff_id: str | None, cursor: str | None, limit: int
    ) -> Page[DeliveryView]:
        """A page of the school's deliveries, the newest first. Raises BadCursor."""
        query = select(Delivery).where(Delivery.school_id == actor.school_id)
        if status is not None:
            query = query.where(Delivery.status == status)
        if staff_id is not None:
            query = query.where(Delivery.staff_id == staff_id)
        if cursor is not None:
            query = query.where(
                after(_ORDER, read_cursor("deliveries", cursor, datetime, str), descending=True)
            )
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
        items = [_view(row) for row in rows[:limit]]
        more = cursor_of("deliveries", (items[-1].created_at, items[-1].id)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def named(self, ids: Sequence[str]) -> list[DeliveryView]:
        """The deliveries of these ids."""
        with Session(self._engine) as session:
            rows = session.exec(select(Delivery).where(col(Delivery.id).in_(ids))).all()
        return [_view(row) for row in rows]

    def send(self, ids: Sequence[str], alive: Callable[[], None], *, last: bool) -> list[str]:
        """Try those that are not sent yet, a few at once, and answer the ids of those that failed. `alive` is called
        every few seconds until all were tried; with `last`, what fails is given up."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="delivery") as pool:
            tries = {pool.submit(self._try, delivery_id, last=last): delivery_id for delivery_id in ids}
            left = set(tries)
            try:
                while left:
                    alive()
                    tried, left = wait(left, _ALIVE_SECONDS, FIRST_COMPLETED)
                    for one in tried:
                        one.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return [delivery_id for one, delivery_id in tries.items() if not one.result()]

    def _try(self, delivery_id: str, *, last: bool) -> bool:
        """Whether nothing is left to try."""
        begun = self._begin(delivery_id)
        if begun is None:
            return True
        row, person = begun
        try:
            self._channels.send(person, row.channel, row.id, row.subject, row.body)
        except SendError as error:
            self._end(delivery_id, "given_up" if last else "failed", str(error))
            return last
        # Written at once: a message that was handed over is not sent again for its neighbour's sake.
        self._end(delivery_id, "sent", None)
        return True

    def _begin(self, delivery_id: str) -> tuple[Delivery, Staff] | None:
        """Count the try before it is made, so that none goes unrecorded."""
        with Session(writing(self._engine), expire_on_commit=False) as session:
            row = session.get_one(Delivery, delivery_id)
            if row.status in _ENDED:
                return None
            person = session.get_one(Staff, row.staff_id)
            if row.attempts:
                row.status = "retried"
            row.attempts += 1
            row.updated_at = datetime.now(UTC)
            session.commit()
            return row, person

    def _end(self, delivery_id: str, status: str, error: str | None) -> None:
        now = datetime.now(UTC)
        with Session(writing(self._engine)) as session:
            row = session.get_one(Delivery, delivery_id)
            row.status, row.updated_at = status, now
            if error is None:
                row.sent_at = now
            else:
                row.error = error
            session.commit()
        DELIVERIES.labels(status).inc()


def _view(row: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(row.model_dump(include=set(DeliveryView.model_fields)))
