"""Every operation of the OpenAPI document, asked for by everybody: own, other mentor, other college, other school.

A new operation that speaks of one thing by its id needs a line in REACH; one that declares no permission, or whom
nobody thought of, fails here.
"""

import base64
import io
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from api.app import create_app
from models.access import access_policy
from models.case.kernel import Role
from services.settings import Settings
from tests.access.schools import (
    ADDRESS,
    ELSEWHERE,
    EMERGENCY,
    HERE,
    NAME,
    PHONE,
    READERS,
    ROLES,
    STUDENT_NO,
    Schools,
    two_schools,
)
from tests.product import Answer

OPENAPI = create_app(Settings()).openapi()
# Anybody may ask, or anybody with a session about that very session: tested with sign-on.
OPEN = {"public", "signed_on"}
HERE_ALL = frozenset(ROLES) - ELSEWHERE
# What has the right permission and is still refused, for another reason than the role.
STATUSES = {403, 404}
TAKEN_AWAY = frozenset({"export_ledger", "print_paper", "print_papers"})


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    id: str
    permission: str
    takes_json: bool
    # The parameters of its query, and whether each must be given.
    query: dict[str, bool]

    def address(self, ids: dict[str, str]) -> str:
        return self.path.removeprefix("/api/v1").format_map(ids)

    @property
    def of_one_thing(self) -> bool:
        return "{" in self.path


@dataclass(frozen=True)
class Reach:
    """Who of those with the permission gets through to the first school's thing, and with which body."""

    who: frozenset[str]
    body: dict[str, Any] = field(default_factory=dict[str, Any])


COLLEGE, CENTRE = frozenset({"counselor", "college"}), frozenset({"career-centre"})
NOBODY = frozenset[str]()
OWN_CLASS = frozenset({"counselor", "college", "career-centre"})
REACH: dict[str, Reach] = {
    "read_case": Reach(READERS),
    "read_timeline": Reach(READERS),
    "print_paper": Reach(READERS),
    "read_access_log": Reach(READERS),
    "read_workflow": Reach(READERS),
    "list_commands": Reach(READERS),
    "send_command": Reach(READERS, {"type": "annotate", "text": "备注"}),
    "list_attachments": Reach(READERS),
    "add_attachment": Reach(READERS),
    "read_attachment": Reach(READERS),
    # Something names it, so that it stays.
    "remove_attachment": Reach(frozenset({"mentor-1", "college", "career-centre"})),
    "unmask_field": Reach(READERS, {"field": "id_number", "purpose": "inspection"}),
    # Whoever may read the file is told so; every other member of staff of the school may break the glass.
    "break_glass": Reach(HERE_ALL, EMERGENCY),
    "give_account": Reach(READERS),
    "read_batch": Reach(frozenset({"counselor"})),
    "read_batch_rows": Reach(frozenset({"counselor"})),
    "read_import": Reach(CENTRE | {"counselor"}),
    "read_rows": Reach(CENTRE | {"counselor"}),
    "read_class": Reach(HERE_ALL),
    "record_attendance": Reach(OWN_CLASS, {"date": "2099-01-01", "present": []}),
    "complete_class": Reach(OWN_CLASS),
    "cancel_class": Reach(OWN_CLASS, {"reason": "取消"}),
    "revoke_delegation": Reach(frozenset({"mentor-2", "college"}) | CENTRE),
    "revoke_break_glass": Reach(frozenset({"teacher", "college"}) | CENTRE),
    "change_department": Reach(HERE_ALL, {"name": "计算机学院"}),
    "change_staff": Reach(HERE_ALL - {"other-college"}, {"capacity": 3}),
    "start_offboarding": Reach(frozenset({"college"}) | CENTRE, {"reason": "离职"}),
    "read_offboarding": Reach(frozenset({"college"}) | CENTRE),
    "change_account": Reach(HERE_ALL, {"unlock": True}),
    "reset_account": Reach(HERE_ALL),
    "revoke_token": Reach(frozenset({"mentor-2", "admin"})),
    # What this installation has loaded holds for every school on it.
    "read_policy": Reach(frozenset(ROLES)),
    "compare_policies": Reach(frozenset(ROLES)),
    # There is none yet: that nobody reads those of another school is tested with erasure.
    "read_erasure": Reach(NOBODY),
    "print_erasure": Reach(NOBODY),
}


def operations() -> list[Operation]:
    """All operations that need a permission."""
    found = [
        Operation(
            method=method.upper(),
            path=path,
            id=operation["operationId"],
            permission=operation["x-permission"],
            takes_json="application/json" in operation.get("requestBody", {}).get("content", {}),
            query={
                item["name"]: item["required"]
                for item in operation.get("parameters", ())
                if item["in"] == "query"
            },
        )
        for path, methods in OPENAPI["paths"].items()
        for method, operation in methods.items()
    ]
    return [item for item in found if item.permission not in OPEN]


@pytest.fixture(scope="module")
async def schools(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Schools]:
    async with two_schools(tmp_path_factory.mktemp("schools"), temporal_address) as found:
        yield found


async def ask(schools: Schools, operation: Operation, name: str) -> Answer:
    """Ask for an operation about the first school's things."""
    options: dict[str, Any] = {}
    ids = schools.ids
    if operation.id in ("break_glass", "give_account"):
        # These change who may read a case, or end the sessions of its graduate.
        ids = ids | {"case_id": ids["emergency_id"]}
    if operation.takes_json:
        options["json"] = REACH[operation.id].body if operation.of_one_thing else {}
    response = await schools.here.http.request(
        operation.method,
        "/api/v1" + operation.address(ids),
        headers=schools.here.bearer(schools.actor(name)),
        params={"purpose": "inspection"} if operation.id in TAKEN_AWAY else None,
        **options,
    )
    # What is no document, such as a workbook, has no code.
    is_json = bool(response.content) and "json" in response.headers.get("content-type", "")
    return Answer(response.status_code, response.json() if is_json else {}, response.headers)


def test_every_operation_declares_a_permission() -> None:
    for methods in OPENAPI["paths"].values():
        for operation in methods.values():
            assert operation.get("x-permission"), operation["operationId"]


def test_every_operation_on_one_thing_says_whom_it_reaches() -> None:
    assert {item.id for item in operations() if item.of_one_thing} == set(REACH)


@pytest.mark.parametrize("operation", operations(), ids=lambda item: item.id)
async def test_an_operation_answers_those_whom_the_policy_lets_through(
    schools: Schools, operation: Operation
) -> None:
    """Those out of reach first: what the others do may end the thing."""
    reach = REACH[operation.id].who if operation.of_one_thing else frozenset(ROLES)
    for name in sorted(ROLES, key=lambda item: (item in reach, item)):
        answer = await ask(schools, operation, name)
        may = operation.permission in access_policy().permissions_of(ROLES[name])
        said = f"{name} asked for {operation.id}: {answer.status} {answer.body}"
        if not may:
            assert (answer.status, answer.code) == (403, "role_not_allowed"), said
            assert answer.body["details"] == {"permission": operation.permission}, said
        elif name in reach:
            assert answer.status not in (401, 403), said
            assert not (answer.code or "").endswith("_unknown") or operation.id == "read_offboarding", said
        elif name in ELSEWHERE:
            # As if it did not exist.
            assert answer.status == 404, said
        else:
            assert answer.status in STATUSES, said
        assert answer.status < 500, said


@pytest.mark.parametrize("operation", operations(), ids=lambda item: item.id)
async def test_nobody_is_answered_without_signing_on(schools: Schools, operation: Operation) -> None:
    answer = await schools.here.http.request(
        operation.method,
        "/api/v1" + operation.address(schools.ids),
        json={} if operation.takes_json else None,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_on_required")


LISTS = [item for item in operations() if item.method == "GET" and not item.of_one_thing]
MARKS = (NAME, PHONE, ADDRESS, STUDENT_NO)
# What makes a list as long as it can be, and what some must be given.
WIDEST: dict[str, Any] = {"limit": 200, "days": 365, "held": True}
NEEDED: dict[str, Any] = {"purpose": "inspection", "cohort": 2027}


def widest(schools: Schools, operation: Operation) -> dict[str, Any]:
    """The query by which an operation tells most, of what it takes."""
    given = WIDEST | NEEDED | {"ids": [schools.case_id, HERE, *sorted(HERE_ALL)]}
    return {
        name: given[name] for name, needed in operation.query.items() if name in (given if needed else WIDEST)
    }


def told(schools: Schools, text: str) -> set[str]:
    """What of the marked person a text tells."""
    return {mark for mark in (*MARKS, schools.case_id) if mark in text}


@pytest.mark.parametrize("operation", LISTS, ids=lambda item: item.id)
async def test_no_list_tells_of_a_case_beyond_the_scope(schools: Schools, operation: Operation) -> None:
    for name in sorted(frozenset(ROLES) - READERS):
        response = await schools.here.http.get(
            "/api/v1" + operation.address({}),
            params=widest(schools, operation),
            headers=schools.here.bearer(schools.actor(name)),
        )
        nothing = operation.id == "print_papers" and "nothing_to_print" in response.text
        assert response.status_code in (200, 403) or nothing, f"{name}: {operation.id}: {response.text}"
        text = response.text
        if operation.id == "export_ledger" and response.status_code == 200:
            book = load_workbook(io.BytesIO(response.content), read_only=True)
            text = str([list(sheet.values) for sheet in book.worksheets])
        if operation.id == "print_papers" and response.status_code == 200:
            text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(response.content)).pages)
        if operation.id == "list_audit" and response.status_code == 200:
            # It tells which account did what, a graduate's too, and what one's own people asked for in vain.
            own = {schools.actor(person) for person in ELSEWHERE} if name in ELSEWHERE else set[str]()
            items = [item for item in response.json()["items"] if item["actor_id"] not in own]
            text = json.dumps([item | {"actor_id": ""} for item in items], ensure_ascii=False)
        assert told(schools, text) == set(), f"{name} listed {operation.id}"
        if name in ELSEWHERE and response.status_code == 200:
            others = [staff for staff in sorted(HERE_ALL - set(Role)) if f'"{staff}"' in text] + (
                [HERE] if HERE in text else []
            )
            assert others == [], f"{name} listed {operation.id}"


@pytest.mark.parametrize(
    "query",
    [
        f"q={NAME}",
        f"q={STUDENT_NO}",
        f"q={PHONE}",
        "mentor=mentor-1",
        "department=cs",
        "stage=assessment",
        "hardship_type=LIFTED_POVERTY",
        "cohort=2027",
        "sort=-opened",
    ],
)
async def test_no_search_filter_or_order_reaches_beyond_the_scope(schools: Schools, query: str) -> None:
    for name in sorted(frozenset(ROLES) - READERS):
        answer = await schools.here.get(f"/cases?limit=200&{query}", schools.actor(name))
        assert answer.status in (200, 403)
        assert told(schools, str(answer.body)) == set(), name
    by_id = [
        await schools.here.get(f"/cases?q={schools.case_id}", schools.actor(name))
        for name in sorted(frozenset(ROLES) - READERS)
    ]
    assert all(answer.status == 403 or answer.body["items"] == [] for answer in by_id)


async def test_a_cursor_carries_nobody_into_another_scope(schools: Schools) -> None:
    here = schools.here
    first = (await here.get("/cases?limit=1&sort=opened", "career-centre")).body
    assert first["next_cursor"]
    before = base64.urlsafe_b64encode(
        json.dumps(["opened", "2000-01-01T00:00:00+00:00", ""]).encode()
    ).decode()
    for cursor in (first["next_cursor"], before):
        for name in ("mentor-2", "teacher", "other-college", "there-college", "there-graduate"):
            answer = await here.get(f"/cases?limit=200&sort=opened&cursor={cursor}", schools.actor(name))
            assert answer.status == 200
            assert told(schools, str(answer.body)) == set(), name
    for cursor in ("e30=", "' OR 1=1 --", base64.urlsafe_b64encode(b'["opened"]').decode()):
        answer = await here.get("/cases", "mentor-2", params={"sort": "opened", "cursor": cursor})
        assert (answer.status, answer.code) == (422, "cursor_invalid")


async def test_guessing_ids_tells_nothing(schools: Schools) -> None:
    here, case_id = schools.here, schools.case_id
    guesses = [
        case_id,
        case_id[:-1],
        case_id + "a",
        case_id.upper(),
        "case-" + "a" * 24,
        "%2e%2e",
        "*",
        "%25",
    ]
    for name in ("mentor-2", "other-college", "there-college", "there-graduate"):
        answers = [await here.get(f"/cases/{guess}", schools.actor(name)) for guess in guesses]
        assert {(answer.status, json.dumps(answer.body)) for answer in answers[:1]} == {
            (answer.status, json.dumps(answer.body)) for answer in answers
        }, name


async def test_the_rows_that_were_sent_are_for_who_sent_them(schools: Schools) -> None:
    here = schools.here

    async def rows(name: str) -> str:
        answer = await here.http.get(
            f"/api/v1/imports/{schools.ids['import_id']}/rows?format=csv", headers=here.bearer(name)
        )
        return answer.text

    async def rejected() -> bool:
        return "student_no_missing" in await rows("counselor")

    await here.until(rejected, what="the import has ended")
    assert NAME in await rows("counselor")
    outcomes = await rows("career-centre")
    assert "student_no_missing" in outcomes
    assert NAME not in outcomes
