"""The check of a job lead before it is pushed to a graduate: the three prohibitions (三严禁 [17]) and signs of
fraud. The rules are data (`job_lead_signs.yaml`); a hit is a question to a person, not a proof."""

import re
import unicodedata
from functools import cache
from importlib import resources

import yaml

from models.base import Model

_BLANKS_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff])[ \t]+(?=[\u4e00-\u9fff])")


class JobLeadProblem(Model):
    """A rule that a job lead breaks, with the words that break it (`found`)."""

    id: str
    zh: str
    en: str
    found: str


class _Sign(Model):
    id: str
    zh: str
    en: str
    harmless: tuple[str, ...] = ()
    signs: tuple[str, ...]


class _Signs(Model):
    parts: dict[str, str]
    signs: tuple[_Sign, ...]


class _Rule:
    """A sign with its patterns compiled."""

    def __init__(self, sign: _Sign, parts: dict[str, str]) -> None:
        self.sign = sign
        self.harmless = _either(sign.harmless, parts)
        self.signs = _either(sign.signs, parts)

    def problem(self, text: str) -> JobLeadProblem | None:
        found = self.signs.search(self.harmless.sub(";", text))
        if found is None:
            return None
        return JobLeadProblem(id=self.sign.id, zh=self.sign.zh, en=self.sign.en, found=found[0])


def job_lead_problems(text: str) -> list[JobLeadProblem]:
    """What is wrong with the wording of a job lead, one problem per rule; empty when nothing is."""
    text = _BLANKS_IN_CHINESE.sub("", unicodedata.normalize("NFKC", text).lower())
    return [problem for rule in _rules() if (problem := rule.problem(text)) is not None]


@cache
def _rules() -> tuple[_Rule, ...]:
    source = resources.files("models").joinpath("data", "codes", "job_lead_signs.yaml")
    table = _Signs.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
    return tuple(_Rule(sign, table.parts) for sign in table.signs)


def _either(patterns: tuple[str, ...], parts: dict[str, str]) -> re.Pattern[str]:
    whole = "|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)"
    for name, part in parts.items():
        whole = whole.replace(f"{{{name}}}", part)
    return re.compile(whole)
