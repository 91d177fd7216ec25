"""Who the graduate is: corrections, notes and consents."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.case.kernel import Actor

from .given import Case, a_command, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR


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


def test_consent_lies_in_the_past() -> None:
    case = Case().paired()
    refused = case.refused(M1, "record_consent", fields=["email"], given_on="2026-09-08", purpose="x")
    assert refused == "in_the_future"
