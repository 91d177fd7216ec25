"""YAML documents that remember where each of their keys stands, so that a mistake can be shown in place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.base import Model

M = TypeVar("M", bound=Model)
Place = tuple[str | int, ...]
"""The way to a value: keys and list positions, as pydantic states it."""


class PolicyError(Exception):
    """A policy file that cannot be used: one sentence `file:line: reason`. `code` is stable."""

    code = "policy_invalid"

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


class _Loader(yaml.SafeLoader):
    """YAML without its traps: 21:00 stays a time of day and is no number, NO is no False, dates stay text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (as in the base)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not taken here", problem_mark=self.get_mark()
            )
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"(?:true|false)$", list("tf")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]+$", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def read_documents(file: Path) -> list[yaml.MappingNode]:
    """The documents of a file; every node knows its file and line. Raises PolicyError."""
    try:
        with file.open(encoding="utf-8-sig") as stream:
            nodes = list(yaml.compose_all(stream, Loader=_Loader))
    except OSError as error:
        raise PolicyError(file, None, f"无法读取 / cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PolicyError(file, None, "不是 UTF-8 文本 / is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise _syntax_error(file, error) from None
    if not nodes:
        raise PolicyError(file, 1, "文件是空的 / the file is empty")
    return [_checked(node) for node in nodes]


def _syntax_error(file: Path, error: yaml.YAMLError) -> PolicyError:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error).splitlines()[0]
    return PolicyError(file, mark.line + 1 if mark else None, f"YAML 语法错误 / YAML syntax: {reason}")


def _checked(root: Any) -> yaml.MappingNode:
    if not isinstance(root, yaml.MappingNode):
        raise error_at(root, "应为键值表 / must be a mapping of keys to values")
    for mapping in _mappings(root):
        seen: dict[Any, int] = {}
        for key, _ in mapping.value:
            if not isinstance(key, yaml.ScalarNode):
                raise error_at(key, "键必须是文字 / a key must be plain text")
            if key.value in seen:
                first = seen[key.value]
                raise error_at(
                    key, f"{key.value} 重复(见第 {first} 行)/ {key.value} is already on line {first}"
                )
            seen[key.value] = key.start_mark.line + 1
    return root


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _mappings(item)


def merged(base: list[Any], own: list[Any], place: yaml.Node) -> yaml.MappingNode:
    """A mapping at `place` of two lists of pairs: those of `own` win, mappings in them are merged alike."""
    pairs = {key.value: (key, value) for key, value in base}
    for key, value in own:
        _, inherited = pairs.get(key.value, (None, None))
        if isinstance(inherited, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            pairs[key.value] = (key, merged(inherited.value, value.value, value))
        else:
            pairs[key.value] = (key, value)
    return yaml.MappingNode(place.tag, list(pairs.values()), place.start_mark, place.end_mark)


def plain(root: yaml.MappingNode) -> dict[str, Any]:
    """The document as plain values. Raises PolicyError where a tag asks for anything else."""
    try:
        return yaml.constructor.SafeConstructor().construct_document(root)
    except yaml.YAMLError as error:
        raise _syntax_error(Path(root.start_mark.name), error) from None


def validated(model: type[M], data: Any, root: yaml.Node, at: Place = ()) -> M:
    """The model of `data`, which stands at the place `at` of `root`. Raises PolicyError."""
    try:
        # Strict, and from JSON: a number is then no time of day, and text is no number.
        return model.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        first = min(
            _innermost(error.errors()), key=lambda one: key_node(root, (*at, *one["loc"])).start_mark.line
        )
        place = (*at, *first["loc"])
        raise error_at(key_node(root, place), f"{_shown(place)}: {_reason(first)}") from None


def _innermost(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only repeat what is wrong inside: a list whose items are refused is also too short."""
    return [
        outer
        for outer in errors
        if not any(
            len(inner["loc"]) > len(outer["loc"]) > 0 and inner["loc"][: len(outer["loc"])] == outer["loc"]
            for inner in errors
        )
    ]


def _reason(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "缺少此项 / is missing"
        case "extra_forbidden":
            return "没有此项 / there is no such key"
        case _:
            return f"值无效 / {error['msg'].removeprefix('Value error, ')}"


def _shown(place: Place) -> str:
    return ".".join(str(step) for step in place if step != "[key]") or "."


def key_node(root: yaml.Node, place: Place) -> yaml.Node:
    """The node that stands for a place: its key, its item, or the nearest one round it that is there."""
    found = node = root
    for step in place:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                break
            found, node = pair
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node = node.value[step]
        else:
            break
    return found


def error_at(node: yaml.Node, reason: str) -> PolicyError:
    """What is wrong, at the line of a node."""
    return PolicyError(Path(node.start_mark.name), node.start_mark.line + 1, reason)
