"""A part of a page that is asked to draw itself anew by two at one moment shows everything once."""

import asyncio

import pytest
from nicegui import Client, core, ui

from console.redrawn import Redrawn


async def test_two_who_draw_anew_at_once_leave_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    answered = asyncio.Event()
    answered.set()
    with Client(ui.page("/redrawn"), request=None) as client:

        @Redrawn
        async def content() -> None:
            await answered.wait()
            ui.label("已确认")

        await content()
        answered.clear()
        # Both have begun before either is answered.
        both = [asyncio.create_task(content.refresh()) for _ in range(2)]
        await asyncio.sleep(0)
        answered.set()
        await asyncio.gather(*both)
        assert [element.text for element in client.elements.values() if isinstance(element, ui.label)] == [
            "已确认"
        ]
    client.delete()
