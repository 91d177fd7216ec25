"""Audit (审计): who did what, to which file, when, and with which outcome."""

from datetime import date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode

from nicegui import ui

from console.frame import card, empty, frame
from console.inputs import day_input
from console.links import go, link
from console.paged import paged
from console.people.devices import way
from console.texts import ZONE, _, moment, say
from console.visit import ROOT, Visit, page
from models.audit import acts
from models.case.kernel import Refused
from models.purposes import purpose_texts
from models.views.audit import AuditLine
from models.views.page import Page
from models.views.vocabulary import vocabulary
from services.office import StaffView

_PAGE = 50


@page("/audit", "Audit", permission="audit.read")
async def audit(
    visit: Visit,
    act: str = "",
    actor: str = "",
    case: str = "",
    outcome: str = "",
    since: str = "",
    until: str = "",
) -> None:
    """The page; its filters stand in its address, so that it can be passed on."""
    given = {"act": act, "actor": actor, "case": case, "outcome": outcome, "since": since, "until": until}
    with frame(visit, _("Audit"), here="/audit"):
        with card():
            await _filters(visit, given)
        with card():
            await paged(partial(_page_of, visit, given), partial(_line, visit), _nothing)


def _outcomes() -> dict[str, str]:
    return {
        "begun": _("carried out"),
        "done": _("done"),
        "refused": _("refused"),
        "failed": _("failed"),
    }


async def _filters(visit: Visit, given: dict[str, str]) -> None:
    staff = await visit.api.every(StaffView, "/staff") if visit.may("staff.read") else []
    people = {item.id: f"{item.name} · {item.id}" for item in staff}
    if given["actor"] and given["actor"] not in people:
        people[given["actor"]] = given["actor"]
    known = {item.id: say(item) for item in acts().values()}

    def narrow() -> None:
        wanted = {
            "act": what.value,
            "actor": who.value,
            "case": file.value,
            "outcome": end.value,
            "since": first.value,
            "until": last.value,
        }
        chosen = urlencode({name: value for name, value in wanted.items() if value})
        go(f"{ROOT}/audit?{chosen}")

    with ui.element("div").classes("sieve"):
        what = ui.select(known, label=_("Act"), clearable=True, with_input=True)
        who = ui.select(people, label=_("Who"), clearable=True, with_input=True)
        file = ui.input(_("Case number"), value=given["case"]).props("clearable")
        end = ui.select(_outcomes(), label=_("Outcome"), clearable=True)
        first = day_input(_("From"), given["since"])
        last = day_input(_("Until"), given["until"])
        for element, name in ((what, "act"), (who, "actor"), (end, "outcome")):
            element.set_value(given[name] if given[name] in element.options else None)
        for element in (what, who, file, end, first, last):
            element.props("outlined dense")
        with ui.row().style("gap:8px"):
            ui.button(_("Search"), icon="search", on_click=narrow).props("unelevated no-caps color=primary")
            ui.button(_("Clear"), on_click=lambda: go(f"{ROOT}/audit")).props("flat no-caps")
        file.on("keydown.enter", narrow)


async def _page_of(visit: Visit, given: dict[str, str], cursor: str | None) -> Page[AuditLine]:
    found = await visit.api.get(
        Page[AuditLine],
        "/audit",
        act=given["act"],
        actor_id=given["actor"],
        case_id=given["case"],
        outcome=given["outcome"],
        since=_instant(given["since"], 0),
        until=_instant(given["until"], 1),
        cursor=cursor,
        limit=_PAGE,
    )
    await visit.learn_names(id_ for item in found.items for id_ in (item.actor_id, _subject(item)))
    return found


def _nothing() -> None:
    empty(_("Nothing fits."), _("Take a filter away."), icon="search_off")


def _instant(text: str, days: int) -> str | None:
    """The beginning of the day here, or of the day after it."""
    try:
        on = date.fromisoformat(text) + timedelta(days=days)
    except ValueError:
        return None
    return datetime.combine(on, time(), ZONE).isoformat()


def _line(visit: Visit, item: AuditLine) -> None:
    tones = {"refused": "soon", "failed": "late"}
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            with ui.row().style("gap:6px;align-items:center"):
                ui.label(item.act_zh if visit.language == "zh" else item.act_en).classes("strong")
                if item.outcome in tones:
                    tag = ui.label(_outcomes()[item.outcome]).classes(f"tag {tones[item.outcome]}")
                    if why := _reason(item.code):
                        tag.tooltip(why)
                if item.case_id:
                    link(_("Open the case"), f"{ROOT}/cases/{item.case_id}").classes("small")
            ui.label(" · ".join(part for part in _about(visit, item) if part)).classes("small soft")
        ui.label(moment(item.at)).classes("small soft").style("white-space:nowrap")


def _about(visit: Visit, item: AuditLine) -> list[str]:
    purpose = purpose_texts().get(item.purpose or "")
    who = visit.name(item.actor_id) if not item.actor_id.startswith("graduate:") else _("Graduate")
    role = say(vocabulary().role(item.actor_role)) if item.actor_role else ""
    return [
        who or _("nobody signed on"),
        "" if role == who else role,
        _("purpose: {purpose}", purpose=say(purpose)) if purpose else "",
        *_details(visit, item),
        way(item.how),
        item.address if item.address != "local" else _("this machine"),
    ]


def _subject(item: AuditLine) -> str | None:
    """Whom of the school it was about."""
    names = (item.detail.get(name) for name in ("subject", "staff_id", "account_id", "department_id"))
    return next((str(name) for name in names if name), None)


def _details(visit: Visit, item: AuditLine) -> list[str]:
    """What was given as commands, looked at, or changed, in words."""
    words = vocabulary()
    types, field, subject = item.detail.get("types"), item.detail.get("field"), _subject(item)
    found = [say(words.command(type_)) for type_ in types] if isinstance(types, list) else []
    if isinstance(field, str):
        found.append(say(words.field(field)))
    if subject is not None and visit.name(subject) != subject:
        found.append(visit.name(subject))
    return found


def _reason(code: str | None) -> str:
    """Why a command was refused, as far as the rules say it."""
    try:
        return say(Refused(code)) if code else ""
    except KeyError:
        return ""
