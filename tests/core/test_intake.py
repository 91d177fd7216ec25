"""Screening and intake: hardship types with their proof, eligibility, and the roster's second coming."""

from typing import Any

import pytest

from models.case.intake import Hardship, Source, UpdateFromRoster
from models.case.service import package

from .given import PROOF, Case, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR, SYSTEM

DISABILITY = {"type": "DISABILITY", "proof": "card 5", "valid_until": "2026-09-07"}


def test_an_opened_case_waits_for_its_eligibility() -> None:
    case = Case()
    assert case.state.stage == "intake"
    assert types(case.events) == ["case_opened"]
    assert case.state.version == 1


def test_several_types_one_primary_by_the_school_s_order() -> None:
    case = Case()
    recorded = case.when(
        COUNSELOR, "confirm_eligibility", hardship_types=[DISABILITY, PROOF], decision="open"
    )
    assert types(recorded) == ["eligibility_confirmed"]
    assert case.state.stage == "pairing"
    assert case.state.eligibility is not None
    assert case.state.eligibility.primary_type == "LIFTED_POVERTY"


def test_the_primary_type_may_be_chosen() -> None:
    case = Case()
    case.when(
        COUNSELOR,
        "confirm_eligibility",
        hardship_types=[DISABILITY, PROOF],
        primary_type="DISABILITY",
        decision="open",
    )
    assert case.state.eligibility is not None
    assert case.state.eligibility.primary_type == "DISABILITY"


def test_a_short_service_has_a_short_package() -> None:
    case = Case()
    case.when(SUPERVISOR, "confirm_eligibility", hardship_types=[PROOF], decision="short_service")
    assert [line.item for line in package(case.state)] == ["policy_briefing", "career_guidance"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"hardship_types": [{"type": "LIFTED_POVERTY"}], "decision": "open"}, "proof_missing"),
        (
            {"hardship_types": [{"type": "LIFTED_POVERTY", "proof": " "}], "decision": "open"},
            "proof_missing",
        ),
        (
            {"hardship_types": [PROOF | {"valid_until": "2026-09-06"}], "decision": "open"},
            "proof_expired",
        ),
        ({"hardship_types": [], "decision": "open"}, "hardship_missing"),
        ({"hardship_types": [], "decision": "short_service"}, "hardship_missing"),
        ({"hardship_types": [], "decision": "not_open"}, "reason_required"),
        ({"hardship_types": [], "decision": "not_open", "reason": " "}, "reason_required"),
        ({"hardship_types": [{"type": "RICH"}], "decision": "open"}, "unknown_hardship_type"),
        (
            {"hardship_types": [{"type": "RICH"}], "decision": "not_open", "reason": "no proof"},
            "unknown_hardship_type",
        ),
        (
            {"hardship_types": [PROOF], "primary_type": "DIBAO", "decision": "open"},
            "primary_not_among_types",
        ),
    ],
)
def test_eligibility_is_refused(fields: dict[str, Any], code: str) -> None:
    assert Case().refused(COUNSELOR, "confirm_eligibility", **fields) == code


@pytest.mark.parametrize("actor", [M1, GRADUATE])
def test_eligibility_is_no_matter_of_mentors_or_graduates(actor: Any) -> None:
    fields: dict[str, Any] = {"hardship_types": [PROOF], "decision": "open"}
    expected = "not_yours" if actor is M1 else "role_not_allowed"
    assert Case().refused(actor, "confirm_eligibility", **fields) == expected


def test_where_no_help_is_owed_nobody_is_asked_any_more() -> None:
    case = Case().proposed()
    fields: dict[str, Any] = {"hardship_types": [], "decision": "not_open", "reason": "income too high"}
    case.when(COUNSELOR, "confirm_eligibility", **fields)
    assert case.state.stage == "not_open"
    assert case.refused(M1, "accept_pairing") == "no_proposal_open"
    assert case.refused(COUNSELOR, "propose_mentor") == "not_opened"
    assert case.wait(days=60) == []


def update(case: Case, digest: str) -> UpdateFromRoster:
    return UpdateFromRoster(
        profile=case.state.profile.model_copy(update={"major": "Law"}),
        declared=(Hardship(type="DIBAO"),),
        roster_digest=digest,
        source=Source(import_id="i2", row=3),
    )


def test_a_second_import_updates_even_a_closed_case() -> None:
    for case in (Case(), Case().closed()):
        assert types(case.when_all(SYSTEM, [update(case, "second")])) == ["roster_updated"]
        assert case.state.profile.major == "Law"
        assert case.state.roster_digest == "second"


def test_the_same_roster_changes_nothing() -> None:
    case = Case()
    assert case.when_all(SYSTEM, [update(case, "first")]) == []
    assert case.state.version == 1


def test_only_the_system_updates_from_a_roster() -> None:
    case = Case()
    assert case.refused_all(SUPERVISOR, [update(case, "second")]) == "role_not_allowed"
