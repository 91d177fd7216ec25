"""Following what goes on by itself, until it is over."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from console.backend import Refusal

_POLL_SECONDS = 0.5


def until_over(look: Callable[[], Awaitable[bool]], end: Callable[[], Awaitable[None]]) -> None:
    """Have the page look again and again until `look` answers that all is over, then `end`. What the API cannot answer
    now is asked at the next turn; whatever else it refuses ends the following."""
    over = False

    async def turn() -> None:
        nonlocal over
        if over:
            return
        try:
            over = await look()
        except Refusal as refusal:
            if refusal.may_be_repeated:
                return
            timer.cancel()
            raise
        if over:
            timer.cancel()
            await end()

    timer = ui.timer(_POLL_SECONDS, turn, immediate=False)
