"""Several decisions of one kind at once: each is shown, and granted in the version that was shown."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nicegui import ui

from console.backend import Refusal
from console.supervision.asked import Matter, matter, show
from console.supervision.deciding import given, granting
from console.texts import _, say
from console.visit import Visit
from models.case.approvals import ApprovalClock
from models.views.approvals import Approval
from models.views.case import CommandResult
from models.views.vocabulary import vocabulary

# Of the others each takes a reason of its own, or ends a file for good.
TOGETHER: frozenset[ApprovalClock] = frozenset({"approve_plan", "approve_closure", "verify_destination"})
_MOST = 40


@dataclass
class _Item:
    """One decision in the sheet; `key` goes with it until it is taken."""

    matter: Matter
    ticked: bool = True
    key: str = field(default_factory=lambda: str(uuid.uuid4()))


async def decide_together(
    visit: Visit, clock: ApprovalClock, lines: Sequence[Approval], then: Callable[[], Awaitable[None]]
) -> None:
    """Open the sheet of these decisions, all of the same kind. `then` follows when it is closed."""
    with ui.context.client.content:
        found = [await matter(visit, line) for line in lines[:_MOST]]
        _Sheet(visit, clock, [_Item(item) for item in found if item.case is not None], then).open()


class _Sheet:
    """The open sheet."""

    def __init__(
        self, visit: Visit, clock: ApprovalClock, items: Sequence[_Item], then: Callable[[], Awaitable[None]]
    ) -> None:
        self._visit, self._command, self._items, self._then = visit, granting(clock), items, then
        self._results: Mapping[str, ui.label] = {}

    def open(self) -> None:
        """Show what is asked for, item by item."""
        name = say(vocabulary().command(self._command))
        results: dict[str, ui.label] = {}
        with ui.dialog().props("persistent") as dialog, ui.card().classes("sheet"):
            ui.label(_("{act}: {count} at once", act=name, count=len(self._items))).classes(
                "sheet-title"
            ).props("role=heading aria-level=2")
            with ui.column().classes("sheet-body"):
                ui.label(_("Look at each; take the tick away from those that need a talk first.")).classes(
                    "soft small"
                )
                for item in self._items:
                    with ui.column().classes("group").style("gap:4px"):
                        ui.checkbox(item.matter.line.display, value=True).bind_value_to(item, "ticked")
                        show(self._visit, item.matter)
                        results[item.key] = ui.label().classes("strong").props("role=status")
            with ui.row().classes("sheet-end"):
                ui.button(_("Close"), on_click=dialog.close).props("flat no-caps")
                self._button = ui.button(name, on_click=self._send).props("unelevated no-caps color=primary")
        self._results = results

        async def closed() -> None:
            dialog.delete()
            await self._then()

        dialog.on("hide", closed)
        dialog.open()

    async def _send(self) -> None:
        self._button.disable()
        left = [item for item in self._items if item.ticked and not self._results[item.key].text]
        for item in left:
            await self._grant(item)
        self._button.enable()

    async def _grant(self, item: _Item) -> None:
        case, result = item.matter.case, self._results[item.key]
        assert case is not None  # noqa: S101  (only readable cases are in the sheet)
        try:
            await self._visit.api.post(
                CommandResult,
                f"/cases/{case.case_id}/commands",
                {"type": self._command, **given(item.matter.line)},
                key=item.key,
                # What changed meanwhile nobody has looked at.
                version=case.version,
            )
        except Refusal as refusal:
            if refusal.signed_off:
                raise
            # The same again would be refused again, unless nobody knows yet.
            result.text = "" if refusal.may_be_repeated else say(refusal.problem)
            result.classes("late")
            ui.notify(say(refusal.problem), type="warning")
            return
        result.classes("good", remove="late")
        result.text = _("Done.")
