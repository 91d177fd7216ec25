"""A key is known for as many commands as the documents say."""

import hashlib
import re
from pathlib import Path

from workflows.answers import Answers
from workflows.messages import CommandAnswer

COMMANDS_DOC = Path(__file__).parents[2] / "docs" / "commands.md"
ANSWER = CommandAnswer(request_digest="d", version=1, events=[], projected=True)


def test_the_window_is_the_documented_one() -> None:
    (window,) = re.findall(r"keys of its last ([\d,]+) commands", COMMANDS_DOC.read_text(encoding="utf-8"))
    known = int(window.replace(",", ""))
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(known + 1)]
    answers = Answers({}, {})
    for key in keys:
        answers.remember(key, ANSWER)
    assert [key for key in keys if not answers.knows(key)] == keys[:1]
