"""What messages say: everything has words in both languages, and none of them speaks of a hardship."""

from typing import get_args

import pytest

from models.case import notices
from models.case.kernel import Event
from models.policy import ClockName, RungName
from models.views.wording import wording

FORBIDDEN = (
    "困难",
    "贫困",
    "脱贫",
    "残疾",
    "低保",
    "心理",
    "孤儿",
    "hardship",
    "poverty",
    "disab",
    "psycholog",
)


def test_every_clock_and_rung_has_words() -> None:
    assert set(wording().clocks) == set(get_args(ClockName))
    assert set(wording().rungs) == set(get_args(RungName))


def test_every_event_that_people_are_told_of_has_words() -> None:
    told = {
        kind.model_fields["type"].default
        for kind in vars(notices).values()
        if isinstance(kind, type) and issubclass(kind, Event) and "type" in kind.model_fields
    }
    # These are told by the product itself: reading and absence are no events of the case.
    assert (told - {"rung_reached"}) | {"break_glass", "mentor_uncovered"} == set(wording().kinds)


def test_no_words_speak_of_a_hardship() -> None:
    said = wording().model_dump_json().lower()
    # Names of clocks are codes, which stay inside.
    for clock in get_args(ClockName):
        said = said.replace(f'"{clock}"', "")
    assert [word for word in FORBIDDEN if word in said] == []


@pytest.mark.parametrize(
    ("kind", "zh", "en"),
    [
        (
            "rung:first_talk:college",
            "摸底谈话（已逾期，报院系督办）",
            "First talk and assessment (overdue, escalated to the college)",
        ),
        ("mentor_proposed", "有新的结对提议，请答复", "You are asked to mentor a graduate"),
    ],
)
def test_a_notice_reads_as_a_sentence(kind: str, zh: str, en: str) -> None:
    text = wording().notice(kind)
    assert (text.zh, text.en) == (zh, en)
