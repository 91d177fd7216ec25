"""The channels on which a person is reached outside the product, through Apprise."""

import logging
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from urllib.parse import quote

from models.case.kernel import Role
from models.tables import Staff
from services.errors import Unprocessable
from services.mail_trust import trust_shared
from services.own_channels import OwnChannels
from services.settings import Settings

# Seconds for a mail server at each step. One that has the whole text may take long to say so, and whoever gives up
# meanwhile sends it twice. A batch of fifty stays within the hour that its activity has.
_MAIL_PATIENCE = 60
INBOX = "inbox"
OWN = "own"


class SendError(Exception):
    """A message was not taken. The text says why and holds no address of the channel."""


class Channels:
    """The templates of the installation (`ZHUHANG_NOTIFY_URLS`) and each person's own channel."""

    def __init__(self, templates: Sequence[str], own: OwnChannels) -> None:
        self._own = own
        self._templates = {
            f"{template.partition('://')[0]}-{number}": template
            for number, template in enumerate(templates, start=1)
        }

    @classmethod
    def of_settings(cls, settings: Settings) -> "Channels":
        """The channels of an installation. Its own templates are trusted, unlike what people write."""
        return cls(settings.notify_urls, OwnChannels(settings.notify_schemes, settings.notify_hosts))

    def of(self, person: Staff) -> list[str]:
        """The names of the channels that reach this person."""
        found = [name for name in self._templates if self._address(person, name) is not None]
        return [*found, OWN] if person.notify_url else found

    def send(self, person: Staff, channel: str, delivery_id: str, subject: str, body: str) -> None:
        """Hand a message over. Raises SendError."""
        # Apprise loads a hundred kinds of channels; only who sends needs them.
        import apprise
        from apprise.plugins.email import NotifyEmail

        address = self._address(person, channel)
        own = address if channel == OWN else None
        try:
            # Once more: names move, and so do the lists.
            service = self._own.service(own) if own else apprise.Apprise.instantiate(address or "")
        except Unprocessable as error:
            raise SendError(f"the channel is not allowed: {error.code}") from None
        if not isinstance(service, apprise.NotifyBase):
            raise SendError("the channel has no valid address")
        if isinstance(service, NotifyEmail):
            # Apprise sets the Message-ID itself; this tells a repeated message from a new one.
            service.headers["X-Zhuhang-Delivery"] = delivery_id
            service.socket_connect_timeout = _MAIL_PATIENCE
        words = _Words()
        logger = logging.getLogger("apprise")
        logger.addHandler(words)
        try:
            with (
                trust_shared(verifying=service.verify_certificate),
                self._own.connecting(service) if own else nullcontext() as watch,
            ):
                taken = service.notify(body=body, title=subject, body_format=apprise.NotifyFormat.TEXT)
        finally:
            logger.removeHandler(words)
        if watch is not None and watch.refused:
            raise SendError("the channel is not allowed: notify_address_not_allowed")
        if not taken:
            raise SendError(words.last or "the channel did not take the message")

    def _address(self, person: Staff, channel: str) -> str | None:
        if channel == OWN:
            return person.notify_url
        template = self._templates.get(channel)
        if template is None or ("{email}" in template and not person.email):
            return None
        if "{" not in template and person.role != Role.SCHOOL_SUPERVISOR:
            # A room that names no person is the career centre's.
            return None
        # Quoted: an address must not bring options of its own into the channel's.
        parts = {"{email}": person.email or "", "{staff_id}": person.id}
        for place, value in parts.items():
            template = template.replace(place, quote(value, safe="@"))
        return template


class _Words(logging.Handler):
    """The last warning that Apprise gave in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.last: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.last = record.getMessage()[:300]
