"""What the printed file of one person (一人一档) says."""

from functools import cache
from importlib import resources

import yaml
from pydantic import TypeAdapter

from models.base import Model
from models.views.wording import Text

Row = dict[str, str]


class Paper(Model):
    """One person's file in words: single facts, and tables by name, as the form knows them. `covered` names the
    tables that the reader does not see."""

    facts: Row
    tables: dict[str, list[Row]]
    covered: tuple[str, ...]


@cache
def paper_words() -> dict[str, dict[str, Text]]:
    """What the form calls things, by table and code."""
    source = resources.files("models.data").joinpath("texts/paper.yaml")
    words = yaml.safe_load(source.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, dict[str, Text]]).validate_python(words)


def word(table: str, code: object) -> str:
    """The Chinese name of a code; the code itself where there is none, as of a mask."""
    found = paper_words()[table].get(str(code))
    return found.zh if found else str(code)
