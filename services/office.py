"""Departments and staff: the office's own data, which supervisors and administrators keep."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.base import Model
from models.case.kernel import Actor, Refused, Role
from models.case.transfer import RequestTransfer
from models.policy import Policy
from models.tables import Department, Reservation, Staff
from models.views.page import Page
from services.access import may
from services.database import writing
from services.departments import require_department
from services.errors import Conflict, NotAllowed, NotFound, Unprocessable
from services.own_channels import OwnChannels
from services.pairing import MENTOR_ROLES
from services.school_day import today

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_STAFF_ROLES = frozenset(Role) - {Role.GRADUATE, Role.SYSTEM}
_IN_DEPARTMENT = frozenset({Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR})


class DepartmentView(Model):
    id: str
    name: str


class DepartmentDraft(Model):
    """A new department. The id may be given, for example the school's own code."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = None
    name: Name


class DepartmentChange(Model):
    name: Name


class StaffView(Model):
    """`load` counts the open cases that take a place with this mentor, `capacity` how many may."""

    id: str
    name: str
    role: Role
    department_id: str | None
    capacity: int
    load: int
    experienced: bool
    absent_from: date | None
    absent_until: date | None
    departed_on: date | None


class StaffDraft(Model):
    """A new member of staff, or a partner. `notify_url` is an Apprise address of the person's own channel.
    Without `capacity`, a mentor takes as many open cases as the service standards allow, and others none."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = None
    name: Name
    role: Role
    department_id: str | None = None
    capacity: int | None = Field(default=None, ge=0, le=1000)
    experienced: bool = False
    absent_from: date | None = None
    absent_until: date | None = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)
    notify_url: str | None = Field(default=None, max_length=500)


T = TypeVar("T")
# May be left out, not emptied.
Kept = T | SkipJsonSchema[None]


class StaffChange(Model):
    """Fields to change; those left out stay."""

    name: Kept[Name] = None
    role: Kept[Role] = None
    department_id: str | None = None
    capacity: Kept[Annotated[int, Field(ge=0, le=1000)]] = None
    experienced: Kept[bool] = None
    absent_from: date | None = None
    absent_until: date | None = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)
    notify_url: str | None = Field(default=None, max_length=500)

    @field_validator("name", "role", "capacity", "experienced", mode="before")
    @classmethod
    def _not_emptied(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("not_null", "Cannot be null")
        return value


class Office:
    """The departments and staff of one database, school by school."""

    def __init__(self, engine: Engine, policies: Sequence[Policy], own_channels: OwnChannels) -> None:
        self._engine = engine
        self._own_channels = own_channels
        self._mentor_capacity = min(policy.pairing.hard_cap for policy in policies)

    def departments(self, school_id: str, *, cursor: str | None, limit: int) -> Page[DepartmentView]:
        """A page of the departments, by id."""
        query = select(Department).where(Department.school_id == school_id)
        if cursor:
            query = query.where(Department.id > cursor)
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(Department.id)).limit(limit + 1)).all()
        items = [DepartmentView(id=row.id, name=row.name) for row in rows[:limit]]
        return Page(items=items, next_cursor=items[-1].id if len(rows) > limit else None)

    def check_receiver(self, school_id: str, command: RequestTransfer) -> None:
        """A case can only go to somebody who is there to answer: a mentor is one who may be it and has not left. An
        HRSS office need not be known by an id.

        Raises Conflict (`unknown_department`, `mentor_unknown`).
        """
        if command.kind == "hrss":
            return
        with Session(self._engine) as session:
            if command.kind == "department":
                department = session.get(Department, command.to)
                there, code = (
                    department is not None and department.school_id == school_id,
                    "unknown_department",
                )
            else:
                mentor = session.get(Staff, command.to)
                there = mentor is not None and mentor.school_id == school_id and _answers_as_mentor(mentor)
                code = "mentor_unknown"
        if not there:
            refused = Refused(code, department_id=command.to)
            raise Conflict(refused.code, refused.zh, refused.en)

    def add_department(self, actor: Actor, draft: DepartmentDraft) -> DepartmentView:
        """Raises Conflict (`department_exists`)."""
        row = Department(
            id=draft.id or "dept-" + secrets.token_hex(4),
            school_id=actor.school_id,
            name=draft.name,
            created_at=datetime.now(UTC),
        )
        with Session(writing(self._engine)) as session:
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                raise _department_exists(draft.name) from None
            return DepartmentView(id=row.id, name=row.name)

    def change_department(self, actor: Actor, department_id: str, change: DepartmentChange) -> DepartmentView:
        """Raises NotFound (`department_unknown`), Conflict (`department_exists`)."""
        with Session(writing(self._engine)) as session:
            row = require_department(session, actor.school_id, department_id, NotFound)
            row.name = change.name
            try:
                session.commit()
            except IntegrityError:
                raise _department_exists(change.name) from None
            return DepartmentView(id=row.id, name=row.name)

    def staff(
        self, actor: Actor, *, role: Role | None, department: str | None, cursor: str | None, limit: int
    ) -> Page[StaffView]:
        """A page of the school's staff with their load, by id."""
        query = select(Staff).where(Staff.school_id == actor.school_id)
        if role is not None:
            query = query.where(Staff.role == role)
        if department is not None:
            query = query.where(Staff.department_id == department)
        if cursor:
            query = query.where(Staff.id > cursor)
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(Staff.id)).limit(limit + 1)).all()
            items = _views(session, rows[:limit])
        return Page(items=items, next_cursor=items[-1].id if len(rows) > limit else None)

    def names(self, school_id: str, ids: Sequence[str]) -> dict[str, str]:
        """The names of the school's staff, partners and departments, by id; unknown ones are left out."""
        staff = select(Staff.id, Staff.name).where(Staff.school_id == school_id, col(Staff.id).in_(ids))
        departments = select(Department.id, Department.name).where(
            Department.school_id == school_id, col(Department.id).in_(ids)
        )
        with Session(self._engine) as session:
            return dict(session.exec(departments).all()) | dict(session.exec(staff).all())

    def add_staff(self, actor: Actor, draft: StaffDraft) -> StaffView:
        """Raises Conflict (`staff_exists`), Unprocessable (see `enlist`)."""
        return self.enlist(actor.school_id, draft)

    def enlist(self, school_id: str, draft: StaffDraft) -> StaffView:
        """Add a member of staff on behalf of the school itself, as the first administrator is.

        Raises Unprocessable (`department_unknown`, `department_required`, `role_invalid`,
        `absence_ends_before_it_starts`, and for `notify_url` see `OwnChannels`), Conflict (`staff_exists`).
        """
        if draft.notify_url:
            self._own_channels.service(draft.notify_url)
        capacity = draft.capacity
        if capacity is None:
            capacity = self._mentor_capacity if draft.role == Role.MENTOR else 0
        row = Staff(
            **draft.model_dump(exclude={"id", "capacity"}),
            capacity=capacity,
            id=draft.id or "staff-" + secrets.token_hex(4),
            school_id=school_id,
            created_at=datetime.now(UTC),
        )
        with Session(writing(self._engine)) as session:
            _check_post(session, row)
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                raise Conflict(
                    "staff_exists", f"编号 {row.id} 已被占用。", f"The staff id {row.id} is taken."
                ) from None
            return _views(session, [row])[0]

    def change_staff(self, actor: Actor, staff_id: str, change: StaffChange) -> StaffView:
        """Raises NotAllowed, NotFound (`staff_unknown`), Conflict (`own_post`), Unprocessable (see `enlist`).

        A department supervisor may change capacity and absence of the department's own staff.
        """
        fields = change.model_dump(exclude_unset=True)
        with Session(writing(self._engine)) as session:
            row = session.get(Staff, staff_id)
            if row is None or row.school_id != actor.school_id:
                raise _staff_unknown(staff_id)
            _may_change(actor, row, frozenset(fields))
            if row.id == actor.id and any(fields.get(name, old) != old for name, old in _post_of(row)):
                # An administrator would read the files that a supervisor does, a supervisor keep the accounts.
                raise Conflict(
                    "own_post",
                    "不能变更自己的角色或院系，请由他人办理。",
                    "Nobody changes the own role or college; another person must do it.",
                )
            if change.notify_url:
                self._own_channels.service(change.notify_url)
            for field, value in fields.items():
                setattr(row, field, value)
            _check_post(session, row)
            session.commit()
            return _views(session, [row])[0]


def _views(session: Session, rows: Sequence[Staff]) -> list[StaffView]:
    ids = [row.id for row in rows]
    counted = select(Reservation.mentor_id, func.count()).where(col(Reservation.mentor_id).in_(ids))
    loads = dict(session.exec(counted.group_by(Reservation.mentor_id)).all())
    return [
        StaffView.model_validate(
            row.model_dump(include=set(StaffView.model_fields)) | {"load": loads.get(row.id, 0)}
        )
        for row in rows
    ]


def _answers_as_mentor(row: Staff) -> bool:
    # Who is away may answer after coming back.
    here = row.departed_on is None or row.departed_on > today()
    return here and row.role in MENTOR_ROLES


def _may_change(actor: Actor, row: Staff, fields: frozenset[str]) -> None:
    if may(actor.role, "staff.add"):
        return
    own = actor.department_id is not None and row.department_id == actor.department_id
    if not own or fields - {"capacity", "absent_from", "absent_until"}:
        raise NotAllowed


def _post_of(row: Staff) -> tuple[tuple[str, str | None], ...]:
    return ("role", row.role), ("department_id", row.department_id)


def _check_post(session: Session, row: Staff) -> None:
    role, department_id = row.role, row.department_id
    if row.absent_from and row.absent_until and row.absent_until < row.absent_from:
        raise Unprocessable(
            "absence_ends_before_it_starts",
            "缺勤结束日期早于开始日期。",
            "The absence ends before it starts.",
        )
    if role not in _STAFF_ROLES:
        raise Unprocessable(
            "role_invalid", f"人员不能担任角色 {role}。", f"A member of staff cannot have the role {role}."
        )
    if department_id is None:
        if role in _IN_DEPARTMENT:
            raise Unprocessable(
                "department_required", f"角色 {role} 须属于一个院系。", f"The role {role} needs a department."
            )
        return
    require_department(session, row.school_id, department_id, Unprocessable)


def _department_exists(name: str) -> Conflict:
    return Conflict(
        "department_exists", f"院系“{name}”已存在。", f"The department {name} or its id exists already."
    )


def _staff_unknown(staff_id: str) -> NotFound:
    return NotFound("staff_unknown", f"没有找到人员 {staff_id}。", f"There is no member of staff {staff_id}.")
