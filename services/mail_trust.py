"""The certificates by which mail servers are trusted, read once.

Apprise reads them anew for each mail, whether or not it needs them: 30 ms of processor time, several times as much as
all the rest of a mail takes.
"""

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

_SHARED: ContextVar[bool] = ContextVar("shared", default=False)


@contextmanager
def trust_shared(*, verifying: bool) -> Generator[None]:
    """Within, mails of this thread are sent with what was read once. Not where certificates are not verified: that
    is a change to what was read."""
    _install()
    token = _SHARED.set(verifying)
    try:
        yield
    finally:
        _SHARED.reset(token)


class _Ssl:
    """As much of the module `ssl` as Apprise's mail uses."""

    CERT_NONE = ssl.CERT_NONE

    @staticmethod
    def create_default_context() -> ssl.SSLContext:
        return _trust() if _SHARED.get() else ssl.create_default_context()


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _install() -> None:
    from apprise.plugins.email import smtp

    smtp.ssl = _Ssl  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage]
