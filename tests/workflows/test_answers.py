"""A key is known for as many commands as the documents say."""

import hashlib
import re
from pathlib import Path

from workflows.answers import Answers
from workflows.messages import CommandAnswer, EarlierAnswer

COMMANDS_DOC = Path(__file__).parents[2] / "docs" / "commands.md"
NOTE = {
    "seq": 1,
    "at": "2026-09-01T00:00:00Z",
    "actor_id": "m1",
    "actor_role": "mentor",
    "event": {"type": "annotated", "text": "记" * 4000},
}
ANSWER = CommandAnswer(request_digest="d", version=1, events=[], projected=True)


def test_the_window_is_the_documented_one() -> None:
    (window,) = re.findall(r"keys of its last ([\d,]+) commands", COMMANDS_DOC.read_text(encoding="utf-8"))
    known = int(window.replace(",", ""))
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(known + 1)]
    answers = Answers({}, {})
    for key in keys:
        answers.remember(key, ANSWER)
    assert [key for key in keys if not answers.knows(key)] == keys[:1]


def test_a_large_answer_is_handed_on_in_short() -> None:
    large = CommandAnswer.model_validate(ANSWER.model_dump() | {"events": [NOTE]})
    answers = Answers({}, {})
    key = hashlib.sha256(b"large").hexdigest()
    answers.remember(key, large)
    assert answers.knows(key)
    assert answers.last == {}
    assert answers.earlier_of(key) == EarlierAnswer(request_digest="d", version=1, events=1)
