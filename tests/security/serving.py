"""The application behind a real socket, as `zhuhang api` serves it."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from api.http_protocol import GuardedHttp


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncGenerator[tuple[str, int]]:
    """Host and port of the application, the port any free one by default."""
    config = uvicorn.Config(app, http=GuardedHttp, lifespan="off", log_config=None, server_header=False)
    server = uvicorn.Server(config)
    # With the protocol named, asyncio sends small parts at once, as it does on sockets that it opens itself.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = server.force_exit = True
            await server.shutdown(sockets=[listening])


async def said_to(address: tuple[str, int], *parts: bytes) -> bytes:
    """What the server answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
