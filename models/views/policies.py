"""The service standards as people read and compare them."""

from datetime import datetime
from typing import Any

from models.base import Model


class PolicyLine(Model):
    """One version of the service standards. `loaded`: new cases may follow it; an older one is still followed by
    cases. `open_cases`: how many of the open cases that one may read follow it; `digests` are the fingerprints of its
    documents, several where holidays were announced meanwhile."""

    ref: str
    title: str
    provinces: tuple[str, ...]
    cohorts: tuple[int, ...]
    loaded: bool
    digests: tuple[str, ...]
    first_used_at: datetime | None
    open_cases: int


class PolicyView(PolicyLine):
    """A version with its newest document."""

    document: dict[str, Any]


class PolicyChange(Model):
    """A value that differs, by its place in the document (`clocks.first_talk.within`). Missing on one side: None there
    and `added` or `removed`."""

    path: str
    kind: str
    old: Any
    new: Any


class PolicyDiff(Model):
    """What differs from one version to another, in the order of the document."""

    old: str
    new: str
    changes: list[PolicyChange]
