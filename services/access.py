"""Who may do what and read which rows: the policy of `models/data/access.yaml` applied to a person and to queries."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col

from models.access import Rows, access_policy
from models.case.kernel import Actor, Role
from models.tables import CaseRow
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
    access = access_policy().roles.get(actor.role)
    if access is None:
        return false()
    return (col(CaseRow.school_id) == actor.school_id) & _ROWS[access.rows](actor)


def _own(actor: Actor) -> ColumnElement[bool]:
    return or_(col(CaseRow.mentor_id) == actor.id, col(CaseRow.proposed_mentor_id) == actor.id)


def _department(actor: Actor) -> ColumnElement[bool]:
    # Nobody's department is not the department of those without one.
    if actor.department_id is None:
        return _own(actor)
    return or_(col(CaseRow.department_id) == actor.department_id, _own(actor))


def _school(actor: Actor) -> ColumnElement[bool]:
    return col(CaseRow.school_id) == actor.school_id


def _file(actor: Actor) -> ColumnElement[bool]:
    return col(CaseRow.case_id) == actor.case_id


def _none(_actor: Actor) -> ColumnElement[bool]:
    return false()


_ROWS: dict[Rows, Callable[[Actor], ColumnElement[bool]]] = {
    "own": _own,
    "department": _department,
    "school": _school,
    "file": _file,
    "none": _none,
}
