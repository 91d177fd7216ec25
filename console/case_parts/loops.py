"""What others do for the graduate: trainings, referrals with their loop, and the consents on which data go out."""

from nicegui import ui

from console.case_parts.desk import Desk, tag
from console.case_parts.telling import referral_name
from console.frame import card, nothing
from console.texts import _, ago, day, moment, say
from models.case.referral import Ground, Referral
from models.case.training import OPEN_STATUSES, Enrolment
from models.views.vocabulary import vocabulary

_TONES = {
    "completed": "good",
    "accepted": "",
    "sent": "soon",
    "expired": "late",
    "failed": "late",
    "declined": "late",
    "returned": "soon",
    "waiting": "soon",
}
# The loop of a referral; what goes another way ends at its own word.
_LOOP = ("sent", "accepted", "completed")


def trainings(desk: Desk) -> None:
    """Classes and courses."""
    found = desk.case.trainings
    with card(_("Training"), icon="school"):
        if not found:
            nothing(
                _("No training yet."), _("Enrol in a class of the school, or note a course taken elsewhere.")
            )
        for item in found:
            _training(desk, item)
        with ui.element("div").classes("actions"):
            desk.button("enrol_training")


def _training(desk: Desk, item: Enrolment) -> None:
    with ui.element("div").classes("line wrap"):
        with ui.element("div").classes("grow"):
            ui.label(item.course)
            ui.label(_("enrolled {when}", when=moment(item.enrolled_at))).classes("small soft")
        tag(say(vocabulary().choice("status", item.status, "trainings")), _TONES.get(item.status, ""))
        values = {"enrolment_id": item.id}
        if item.status == "enrolled":
            desk.button("complete_training", "", values, about=item.course)
        if item.status in OPEN_STATUSES:
            desk.button("withdraw_training", "", values, about=item.course)


def referrals(desk: Desk) -> None:
    """Each referral: where its loop stands, what comes next, what went out and on which ground."""
    found = desk.case.referrals
    with card(_("Referrals"), icon="swap_horiz"):
        if not found:
            nothing(
                _("No referral yet."),
                _("Others serve, the mentor stays: an employer, HRSS, a counseling centre."),
            )
        for item in sorted(found, key=lambda item: (not item.open, -item.sent_at.timestamp())):
            _referral(desk, item)
        with ui.element("div").classes("actions"):
            desk.button("send_referral")


def _referral(desk: Desk, item: Referral) -> None:
    words = vocabulary()
    name = referral_name(desk, item.kind, item.to)
    values = {"referral_id": item.id}
    with ui.element("div").classes("entry"):
        with ui.element("div").classes("marks"):
            ui.label(name).classes("strong")
            tag(say(words.choice("status", item.status)), _TONES.get(item.status, ""))
            if not item.open:
                tag(_("Loop closed"), "good")
        ui.label(item.purpose)
        _loop(item)
        ui.label(_("sent by {who}, {when}", who=desk.who(item.sender_id), when=moment(item.sent_at))).classes(
            "small soft"
        )
        for ground in item.grounds:
            _ground(ground)
        with ui.element("div").classes("actions"):
            if item.status == "sent":
                desk.button("answer_referral", values=values, about=name)
            if item.status == "accepted":
                desk.button("report_referral_outcome", values=values, about=name)
            if item.open and not item.running:
                desk.button("acknowledge_referral", values=values, about=name)
                if item.status not in ("completed", "failed"):
                    again = {"replaces": item.id}
                    desk.button("send_referral", _("Refer to another"), again, about=name)
            if item.running:
                desk.button("cancel_referral", values=values, about=name)


def _loop(item: Referral) -> None:
    words = vocabulary()
    steps = [*_LOOP[:2], item.status] if item.status in ("completed", "failed") else [*_LOOP]
    if item.status not in ("sent", "accepted", "completed", "failed"):
        steps = ["sent", item.status]
    at = steps.index(item.status)
    with ui.element("ol").classes("life small"):
        for number, step in enumerate(steps):
            state = "done" if number < at else "now" if number == at and item.open else "later"
            with ui.element("li").classes("done" if not item.open else state):
                ui.icon("circle").classes("dot").props("aria-hidden=true")
                ui.label(say(words.choice("status", step)))
        seen = item.acknowledged_at is not None
        if item.status != "cancelled":
            with ui.element("li").classes("done" if seen else "later"):
                ui.icon("circle").classes("dot").props("aria-hidden=true")
                ui.label(say(words.field("acknowledged")))


def _ground(ground: Ground) -> None:
    words = vocabulary()
    field = say(words.field(ground.field))
    basis = say(words.choice("basis", ground.basis))
    text = _("{field}: {basis}", field=field, basis=basis)
    if ground.rule:
        text = _("{field}: {basis} ({rule})", field=field, basis=basis, rule=ground.rule)
    elif ground.given_on:
        text = _("{field}: {basis} of {day}", field=field, basis=basis, day=day(ground.given_on))
    with ui.element("div").classes("marks"):
        ui.icon("ios_share").classes("soft").props("size=16px aria-hidden=true")
        ui.label(text).classes("small soft")
        if ground.withdrawn_at:
            tag(_("Withdrawn {when}", when=ago(ground.withdrawn_at)), "late")


def consents(desk: Desk) -> None:
    """What the graduate agreed to."""
    words, found = vocabulary(), desk.case.consents
    with card(_("Consents"), icon="handshake"):
        if not found:
            nothing(
                _("No consent recorded."),
                _("Needed before data without another ground go out in a referral."),
            )
        for item in found:
            fields = _(", ").join(say(words.field(name)) for name in sorted(item.fields))
            with ui.element("div").classes("line wrap"):
                with ui.element("div").classes("grow"):
                    ui.label(fields)
                    ui.label(
                        _("{purpose}, given on {day}", purpose=item.purpose, day=day(item.given_on))
                    ).classes("small soft")
                if item.withdrawn_at:
                    tag(_("Withdrawn {when}", when=ago(item.withdrawn_at)), "late")
                else:
                    desk.button("withdraw_consent", _("Take back"), {"consent_id": item.id}, about=fields)
        with ui.element("div").classes("actions"):
            desk.button("record_consent")
