"""What is wrong with a request, field by field, in words for the person who sent it."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, cast

import yaml
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

# Of what was sent, at most this many characters are repeated; the lists of what is known are longer.
_SHOWN = 1200


class FieldProblem(BaseModel):
    """What is wrong with one field. `where` is body, query, path or header; `kind` is stable."""

    field: str = Field(examples=["goals.0.title"])
    where: str = Field(examples=["body"])
    kind: str = Field(examples=["missing"])
    zh: str
    en: str


class UnstorableTextError(RequestValidationError):
    """Text in a request holds characters that no database, workbook or message can carry."""

    def __init__(self, loc: Sequence[str | int]) -> None:
        super().__init__([{"loc": tuple(loc), "msg": "", "type": "text_unstorable"}])


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = resources.files("models.data").joinpath("texts/invalid.yaml")
    return yaml.safe_load(source.read_text(encoding="utf-8"))


def field_problems(error: RequestValidationError) -> list[FieldProblem]:
    """Every problem of a request, each named by the path that the sender knows."""
    if isinstance(error.body, bytes):
        # FastAPI reads no JSON where another content type is said.
        return [field_problem("Content-Type", "header", "content_type")]
    found = [_of(item, error.body) for item in error.errors()]
    # The branches of a union complain in the same words.
    return list({(item.field, item.zh): item for item in found}.values())


def field_problem(
    field: str, where: str, kind: str, values: Mapping[str, object] | None = None, en: str = ""
) -> FieldProblem:
    """The problem of one field; `en` is shown where the kind has no English sentence of its own."""
    texts = _texts().get(kind, _texts()["other"])
    shown = {name: str(value)[:_SHOWN] for name, value in (values or {}).items()}
    english = texts["en"].format_map(shown) if "en" in texts else en
    # A name in the body may itself be what cannot be shown.
    field = field.encode(errors="backslashreplace").decode()
    return FieldProblem(field=field, where=where, kind=kind, zh=texts["zh"].format_map(shown), en=english)


def _of(item: Mapping[str, Any], body: object) -> FieldProblem:
    where, *path = item["loc"]
    kind: str = item["type"]
    values: dict[str, object] = dict(item.get("ctx") or {})
    if kind == "json_invalid":
        values["position"] = path.pop()
    elif where == "body" and kind != "text_unstorable":
        path = _without_branches(path, kind, body)
    if kind.startswith("union_tag"):
        path.append("type")
    return field_problem(
        ".".join(map(str, path)) or str(where),
        str(where),
        kind,
        values,
        str(item["msg"]).removeprefix("Value error, "),
    )


def _without_branches(path: list[str | int], kind: str, body: object) -> list[str | int]:
    """The path without the names of a union's branches: what is not in the body is one, but for a field that
    is missing."""
    found: list[str | int] = []
    here: Any = body
    for number, part in enumerate(path, 1):
        if (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int)):
            here = cast("Any", here)[part]
            found.append(part)
        elif number == len(path) and kind == "missing":
            found.append(part)
    return found
