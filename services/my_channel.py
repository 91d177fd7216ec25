"""A person's own channel for messages, and a message that shows whether it works."""

import secrets
from datetime import UTC, datetime

from pydantic import Field
from sqlalchemy import Engine
from sqlmodel import Session

from models.base import Model
from models.case.kernel import Actor
from models.tables import Delivery, Staff
from services.channels import OWN, Channels
from services.database import writing
from services.errors import Conflict, UnknownActor
from services.messages import Deliveries, DeliveryView
from services.own_channels import OwnChannels

_SUBJECT = "助航：测试消息 Zhuhang: test message"
_BODY = "这是一条测试消息，收到即表示该渠道可用。\nThis is a test message: this channel works."


class MyChannelView(Model):
    """The channels that reach a person. `own` is the kind of one's own (`wecombot`); its address is a secret, and
    is not shown again."""

    channels: list[str]
    own: str | None
    email: str | None


class MyChannelChange(Model):
    """An Apprise address of one's own channel; None to have none."""

    notify_url: str | None = Field(max_length=500)


class MyChannels:
    """The channels of the staff of one database, as each keeps one's own."""

    def __init__(
        self, engine: Engine, channels: Channels, own_channels: OwnChannels, deliveries: Deliveries
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._own_channels = own_channels
        self._deliveries = deliveries

    def read(self, actor: Actor) -> MyChannelView:
        """Raises UnknownActor."""
        with Session(self._engine) as session:
            return self._view(_person(session, actor))

    def change(self, actor: Actor, change: MyChannelChange) -> MyChannelView:
        """Raises UnknownActor, Unprocessable (see `OwnChannels.service`)."""
        if change.notify_url:
            self._own_channels.service(change.notify_url)
        with Session(writing(self._engine), expire_on_commit=False) as session:
            person = _person(session, actor)
            person.notify_url = change.notify_url or None
            session.commit()
            return self._view(person)

    def test(self, actor: Actor) -> list[DeliveryView]:
        """Send a message over each channel now, and tell what became of it. Raises UnknownActor, Conflict
        (`no_channel`)."""
        now = datetime.now(UTC)
        period = "test-" + secrets.token_hex(6)
        with Session(writing(self._engine)) as session:
            person = _person(session, actor)
            rows = [
                Delivery(
                    id=f"{period}-{channel}",
                    school_id=person.school_id,
                    staff_id=person.id,
                    period=period,
                    channel=channel,
                    status="queued",
                    subject=_SUBJECT,
                    body=_BODY,
                    created_at=now,
                    updated_at=now,
                )
                for channel in self._channels.of(person)
            ]
            if not rows:
                raise Conflict(
                    "no_channel",
                    "您还没有消息渠道：请填写自己的推送地址，或请管理员登记邮箱。",
                    "No channel reaches you: give an address of your own, or have your e-mail entered.",
                )
            ids = [row.id for row in rows]
            session.add_all(rows)
            session.commit()
        self._deliveries.send(ids, lambda: None, last=True)
        return self._deliveries.named(ids)

    def _view(self, person: Staff) -> MyChannelView:
        url = person.notify_url
        return MyChannelView(
            channels=[name for name in self._channels.of(person) if name != OWN],
            own=url.partition("://")[0].lower() if url else None,
            email=person.email,
        )


def _person(session: Session, actor: Actor) -> Staff:
    person = session.get(Staff, actor.id)
    if person is None or person.school_id != actor.school_id:
        raise UnknownActor(actor.id)
    return person
