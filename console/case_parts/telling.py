"""What an event holds, as people read it: names for ids, texts for codes, dates as they are written here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from console.case_parts.desk import NAMED, Desk
from console.texts import _, day, moment, say
from models.masks import COVER
from models.views.case import TimelineEntry
from models.views.vocabulary import vocabulary
from models.views.wording import wording

# What only the machinery needs, or what the entry says anyway.
_UNSAID = frozenset(
    {
        "acknowledged_at",
        "answered_at",
        "approved_at",
        "approved_by",
        "author_id",
        "changed_at",
        "class_id",
        "consent_id",
        "done_at",
        "grounds",
        "id",
        "key",
        "number",
        "registered_at",
        "registered_by",
        "roster_digest",
        "rung",
        "clock",
        "sender_id",
        "sent_at",
        "set_at",
        "source",
        "subject",
        "version",
    }
)
# Parts made by the event, which says itself what they are.
_MADE = {
    ("service_recorded", "service_id"),
    ("training_enrolled", "enrolment_id"),
    ("training_completed", "service_id"),
    ("transfer_requested", "transfer_id"),
    ("transfer_accepted", "transfer_id"),
    ("transfer_declined", "transfer_id"),
    ("objection_raised", "objection_id"),
}
_MOMENTS = frozenset({"happened_at", "until", "due_at", "ends_at", "withdrawn_at", "assessed_at"})
_DATES = frozenset(
    {
        "given_on",
        "due_on",
        "signed_on",
        "starts_on",
        "next_on",
        "on",
        "valid_until",
        "enrolled_on",
        "graduates_on",
    }
)


@dataclass(frozen=True)
class Told:
    """One thing that an event says. `masked` names the field to unmask where the reader sees it covered."""

    label: str
    text: str
    masked: str | None = None


def told(desk: Desk, entry: TimelineEntry) -> list[Told]:
    """Everything that an event says, field by field."""
    if entry.type == "rung_reached":
        return [_reminder(desk, entry)]
    if entry.type == "policy_changed":
        policy = cast("dict[str, Any]", entry.data["policy"])
        label = say(vocabulary().field("policy_ref"))
        return [
            Told(label, f"{entry.data['previous']} → {policy['id']}@{policy['version']}"),
            Told(say(vocabulary().field("reason")), str(entry.data["reason"])),
        ]
    return list(_fields(desk, entry.type, entry.data, frozenset(entry.masked), f"event.{entry.seq}"))


def text_of(desk: Desk, name: str, value: Any, owner: str = "") -> str:
    """One value of a field."""
    words = vocabulary()
    if isinstance(value, bool):
        return say(words.choice(name, "true" if value else "false", owner))
    if isinstance(value, (list, tuple)):
        return _(", ").join(text_of(desk, name, item, owner) for item in cast("Sequence[Any]", value))
    if isinstance(value, float) and name == "attendance":
        return f"{value:.0%}"
    if name == "cohort":
        return _("Class of {year}", year=value)
    if isinstance(value, (int, float)):
        number = f"{value:,.12g}"
        return _("{amount} yuan a month", amount=number) if name == "monthly_pay" else number
    text = str(value)
    if text == COVER:
        return text
    if name in _MOMENTS:
        return moment(datetime.fromisoformat(text))
    if name in _DATES:
        return day(date.fromisoformat(text))
    if name in NAMED:
        return desk.who(text)
    return part_of(desk, name, text) or say(words.choice(name, text, owner))


def part_of(desk: Desk, name: str, id_: str) -> str:
    """What a part of the file that is named by its id is called; empty for what is no part."""
    words, case = vocabulary(), desk.case
    match name:
        case "measure_id":
            plans = [plan for plan in (case.plan, case.draft_plan) if plan is not None]
            found = (item.title for plan in plans for item in plan.measures() if item.id == id_)
            return next(found, "") or id_
        case "service_id":
            return next((say(words.service(item.type)) for item in case.services if item.id == id_), id_)
        case "enrolment_id":
            return next((item.course for item in case.trainings if item.id == id_), id_)
        case "destination_id":
            codes = (item.code for item in case.destinations if item.id == id_)
            return next((say(words.destination(code)) for code in codes), id_)
        case "referral_id" | "replaces" | "referrals":
            found = (item for item in case.referrals if item.id == id_)
            return next((referral_name(desk, item.kind, item.to) for item in found), id_)
        case "transfer_id":
            found = (item for item in case.transfers if item.id == id_)
            return next((say(words.choice("kind", item.kind, "request_transfer")) for item in found), id_)
        case "objection_id":
            return next(
                (say(words.choice("about", item.about)) for item in case.objections if item.id == id_), id_
            )
        case _:
            return ""


def referral_name(desk: Desk, kind: str, to: str) -> str:
    """To whom a referral goes."""
    return _(
        "{name} ({role})", name=desk.who(to), role=say(vocabulary().choice("kind", kind, "send_referral"))
    )


def _reminder(desk: Desk, entry: TimelineEntry) -> Told:
    data = entry.data
    text = say(wording().deadline(str(data["clock"]), str(data["rung"]), overdue=False))
    return Told(_("To {who}", who=desk.who(str(data["audience"]))), text)


def _fields(
    desk: Desk, owner: str, data: Mapping[str, Any], masked: frozenset[str], place: str
) -> Iterator[Told]:
    for name, value in data.items():
        hidden = name in masked
        if name in _UNSAID or (value in (None, "", [], {}) and not hidden):
            continue
        if (owner, name) in _MADE:
            continue
        label = say(vocabulary().field(name, owner))
        if name == "other" and isinstance(value, dict):
            yield from _other(value, place)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            yield from _fields(desk, owner if name == "changes" else name, inner, masked, place)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in cast("list[dict[str, Any]]", value):
                yield from _item(desk, name, item, masked, place)
        elif hidden:
            known = desk.kept.plain.get(f"{place}.{name}")
            if known is not None:
                yield Told(label, text_of(desk, name, known, owner))
            else:
                yield Told(label, value if isinstance(value, str) else COVER, f"{place}.{name}")
        else:
            yield Told(label, text_of(desk, name, value, owner))


def _other(value: Mapping[str, str], place: str) -> Iterator[Told]:
    for key, text in value.items():
        yield Told(key, text, f"{place}.other.{key}" if text == COVER else None)


def _item(
    desk: Desk, name: str, item: Mapping[str, Any], masked: frozenset[str], place: str
) -> Iterator[Told]:
    """One of several: a goal, a measure, a hardship type, a piece of evidence."""
    flat = {key: value for key, value in item.items() if not isinstance(value, list)}
    parts = list(_fields(desk, name, flat, masked, place))
    covered = next((part.masked for part in parts if part.masked), None)
    if parts:
        first, *rest = parts
        more = [_("{label}: {text}", label=part.label, text=part.text) for part in rest]
        yield Told(first.label, " · ".join([first.text, *more]), covered)
    for key, value in item.items():
        if isinstance(value, list):
            for inner in cast("list[dict[str, Any]]", value):
                yield from _item(desk, key, inner, masked, place)
