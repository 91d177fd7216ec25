"""Long lists, a page after the other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui

from console.texts import _
from models.views.page import Page

T = TypeVar("T")


async def paged(
    read: Callable[[str | None], Awaitable[Page[T]]], draw: Callable[[T], None], nothing: Callable[[], None]
) -> None:
    """The first page here, and a button for each further one; `nothing` draws what stands for an empty list."""
    place = ui.column().classes("full-width").style("gap:0")

    async def more(cursor: str | None) -> None:
        found = await read(cursor)
        with place:
            if cursor is None and not found.items:
                nothing()
            for item in found.items:
                draw(item)
            if found.next_cursor:
                row = ui.element("div").classes("full-width")

                async def on() -> None:
                    await more(found.next_cursor)
                    row.delete()

                with row:
                    ui.button(_("Show more"), on_click=on).props("flat no-caps").classes("full-width")

    await more(None)
