"""Links by which people choose their password at the first visit, so that nobody types a first password on a phone.

A link holds the first password: it lets nobody do more than that, counts as long, and ends with it.
"""

import base64
import binascii
from urllib.parse import quote

PATH = "/console/welcome"


def first_link(public_url: str, login: str, password: str) -> str:
    """The address for whoever has this one-time first password."""
    code = base64.urlsafe_b64encode(f"{login}\n{password}".encode()).decode()
    return f"{public_url}{PATH}?code={quote(code, safe='')}"


def read_code(code: str) -> tuple[str, str] | None:
    """The account's name and the first password; None where it is no code of a link."""
    try:
        login, _, password = base64.urlsafe_b64decode(code.encode()).decode().partition("\n")
    except (binascii.Error, ValueError):
        return None
    return (login, password) if login and password else None
