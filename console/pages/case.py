"""One file (一人一档): who, where in the life, what is due next and why, and everything that was done."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from console.attachments import attachments
from console.case_parts import behind, care, entries, life, loops, outcome, person
from console.case_parts.desk import Desk, desk_of
from console.frame import frame
from console.live import live
from console.visit import ROOT, Visit, page


@dataclass(frozen=True)
class _Part:
    """A part of the page, drawn anew only when one of these fields of the file, or what may be done, has changed: what
    stays is not taken from under the finger."""

    draw: Callable[[Desk], None]
    fields: tuple[str, ...]

    def concerns(self, desk: Desk) -> object:
        """What the part shows, to compare."""
        shown = tuple(getattr(desk.case, name) for name in self.fields)
        return shown, desk.allowed, list(desk.kept.plain)


_HEAD = (
    _Part(
        person.head,
        (
            "profile",
            "masked",
            "stage",
            "department_id",
            "declared",
            "eligibility",
            "pairing",
            "risk_level",
            "hold",
            "left_on",
            "closure",
            "legal_hold",
            "erasure",
            "policy_ref",
        ),
    ),
    _Part(life.stepper, ("stage",)),
)
_LEFT = (
    _Part(life.due, ("deadlines", "no_deadline_reason")),
    _Part(care.package, ("package", "services")),
    _Part(care.plan, ("plan", "draft_plan")),
    # Notes show in nothing but the number of events.
    _Part(care.talks, ("version",)),
)
_NOW = (
    _Part(life.actions, ("deadlines",)),
    _Part(outcome.destination, ("destinations",)),
)
_BESIDE = (
    _Part(loops.referrals, ("referrals",)),
    _Part(loops.trainings, ("trainings",)),
    _Part(loops.consents, ("consents",)),
    _Part(outcome.objections, ("objections",)),
    _Part(outcome.transfers, ("transfers", "hold")),
    _Part(outcome.closure, ("closure", "referrals", "trainings", "destinations", "transfers")),
    _Part(outcome.keeping, ("retention_ends_at", "legal_hold", "erasure")),
)
_END = (_Part(life.bottom, ("deadlines",)),)


@page("/cases/{case_id}", "Case", permission="case.read")
async def case_page(visit: Visit, case_id: str, act: str = "") -> None:
    """The page. `act` opens the form of what is due under that clock, or of that command."""
    desk = await desk_of(visit, case_id)
    drawn: list[Callable[[], None]] = []

    def show() -> None:
        for draw in drawn:
            draw()

    with frame(visit, desk.case.profile.name, here="/cases"):
        drawn += _placed(desk, _HEAD)
        with ui.element("div").classes("columns two"):
            with ui.element("div"):
                drawn += _placed(desk, _LEFT)
            with ui.element("div"):
                drawn += _placed(desk, _NOW)
                if visit.may("attachment.read"):
                    await attachments(visit, case_id, add=visit.may("attachment.add"))
                drawn += _placed(desk, _BESIDE)
        drawn.append(entries.timeline(desk))
        with ui.element("div").classes("columns halves"):
            if visit.may("access_log.read"):
                behind.looks(visit, case_id)
            if visit.may("case.workflow"):
                behind.workflow(visit, case_id)
        drawn += _placed(desk, _END)
    desk.show = show
    live.watch(lambda change: change.case_id == case_id, desk.look)
    if act:
        ui.navigate.history.replace(f"{ROOT}/cases/{case_id}")
        ui.timer(0, partial(life.asked, desk, act), once=True)


def _placed(desk: Desk, parts: tuple[_Part, ...]) -> list[Callable[[], None]]:
    """Draw the parts; answers how to bring each up to date."""
    return [_draw(desk, part) for part in parts]


def _draw(desk: Desk, part: _Part) -> Callable[[], None]:
    place = ui.element("div").classes("full-width")
    last: object = None

    def draw() -> None:
        nonlocal last
        now = part.concerns(desk)
        if now == last:
            return
        last = now
        place.clear()
        with place:
            part.draw(desk)

    draw()
    return draw
