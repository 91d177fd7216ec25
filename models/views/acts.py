"""Which acts answer what is due, and how screens group the acts of a case."""

from functools import cache
from importlib import resources

import yaml
from pydantic import Field

from models.base import Model
from models.policy import ClockName
from models.views.wording import Text


class Answer(Model):
    """A command that clears a deadline. `subject` is the command's field for the deadline's subject, `values` what is
    given besides."""

    command: str
    subject: str | None = None
    values: dict[str, str] = Field(default_factory=dict[str, str])

    def given(self, subject: str) -> dict[str, str]:
        """What the deadline with that subject says of the command already. A subject may name a level after its part:
        `d1.department`."""
        named = {self.subject: subject.split(".")[0]} if self.subject else {}
        return {**self.values, **named}


class Area(Text):
    """Commands that belong together."""

    commands: tuple[str, ...]


class Acts(Model):
    """The contents of `acts.yaml`."""

    clocks: dict[ClockName, tuple[Answer, ...]]
    areas: tuple[Area, ...]

    def answers(self, clock: str) -> tuple[Answer, ...]:
        """What clears a deadline of the clock, the likeliest first; nothing for what is no clock."""
        return next((found for name, found in self.clocks.items() if name == clock), ())


@cache
def acts() -> Acts:
    """The file, read once."""
    source = resources.files("models.data").joinpath("texts/acts.yaml")
    return Acts.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
