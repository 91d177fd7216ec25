"""A part of a page that reads what it shows, and is read and drawn anew."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import ui


class Redrawn:
    """Draws by `draw`. What somebody did and what the page heard of it ask for the same part at one moment: one drawing
    after the other, as two at once would each empty the place first and then both fill it."""

    def __init__(self, draw: Callable[[], Awaitable[None]]) -> None:
        self._shown = ui.refreshable(draw)
        self._turn = asyncio.Lock()

    async def __call__(self) -> None:
        """Draw it here."""
        async with self._turn:
            await self._shown()

    async def refresh(self) -> None:
        """Draw it anew where it is."""
        async with self._turn:
            await self._shown.refresh()
