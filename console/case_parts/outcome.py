"""How it ends: destination and evidence, transfers, holds, closure, objections, and how long the file is kept."""

from nicegui import ui

from console.case_parts.desk import Desk, tag
from console.case_parts.entries import details
from console.case_parts.telling import part_of
from console.frame import card, nothing
from console.texts import _, ago, moment, say
from models.case.destination import PENDING, Destination
from models.case.training import OPEN_STATUSES
from models.views.vocabulary import vocabulary

_TONES = {
    "verified": "good",
    "rejected": "late",
    "dissolved": "late",
    "registered": "soon",
    "department_verified": "soon",
}


def destination(desk: Desk) -> None:
    """Each registration with its evidence and where its verification stands."""
    found = desk.case.destinations
    with card(_("Destination and evidence"), icon="work"):
        if not found:
            nothing(
                _("No destination yet."), _("Register it with its evidence; college and school verify it.")
            )
        for item in reversed(found):
            _destination(desk, item)
        with ui.element("div").classes("actions"):
            desk.button("register_destination")
            desk.button("mark_left_school")


def _destination(desk: Desk, item: Destination) -> None:
    words = vocabulary()
    name = say(words.destination(item.code))
    with ui.element("div").classes("entry"):
        with ui.element("div").classes("marks"):
            ui.label(name).classes("strong")
            tag(say(words.choice("status", item.status)), _TONES.get(item.status, ""))
            tag(say(words.choice("settled", "true" if item.settled else "false")))
        ui.label(
            _(
                "registered by {who}, {when}",
                who=desk.who(item.registered_by),
                when=moment(item.registered_at),
            )
        ).classes("small soft")
        for entry in desk.events("destination_registered", "destination_rejected"):
            about = (
                entry.data["destination"]["id"]
                if "destination" in entry.data
                else entry.data["destination_id"]
            )
            if about == item.id:
                details(desk, entry)
        if item.status in PENDING:
            values = {"destination_id": item.id}
            with ui.element("div").classes("actions"):
                desk.button("verify_destination", values=values, about=name, primary=True)
                desk.button("reject_destination", values=values, about=name)


def transfers(desk: Desk) -> None:
    """Transfers and the hold."""
    case, words = desk.case, vocabulary()
    with card(_("Hold and transfer"), icon="sync_alt"):
        if case.hold is not None:
            with ui.element("div").classes("line wrap"):
                with ui.element("div").classes("grow"):
                    ui.label(_("On hold until {when}", when=moment(case.hold.until))).classes("strong")
                    ui.label(
                        _(
                            "{reason}; placed by {who}, {when}",
                            reason=case.hold.reason,
                            who=desk.who(case.hold.placed_by),
                            when=ago(case.hold.since),
                        )
                    ).classes("small soft")
                desk.button("release_hold")
        for item in reversed(case.transfers):
            status = "requested" if item.status == "requested" else item.status
            with ui.element("div").classes("line wrap"):
                with ui.element("div").classes("grow"):
                    kind = say(words.choice("kind", item.kind, "request_transfer"))
                    ui.label(_("{name} ({role})", name=desk.who(item.to), role=kind))
                    ui.label(
                        _(
                            "asked by {who}, {when}",
                            who=desk.who(item.requested_by),
                            when=moment(item.requested_at),
                        )
                    ).classes("small soft")
                tag(say(words.choice("status", status)), "soon" if item.status == "requested" else "")
                if item.status == "requested":
                    values = {"transfer_id": item.id}
                    desk.button("accept_transfer", values=values, primary=True)
                    desk.button("decline_transfer", values=values)
        if case.hold is None and not case.transfers:
            ui.label(_("Neither on hold nor handed on.")).classes("soft small")
        with ui.element("div").classes("actions"):
            desk.button("place_hold")
            desk.button("request_transfer")


def objections(desk: Desk) -> None:
    """What the graduate objects to. Nothing where there is nothing."""
    words = vocabulary()
    if not desk.case.objections and not desk.may("raise_objection"):
        return
    with card(_("Objections"), icon="gavel"):
        for item in reversed(desk.case.objections):
            with ui.element("div").classes("entry"):
                with ui.element("div").classes("marks"):
                    ui.label(say(words.choice("about", item.about))).classes("strong")
                    ui.label(_("raised {when}", when=ago(item.raised_at))).classes("small soft")
                    if item.verdict is None:
                        tag(_("Waits for an answer"), "soon")
                    else:
                        tag(
                            say(words.choice("verdict", item.verdict)),
                            "good" if item.verdict == "upheld" else "",
                        )
                for entry in desk.events("objection_answered", "objection_raised"):
                    if entry.data["objection_id"] == item.id:
                        details(desk, entry)
                if item.verdict is None:
                    desk.button("answer_objection", values={"objection_id": item.id})
        desk.button("raise_objection")


def closure(desk: Desk) -> None:
    """The request to close and its end, and what still stands in its way."""
    case, words = desk.case, vocabulary()
    with card(_("Closure"), icon="inventory"):
        if case.closure is not None:
            reason = say(words.choice("reason", case.closure.reason, "closure"))
            with ui.element("div").classes("entry"):
                with ui.element("div").classes("marks"):
                    ui.label(reason).classes("strong")
                    closed = case.closure.closed_at
                    tag(
                        _("Closed {when}", when=ago(closed)) if closed else _("Closure waits for approval"),
                        "good" if closed else "soon",
                    )
                ui.label(case.closure.outcome)
                ui.label(
                    _(
                        "asked by {who}, {when}",
                        who=desk.who(case.closure.requested_by),
                        when=moment(case.closure.requested_at),
                    )
                ).classes("small soft")
                with ui.element("div").classes("actions"):
                    desk.button("approve_closure", primary=True)
                    desk.button("reject_closure")
        left = _open_items(desk)
        if left and not case.closed:
            ui.label(_("Still open; this has to end first:")).classes("small soft")
            for text in left:
                ui.label(text).classes("small")
        elif case.closure is None:
            ui.label(_("Nothing open stands in the way.")).classes("small soft")
        with ui.element("div").classes("actions"):
            desk.button("request_closure")
            desk.button("reopen")
            desk.button("record_stability_check")


def _open_items(desk: Desk) -> list[str]:
    case = desk.case
    words = vocabulary()
    parts = [
        *(("referral", "referral_id", item.id, item.status) for item in case.referrals if item.open),
        *(
            ("class_id", "enrolment_id", item.id, item.status)
            for item in case.trainings
            if item.status in OPEN_STATUSES
        ),
        *(
            ("destination", "destination_id", item.id, item.status)
            for item in case.destinations
            if item.status in PENDING
        ),
        *(
            ("transfer_id", "transfer_id", item.id, item.status)
            for item in case.transfers
            if item.status == "requested"
        ),
    ]
    return [
        _(
            "{kind}: {name} ({status})",
            kind=say(words.field(kind)),
            name=part_of(desk, field, id_),
            status=say(words.choice("status", status)),
        )
        for kind, field, id_, status in parts
    ]


def keeping(desk: Desk) -> None:
    """How long the file is kept, legal hold and erasure. Nothing where none of it concerns this file or person."""
    case, words = desk.case, vocabulary()
    commands = ("place_legal_hold", "lift_legal_hold", "request_erasure", "approve_erasure", "reject_erasure")
    if not (case.retention_ends_at or case.legal_hold or case.erasure or any(map(desk.may, commands))):
        return
    with card(_("Keeping the file"), icon="lock_clock"):
        if case.retention_ends_at is not None:
            ui.label(_("Kept until {when}, then erased.", when=moment(case.retention_ends_at)))
        else:
            ui.label(_("Kept as long as help goes on; the time runs from its end.")).classes("soft small")
        if case.legal_hold is not None:
            hold = case.legal_hold
            tag(_("Under legal hold"), "soon")
            ui.label(
                _(
                    "{reason}; placed by {who}, {when}",
                    reason=hold.reason,
                    who=desk.who(hold.placed_by),
                    when=ago(hold.since),
                )
            ).classes("small soft")
        if case.erasure is not None:
            ground = say(words.choice("ground", case.erasure.ground))
            tag(_("Erasure requested"), "late")
            ui.label(_("{reason}, {when}", reason=ground, when=ago(case.erasure.requested_at))).classes(
                "small soft"
            )
        with ui.element("div").classes("actions"):
            for command in commands:
                desk.button(command)
