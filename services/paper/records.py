"""The records of the printed form: what was done, from the events of a file."""

from collections.abc import Sequence
from typing import Any

from models.case.plan import CasePlan
from models.codes import destination, evidence_types
from models.views.case import CaseView, TimelineEntry
from models.views.paper import Row, paper_words, word
from services.paper.naming import Names, day, service_name

Events = Sequence[TimelineEntry]


def tables_of(view: CaseView, events: Events, names: Names) -> dict[str, list[Row]]:
    """All records by the name of their table."""
    return {
        "pairing": _pairing(events, names),
        "plan": _measures(view.plan or view.draft_plan, names),
        "services": _services(view, events, names),
        "contacts": [_contact(item, names) for item in _of(events, "contact_recorded")],
        "trainings": _trainings(view, events),
        "referrals": _referrals(view, events, names),
        "destinations": _destinations(view, events),
        "follow_ups": _follow_ups(events, names),
        "closure": _closure(events, names),
    }


def _of(events: Events, *types: str) -> list[TimelineEntry]:
    return [item for item in events if item.type in types]


def _about(events: Events, field: str, subject: str, *types: str) -> list[TimelineEntry]:
    return [item for item in _of(events, *types) if item.data[field] == subject]


def _said(data: dict[str, Any], field: str) -> str:
    value = data.get(field)
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _pairing(events: Events, names: Names) -> list[Row]:
    rows: list[Row] = []
    for item in _of(events, *paper_words()["pairing"]):
        whom = _said(item.data, "to") or _said(item.data, "mentor_id")
        rows.append(
            {
                "on": day(item.at),
                "what": word("pairing", item.type),
                "who": names.colleges.get(whom) or names.of(whom),
                "reason": _said(item.data, "reason"),
            }
        )
    return rows


def _measures(plan: CasePlan | None, names: Names) -> list[Row]:
    return [
        {
            "goal": goal.title,
            "measure": measure.title,
            "service": service_name(measure.service_type),
            "owner": names.of(measure.owner_id),
            "due_on": day(measure.due_on),
            "done_on": day(measure.done_at),
        }
        for goal in (plan.goals if plan else ())
        for measure in goal.measures
    ]


def _services(view: CaseView, events: Events, names: Names) -> list[Row]:
    delivered = {item.id: item for item in view.services}
    courses = {item.id: item.course for item in view.trainings}
    rows: list[Row] = []
    for item in _of(events, "service_recorded", "training_completed"):
        data, service = item.data, delivered[item.data["service_id"]]
        word_on_it = _about(events, "service_id", service.id, "service_confirmed")
        remark = _said(word_on_it[-1].data, "remark") if word_on_it else ""
        training = item.type == "training_completed"
        rows.append(
            {
                "on": day(service.happened_at),
                "service": service_name(service.type),
                "method": "" if training else word("methods", data["method"]),
                "content": courses[data["enrolment_id"]] if training else _said(data, "content"),
                "proof": _said(data, "certificate" if training else "proof"),
                "by": names.who(item),
                "agreed": _lines(word("agreed", service.agreed), remark),
            }
        )
    return sorted(rows, key=lambda row: row["on"])


def _contact(item: TimelineEntry, names: Names) -> Row:
    return {
        "on": day(item.data["happened_at"]),
        "method": word("methods", item.data["method"]),
        "content": _said(item.data, "content"),
        "next_step": _said(item.data, "next_step"),
        "by": names.who(item),
    }


def _trainings(view: CaseView, events: Events) -> list[Row]:
    rows: list[Row] = []
    for item in view.trainings:
        ends = _about(events, "enrolment_id", item.id, "training_completed", "training_withdrawn")
        data = ends[-1].data if ends else {}
        scores = [_said(data, "score_before"), _said(data, "score_after")]
        rows.append(
            {
                "course": item.course,
                "on": day(item.enrolled_at),
                "status": word("enrolments", item.status),
                "scores": " / ".join(score or "—" for score in scores) if any(scores) else "",
                "result": _said(data, "certificate") or _said(data, "reason"),
            }
        )
    return rows


def _referrals(view: CaseView, events: Events, names: Names) -> list[Row]:
    rows: list[Row] = []
    for item in view.referrals:
        ends = ("referral_answered", "referral_outcome_reported", "referral_cancelled")
        told: list[str] = []
        for end in _about(events, "referral_id", item.id, *ends):
            reason = _said(end.data, "reason")
            told += [word("referral_reasons", reason) if reason else "", _said(end.data, "note")]
            told.append(_said(end.data, "result"))
        rows.append(
            {
                "on": day(item.sent_at),
                "kind": word("referral_kinds", item.kind),
                "to": names.of(item.to),
                "purpose": item.purpose,
                "status": word("referrals", item.status),
                "outcome": _lines(*told),
            }
        )
    return rows


def _destinations(view: CaseView, events: Events) -> list[Row]:
    known = {item.id: item for item in view.destinations}
    kinds = {kind.id: kind.zh for kind in evidence_types()}
    rows: list[Row] = []
    for item in _of(events, "destination_registered"):
        data, found = item.data, known[item.data["destination"]["id"]]
        code = destination(found.code)
        proofs = [
            _said_of_proof(kinds.get(_said(proof, "type")) or _said(proof, "type"), _said(proof, "note"))
            for proof in data["destination"]["evidence"]
        ]
        signed = day(data["signed_on"])
        verdicts = _about(events, "destination_id", found.id, "destination_verified", "destination_rejected")
        rows.append(
            {
                "on": day(item.at),
                "code": f"{found.code} {code.zh}" if code else found.code,
                "employer": _lines(
                    _said(data, "employer"), _said(data, "credit_code"), signed and f"签约 {signed}"
                ),
                "evidence": _lines(*proofs),
                "status": word("destinations", found.status),
                "verified": _lines(*(_verdict(verdict) for verdict in verdicts)),
            }
        )
    return rows


def _said_of_proof(kind: str, note: str) -> str:
    return f"{kind}：{note}" if note else kind


def _verdict(item: TimelineEntry) -> str:
    said = f"{word('levels', item.data['level'])}{word('verdicts', item.type)} {day(item.at)}"
    return _lines(said, _said(item.data, "reason"))


def _follow_ups(events: Events, names: Names) -> list[Row]:
    rows: list[Row] = []
    for item in _of(events, "follow_up_recorded", "stability_checked"):
        data = item.data
        check = item.type == "stability_checked"
        rows.append(
            {
                "on": day(item.at),
                "situation": word("stability", data["stable"])
                if check
                else word("situations", data["situation"]),
                "content": _said(data, "content"),
                "next_on": "" if check else day(data["next_on"]),
                "by": names.who(item),
            }
        )
    return rows


def _closure(events: Events, names: Names) -> list[Row]:
    rows: list[Row] = []
    for item in _of(events, *paper_words()["closure"]):
        data = item.data
        reason = _said(data, "reason")
        rows.append(
            {
                "on": day(item.at),
                "what": word("closure", item.type),
                "reason": word("closure_reasons", reason) if reason else "",
                "outcome": _lines(*(_said(data, field) for field in ("outcome", "proof", "remark", "note"))),
                "by": names.who(item),
            }
        )
    return rows
