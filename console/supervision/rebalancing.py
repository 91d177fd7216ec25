"""Suggestions to even out what mentors carry, each one click from the assignment."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from console.acts import act
from console.frame import aria, card
from console.links import link
from console.texts import _
from console.visit import ROOT, Visit
from models.views.case import CaseView, CommandResult
from models.views.supervision import Rebalance, RebalanceSuggestion

_AT_FIRST = 8


def rebalancing(visit: Visit, found: Rebalance, again: Callable[[], Awaitable[None]]) -> None:
    """The card; nothing where there is nothing to move."""
    if not found.suggestions and not found.without_taker:
        return
    with card(_("Suggestions to even out"), icon="balance"):
        ui.label(
            _("By the rules of pairing, within the department. Nothing moves until you assign.")
        ).classes("soft small")
        for item in found.suggestions[:_AT_FIRST]:
            _line(visit, item, again)
        rest = found.suggestions[_AT_FIRST:]
        if rest:
            with ui.expansion(_("{count} more", count=len(rest))).classes("full-width"):
                for item in rest:
                    _line(visit, item, again)
        if found.without_taker:
            ui.label(
                _(
                    "For {count} more cases nobody of the department has room: raise a capacity, or ask another"
                    " department.",
                    count=found.without_taker,
                )
            ).classes("meanwhile")


def _line(visit: Visit, item: RebalanceSuggestion, again: Callable[[], Awaitable[None]]) -> None:
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            link(item.display, f"{ROOT}/cases/{item.case_id}").classes("strong")
            ui.label(
                _(
                    "{giver} ({cause}) → {taker}, {room} free",
                    giver=item.from_name,
                    cause=_cause(item),
                    taker=item.to_name,
                    room=item.to_room,
                )
            ).classes("small soft")
        ui.button(_("Assign"), on_click=partial(_assign, visit, item, again)).props(
            'outline dense no-caps padding="3px 10px" '
            + aria(_("Assign {name} to {mentor}", name=item.display, mentor=item.to_name))
        )


def _cause(item: RebalanceSuggestion) -> str:
    if item.cause == "overfull":
        return _("over capacity")
    return _("away, nobody stands in") if item.cause == "absent" else _("has left")


def _reason(item: RebalanceSuggestion) -> str:
    """What the assignment says of itself, which all who read the file see."""
    if item.cause == "overfull":
        return _("Evening out: {mentor} is over capacity", mentor=item.from_name)
    if item.cause == "absent":
        return _("{mentor} is away and nobody stands in", mentor=item.from_name)
    return _("{mentor} has left", mentor=item.from_name)


async def _assign(visit: Visit, item: RebalanceSuggestion, again: Callable[[], Awaitable[None]]) -> None:
    async def done(_result: CommandResult) -> None:
        await again()

    case = await visit.api.get(CaseView, f"/cases/{item.case_id}")
    await act(visit, case, "assign_mentor", done, {"mentor_id": item.to_id}, begin={"reason": _reason(item)})
