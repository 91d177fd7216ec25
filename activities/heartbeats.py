"""Signs of life of activities that take long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

# Seconds between signs of life; the workflow takes a worker for dead after several of them.
_HEARTBEAT = 2.0


@asynccontextmanager
async def heartbeating() -> AsyncGenerator[None]:
    """Give signs of life for as long as the block runs."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
