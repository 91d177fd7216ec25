"""No request body larger than any command needs: rosters have a limit of their own."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Twenty commands at the full length of their texts; also far below what Temporal takes in one message.
_MOST = 256 * 1024
# A client that still sends would not see the answer: this much is read on and thrown away.
_DRAINED = 64 * _MOST


class BodyLimit:
    """Answers a larger body with 413. `uploads` are the paths that read their bodies themselves."""

    def __init__(self, app: ASGIApp, uploads: frozenset[str]) -> None:
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._uploads:
            await self._app(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            while True:
                message = await receive()
                received += len(message.get("body", b""))
                if received <= _MOST:
                    return message
                if received > _DRAINED or not message.get("more_body", False):
                    raise HTTPException(413)

        await self._app(scope, limited, send)
