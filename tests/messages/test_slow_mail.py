"""A mail server that takes its time over a message has it once."""

import asyncio
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from apprise.plugins.email import NotifyEmail

from services.channels import Channels
from services.own_channels import OwnChannels
from tests.messages.mail import MENTOR
from tests.product import free_port

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Slow:
    """Has the whole message, and says so later than Apprise would wait by itself."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.taken += 1
        await asyncio.sleep(1.5)
        return "250 taken"


def test_a_slow_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its default is 15 seconds, which is long for a test.
    monkeypatch.setattr(NotifyEmail, "socket_connect_timeout", 0.5)
    port, slow = free_port(), Slow()
    channels = Channels(
        [f"mailto://127.0.0.1:{port}?from=zhuhang@school.test&to={{email}}"], OwnChannels((), ())
    )
    controller = Controller(slow, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        channels.send(MENTOR, "mailto-1", "delivery-1", "subject", "body")
    finally:
        controller.stop()
    assert slow.taken == 1
