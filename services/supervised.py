"""What a supervisor, or an observer of the province, counts: the scope of all figures, and how they are summed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, and_, case, false, func, select
from sqlmodel import col

from models.case.kernel import Actor, Role
from models.tables import CaseRow, School
from services.errors import NotAllowed

OPEN = and_(col(CaseRow.closed_at).is_(None), col(CaseRow.stage) != "not_open")

Scope = Callable[[Any, Any], ColumnElement[bool]]
"""A condition on the columns of school and department."""


def supervised(connection: Connection, actor: Actor) -> Scope:
    """What the actor supervises. Raises NotAllowed."""
    schools = [actor.school_id]
    if actor.role == Role.PROVINCIAL_OBSERVER:
        schools = _schools_of_province(connection, actor.school_id)
    elif actor.role not in (Role.SCHOOL_SUPERVISOR, Role.DEPARTMENT_SUPERVISOR):
        raise NotAllowed

    def condition(school_id: Any, department_id: Any) -> ColumnElement[bool]:
        within = col(school_id).in_(schools)
        if actor.role != Role.DEPARTMENT_SUPERVISOR:
            return within
        if actor.department_id is None:
            return false()
        return and_(within, col(department_id) == actor.department_id)

    return condition


def department_of(actor: Actor, wanted: str | None) -> str | None:
    """The department to look at. Raises NotAllowed for one that is not the supervisor's own."""
    if actor.role != Role.DEPARTMENT_SUPERVISOR:
        return wanted
    if wanted not in (None, actor.department_id):
        raise NotAllowed
    return actor.department_id


def _schools_of_province(connection: Connection, school_id: str) -> list[str]:
    """The schools of the same province. Where the province is not set, `*`, only the school itself."""
    own = select(col(School.province)).where(col(School.id) == school_id)
    province = connection.execute(own).scalar()
    if province in (None, "*"):
        return [school_id]
    same = select(col(School.id)).where(col(School.province) == province)
    return list(connection.execute(same).scalars())


def count_if(condition: SQLColumnExpression[bool]) -> ColumnElement[int]:
    """How many rows meet the condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def sum_if(condition: SQLColumnExpression[bool], column: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The sum over the rows that meet the condition."""
    return func.coalesce(func.sum(case((condition, column), else_=0)), 0)
