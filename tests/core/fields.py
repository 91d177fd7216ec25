"""Generated fields for every command, most of them apt, so that sequences reach far into a life."""

from typing import Any

from hypothesis import strategies as st

from models.case.state import CaseState

from .people import SAMPLE

# Texts that must never leave the case: a name, an ID number, a hardship.
SECRET = f"{SAMPLE.name} {SAMPLE.id_number} 脱贫家庭 LIFTED_POVERTY"
Fields = dict[str, Any]


def _drawn(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, st.SearchStrategy):
        return value  # pyright: ignore[reportUnknownVariableType]
    return st.just(value)


def _fields(**entries: Any) -> st.SearchStrategy[Fields]:
    """Fixed values as they are, strategies drawn; an entry named `maybe_x` may be left out."""
    given = {name: _drawn(value) for name, value in entries.items()}
    needed = {name: value for name, value in given.items() if not name.startswith("maybe_")}
    optional = {
        name.removeprefix("maybe_"): value for name, value in given.items() if name.startswith("maybe_")
    }
    return st.fixed_dictionaries(needed, optional=optional)


def _ids(known: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([*known, "none"])


MENTORS = st.sampled_from(["m1", "m2", "m3", "m9", "d1", "c1"])
METHODS = st.sampled_from(["face_to_face", "phone", "message", "visit", "online"])
TIMES = st.sampled_from(["2026-09-07T09:00:00+08:00", "2026-09-08T00:00:00Z", "2020-01-01T00:00:00Z"])
DATES = st.sampled_from(["2026-09-06", "2026-09-08", "2026-10-01", "2027-03-01", "2028-12-31", "2199-12-31"])
HARDSHIP = st.one_of(
    st.just([{"type": "LIFTED_POVERTY", "proof": SECRET}, {"type": "OTHER"}]),
    st.lists(
        _fields(
            type=st.sampled_from(["LIFTED_POVERTY", "DISABILITY", "OTHER", "RICH"]),
            maybe_proof=SECRET,
            maybe_valid_until=st.sampled_from(["2026-09-01", "2030-01-01"]),
        ),
        max_size=3,
    ),
)
GOALS = st.lists(
    _fields(
        title=SECRET,
        measures=st.lists(
            _fields(
                title=SECRET,
                due_on=DATES,
                maybe_owner_id=MENTORS,
                maybe_service_type=st.sampled_from(["career_guidance", "traineeship"]),
            ),
            min_size=1,
            max_size=2,
        ),
    ),
    min_size=1,
    max_size=2,
)


def fields_of(name: str, state: CaseState) -> st.SearchStrategy[Fields]:
    """Fields for the command of that name, with ids that the case knows and some that it does not."""
    referral = _ids(state.referrals)
    transfer = _ids(state.transfers)
    destination = _ids(state.destinations)
    enrolment = _ids(state.trainings)
    measure = _ids([item.id for item in state.plan.measures()] if state.plan else [])
    version = st.sampled_from([state.plan_versions, state.plan_versions + 1])
    verdict: Fields = {
        "destination_id": destination,
        "level": st.sampled_from(["department", "school"]),
        "maybe_reason": SECRET,
    }
    return {
        "correct_profile": _fields(
            reason=SECRET, maybe_phone="10000000002", maybe_graduates_on=DATES, maybe_name=SECRET
        ),
        "annotate": _fields(text=st.sampled_from([SECRET, " "])),
        "record_consent": _fields(fields=["email"], given_on=DATES, purpose=SECRET),
        "withdraw_consent": _fields(
            consent_id=_ids([item.id for item in state.consents]), maybe_reason=SECRET
        ),
        "confirm_eligibility": _fields(
            hardship_types=HARDSHIP,
            decision=st.sampled_from(["open", "open", "short_service", "not_open"]),
            maybe_reason=SECRET,
        ),
        "propose_mentor": _fields(maybe_mentor_id=MENTORS),
        "accept_pairing": _fields(),
        "decline_pairing": _fields(maybe_reason=SECRET),
        "assign_mentor": _fields(mentor_id=MENTORS, reason=SECRET),
        "refuse_mentor": _fields(maybe_reason=SECRET),
        "record_assessment": _fields(
            intention=SECRET,
            risk_level=st.sampled_from(["A", "B", "C"]),
            needs_psychological_support=st.booleans(),
        ),
        "set_plan": _fields(goals=GOALS),
        "approve_plan": _fields(plan_version=version),
        "reject_plan": _fields(plan_version=version, reason=SECRET),
        "complete_measure": _fields(measure_id=measure),
        "record_contact": _fields(method=METHODS, content=SECRET, maybe_happened_at=TIMES),
        "record_service": _fields(
            service_type=st.sampled_from(["career_guidance", "job_recommendation", "psychological_support"]),
            method=METHODS,
            content=SECRET,
            maybe_happened_at=TIMES,
            maybe_measure_id=measure,
        ),
        "confirm_service": _fields(service_id=_ids(state.services), agreed=st.booleans()),
        "enrol_training": _fields(
            maybe_class_id=st.sampled_from(["k1", "k2"]), maybe_course=st.sampled_from(["Welding", " "])
        ),
        "complete_training": _fields(enrolment_id=enrolment, maybe_attendance=st.sampled_from([0.5, 1.0])),
        "withdraw_training": _fields(enrolment_id=enrolment, reason=SECRET),
        "give_training_place": _fields(enrolment_id=enrolment),
        "send_referral": _fields(
            kind=st.sampled_from(["employer", "psychological", "hrss"]),
            to=st.sampled_from(["p1", "p2", "m2"]),
            purpose=SECRET,
            maybe_disclose=st.sampled_from([["name"], ["email"], ["id_number"]]),
            maybe_respond_within=st.sampled_from(["1 seconds", "2 days"]),
            maybe_replaces=referral,
        ),
        "answer_referral": _fields(
            referral_id=referral,
            answer=st.sampled_from(["accepted", "declined", "returned"]),
            maybe_reason=SECRET,
        ),
        "report_referral_outcome": _fields(
            referral_id=referral, outcome=st.sampled_from(["completed", "failed"]), result=SECRET
        ),
        "acknowledge_referral": _fields(referral_id=referral),
        "cancel_referral": _fields(referral_id=referral, reason=SECRET),
        "place_hold": _fields(
            reason=SECRET,
            until=st.sampled_from(["2026-09-10", "2026-10-01", "2026-09-08T00:00:00Z", "2027-09-01"]),
        ),
        "release_hold": _fields(),
        "request_transfer": st.one_of(
            _fields(kind="mentor", to=MENTORS, reason=SECRET),
            _fields(kind="department", to=st.sampled_from(["cs", "law"]), reason=SECRET),
            _fields(kind="hrss", to="hrss", reason=SECRET),
        ),
        "accept_transfer": _fields(transfer_id=transfer),
        "decline_transfer": _fields(transfer_id=transfer),
        "register_destination": _fields(
            code=st.sampled_from(["11", "70", "85", "12"]),
            maybe_monthly_pay=st.sampled_from([100, 6000]),
            evidence=st.lists(
                _fields(type=st.sampled_from(["labor_contract", "offer", "visa", "实习证明"])), max_size=2
            ),
        ),
        "verify_destination": _fields(**verdict),
        "reject_destination": _fields(**verdict),
        "mark_left_school": _fields(maybe_on=DATES),
        "record_follow_up": _fields(
            situation=st.sampled_from(["employed", "unreachable"]), content=SECRET, maybe_next_on=DATES
        ),
        "record_stability_check": _fields(stable=st.booleans(), content=SECRET),
        "request_closure": _fields(
            reason=st.sampled_from(
                ["destination_verified", "waived", "handed_over", "withdrawn", "deceased"]
            ),
            outcome=SECRET,
            maybe_proof=SECRET,
        ),
        "approve_closure": _fields(),
        "reject_closure": _fields(maybe_reason=SECRET),
        "reopen": _fields(
            reason=st.sampled_from(["contract_dissolved", "verification_failed", "asked", "mistake"])
        ),
        "place_legal_hold": _fields(reason=SECRET, maybe_reference="2027-17"),
        "lift_legal_hold": _fields(reason=SECRET),
        "request_erasure": _fields(reason=SECRET),
        "approve_erasure": _fields(maybe_reason=SECRET),
        "reject_erasure": _fields(maybe_reason=SECRET),
        "raise_objection": _fields(
            about=st.sampled_from(["data", "processing", "disclosure"]), text=st.sampled_from([SECRET, " "])
        ),
        "answer_objection": _fields(
            objection_id=_ids(state.objections),
            verdict=st.sampled_from(["upheld", "rejected"]),
            reason=SECRET,
        ),
        "change_policy": _fields(policy_ref="national@1", reason=SECRET),
    }[name]
