"""Why a file or a row is refused: a stable code and a sentence in Chinese and English."""

from collections.abc import Mapping
from functools import cache

import yaml
from pydantic import TypeAdapter

from models.base import Model
from models.roster.codes import data_file


class Sentence(Model):
    """One sentence; braces hold what is filled in."""

    zh: str
    en: str


class RowProblem(Model):
    """Why a row is rejected. `column` is the Chinese header; `suggestions` are values that may be meant."""

    column: str
    code: str
    zh: str
    en: str
    suggestions: tuple[str, ...] = ()


class RosterRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A whole file is refused. `headers_found` is what stood where a header was looked for (`no_header`)."""

    def __init__(self, code: str, zh: str, en: str, headers_found: tuple[str, ...] = ()) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.headers_found = headers_found


@cache
def _sentences() -> Mapping[str, Mapping[str, Sentence]]:
    return TypeAdapter(dict[str, dict[str, Sentence]]).validate_python(
        yaml.safe_load(data_file("roster_messages.yaml"))
    )


def row_problem(column: str, code: str, **values: object) -> RowProblem:
    """The problem with its sentences filled in."""
    zh, en = row_sentences(code, **values)
    return RowProblem(column=column, code=code, zh=zh, en=en)


def with_suggestions(problem: RowProblem, suggestions: tuple[str, ...]) -> RowProblem:
    """The problem, asking whether one of these values is meant."""
    if not suggestions:
        return problem
    zh = f"{problem.zh}是不是：{'、'.join(suggestions)}？"
    en = f"{problem.en} Did you mean: {', '.join(suggestions)}?"
    return problem.model_copy(update={"zh": zh, "en": en, "suggestions": suggestions})


def row_sentences(code: str, **values: object) -> tuple[str, str]:
    """The Chinese and English sentence of a row's problem."""
    sentence = _sentences()["row"][code]
    return sentence.zh.format(**values), sentence.en.format(**values)


def refused(code: str, headers_found: tuple[str, ...] = (), **values: object) -> RosterRefused:
    """The refusal with its sentences filled in."""
    sentence = _sentences()["file"][code]
    return RosterRefused(code, sentence.zh.format(**values), sentence.en.format(**values), headers_found)
