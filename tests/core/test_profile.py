"""Who the graduate is: corrections, notes and consents."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.case.kernel import Actor
from models.case.notices import notices

from .given import Case, a_command, types
from .people import COUNSELOR, GRADUATE, M1, PARTNER, PARTNER_2, SUPERVISOR


def test_a_counselor_corrects_what_was_given_and_nothing_else() -> None:
    case = Case().paired()
    assert types(case.when(COUNSELOR, "correct_profile", major="Law", reason="typo")) == ["profile_corrected"]
    assert case.state.profile.major == "Law"
    assert case.state.profile.phone == case.opening.profile.phone


def test_a_null_clears_a_field() -> None:
    case = Case()
    case.when(COUNSELOR, "correct_profile", phone=None, reason="wrong number")
    assert case.state.profile.phone is None


def test_a_date_is_corrected() -> None:
    case = Case()
    case.when(COUNSELOR, "correct_profile", graduates_on="2027-06-30", reason="from the registry")
    assert str(case.state.profile.graduates_on) == "2027-06-30"


def test_a_supervisor_corrects_a_key_field() -> None:
    case = Case()
    case.when(SUPERVISOR, "correct_profile", name="张三峰", reason="registry")
    assert case.state.profile.name == "张三峰"


@pytest.mark.parametrize(
    ("actor", "fields", "code"),
    [
        (COUNSELOR, {"name": "李四"}, "key_field_needs_supervisor"),
        (GRADUATE, {"id_number": "000000200201010018"}, "key_field_needs_supervisor"),
        (GRADUATE, {"major": "Law"}, "own_contact_data_only"),
        (SUPERVISOR, {"student_no": ""}, "field_required"),
        (SUPERVISOR, {"name": None}, "field_required"),
        (SUPERVISOR, {"id_number": "000000200201010010"}, "id_number_unsound"),
        (COUNSELOR, {"phone": "10012345678"}, "nothing_changed"),
        (COUNSELOR, {}, "nothing_changed"),
        (M1, {"major": "Law"}, "role_not_allowed"),
    ],
)
def test_a_correction_is_refused(actor: Actor, fields: dict[str, Any], code: str) -> None:
    case = Case().paired()
    assert case.refused(actor, "correct_profile", reason="because", **fields) == code


def test_graduates_correct_their_own_contact_data() -> None:
    case = Case()
    case.when(GRADUATE, "correct_profile", phone="10000000001", reason="new number")
    assert case.state.profile.phone == "10000000001"


def test_a_date_beyond_all_calendars_is_no_date() -> None:
    with pytest.raises(ValidationError):
        a_command("correct_profile", graduates_on="9999-12-31", reason="typo")


def test_staff_annotate_even_a_closed_case() -> None:
    case = Case().closed()
    assert types(case.when(M1, "annotate", text=" called back ")) == ["annotated"]
    assert case.refused(M1, "annotate", text="  ") == "empty_text"
    assert case.refused(GRADUATE, "annotate", text="hello") == "role_not_allowed"


def test_consent_is_the_ground_of_a_later_disclosure() -> None:
    case = Case().paired()
    referral: dict[str, Any] = {
        "kind": "employer",
        "to": "p1",
        "purpose": "a job",
        "disclose": ["name", "email"],
    }
    assert case.refused(M1, "send_referral", **referral) == "consent_missing"
    case.when(M1, "record_consent", fields=["email"], given_on=case.today, purpose="applications")
    case.when(M1, "send_referral", **referral)


def test_a_consent_withdrawn_is_no_ground_any_more() -> None:
    case = Case().paired()
    referral: dict[str, Any] = {"kind": "employer", "to": "p1", "purpose": "a job", "disclose": ["email"]}
    case.when(M1, "record_consent", fields=["email"], given_on=case.today, purpose="applications")
    recorded = case.when(GRADUATE, "withdraw_consent", consent_id="c1")
    assert types(recorded) == ["consent_withdrawn"]
    assert case.refused(M1, "send_referral", **referral) == "consent_missing"
    case.when(M1, "record_consent", fields=["email"], given_on=case.today, purpose="applications")
    case.when(M1, "send_referral", **referral)
    assert [ground.consent_id for ground in case.state.referrals["r1"].grounds] == ["c2"]


def test_withdrawing_stops_what_rests_on_it_and_nothing_else() -> None:
    case = Case().paired()
    for fields in (["email", "address"], ["address"]):
        case.when(M1, "record_consent", fields=fields, given_on=case.today, purpose="applications")
    disclose = ["name", "email"]
    for to in ("p1", "p2"):
        case.when(M1, "send_referral", kind="employer", to=to, purpose="a job", disclose=disclose)
    case.when(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    case.when(PARTNER_2, "answer_referral", referral_id="r2", answer="declined", reason="full")
    case.when(M1, "send_referral", kind="other", to="p3", purpose="a job", disclose=["name"])
    (item,) = case.when(SUPERVISOR, "withdraw_consent", consent_id="c1", reason="she rang")

    # What was declined has ended, and keeps the record of what it disclosed while it ran.
    assert item.event.model_dump()["referrals"] == ("r1",)
    referrals = case.state.referrals
    assert referrals["r1"].shown == ("name",)
    assert referrals["r2"].shown == referrals["r1"].disclose == ("name", "email")
    assert [ground.withdrawn_at for ground in referrals["r1"].grounds] == [None, case.now]
    assert referrals["r3"].shown == ("name",)
    told = {notice.audience for notice in notices(case.state, item)}
    assert told == {"staff:p1", "staff:m1"}
    assert [consent.withdrawn_at for consent in case.state.consents] == [case.now, None]


def test_withdrawing_is_refused() -> None:
    case = Case().paired()
    assert case.refused(GRADUATE, "withdraw_consent", consent_id="c1") == "no_consent"
    for _ in range(2):
        case.when(M1, "record_consent", fields=["email"], given_on=case.today, purpose="applications")
    assert case.refused(GRADUATE, "withdraw_consent", consent_id="c9") == "unknown_consent"
    assert case.refused(PARTNER, "withdraw_consent", consent_id="c1") == "case_unknown"
    case.when(GRADUATE, "withdraw_consent", consent_id="c1")
    assert case.refused(GRADUATE, "withdraw_consent", consent_id="c1") == "consent_withdrawn"


def test_a_consent_is_withdrawn_whatever_the_case_has_come_to() -> None:
    case = Case().closed()
    case.when(SUPERVISOR, "reopen", reason="asked")
    case.when(GRADUATE, "record_consent", fields=["email"], given_on=case.today, purpose="applications")
    case.when(M1, "request_closure", reason="destination_verified", outcome="employed")
    case.when(SUPERVISOR, "approve_closure")
    assert case.state.closed
    case.when(GRADUATE, "withdraw_consent", consent_id="c1")
    assert case.state.consents[0].withdrawn_at == case.now


def test_consent_lies_in_the_past() -> None:
    case = Case().paired()
    refused = case.refused(M1, "record_consent", fields=["email"], given_on="2026-09-08", purpose="x")
    assert refused == "in_the_future"
