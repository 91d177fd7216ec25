"""Sign-on with CAS (CAS Protocol 3.0 Specification), which most Chinese universities run."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import httpx
import structlog
from cas import CASClientV3

from services.sso.addresses import Origins
from services.sso.errors import SsoRefused, provider_away
from services.sso.identity import Identity, number_in
from services.sso.settings import SsoSettings

log = structlog.get_logger(__name__)

Claims = dict[str, object]

# The name under which the CAS user itself goes among the attributes.
_USER = "user"
# §3.1.1: begins with ST-; at most 256 characters are to be supported (§3.7).
_TICKET = re.compile(r"ST-[\x21-\x7e]{1,253}")
_FAILURE = re.compile(rb"""code=["']([A-Z_]{1,40})["']""")


class CasProvider:
    """The CAS server of the settings."""

    def __init__(self, settings: SsoSettings) -> None:
        self._settings = settings
        self._server = settings.cas_url.rstrip("/") + "/"
        self._origins = Origins(self._server)

    def begin(self, service: str) -> str:
        """The server's page to send the browser to (§2.1); it comes back to `service`."""
        return cast("str", self._protocol(service).get_login_url())

    def sign_out(self, then: str) -> str:
        """The server's page that ends its own session and sends the browser on to `then` (§2.3)."""
        return cast("str", self._protocol("").get_logout_url(then))

    async def finish(self, service: str, ticket: str) -> Identity:
        """Whom the server vouches for, by the ticket that the browser brought; it counts once (§3.1).

        Raises SsoRefused, and Unavailable (`identity_provider_unavailable`).
        """
        if not _TICKET.fullmatch(ticket):
            raise SsoRefused
        try:
            async with httpx.AsyncClient(**self._origins.options()) as http:
                answer = await http.get(
                    self._server + CASClientV3.url_suffix, params={"service": service, "ticket": ticket}
                )
        except httpx.HTTPError as error:
            log.warning("the CAS server cannot be asked", kind=type(error).__name__)
            raise provider_away() from None
        if answer.status_code != HTTPStatus.OK:
            log.warning("the CAS server gave no answer", status=answer.status_code)
            raise provider_away()
        attributes = _vouched(answer.content)
        return Identity(
            staff_no=number_in(attributes, self._settings.cas_staff_attribute),
            student_no=number_in(attributes, self._settings.cas_student_attribute),
        )

    def _protocol(self, service: str) -> Any:
        return CASClientV3(server_url=self._server, service_url=service)


def ended_tickets(logout_request: str) -> list[str]:
    """The tickets whose sessions the server asks to end (§2.3.3, single logout); empty where it is no such
    request."""
    text = logout_request.encode()
    if not _is_plain_xml(text):
        return []
    found = cast("list[Any] | None", CASClientV3.get_saml_slos(text))
    return [ticket for index in found or [] if _TICKET.fullmatch(ticket := (index.text or "").strip())]


def _vouched(answer: bytes) -> Mapping[str, object]:
    """The attributes of a successful answer (Appendix A), the user among them. Raises SsoRefused."""
    try:
        if not _is_plain_xml(answer):
            raise ValueError("not plain XML")
        user, attributes, _ = cast(
            "tuple[str | None, Claims, object]", CASClientV3.parse_response_xml(answer)
        )
    except (ParseError, ValueError, LookupError, AttributeError, TypeError):
        log.warning("a CAS sign-on was refused", why="the answer is not readable")
        raise SsoRefused from None
    if not user:
        failure = _FAILURE.search(answer)
        log.warning("a CAS sign-on was refused", code=failure[1].decode() if failure else "unknown")
        raise SsoRefused
    return attributes | {_USER: user}


def _is_plain_xml(text: bytes) -> bool:
    """Whether it is XML without a document type: entities, with which a few bytes can fill the memory or read
    files, need one, and CAS does not."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("document type")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError):
        return False
    return True
