"""What stands round every page: where one is, where one can go, and how to leave."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui

from console.backend import Refusal
from console.links import go, link
from console.texts import COOKIE, LANGUAGES, _, other_than, say
from console.unsent import FORGET, script
from console.visit import ROOT, Visit
from models.views.vocabulary import vocabulary

_STYLES = ("console.css", "case.css", "daily.css", "rosters.css")


@dataclass(frozen=True)
class Door:
    """An entry of the menu; `title` is in English, for the catalogue."""

    path: str
    title: str
    icon: str
    permission: str


DOORS = (
    Door("/work", "My work", "task_alt", "inbox.read"),
    Door("/my-file", "My file", "badge", "access_log.read"),
    Door("/cases", "Cases", "folder_shared", "case.list"),
    Door("/contact", "Record a contact", "edit_note", "case.list"),
    Door("/overview", "Overview", "insights", "supervision.overview"),
    Door("/approvals", "Approvals", "approval", "supervision.read"),
    Door("/caseload", "Caseload", "groups", "supervision.read"),
    Door("/batch", "Batch", "playlist_add_check", "case.list"),
    Door("/referrals", "Referrals", "swap_horiz", "referral.read"),
    Door("/trainings", "Training classes", "school", "training.read"),
    Door("/import", "Import", "upload_file", "import.run"),
    Door("/export", "Export and print", "print", "ledger.export"),
    Door("/policies", "Service standards", "rule", "supervision.read"),
    Door("/office", "Staff and departments", "apartment", "staff.read"),
    Door("/accounts", "Accounts", "manage_accounts", "account.manage"),
    Door("/openings", "Emergency openings", "emergency", "break_glass.read"),
    Door("/deliveries", "Messages sent", "outgoing_mail", "delivery.read"),
    Door("/audit", "Audit", "policy", "audit.read"),
)


def doors(visit: Visit) -> list[Door]:
    """The entries of the menu that lead somewhere for this person."""
    own = visit.me.role == "graduate"
    return [
        door
        for door in DOORS
        if visit.may(door.permission)
        and own == (door.path == "/my-file")
        and not (own and door.path != "/my-file")
    ]


@contextmanager
def frame(visit: Visit, title: str, *, here: str = "", wide: bool = False) -> Generator[None]:
    """The page round its content. `title` is said as it is; `here` the path of its entry in the menu."""
    ui.colors(
        primary="#0b6b6b",
        secondary="#3c5a6b",
        accent="#8a5a00",
        positive="#2b7a3d",
        negative="#b3261e",
        warning="#8f5b00",
        info="#1f5f99",
    )
    ui.add_css(_style(), shared=False)
    ui.add_head_html(script(visit.me.actor_id))
    link(_("Skip to the content"), "#content").classes("skip")
    with (
        # Shown or not by the width alone: NiceGUI's own way asks each browser, and takes silence for an error.
        ui.left_drawer(value=False, bordered=True)
        .props("breakpoint=1023 width=212 behavior=default show-if-above")
        .classes("nav") as drawer,
        ui.element("nav").props(aria(_("Menu"))),
        ui.list().props("dense").classes("full-width"),
    ):
        for door in doors(visit):
            _entry(door, here)
    with ui.header(elevated=False).classes("bar"):
        ui.button(icon="menu", on_click=drawer.toggle).props(
            "flat dense round color=white " + aria(_("Menu"))
        ).classes("menu")
        with link(target=ROOT).classes("brand"):
            ui.label("助航").classes("brand-name")
        ui.label(visit.settings.school_name).classes("school")
        ui.space()
        _language_switch(visit)
        _me(visit)
    if here != "/contact" and any(door.path == "/contact" for door in doors(visit)):
        with link(target=f"{ROOT}/contact").classes("quick-door").props(aria(_("Record a contact"))):
            ui.icon("edit_note").props("size=26px aria-hidden=true")
    with ui.element("div").props("id=content tabindex=-1").classes("content wide" if wide else "content"):
        with ui.element("h1").classes("title"):
            ui.label(title)
        yield


def _entry(door: Door, here: str) -> None:
    item = ui.item(on_click=None).props(f'clickable tag=a href="{ROOT}{door.path}"').classes("door")
    if door.path == here:
        item.props("active aria-current=page")
    with item:
        with ui.item_section().props("avatar"):
            ui.icon(door.icon).props("size=20px aria-hidden=true")
        with ui.item_section():
            ui.item_label(_(door.title))


def _language_switch(visit: Visit) -> None:
    other = other_than(visit.language)
    ui.button(LANGUAGES[other], on_click=lambda: remember(COOKIE, other)).props(
        f'flat dense no-caps color=white lang="{other}"'
    ).classes("language")


def remember(cookie: str, choice: str) -> None:
    """Have the browser remember how its person wants pages, and show this one so."""
    ui.run_javascript(
        f"document.cookie='{cookie}={choice};path={ROOT};max-age=31536000;samesite=lax';location.reload()"
    )


def _me(visit: Visit) -> None:
    role = say(vocabulary().role(visit.me.role))
    with (
        ui.button(icon="account_circle")
        .props("flat dense round color=white " + aria(_("My account")))
        .classes("me"),
        ui.menu().props("auto-close"),
    ):
        with ui.item().classes("who"), ui.item_section():
            ui.item_label(visit.me.actor_id if visit.me.case_id is None else _("Graduate"))
            ui.item_label(role).props("caption")
        ui.separator()
        ui.menu_item(_("My account and sessions"), lambda: go(f"{ROOT}/account"))
        ui.menu_item(_("Sign out"), lambda: sign_off(everywhere=False))
        ui.menu_item(_("Sign out everywhere"), lambda: sign_off(everywhere=True))


def sign_off(*, everywhere: bool) -> None:
    """End the session, or all of them; a form, since only an answer to the browser takes its cookie away."""
    ui.run_javascript(
        f"{FORGET}const f=document.createElement('form');f.method='post';"
        f"f.action='{ROOT}/sign-off{'?everywhere=true' if everywhere else ''}';document.body.append(f);f.submit()"
    )


def nothing_here(visit: Visit) -> None:
    """The page of somebody whose role has no business on it."""
    with frame(visit, _("Nothing for you here")):
        empty(_("Your role has no part in this page."), _("Choose another entry of the menu."), icon="block")


def refused(visit: Visit, refusal: Refusal) -> None:
    """The page of something that the API does not show."""
    ui.context.client.content.clear()
    with frame(visit, _("Not available")):
        again = (
            _("Reload the page in a moment.")
            if refusal.may_be_repeated
            else _("Check the address, or go back.")
        )
        empty(say(refusal.problem), again, icon="search_off")


def aria(label: str) -> str:
    """The property by which a control without text is named for those who do not see it."""
    return f'aria-label="{label.replace(chr(34), "”")}"'


def empty(what: str, todo: str, *, icon: str = "inbox") -> None:
    """Nothing to show, and what can be done about it."""
    with ui.column().classes("empty"):
        ui.icon(icon).props("size=40px aria-hidden=true")
        ui.label(what).classes("empty-what")
        ui.label(todo).classes("empty-todo")


def nothing(what: str, todo: str) -> None:
    """The same in one line, for a small part of a page."""
    with ui.element("div").classes("small soft"):
        ui.label(what)
        ui.label(todo)


@contextmanager
def card(title: str = "", *, icon: str = "") -> Generator[ui.card]:
    """A part of a page under a heading of its own."""
    with ui.card().props("flat bordered").classes("part") as found:
        if title:
            with ui.element("h2").classes("part-title"):
                if icon:
                    ui.icon(icon).props("size=18px aria-hidden=true")
                ui.label(title)
        yield found


def _style() -> str:
    from importlib import resources

    styles = resources.files("console").joinpath("static")
    return "".join(styles.joinpath(name).read_text(encoding="utf-8") for name in _STYLES)
