"""`python -m tests.core.record_life VERSION`: keep a whole life as the rules of this version tell it."""

import json
import sys
from pathlib import Path

from models.case.lived import lived_through
from models.case.notices import notices

from .test_life import whole_life

LIVES = Path(__file__).parent / "lives"


def main() -> None:
    """Write the events, the state that they lead to and who is told, unless this version has its life already."""
    case = whole_life()
    states = lived_through(case.events, case.state)
    news = [notice for pair in zip(states, case.events, strict=True) for notice in notices(*pair)]
    told = {
        "events": [item.model_dump(mode="json") for item in case.events],
        "state": case.state.model_dump(mode="json"),
        "notices": [notice.model_dump(mode="json") for notice in news],
    }
    with (LIVES / f"{sys.argv[1]}.json").open("x", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
