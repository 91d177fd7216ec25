"""Who the file is about, and how it stands."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from nicegui import ui

from console.case_parts.desk import Desk, fact, tag
from console.case_parts.plain import covered, plain_or
from console.case_parts.printing import print_button
from console.case_parts.telling import text_of
from console.frame import card
from console.texts import _, ago, day, moment, say
from models.masks import COVER
from models.views.vocabulary import vocabulary

_TONES = {"A": "late", "B": "soon", "C": "good"}


def head(desk: Desk) -> None:
    """The name and the few things one must know before anything else."""
    case, words = desk.case, vocabulary()
    with card() as found:
        found.classes("head")
        with ui.element("div").classes("marks"):
            name = str(plain_or(desk, "name", case.profile.name))
            if "name" in case.masked and "name" not in desk.kept.plain:
                covered(desk, "name", say(words.field("name")), name)
            else:
                ui.label(name).classes("strong")
            ui.label(case.profile.student_no).classes("soft")
            _marks(desk)
            ui.space()
            print_button(desk)
        with ui.element("div").classes("facts"):
            fact(say(words.field("department_id")), desk.who(case.department_id))
            fact(say(words.field("cohort")), _("Class of {year}", year=case.cohort))
            with ui.element("div").classes("fact"):
                ui.label(say(words.field("hardship_types"))).classes("what")
                _hardship(desk)
            fact(say(words.field("mentor_id")), _mentor(desk))
            _field(desk, "phone", case.profile.phone)
            fact(say(words.field("opened_at")), moment(case.opened_at))
        with desk.opened("person", _("All data of the file"), icon="badge"):
            _everything(desk)


def _marks(desk: Desk) -> None:
    case, words = desk.case, vocabulary()
    tag(say(words.stage(case.stage)), "good" if case.closed else "")
    if case.risk_level:
        tag(say(words.choice("risk_level", case.risk_level)), _TONES[case.risk_level])
    if case.hold is not None:
        tag(_("On hold until {when}", when=moment(case.hold.until)), "soon")
    if case.left_on is not None:
        tag(_("Left school on {day}", day=day(case.left_on)))
    if case.closure is not None and not case.closed:
        tag(_("Closure waits for approval"), "soon")
    if case.legal_hold is not None:
        tag(_("Under legal hold"), "soon")
    if case.erasure is not None:
        tag(_("Erasure requested"), "late")


def _mentor(desk: Desk) -> str:
    pairing = desk.case.pairing
    if desk.case.mentor_id:
        return desk.who(desk.case.mentor_id)
    if pairing.proposal is not None:
        return _(
            "{name} (asked {when})",
            name=desk.who(pairing.proposal.mentor_id),
            when=ago(pairing.proposal.proposed_at),
        )
    return _("Nobody yet")


def _hardship(desk: Desk) -> None:
    case, words = desk.case, vocabulary()
    field = "hardship" if case.eligibility is not None else "declared"
    label = say(words.field("hardship_types"))
    if field in case.masked and field not in desk.kept.plain:
        covered(desk, field, label, COVER)
        return
    held = case.eligibility.hardship if case.eligibility else case.declared
    items: Any = plain_or(desk, field, [item.model_dump(mode="json") for item in held])
    # What is asked for by name comes as a list of what stands under the name.
    types = [str(item["type"]) for item in items]
    names = _(", ").join(say(words.hardship(type_)) for type_ in types)
    sure = "" if case.eligibility else _("(by the roster, not confirmed yet)")
    ui.label(" ".join(part for part in (names or "—", sure) if part))


def _field(desk: Desk, name: str, value: object) -> None:
    """One field of the profile, with the way to its plain value."""
    label = say(vocabulary().field(name))
    with ui.element("div").classes("fact"):
        ui.label(label).classes("what")
        if name in desk.case.masked and name not in desk.kept.plain:
            covered(desk, name, label, str(value or COVER))
        else:
            plain = plain_or(desk, name, value)
            ui.label(_shown(desk, name, plain))


def _shown(desk: Desk, name: str, value: object) -> str:
    if isinstance(value, date):
        return day(value)
    return text_of(desk, name, value) if value not in (None, "", []) else "—"


def _everything(desk: Desk) -> None:
    case = desk.case
    with ui.element("div").classes("facts"):
        for name, value in _known(desk):
            _field(desk, name, value)
        for key, text in case.profile.other.items():
            field = f"other.{key}"
            with ui.element("div").classes("fact"):
                ui.label(key).classes("what")
                if field in case.masked and field not in desk.kept.plain:
                    covered(desk, field, key, text)
                else:
                    ui.label(str(plain_or(desk, field, text)))
    with ui.element("div").classes("actions"):
        desk.button("correct_profile")
        desk.button("change_policy")
    ui.label(_("Service standards {ref}", ref=case.policy_ref)).classes("small soft")


def _known(desk: Desk) -> Iterator[tuple[str, object]]:
    profile = desk.case.profile
    for name in type(profile).model_fields:
        value = getattr(profile, name)
        if name not in ("name", "student_no", "phone", "other") and (
            value not in (None, "") or name in desk.case.masked
        ):
            yield name, value
    if desk.case.eligibility is not None:
        yield "primary_type", desk.case.eligibility.primary_type
        yield "decision", desk.case.eligibility.decision
