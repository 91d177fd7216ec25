"""Training: a place or the waiting list, completion with its rule of attendance, withdrawal."""

from typing import Any

import pytest

from models.case.kernel import PlaceAnswer, PlaceProblem, ReservePlace
from models.case.training import GiveTrainingPlace

from .given import Case, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR, SYSTEM


def enrolled(class_id: str = "k1") -> Case:
    case = Case().paired()
    case.when(M1, "enrol_training", class_id=class_id)
    return case


def waiting() -> Case:
    case = Case().paired()
    case.places["k1"] = PlaceAnswer(place="waiting", course="Spreadsheets")
    case.when(COUNSELOR, "enrol_training", class_id="k1")
    return case


def test_a_class_gives_a_place() -> None:
    case = Case().paired()
    recorded = case.when(M1, "enrol_training", class_id="k1")
    assert types(recorded) == ["training_enrolled"]
    (enrolment,) = case.state.trainings.values()
    assert (enrolment.id, enrolment.course, enrolment.status) == ("k1-1", "Office skills", "enrolled")
    assert case.needs[-1] == ReservePlace(class_id="k1", case_id="case-1", enrolment_id="k1-1")


def test_a_full_class_has_a_waiting_list() -> None:
    case = waiting()
    assert case.state.trainings["k1-1"].status == "waiting"
    assert case.refused(M1, "complete_training", enrolment_id="k1-1") == "still_waiting"
    recorded = case.when_all(SYSTEM, [GiveTrainingPlace(enrolment_id="k1-1")])
    assert types(recorded) == ["training_place_given"]
    assert case.state.trainings["k1-1"].status == "enrolled"
    assert case.when_all(SYSTEM, [GiveTrainingPlace(enrolment_id="k1-1")]) == []


def test_only_the_class_gives_a_place() -> None:
    case = waiting()
    assert case.refused_all(M1, [GiveTrainingPlace(enrolment_id="k1-1")]) == "role_not_allowed"
    assert case.refused_all(SYSTEM, [GiveTrainingPlace(enrolment_id="k2-1")]) == "not_enrolled"


def test_a_course_elsewhere_needs_no_class() -> None:
    case = Case().paired()
    case.when(M1, "enrol_training", course=" Welding ", starts_on="2026-10-01")
    assert case.state.trainings["t1"].course == "Welding"
    assert case.refused(M1, "enrol_training", course="Welding") == "already_enrolled"
    case.when(M1, "enrol_training", course="Sewing")
    assert list(case.state.trainings) == ["t1", "t2"]


@pytest.mark.parametrize("problem", ["class_over", "class_unknown"])
def test_the_class_refuses(problem: PlaceProblem) -> None:
    case = Case().paired()
    case.places["k1"] = PlaceAnswer(place=None, problem=problem)
    assert case.refused(M1, "enrol_training", class_id="k1") == problem


def test_enrolling_is_refused() -> None:
    case = enrolled()
    assert case.refused(M1, "enrol_training") == "class_or_course"
    assert case.refused(M1, "enrol_training", course=" ") == "class_or_course"
    assert case.refused(M1, "enrol_training", class_id="k1") == "already_enrolled"
    assert case.refused(SUPERVISOR, "enrol_training", class_id="k2") == "role_not_allowed"


def test_a_completed_training_counts_in_the_package() -> None:
    case = enrolled()
    fields: dict[str, Any] = {
        "score_before": 40,
        "score_after": 75.5,
        "certificate": "No. 7",
        "attendance": 0.8,
    }
    recorded = case.when(M1, "complete_training", enrolment_id="k1-1", **fields)
    assert types(recorded) == ["training_completed"]
    assert case.state.trainings["k1-1"].status == "completed"
    assert case.state.services["s1"].type == "skills_training"
    case.when(M1, "enrol_training", class_id="k1")
    assert case.state.trainings["k1-2"].status == "enrolled"


def test_completing_is_refused() -> None:
    assert Case().paired().refused(M1, "complete_training", enrolment_id="k1-1") == "not_enrolled"
    case = enrolled()
    assert case.refused(M1, "complete_training", enrolment_id="t9") == "not_enrolled"
    refused = case.refused(SYSTEM, "complete_training", enrolment_id="k1-1", attendance=0.79)
    assert refused == "attendance_too_low"
    assert case.refused(GRADUATE, "complete_training", enrolment_id="k1-1") == "role_not_allowed"


def test_one_may_withdraw_with_a_reason() -> None:
    for actor in (M1, COUNSELOR, GRADUATE, SYSTEM):
        case = enrolled()
        recorded = case.when(actor, "withdraw_training", enrolment_id="k1-1", reason="found work")
        assert types(recorded) == ["training_withdrawn"]
        assert case.refused(actor, "withdraw_training", enrolment_id="k1-1", reason="x") == "not_enrolled"
