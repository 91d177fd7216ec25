"""Temporal's web pages may ask the codec from their own address; no other page may ask anything."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_CODEC = "/api/v1/codec/"
DECODE_PATH = f"{_CODEC}decode"


class CodecCors:
    """Cross-origin requests with credentials, for the codec alone."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._codec = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["POST"],
            allow_headers=["authorization", "content-type", "x-namespace"],
            allow_credentials=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        codec = scope["type"] == "http" and scope["path"].startswith(_CODEC)
        await (self._codec if codec else self._app)(scope, receive, send)
