"""The timeline: what happened, who did it, when; the newest first."""

from collections.abc import Callable

from nicegui import ui

from console.case_parts.desk import Desk
from console.case_parts.plain import covered
from console.case_parts.telling import Told, told
from console.frame import card, empty
from console.texts import _, ago, moment, say
from models.views.case import TimelineEntry
from models.views.vocabulary import vocabulary

# What says more is folded.
_FEW = 7
_MORE = 30
_TALKS = frozenset(
    {"contact_recorded", "follow_up_recorded", "stability_checked", "assessment_recorded", "annotated"}
)


def timeline(desk: Desk) -> Callable[[], None]:
    """The part of the page; answers how to bring it up to date."""
    kept = desk.kept
    filters = {
        "all": _("All but reminders"),
        "talks": _("Talks and notes"),
        "reminders": _("Reminders"),
    }

    def choose(which: str) -> None:
        kept.which = which
        draw()

    def earlier() -> None:
        kept.shown += _MORE
        draw()

    def draw() -> None:
        place.clear()
        with place:
            _list(desk, earlier)

    with card(_("Timeline"), icon="history"):
        ui.toggle(filters, value=kept.which, on_change=lambda event: choose(str(event.value))).props(
            "dense no-caps unelevated toggle-color=primary"
        ).classes("which")
        place = ui.element("div").classes("full-width")
    draw()
    return draw


def _list(desk: Desk, earlier: Callable[[], None]) -> None:
    kept = desk.kept
    found = [entry for entry in reversed(desk.entries) if _wanted(kept.which, entry)]
    if not found:
        empty(_("Nothing of this kind happened yet."), _("Choose another view above."), icon="history")
    for entry in found[: kept.shown]:
        _entry(desk, entry)
    if len(found) > kept.shown:
        left = len(found) - kept.shown
        ui.button(_("Earlier ({count} more)", count=left), icon="expand_more", on_click=earlier).props(
            "flat no-caps"
        )


def _wanted(which: str, entry: TimelineEntry) -> bool:
    if which == "talks":
        return entry.type in _TALKS
    return (entry.type == "rung_reached") == (which == "reminders")


def _entry(desk: Desk, entry: TimelineEntry) -> None:
    with ui.element("div").classes("entry"):
        with ui.element("div").classes("marks"):
            ui.label(say(vocabulary().event(entry.type))).classes("strong")
            ui.label(desk.doer(entry)).classes("small soft")
            ui.label(_("{moment} ({ago})", moment=moment(entry.at), ago=ago(entry.at))).classes("small soft")
        details(desk, entry)


def details(desk: Desk, entry: TimelineEntry) -> None:
    """What an event says."""
    found = told(desk, entry)
    if len(found) > _FEW:
        with desk.opened(f"event.{entry.seq}", _("Details ({count})", count=len(found))):
            _lines(desk, found)
    else:
        _lines(desk, found)


def _lines(desk: Desk, found: list[Told]) -> None:
    with ui.element("div").classes("said"):
        for item in found:
            with ui.element("div").classes("small"):
                ui.label(item.label).classes("soft")
                if item.masked:
                    covered(desk, item.masked, item.label, item.text)
                else:
                    ui.label(item.text).classes("text")
