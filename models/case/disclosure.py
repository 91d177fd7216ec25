"""Disclosure: which field of a file may go out to whom, and on which ground (PIPL art. 13, 23)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from models.base import Model
from models.case.kernel import Refused
from models.case.profile import consent_to

if TYPE_CHECKING:
    from models.case.state import CaseState

Basis = Literal["service", "statutory", "consent"]


class Ground(Model):
    """On which ground a field goes out: the service itself needs it, a duty (`rule` names it), or the graduate's
    consent `consent_id`, given on `given_on` (PIPL art. 13). From `withdrawn_at` the field is not shown any more."""

    field: str
    basis: Basis
    rule: str | None = None
    consent_id: str | None = None
    given_on: date | None = None
    withdrawn_at: datetime | None = None


def grounds_of(state: CaseState, kind: str, disclose: tuple[str, ...]) -> tuple[Ground, ...]:
    """The ground of each field. Raises `consent_missing` for those that have none."""
    found = {field: _ground(state, kind, field) for field in disclose}
    lacking = sorted(field for field, ground in found.items() if ground is None)
    if lacking:
        raise Refused("consent_missing", fields=", ".join(lacking))
    return tuple(ground for ground in found.values() if ground is not None)


def _ground(state: CaseState, kind: str, field: str) -> Ground | None:
    rules = state.policy.disclosure
    if field in rules.free:
        return Ground(field=field, basis="service")
    if field in rules.statutory.get(kind, frozenset()):
        return Ground(field=field, basis="statutory", rule=rules.duties[kind])
    consent = consent_to(state, field) if field in rules.consent else None
    if consent is None:
        return None
    return Ground(field=field, basis="consent", consent_id=consent.id, given_on=consent.given_on)
