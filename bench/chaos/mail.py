"""A real mail server that notes what it is handed, and can be slow."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller

from bench.chaos.record import Mailed, Record

# A slow server takes so many seconds before it says that it has taken a message.
SLOW_SECONDS = 25.0


class MailServer:
    """The server's side of a mail: noted in the record once it is taken."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.slow = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        # Before the wait: whoever gives up waiting has sent it all the same.
        self._record.note(
            Mailed(at=time.time(), to=envelope.rcpt_tos[0], delivery=str(mail["X-Zhuhang-Delivery"]))
        )
        if self.slow:
            await asyncio.sleep(SLOW_SECONDS)
        return "250 taken"


@contextmanager
def mail_server(port: int, record: Record) -> Generator[MailServer]:
    """A server on that port of this machine."""
    server = MailServer(record)
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
