"""A real SMTP server for tests, which keeps what it is handed."""

from collections.abc import Generator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


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
def mail_server(port: int) -> Generator[Mailbox]:
    """A server on that port of this machine."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
