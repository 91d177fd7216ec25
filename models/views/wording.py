"""What the inbox and the messages call things, in Chinese and English."""

from functools import cache
from importlib import resources

import yaml

from models.base import Model
from models.policy import ClockName, RungName

_RUNG = "rung"


class Text(Model):
    """One thing said in both languages."""

    zh: str
    en: str


class Wording(Model):
    """The texts of `notices.yaml`."""

    clocks: dict[ClockName, Text]
    rungs: dict[RungName, Text]
    kinds: dict[str, Text]

    def deadline(self, clock: str, rung: str | None, *, overdue: bool) -> Text:
        """What is due and where it stands: `摸底谈话（已逾期）`."""
        if overdue and rung in (None, "before_due", "due"):
            rung = "overdue"
        act = self._clock(clock)
        stands = next((text for name, text in self.rungs.items() if name == rung), None)
        if stands is None:
            return act
        return Text(zh=f"{act.zh}（{stands.zh}）", en=f"{act.en} ({stands.en})")

    def notice(self, kind: str) -> Text:
        """What a notice says. `kind` is an event type or `rung:<clock>:<rung>`."""
        parts = kind.split(":")
        if parts[0] == _RUNG:
            return self.deadline(parts[1], parts[2], overdue=False)
        return self.kinds.get(kind, Text(zh=kind, en=kind))

    def _clock(self, clock: str) -> Text:
        return next((text for name, text in self.clocks.items() if name == clock), Text(zh=clock, en=clock))


@cache
def wording() -> Wording:
    """The texts, read once."""
    source = resources.files("models.data").joinpath("texts/notices.yaml")
    return Wording.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
