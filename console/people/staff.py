"""Forms about members of staff and departments."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui

from console.forms import Choices, Form, Options
from console.sheet import open_sheet
from console.texts import _, say
from console.visit import Visit
from models.case.kernel import Role
from models.views.vocabulary import vocabulary
from services.office import (
    DepartmentChange,
    DepartmentDraft,
    DepartmentView,
    StaffChange,
    StaffDraft,
    StaffView,
)

Again = Callable[[], Awaitable[None]]
# What a supervisor of a college changes of its people.
_OF_COLLEGE = frozenset({"capacity", "absent_from", "absent_until"})


def staff_roles() -> Options:
    """The roles of members of staff, and of partners."""
    return {
        role.value: say(vocabulary().role(role)) for role in Role if role not in (Role.GRADUATE, Role.SYSTEM)
    }


def names_of(departments: Sequence[DepartmentView]) -> Options:
    """The departments by id."""
    return {item.id: item.name for item in departments}


def new_person(visit: Visit, departments: Sequence[DepartmentView], again: Again) -> None:
    """The form of a new member of staff."""

    async def send(form: Form) -> None:
        made = await visit.api.post(StaffView, "/staff", form.value())
        ui.notify(_("{name} was added.", name=made.name), type="positive")
        await again()

    options = {"role": staff_roles(), "department_id": names_of(departments)}
    open_sheet(_("New member of staff"), StaffDraft, "staff", Choices(options=options), send)


def change_person(
    visit: Visit, person: StaffView, departments: Sequence[DepartmentView], again: Again
) -> None:
    """The form of what can be changed of one."""
    whole = visit.may("staff.add")
    asked = frozenset(StaffChange.model_fields) if whole else _OF_COLLEGE
    before = {
        name: value
        for name, value in person.model_dump(mode="json").items()
        if name in asked and value is not None
    }

    async def send(form: Form) -> None:
        await visit.api.post(StaffView, f"/staff/{person.id}", _changed(before, form), method="PATCH")
        ui.notify(_("Done."), type="positive")
        await again()

    open_sheet(
        person.name,
        StaffChange,
        "staff",
        Choices(
            options={"role": staff_roles(), "department_id": names_of(departments)},
            hidden=frozenset(StaffChange.model_fields) - asked,
            values=before,
        ),
        send,
        text=_("E-mail and address for messages are not shown; leave them empty to keep them.")
        if whole
        else "",
    )


def _changed(before: dict[str, Any], form: Form) -> dict[str, Any]:
    """The fields that are not as they were; what was emptied is None."""
    now = form.value()
    emptied = {name: None for name in before if name not in now}
    return emptied | {name: value for name, value in now.items() if value != before.get(name)}


def new_department(visit: Visit, again: Again) -> None:
    """The form of a new department."""

    async def send(form: Form) -> None:
        await visit.api.post(DepartmentView, "/departments", form.value())
        ui.notify(_("Done."), type="positive")
        await again()

    open_sheet(_("New department"), DepartmentDraft, "department", Choices(), send)


def rename_department(visit: Visit, department: DepartmentView, again: Again) -> None:
    """The form of its new name."""

    async def send(form: Form) -> None:
        await visit.api.post(DepartmentView, f"/departments/{department.id}", form.value(), method="PATCH")
        ui.notify(_("Done."), type="positive")
        await again()

    values = {"name": department.name}
    open_sheet(_("Rename the department"), DepartmentChange, "department", Choices(values=values), send)
