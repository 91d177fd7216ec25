"""Every request is measured."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from api.answered import Answered
from services.metrics import HTTP_SECONDS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A request that was broken off before it was answered.
_NONE = 499
_UNEXPECTED = 500


class Measured:
    """Counts a request by its method and the class of its status, and takes the time until it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answered = time.perf_counter(), Answered(send)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        try:
            await self._app(scope, receive, answered)
        except Exception:
            # It is answered further out.
            answered.status = _UNEXPECTED
            raise
        finally:
            status = answered.status or _NONE
            HTTP_SECONDS.labels(method, f"{status // 100}xx").observe(time.perf_counter() - began)
