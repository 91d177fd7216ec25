"""A version of the service standards in the words of the office."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from nicegui import ui

from console.frame import card
from console.texts import _, say
from models.calendar import DurationValue
from models.policy import Clock, Policy, Rung
from models.views.vocabulary import vocabulary


def show_standards(policy: Policy) -> None:
    """The clocks, the package, the ladders and the other numbers."""
    with ui.element("div").classes("columns halves"):
        with ui.element("div"):
            _clocks(policy)
        with ui.element("div"):
            _package(_("Service package"), policy.service_package)
            _package(_("Short package for those screened only"), policy.short_package)
            _rhythms(policy)
            _pairing(policy)
            _ladders(policy)


def length(value: DurationValue) -> str:
    """`5个工作日`."""
    unit = say(vocabulary().choice("unit", value.unit))
    return _("{amount} {unit}", amount=value.amount, unit=unit)


def value_text(path: str, value: Any) -> str:
    """A value of the document, by its place, as people say it."""
    if isinstance(value, str):
        amount, _space, unit = value.partition(" ")
        if amount.lstrip("-").isdecimal() and unit:
            return _("{amount} {unit}", amount=amount, unit=say(vocabulary().choice("unit", unit)))
        return say(vocabulary().choice(path.rpartition(".")[2], value, "policy"))
    if isinstance(value, bool):
        return say(vocabulary().choice("bool", str(value).lower()))
    if isinstance(value, list):
        return _(", ").join(value_text(path, item) for item in cast("list[Any]", value))
    if isinstance(value, dict):
        return _(", ").join(value_text(path, item) for item in cast("dict[str, Any]", value).values())
    return str(value)


def place(path: str) -> str:
    """Where in the document a value stands, in the words of its parts."""
    return " › ".join(_part(part) for part in path.split("."))


def _part(part: str) -> str:
    words = vocabulary()
    if part.isdecimal():
        return _("no. {number}", number=int(part) + 1)
    named = words.field(part, "policy")
    for field in ("clock", "risk_level", "ending", "kind"):
        if named.en == part:
            named = words.choice(field, part)
    return say(named)


def _clocks(policy: Policy) -> None:
    with card(_("How long an act may take"), icon="schedule"):
        for name, clock in policy.clocks.items():
            _row(say(vocabulary().choice("clock", name)), _within(clock))


def _within(clock: Clock) -> str:
    text = length(clock.within)
    if clock.lapse_after is None:
        return text
    if clock.lapse_after.amount == 0:
        return _("{within}, then it lapses", within=text)
    return _("{within}, lapses {after} later", within=text, after=length(clock.lapse_after))


def _package(title: str, items: Sequence[Any]) -> None:
    if not items:
        return
    with card(title, icon="inventory_2"):
        for item in items:
            _row(say(vocabulary().choice("item", item.item)), _("{count} times", count=item.count))


def _rhythms(policy: Policy) -> None:
    words = vocabulary()
    with card(_("Contact and follow-up"), icon="event_repeat"):
        for level, every in policy.contact_every.items():
            what = _("Contact, risk level {level}", level=say(words.choice("risk_level", level)))
            _row(what, _("every {length}", length=length(every)))
        follow = policy.follow_up
        _row(_("Follow-up after leaving school"), _("every {length}", length=length(follow.every)))
        _row(
            _("Follow-up until"),
            _("{month}-{day} of the leaving year", month=follow.until.month, day=follow.until.day)
            if not follow.until.years
            else _("{month}-{day}, {years} years later", **follow.until.model_dump()),
        )
        checks = _(", ").join(length(item) for item in policy.stability_checks)
        _row(_("Stability checks after placement"), checks)
        _row(_("Longest hold by a mentor"), length(policy.mentor_hold_limit))


def _pairing(policy: Policy) -> None:
    rules = policy.pairing
    with card(_("Pairing and other limits"), icon="handshake"):
        _row(_("Warning from so many cases for a mentor"), str(rules.soft_load))
        _row(_("At most so many cases for a mentor"), str(rules.hard_cap))
        _row(_("Proposals before the college assigns"), str(rules.max_proposals))
        _row(_("Least monthly pay, yuan"), str(policy.minimum_monthly_pay))
        _row(_("Least attendance of a training"), f"{policy.minimum_attendance:.0%}")
        _row(_("Files are kept for"), length(policy.retention.after))


def _ladders(policy: Policy) -> None:
    for name, rungs in policy.ladders.items():
        used = [clock for clock, item in policy.clocks.items() if item.ladder == name]
        with card(_("Reminders and escalation"), icon="notifications_active"):
            clocks = _(", ").join(say(vocabulary().choice("clock", clock)) for clock in used)
            ui.label(_("Everything else") if name == "default" else clocks).classes("soft small")
            for rung in rungs:
                _row(say(vocabulary().choice("rung", rung.rung)), _rung(rung))


def _rung(rung: Rung) -> str:
    told: Mapping[str, str] = {
        "owner": _("to who owes it"),
        "department": _("to the college"),
        "school": _("to the career centre"),
    }
    amount = rung.offset.amount
    away = length(rung.offset.model_copy(update={"amount": abs(amount)}))
    if amount == 0:
        when = _("on the day")
    else:
        when = _("{length} before", length=away) if amount < 0 else _("{length} after", length=away)
    return _("{when}, {whom}", when=when, whom=told[rung.notify])


def _row(what: str, text: str) -> None:
    with ui.element("div").classes("line"):
        ui.label(what).classes("grow")
        ui.label(text).classes("strong")
