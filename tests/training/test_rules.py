"""The rules of a training class, without a server."""

from datetime import date

import pytest

from models.case.training import CompleteTraining, GiveTrainingPlace, WithdrawTraining
from models.training_class import (
    CancelClass,
    ClassRefused,
    CompleteClass,
    RecordAttendance,
    Result,
    TrainingClassState,
    close_waiting,
    forget,
    leave,
    obey,
    reserve,
    told,
)

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 6)


def a_class(places: int = 2, people: int = 0, **fields: object) -> TrainingClassState:
    state = TrainingClassState.model_validate(
        {
            "id": "k1",
            "school_id": "90001",
            "course": "面试训练",
            "owner_id": "teacher",
            "places": places,
            "starts_on": FIRST,
            "ends_on": LAST,
        }
        | fields
    )
    for number in range(1, people + 1):
        state, _ = reserve(state, f"case-{number}", "t1", FIRST)
    return state


def roll(state: TrainingClassState) -> dict[str, str]:
    return {entry.case_id: entry.status for entry in state.roll}


def all_told(state: TrainingClassState) -> TrainingClassState:
    for tell in state.tells:
        state = told(state, tell, None)
    return state


def refusal(state: TrainingClassState, command: object, today: date) -> str:
    with pytest.raises(ClassRefused) as caught:
        obey(state, command, today)  # pyright: ignore[reportArgumentType]
    assert caught.value.zh != caught.value.en
    return caught.value.code


def test_who_comes_after_the_last_place_waits_in_line() -> None:
    state = a_class(places=2, people=4)
    assert roll(state) == {
        "case-1": "enrolled",
        "case-2": "enrolled",
        "case-3": "waiting",
        "case-4": "waiting",
    }


def test_asking_again_keeps_the_place() -> None:
    state = a_class(places=1, people=2)
    same, entry = reserve(state, "case-1", "t1", FIRST)
    assert same == state
    moved, entry = reserve(state, "case-2", "t5", FIRST)
    assert (entry.status, entry.enrolment_id, len(moved.roll)) == ("waiting", "t5", 2)


def test_a_freed_place_goes_to_the_first_in_line() -> None:
    state = leave(a_class(places=1, people=3), "case-1", "t1")
    assert roll(state) == {"case-1": "withdrawn", "case-2": "enrolled", "case-3": "waiting"}
    (tell,) = state.tells
    assert (tell.case_id, tell.command) == ("case-2", GiveTrainingPlace(enrolment_id="t1"))
    assert leave(state, "case-1", "t1") == state


def test_a_place_refused_by_a_case_goes_on_to_the_next() -> None:
    state = leave(a_class(places=1, people=3), "case-1", "t1")
    state = told(state, state.tells[0], "not_enrolled")
    assert roll(state)["case-2"] == "withdrawn"
    assert roll(state)["case-3"] == "enrolled"


def test_leaving_the_line_frees_no_place() -> None:
    state = leave(a_class(places=1, people=3), "case-2", "t1")
    assert roll(state) == {"case-1": "enrolled", "case-2": "withdrawn", "case-3": "waiting"}
    assert state.tells == ()


def test_attendance_is_the_share_of_the_days_held() -> None:
    state = a_class(people=2)
    for day, present in (
        (2, ["case-1"]),
        (3, ["case-1", "case-2"]),
        (2, ["case-1", "case-2"]),
        (4, ["case-1"]),
    ):
        state = obey(state, RecordAttendance(date=date(2026, 11, day), present=present), LAST)
    assert [state.attendance(entry) for entry in state.roll] == [1.0, 0.6667]


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 7), date(2026, 11, 5)])
def test_attendance_is_taken_on_days_of_the_class_that_have_come(day: date) -> None:
    today = date(2026, 11, 4)
    assert refusal(a_class(), RecordAttendance(date=day, present=[]), today) == "not_a_class_day"


def test_only_those_enrolled_can_attend() -> None:
    command = RecordAttendance(date=FIRST, present=["case-2", "case-9"])
    assert refusal(a_class(places=1, people=2), command, FIRST) == "not_on_the_roll"


def test_the_end_tells_every_case_how_it_ended() -> None:
    state = a_class(places=2, people=3, minimum_attendance=0.8)
    for day in (2, 3):
        present = ["case-1"] if day == 2 else ["case-1", "case-2"]
        state = obey(state, RecordAttendance(date=date(2026, 11, day), present=present), LAST)
    result = Result(case_id="case-1", score_before=55, score_after=81, certificate="Z-17")
    state = obey(state, CompleteClass(results=[result]), LAST)
    assert roll(state) == {"case-1": "completed", "case-2": "failed", "case-3": "withdrawn"}
    commands = {tell.case_id: tell.command for tell in state.tells}
    assert commands["case-1"] == CompleteTraining(
        enrolment_id="t1", score_before=55, score_after=81, certificate="Z-17", attendance=1.0
    )
    assert isinstance(commands["case-2"], WithdrawTraining)
    assert isinstance(commands["case-3"], WithdrawTraining)
    assert refusal(state, CompleteClass(), LAST) == "class_over"


def test_a_case_whose_standards_ask_for_more_attendance_fails() -> None:
    state = obey(a_class(people=1), RecordAttendance(date=FIRST, present=[]), LAST)
    state = obey(state, CompleteClass(), LAST)
    state = told(state, state.tells[0], "attendance_too_low")
    assert roll(state) == {"case-1": "failed"}
    (tell,) = state.tells
    assert isinstance(tell.command, WithdrawTraining)


def test_a_class_cannot_end_before_it_began_but_be_cancelled() -> None:
    state = a_class(places=1, people=2)
    before = date(2026, 11, 1)
    assert refusal(state, CompleteClass(), before) == "class_not_begun"
    state = obey(state, CancelClass(reason="教师生病"), before)
    assert roll(state) == {"case-1": "withdrawn", "case-2": "withdrawn"}
    assert len(state.tells) == 2
    with pytest.raises(ClassRefused):
        reserve(state, "case-3", "t1", before)


def test_nobody_enrols_after_the_last_day_and_the_line_is_dissolved() -> None:
    state = a_class(places=1, people=2)
    with pytest.raises(ClassRefused):
        reserve(state, "case-3", "t1", date(2026, 11, 7))
    state = close_waiting(state)
    assert roll(state) == {"case-1": "enrolled", "case-2": "withdrawn"}
    assert all_told(state).tells == ()


def test_an_erased_graduate_leaves_a_count_and_no_name() -> None:
    state = a_class(places=1, people=2)
    state = obey(state, RecordAttendance(date=FIRST, present=["case-1"]), FIRST)
    state = forget(state, "case-1")
    assert roll(state) == {"": "withdrawn", "case-2": "enrolled"}
    assert "case-1" not in state.model_dump_json()
    assert state.roll[0].attended == ()
    assert forget(state, "case-1") is state
