"""What people may do in a case as it stands, from the table in `acts.yaml`."""

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from random import Random
from string import Template
from typing import Any, cast

import yaml

from models.base import Model

View = dict[str, Any]
Sent = tuple[str, list[dict[str, Any]]]
_FILE = Path(__file__).with_suffix(".yaml")


class Act(Model):
    """A line of the table, whose head says what its parts mean."""

    stages: frozenset[str]
    who: str
    send: tuple[View, ...]
    weight: float = 1
    about: View | None = None
    unless: tuple[View, ...] = ()

    def told(self, case: View, words: View) -> Sent | None:
        """Who sends what; None where it makes no sense now."""
        if case["stage"] not in self.stages or any(_found(case, **it) is not None for it in self.unless):
            return None
        about = _found(case, **self.about) if self.about else case
        if about is None:
            return None
        said = case | (cast("View", about) if isinstance(about, dict) else {}) | words
        return Template(self.who).substitute(said), json.loads(
            Template(json.dumps(self.send)).substitute(said)
        )


def _found(case: View, of: str, **wanted: Collection[Any]) -> Any:
    """What stands at a place of the case, of a list the first that is as wanted; None where there is nothing such."""
    place: Any = case
    for name in of.split("."):
        place = place[name]
    things = cast("list[Any]", place) if isinstance(place, list) else [place]
    fit = (it for it in things if it is not None and all(it[name] in wanted[name] for name in wanted))
    return next(fit, None)


@cache
def acts() -> tuple[Act, ...]:
    """The table."""
    groups = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return tuple(Act(stages=group["stages"], **act) for group in groups for act in group["acts"])


def next_act(case: View | None, random: Random, people: Collection[str], words: View) -> Sent:
    """One of the people, and what they send now; a note where there is nothing else, or nobody tells how the case
    stands."""
    told = [(act.weight, act.told(case, words)) for act in acts()] if case else []
    able = [(weight, sent) for weight, sent in told if sent is not None and sent[0] in people]
    if not able:
        return "college", [{"type": "annotate", "text": words["mark"]}]
    return random.choices([sent for _, sent in able], [weight for weight, _ in able])[0]
