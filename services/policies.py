"""Reading policy files: YAML in, `Policy` values out, every mistake with its file and line.

The calendar of a file names its sources; here it is compiled into plain dates, so that a case which pins the
document computes the same deadlines for as long as it lives. The result depends on the files and the version of
the holiday package only, never on the day of loading.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib import resources
from itertools import count, takewhile
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar
import yaml
from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from models.base import Dates, Model
from models.calendar import Calendar, DateRange
from models.codes import service_type
from models.policy import Policy, choose

DEFAULT_POLICY = "national"
_EXTENDS = "extends"
# What each file says for itself, whatever it extends.
_OWN_KEYS = frozenset({"id", "version", "title"})

M = TypeVar("M", bound=Model)
Place = tuple[str | int, ...]


class PolicyError(Exception):
    """A policy file that cannot be used: one sentence `file:line: reason`. `code` is stable."""

    code = "policy_invalid"

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


class NoPolicyError(LookupError):
    """No loaded policy covers a province and cohort. `code` is stable."""

    code = "no_policy"

    def __init__(self, province: str, cohort: int) -> None:
        self.zh = f"没有适用于省份 {province}、{cohort} 届的服务标准。"
        self.en = f"No service standards cover the province {province} and the cohort of {cohort}."
        super().__init__(f"{self.zh} / {self.en}")


class CalendarSource(Model):
    """The calendar as a policy file states it; see `compile_calendar`."""

    timezone: str = "Asia/Shanghai"
    holidays_from: Literal["chinesecalendar"] | None = None
    first_year: int = Field(default=2025, ge=2004)
    vacations: tuple[DateRange, ...] = ()
    extra_holidays: Dates = frozenset()
    extra_workdays: Dates = frozenset()

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is no time zone") from None
        return name

    @field_validator("extra_workdays")
    @classmethod
    def _no_holidays(cls, days: frozenset[date], info: Any) -> frozenset[date]:
        both = sorted(days & info.data.get("extra_holidays", frozenset()))
        if both:
            raise ValueError(f"{both[0]} is also among extra_holidays")
        return days


def load_policies(path: Path | None = None) -> tuple[Policy, ...]:
    """The policies of a file, or of the `.yaml` and `.yml` files of a folder; None: the built-in one.

    Raises PolicyError.
    """
    path = path or _packaged()[DEFAULT_POLICY]
    loaded: list[tuple[Policy, yaml.MappingNode]] = []
    for file in _files(path):
        for root in _read(file):
            policy = _policy(root)
            for other, _ in loaded:
                _refuse_rivals(policy, other, root)
            loaded.append((policy, root))
    return tuple(policy for policy, _ in loaded)


def policy_for(policies: Sequence[Policy], province: str, cohort: int) -> Policy:
    """The policy of a province and cohort: the most specific, then the newest. Raises NoPolicyError."""
    policy = choose(policies, province, cohort)
    if policy is None:
        raise NoPolicyError(province, cohort)
    return policy


def compile_calendar(source: CalendarSource, *, vacations_pause_clocks: bool = True) -> Calendar:
    """Holidays that fall on Monday to Friday and make-up workdays of every announced year from `first_year` on.

    Later years fall back to Monday to Friday (`Calendar.is_estimate`). Where vacations do not pause the clocks,
    the compiled calendar has none.
    """
    announced: tuple[int, ...] = ()
    if source.holidays_from is not None:
        announced = tuple(takewhile(_is_announced, count(source.first_year)))
    holidays, workdays = set[date](), set[date]()
    for day in (day for year in announced for day in _days(year)):
        at_work = chinese_calendar.is_workday(day)
        if at_work != (day.weekday() < 5):
            (workdays if at_work else holidays).add(day)
    return Calendar(
        timezone=source.timezone,
        holidays=frozenset(holidays | source.extra_holidays) - source.extra_workdays,
        workdays=frozenset(workdays | source.extra_workdays) - source.extra_holidays,
        vacations=source.vacations if vacations_pause_clocks else (),
        announced_years=announced,
    )


def _is_announced(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _days(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=index) for index in range((date(year + 1, 1, 1) - first).days))


class _Loader(yaml.SafeLoader):
    """YAML without its traps: 21:00 stays a time and no number of seconds, NO is no False, dates stay text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (as in the base)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken here", problem_mark=mark)
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"(?:true|false)$", list("tf")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]+$", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _packaged() -> dict[str, Path]:
    folder = Path(str(resources.files("models"))) / "data" / "policies"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"})
    if not files:
        raise PolicyError(path, None, "此文件夹没有 YAML 文件 / the folder holds no .yaml file")
    return files


def _read(file: Path) -> list[yaml.MappingNode]:
    """The documents of a file, those that extend another one merged with it.

    The merge is one of nodes, which know their file and line."""
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
    return [_extended(_checked(node)) for node in nodes]


def _syntax_error(file: Path, error: yaml.YAMLError) -> PolicyError:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error).splitlines()[0]
    return PolicyError(file, mark.line + 1 if mark else None, f"YAML 语法错误 / YAML syntax: {reason}")


def _checked(root: Any) -> yaml.MappingNode:
    if not isinstance(root, yaml.MappingNode):
        raise _error_at(root, "应为键值表 / must be a mapping of keys to values")
    for mapping in _mappings(root):
        seen: dict[Any, int] = {}
        for key, _ in mapping.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error_at(key, "键必须是文字 / a key must be plain text")
            if key.value in seen:
                first = seen[key.value]
                raise _error_at(
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


def _extended(root: yaml.MappingNode) -> yaml.MappingNode:
    named = next((pair for pair in root.value if pair[0].value == _EXTENDS), None)
    if named is None:
        return root
    key, value = named
    known = _packaged()
    if value.value not in known:
        raise _error_at(key, f"只能扩展内置的 / extends one of the built-in {', '.join(known)}")
    own = [pair for pair in root.value if pair is not named]
    (base,) = _read(known[value.value])
    inherited = [pair for pair in base.value if pair[0].value not in _OWN_KEYS]
    return _merged(inherited, own, root)


def _merged(base: list[Any], own: list[Any], place: yaml.Node) -> yaml.MappingNode:
    pairs = {key.value: (key, value) for key, value in base}
    for key, value in own:
        _, inherited = pairs.get(key.value, (None, None))
        if isinstance(inherited, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            pairs[key.value] = (key, _merged(inherited.value, value.value, value))
        else:
            pairs[key.value] = (key, value)
    return yaml.MappingNode(place.tag, list(pairs.values()), place.start_mark, place.end_mark)


def _policy(root: yaml.MappingNode) -> Policy:
    try:
        data: dict[str, Any] = yaml.constructor.SafeConstructor().construct_document(root)
    except yaml.YAMLError as error:
        raise _syntax_error(Path(root.start_mark.name), error) from None
    stated = data.pop("calendar", {})
    policy = _validated(Policy, data, root)
    calendar = compile_calendar(
        _validated(CalendarSource, stated, root, ("calendar",)),
        vacations_pause_clocks=policy.vacations_pause_clocks,
    )
    unknown = sorted(code for code in policy.service_types if service_type(code) != code)
    if unknown:
        raise _error_at(
            _key(root, ("service_types",)),
            f"service_types: 不在服务代码表中 / not in the code table: {unknown[0]}",
        )
    return policy.model_copy(update={"calendar": calendar})


def _validated(model: type[M], data: Any, root: yaml.Node, at: Place = ()) -> M:
    try:
        # Strict, and from JSON: a number is then no time of day, and text is no number.
        return model.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: _key(root, (*at, *one["loc"])).start_mark.line)
        place = (*at, *first["loc"])
        raise _error_at(_key(root, place), f"{_shown(place)}: {_reason(first)}") from None


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


def _key(root: yaml.Node, place: Place) -> yaml.Node:
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


def _error_at(node: yaml.Node, reason: str) -> PolicyError:
    return PolicyError(Path(node.start_mark.name), node.start_mark.line + 1, reason)


def _refuse_rivals(policy: Policy, other: Policy, root: yaml.MappingNode) -> None:
    """Two documents under one ref, or two of different ids that cover the same people equally well."""
    if policy.ref == other.ref:
        raise _error_at(_key(root, ("id",)), f"{policy.ref} 重复 / {policy.ref} is stated twice")
    same_cohorts = policy.cohorts == other.cohorts or set(policy.cohorts) & set(other.cohorts)
    if policy.id != other.id and set(policy.provinces) & set(other.provinces) and same_cohorts:
        raise _error_at(
            _key(root, ("provinces",)),
            f"{policy.ref} 与 {other.ref} 适用范围相同 / {policy.ref} and {other.ref} cover the same province and cohort",
        )
