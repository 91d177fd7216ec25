"""HTTP as uvicorn speaks it, with a limit on how long and how late the head of a request may be."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

# Cookies, a token and proxies' headers fit in a tenth of it.
_HEAD_BYTES = 64 * 1024
_HEAD_SECONDS = 20.0
_REFUSALS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


class GuardedHttp(HttpToolsProtocol):
    """Closes connections that keep sending a head, or send none: the parser itself would keep all of it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = 0
        self._head_end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_complete()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_end is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > _HEAD_BYTES:
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_complete()
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._head_end is None:
            self._head_bytes = 0
            self._head_end = self.loop.call_later(_HEAD_SECONDS, self._refuse, 408)

    def _head_complete(self) -> None:
        if self._head_end is not None:
            self._head_end.cancel()
            self._head_end = None

    def _refuse(self, status: int) -> None:
        self._head_complete()
        if not self.transport.is_closing():
            self.transport.write(_REFUSALS[status])
            self.transport.close()
