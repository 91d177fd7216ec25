"""The vocabulary of the audit: which acts are recorded, for which purposes, with which outcome."""

from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from models.base import Model

# The act of a request that is none of the acts by itself.
OTHER = "other"

ActClass = Literal["case", "access", "sign_on", "administration"]


class Outcome(StrEnum):
    """`BEGUN`: written before an act whose end is not known yet; where no entry of the same request says that it
    was refused or failed, it was done, or the process died over it."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Act(Model):
    """A kind of act.

    `routes` are the operations of the API that are one. `by`: who writes their entries, which is the route, the
    operation itself with more detail, or sign-on. `query`: only requests with this parameter are one, and its value
    is kept as a keyed hash. `shown` to the graduate as an access to the file. `kept` is its class of retention.
    """

    id: str
    zh: str
    en: str
    kept: ActClass
    routes: tuple[str, ...] = ()
    by: Literal["route", "itself", "sign_on"] = "route"
    query: str | None = None
    shown: bool = False


class Unaudited(Model):
    """An operation of the API that leaves no entry of its own when it succeeds, and why."""

    route: str
    why: str


class _ActTable(Model):
    acts: tuple[Act, ...]
    unaudited: tuple[Unaudited, ...]


@cache
def _act_table() -> _ActTable:
    source = resources.files("models.data").joinpath("audit_acts.yaml")
    return _ActTable.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


@cache
def acts() -> dict[str, Act]:
    """All acts by their id."""
    return {act.id: act for act in _act_table().acts}


@cache
def acts_by_route() -> dict[str, Act]:
    """The act that each operation of the API is."""
    return {route: act for act in _act_table().acts for route in act.routes}


@cache
def unaudited() -> dict[str, str]:
    """Why each operation of the API that is no act leaves no entry."""
    return {item.route: item.why for item in _act_table().unaudited}
