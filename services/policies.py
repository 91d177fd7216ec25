"""Reading policy files: YAML in, `Policy` values out, every mistake with its file and line.

The calendar of a file names its sources; here it is compiled into plain dates, so that a case which pins the
document computes the same deadlines for as long as it lives. The result depends on the files and the version
of the holiday package only, never on the day of loading.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib import resources
from itertools import count, takewhile
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar
import yaml
from pydantic import Field, field_validator

from models.base import Dates, Model
from models.calendar import Calendar, DateRange, season_of
from models.codes import service_type
from models.hardship import HardshipType
from models.policy import Policy, choose
from services.policy_source import PolicyError, error_at, key_node, merged, plain, read_documents, validated

DEFAULT_POLICY = "national"
_EXTENDS = "extends"
# What each file says for itself, whatever it extends.
_OWN_KEYS = frozenset({"id", "version", "title"})


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
    path = path or packaged_policies()[DEFAULT_POLICY]
    loaded: list[Policy] = []
    for file in _files(path):
        for root in map(_extended, read_documents(file)):
            policy = _policy(root)
            for other in loaded:
                _refuse_rivals(policy, other, root)
            loaded.append(policy)
    return tuple(loaded)


def policy_for(policies: Sequence[Policy], province: str, cohort: int) -> Policy:
    """The policy of a province and cohort: the most specific, then the newest. Raises NoPolicyError."""
    policy = choose(policies, province, cohort)
    if policy is None:
        raise NoPolicyError(province, cohort)
    return policy


def policy_on(policies: Sequence[Policy], province: str, day: date) -> Policy:
    """The policy of the cohort whose season a day belongs to; the first of all where none fits."""
    return choose(policies, province, season_of(day)) or policies[0]


def compile_calendar(source: CalendarSource, *, vacations_pause_clocks: bool = True) -> Calendar:
    """Holidays on Monday to Friday and make-up workdays of every announced year from `first_year` on.

    Later years fall back to Monday to Friday (`Calendar.is_estimate`). Where vacations do not pause the
    clocks, the compiled calendar has none.
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


def packaged_policies() -> dict[str, Path]:
    """The files of the built-in service standards by name."""
    folder = Path(str(resources.files("models"))) / "data" / "policies"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"})
    if not files:
        raise PolicyError(path, None, "此文件夹没有 YAML 文件 / the folder holds no .yaml file")
    return files


def _extended(root: yaml.MappingNode) -> yaml.MappingNode:
    named = next((pair for pair in root.value if pair[0].value == _EXTENDS), None)
    if named is None:
        return root
    key, value = named
    known = packaged_policies()
    if not isinstance(value, yaml.ScalarNode) or value.value not in known:
        raise error_at(key, f"只能扩展内置的 / extends one of the built-in {', '.join(known)}")
    own = [pair for pair in root.value if pair is not named]
    (base,) = map(_extended, read_documents(known[value.value]))
    inherited = [pair for pair in base.value if pair[0].value not in _OWN_KEYS]
    return merged(inherited, own, root)


def _policy(root: yaml.MappingNode) -> Policy:
    data = plain(root)
    stated = data.pop("calendar", {})
    policy = validated(Policy, data, root)
    calendar = compile_calendar(
        validated(CalendarSource, stated, root, ("calendar",)),
        vacations_pause_clocks=policy.vacations_pause_clocks,
    )
    services = {code for code in policy.service_types if service_type(code) != code}
    hardships = set(policy.hardship_order) - set(HardshipType)
    for key, unknown in (("service_types", services), ("hardship_order", hardships)):
        if unknown:
            codes = ", ".join(sorted(unknown))
            raise error_at(key_node(root, (key,)), f"{key}: 不在代码表中 / not in the code table: {codes}")
    return policy.model_copy(update={"calendar": calendar})


def _refuse_rivals(policy: Policy, other: Policy, root: yaml.MappingNode) -> None:
    """Two documents under one ref, or two of different ids that cover the same people equally well."""
    if policy.ref == other.ref:
        raise error_at(key_node(root, ("id",)), f"{policy.ref} 重复 / {policy.ref} is stated twice")
    same_cohorts = policy.cohorts == other.cohorts or set(policy.cohorts) & set(other.cohorts)
    if policy.id != other.id and set(policy.provinces) & set(other.provinces) and same_cohorts:
        raise error_at(
            key_node(root, ("id",)),
            f"与 {other.ref} 适用于相同的省份和届别 / covers the same province and cohort as {other.ref}",
        )
