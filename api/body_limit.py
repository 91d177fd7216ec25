"""No request body larger than any command needs, and none that stops arriving. Files have a size of their own."""

import asyncio
import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Twenty commands at the full length of their texts; also far below what Temporal takes in one message.
_MOST = 256 * 1024
# A client that still sends would not see the answer: this much is read on and thrown away.
_DRAINED = 64 * _MOST


class BodyLimit:
    """Answers a larger body with 413, and one of which nothing came for `seconds` with 408. Paths that match one of
    `paths` have limits of their own, in bytes; None for those that look after the size themselves."""

    def __init__(self, app: ASGIApp, paths: Mapping[re.Pattern[str], int | None], seconds: float) -> None:
        self._app = app
        self._paths = paths
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = (most for path, most in self._paths.items() if path.fullmatch(scope["path"]))
        most = next(own, _MOST)
        received = 0
        complete = False

        async def limited() -> Message:
            nonlocal received, complete
            while not complete:
                try:
                    async with asyncio.timeout(self._seconds):
                        message = await receive()
                except TimeoutError:
                    raise HTTPException(408) from None
                complete = not message.get("more_body", False)
                received += len(message.get("body", b""))
                if most is None or received <= most:
                    return message
                if received > _DRAINED or complete:
                    raise HTTPException(413)
            # What comes after the body is the end of the connection, however late.
            return await receive()

        await self._app(scope, limited, send)
