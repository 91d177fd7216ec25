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
        # Since when a head is awaited; None while there is none to come.
        self._head_since: float | None = None
        # One clock for many requests: to set one for each takes as long as the rest of this class.
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_since = None
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_since is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > _HEAD_BYTES:
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_since = None
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._head_since is None:
            self._head_bytes = 0
            self._head_since = self.loop.time()
            if self._watch is None:
                self._watch = self.loop.call_later(_HEAD_SECONDS, self._look)

    def _look(self) -> None:
        self._watch = None
        if self._head_since is None:
            # The next head sets the clock anew.
            return
        left = self._head_since + _HEAD_SECONDS - self.loop.time()
        if left > 0:
            self._watch = self.loop.call_later(left, self._look)
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        self._head_since = None
        if not self.transport.is_closing():
            self.transport.write(_REFUSALS[status])
            self.transport.close()
