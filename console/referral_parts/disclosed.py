"""What of a person a referral discloses, and on which ground."""

from nicegui import ui

from console.texts import _, say
from models.views.referral import ReferralEntry
from models.views.vocabulary import vocabulary


def disclosed(entry: ReferralEntry) -> None:
    """The fields with their values; one whose consent was withdrawn keeps its place, so that use of it ends."""
    words = vocabulary()
    withdrawn = [ground.field for ground in entry.grounds if ground.withdrawn_at is not None]
    if not entry.disclosed and not withdrawn:
        ui.label(_("Nothing of the person was disclosed.")).classes("soft small")
        return
    with ui.element("div").classes("facts"):
        for field, value in entry.disclosed.items():
            with ui.element("div").classes("fact"):
                ui.label(say(words.field(field))).classes("what")
                ui.label(_said(field, value))
        for field in withdrawn:
            with ui.element("div").classes("fact"):
                ui.label(say(words.field(field))).classes("what")
                ui.label(_("Consent withdrawn; please stop using it.")).classes("late")


def _said(field: str, value: str | bool | list[str] | None) -> str:
    words = vocabulary()
    if value is None or value in ("", []):
        return "—"
    if isinstance(value, list):
        return "、".join(say(words.choice(field, item)) for item in value)
    text = str(value).lower() if isinstance(value, bool) else value
    return say(words.choice(field, text))
