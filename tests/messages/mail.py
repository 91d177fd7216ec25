"""A real SMTP server for tests, which keeps what it is handed."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller

from models.case.kernel import Role
from models.tables import Staff

MENTOR = Staff(
    id="m1",
    school_id="90022",
    name="测试导师",
    role=Role.MENTOR,
    email="m1@school.test",
    created_at=datetime.now(UTC),
)


class Mailbox:
    """What arrived, in order."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def of(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.received if address in str(mail["To"])]


@contextmanager
def mail_server(port: int, tls: SSLContext | None = None) -> Generator[Mailbox]:
    """A server on that port of this machine, with `tls` one that speaks nothing else."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port, ssl_context=tls)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
