"""Who may do what, read which rows and see which fields: the policy of `models/data/access.yaml` applied to a
person, a file and to queries."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import col

from models.access import Standing, access_policy
from models.case.kernel import Actor, Role
from models.case.state import CaseState
from models.tables import CaseRow, ErasureCertificate
from services.caller import Caller
from services.errors import NotAllowed


def may(role: Role, permission: str) -> bool:
    """Whether the role has the permission."""
    return permission in access_policy().permissions_of(role)


def demand(caller: Caller, permission: str) -> None:
    """Raises NotAllowed (`role_not_allowed`), which names the permission, unless role and token both have it."""
    within_token = caller.permissions is None or permission in caller.permissions
    if not (may(caller.actor.role, permission) and within_token):
        raise NotAllowed(permission)


def readable(actor: Actor) -> ColumnElement[bool]:
    """Which rows of the ledger this person may read. Every query of cases begins here."""
    return _rows(actor, access_policy().stands(actor.role))


def shown(actor: Actor, group: str) -> ColumnElement[bool]:
    """The rows of the ledger in which this person sees the group of fields plain."""
    policy = access_policy()
    return _rows(
        actor, frozenset(item for item in policy.stands(actor.role) if group in policy.standings[item])
    )


def shown_everywhere(actor: Actor, group: str) -> bool:
    """Whether this person sees the group plain in every file that the person may read."""
    policy = access_policy()
    stands = policy.stands(actor.role)
    return any(item in _WIDE and group in policy.standings[item] for item in stands) or all(
        group in policy.standings[item] for item in stands
    )


def standings(actor: Actor, case: CaseState | CaseRow | ErasureCertificate) -> frozenset[Standing]:
    """How the actor stands, or stood, to a file; empty for one who may not read it."""
    if actor.school_id != case.school_id:
        return frozenset()
    place = _Place.of(case)
    return frozenset(item for item in access_policy().stands(actor.role) if _HOLDS[item](actor, place))


def plain_groups(actor: Actor, case: CaseState | CaseRow) -> frozenset[str]:
    """The groups of fields of this file that the actor sees plain."""
    return access_policy().plain(standings(actor, case))


@dataclass(frozen=True)
class _Place:
    """Where a file stands."""

    case_id: str
    department_id: str
    mentor_id: str | None
    proposed_mentor_id: str | None

    @classmethod
    def of(cls, case: CaseState | CaseRow | ErasureCertificate) -> "_Place":
        if isinstance(case, ErasureCertificate):
            return cls(case.case_id, case.department_id, case.mentor_id, None)
        if isinstance(case, CaseRow):
            return cls(case.case_id, case.department_id, case.mentor_id, case.proposed_mentor_id)
        proposal = case.pairing.proposal
        proposed = proposal.mentor_id if proposal is not None else None
        return cls(case.case_id, case.department_id, case.pairing.mentor_id, proposed)


def _rows(actor: Actor, stands: frozenset[Standing]) -> ColumnElement[bool]:
    # What is left of an erased file is counted, and read by nobody.
    school = (col(CaseRow.school_id) == actor.school_id) & col(CaseRow.erased_at).is_(None)
    if "school_supervisor" in stands:
        # The whole school holds all else.
        return school
    rare = {"break_glass"} if not actor.reading else set[str]()
    conditions = [_WHERE[item](actor) for item in sorted(stands - rare)]
    return school & or_(*conditions) if conditions else false()


def _of_department(actor: Actor) -> ColumnElement[bool]:
    # Nobody's department is not the department of those who have none.
    return false() if actor.department_id is None else col(CaseRow.department_id) == actor.department_id


# Each standing as a condition on rows, and the same of one file.
_WHERE: dict[Standing, Callable[[Actor], ColumnElement[bool]]] = {
    "mentor": lambda actor: col(CaseRow.mentor_id).in_((actor.id, *actor.covering)),
    "proposed_mentor": lambda actor: col(CaseRow.proposed_mentor_id) == actor.id,
    "counselor": _of_department,
    "department_supervisor": _of_department,
    "school_supervisor": lambda _: true(),
    "graduate": lambda actor: col(CaseRow.case_id) == actor.case_id,
    "break_glass": lambda actor: col(CaseRow.case_id).in_(actor.reading),
}
_HOLDS: dict[Standing, Callable[[Actor, _Place], bool]] = {
    "mentor": lambda actor, place: actor.mentors(place.mentor_id),
    "proposed_mentor": lambda actor, place: place.proposed_mentor_id == actor.id,
    "counselor": lambda actor, place: actor.department_id == place.department_id,
    "department_supervisor": lambda actor, place: actor.department_id == place.department_id,
    "school_supervisor": lambda _, __: True,
    "graduate": lambda actor, place: actor.case_id == place.case_id,
    "break_glass": lambda actor, place: place.case_id in actor.reading,
}
# These reach every file that their role reads.
_WIDE: frozenset[Standing] = frozenset({"school_supervisor", "graduate"})
