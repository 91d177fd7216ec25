"""A file, as somebody may see it, in the words of the printed form."""

from collections.abc import Sequence
from typing import Any

from models.hardship import HardshipType, hardship_types
from models.masks import COVER
from models.roster.codes import person_codes
from models.roster.columns import roster_columns
from models.views.case import CaseView, TimelineEntry
from models.views.paper import Paper, Row, word
from services.paper.naming import Names, day, service_name
from services.paper.records import tables_of


def paper_of(view: CaseView, events: Sequence[TimelineEntry], names: Names) -> Paper:
    """The printed form of a masked file and its masked events."""
    covered = ("hardship",) if {"hardship", "declared"} & set(view.masked) else ()
    return Paper(
        facts=_person(view) | _case(view, names) | _assessment(view, events) | _plan(view, names),
        tables={"hardship": _hardship(view), "package": _package(view)} | tables_of(view, events, names),
        covered=covered,
    )


def _person(view: CaseView) -> Row:
    values = view.profile.model_dump(mode="json", exclude={"other"})
    facts: Row = {field: "" if value is None else str(value) for field, value in values.items()}
    for field, table in (
        ("sex", "sexes"),
        ("ethnicity", "ethnicities"),
        ("education_level", "education_levels"),
    ):
        facts[field] = person_codes()[table].label(facts[field])
    if "subsidy_claimed" in view.masked:
        facts["subsidy_claimed"] = COVER
    elif facts["subsidy_claimed"]:
        facts["subsidy_claimed"] = word("yes_no", facts["subsidy_claimed"])
    titles = {column.field: column.zh for column in roster_columns().columns}
    shown = [
        f"{titles.get(field, field)}：{value}"
        for field, value in view.profile.other.items()
        if value != COVER
    ]
    return facts | {"other": "；".join(shown)}


def _case(view: CaseView, names: Names) -> Row:
    eligibility, pairing = view.eligibility, view.pairing
    mentor = names.of(view.mentor_id)
    return {
        "school": names.school,
        "case_id": view.case_id,
        "cohort": str(view.cohort),
        "stage": word("stages", view.stage),
        "opened_on": day(view.opened_at),
        "policy_ref": view.policy_ref,
        "department": names.colleges.get(view.department_id, view.department_id),
        "decision": word("decisions", eligibility.decision) if eligibility else "",
        "decided_on": day(eligibility.decided_at) if eligibility else "",
        "decided_by": names.of(eligibility.decided_by) if eligibility else "",
        "mentor": mentor,
        "paired_on": day(pairing.assigned_since) if mentor else "",
        "left_on": day(view.left_on),
        "contacts": str(view.contacts),
    }


def _hardship(view: CaseView) -> list[Row]:
    confirmed = view.eligibility.hardship if view.eligibility else ()
    primary = view.eligibility.primary_type if view.eligibility else None
    rows: list[Row] = []
    for item in confirmed or view.declared:
        known = item.type in set(HardshipType)
        name = hardship_types().entry(HardshipType(item.type)).zh if known else item.type
        rows.append(
            {
                "type": f"{name}（{item.text}）" if item.text else name,
                "proof": item.proof or "",
                "issuer": item.issuer or "",
                "valid_until": day(item.valid_until),
                "primary": word("yes_no", True) if item.type == primary else "",
            }
        )
    return rows


def _assessment(view: CaseView, events: Sequence[TimelineEntry]) -> Row:
    found = view.assessment
    talks: list[dict[str, Any]] = [item.data for item in events if item.type == "assessment_recorded"]
    if found is None:
        return dict.fromkeys(
            (
                "risk_level",
                "assessed_on",
                "assessed_intention",
                "obstacles",
                "psychological",
                "assessment_notes",
            ),
            "",
        )
    support = found.needs_psychological_support
    return {
        "risk_level": word("risk_levels", found.risk_level),
        "assessed_on": day(found.assessed_at),
        "assessed_intention": found.intention,
        "obstacles": COVER if "obstacles" in view.masked else "、".join(found.obstacles),
        "psychological": COVER if support is None else word("yes_no", support),
        "assessment_notes": str(talks[-1]["notes"] or "") if talks else "",
    }


def _plan(view: CaseView, names: Names) -> Row:
    plan = view.plan or view.draft_plan
    if plan is None:
        return dict.fromkeys(("plan_version", "plan_approved", "plan_author", "plan_set_on"), "")
    approved = f"{names.of(plan.approved_by)} {day(plan.approved_at)}" if plan.approved_at else ""
    return {
        "plan_version": str(plan.version),
        "plan_approved": approved or word("plans", "waiting"),
        "plan_author": names.of(plan.author_id),
        "plan_set_on": day(plan.set_at),
    }


def _package(view: CaseView) -> list[Row]:
    return [
        {
            "item": "或".join(service_name(kind) for kind in line.types),
            "due": str(line.due),
            "done": str(line.done),
            "confirmed": str(line.confirmed),
            "owed": str(line.owed),
        }
        for line in view.package.lines
    ]
