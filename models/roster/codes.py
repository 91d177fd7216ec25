"""Code tables of a person (sex, education level, ethnicity) and how cells are matched to them."""

from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files

import yaml
from pydantic import Field, TypeAdapter

from models.base import Model
from models.roster.text import clean, half_width


def fold(text: str) -> str:
    """The form in which names are compared: half-width, without spaces, without regard to case."""
    return "".join(half_width(clean(text)).split()).casefold()


def data_file(name: str) -> str:
    """The text of a code file that comes with the package."""
    return files("models").joinpath("data", "codes", name).read_text(encoding="utf-8")


class CodeEntry(Model):
    """One code with its names; codes are text, so that 01 stays 01."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class CodeTable(Model):
    """A table of codes."""

    entries: tuple[CodeEntry, ...] = Field(min_length=1)

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        names = (
            (name, entry)
            for entry in self.entries
            for name in (entry.code, entry.zh, entry.en, *entry.aliases)
        )
        return {fold(name): entry.code for name, entry in names}

    def code_of(self, text: str) -> str:
        """The code that a cell means; the cell's own text where the table does not know it."""
        return self._by_name.get(fold(text), clean(text))

    def label(self, code: str) -> str:
        """The Chinese name of a code, or the text itself where it is none."""
        return next((entry.zh for entry in self.entries if entry.code == code), code)


@cache
def person_codes() -> Mapping[str, CodeTable]:
    """The tables of `person_codes.yaml` by name."""
    tables = TypeAdapter(dict[str, tuple[CodeEntry, ...]]).validate_python(
        yaml.safe_load(data_file("person_codes.yaml"))
    )
    return {name: CodeTable(entries=entries) for name, entries in tables.items()}
