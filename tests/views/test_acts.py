"""What screens offer for what is due."""

from collections import Counter
from typing import get_args

from console.acts import COMMANDS
from models.policy import ClockName
from models.views.acts import acts


def test_every_clock_is_answered_by_commands_that_take_what_is_given() -> None:
    assert set(acts().clocks) == set(get_args(ClockName))
    for answers in acts().clocks.values():
        assert answers
        for answer in answers:
            assert set(answer.given("x1.school")) <= set(COMMANDS[answer.command].model_fields)


def test_every_command_stands_in_one_area() -> None:
    offered = Counter(command for area in acts().areas for command in area.commands)
    assert offered == Counter(list(COMMANDS))


def test_a_subject_names_the_part_without_its_level() -> None:
    [verify, _reject] = acts().answers("verify_destination")
    assert verify.given("d2.school") == {"destination_id": "d2"}
    assert acts().answers("nothing") == ()
