"""Mail servers are trusted by their certificates, whatever another channel is told to overlook."""

import ssl
from collections.abc import Generator
from pathlib import Path

import pytest

from deploy.local.certificates import certify
from services.channels import Channels, SendError
from services.own_channels import OwnChannels
from tests.messages.mail import MENTOR, Mailbox, mail_server
from tests.product import free_port

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def server(tmp_path: Path) -> Generator[tuple[int, Mailbox]]:
    """A mail server with a certificate that no authority of this machine has signed."""
    certify(tmp_path / "tls")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls" / "zhuhang.crt", tmp_path / "tls" / "zhuhang.key")
    port = free_port()
    with mail_server(port, context) as box:
        yield port, box


def test_overlooking_a_certificate_is_for_its_own_channel_alone(server: tuple[int, Mailbox]) -> None:
    port, box = server
    address = f"mailtos://127.0.0.1:{port}?mode=ssl&from=zhuhang@school.test&to={{email}}"
    channels = Channels([f"{address}&verify=no", address], OwnChannels((), ()))
    overlooking, verifying = channels.of(MENTOR)
    for number in (1, 2):
        channels.send(MENTOR, overlooking, f"delivery-{number}", "subject", "body")
        with pytest.raises(SendError):
            channels.send(MENTOR, verifying, f"delivery-{number}", "subject", "body")
        assert len(box.received) == number
