"""Two schools in one database, with people of every role in reach and out of reach of one case."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from models.case.kernel import Role
from services.delegations import today
from tests.attachments.samples import attached
from tests.product import Product, running_api, running_product, settings_for

HERE, THERE = "90061", "90062"
NAME, STUDENT_NO, PHONE, ADDRESS = "欧阳标记", "MARKED01", "10055554444", "标记路一号"
EMERGENCY = {"reason": "联系不上本人，家属来电求助", "purpose": "emergency"}

ROLES = {
    "mentor-1": Role.MENTOR,
    "mentor-2": Role.MENTOR,
    "teacher": Role.MENTOR,
    "counselor": Role.COUNSELOR,
    "counselor-edu": Role.COUNSELOR,
    "college": Role.DEPARTMENT_SUPERVISOR,
    "other-college": Role.DEPARTMENT_SUPERVISOR,
    "career-centre": Role.SCHOOL_SUPERVISOR,
    "admin": Role.ADMINISTRATOR,
    "observer": Role.PROVINCIAL_OBSERVER,
    "employer": Role.PARTNER,
    "graduate": Role.GRADUATE,
    "other-graduate": Role.GRADUATE,
    "there-mentor": Role.MENTOR,
    "there-counselor": Role.COUNSELOR,
    "there-college": Role.DEPARTMENT_SUPERVISOR,
    f"career-centre-{THERE}": Role.SCHOOL_SUPERVISOR,
    f"admin-{THERE}": Role.ADMINISTRATOR,
    "there-observer": Role.PROVINCIAL_OBSERVER,
    "there-partner": Role.PARTNER,
    "there-graduate": Role.GRADUATE,
}
ELSEWHERE = frozenset(name for name in ROLES if name.startswith("there-") or name.endswith(THERE))
READERS = frozenset({"mentor-1", "counselor", "college", "career-centre", "graduate"})


@dataclass
class Schools:
    """The two schools, and the ids of what belongs to the first."""

    here: Product
    there: Product
    ids: dict[str, str] = field(default_factory=dict[str, str])
    graduates: dict[str, str] = field(default_factory=dict[str, str])

    def actor(self, name: str) -> str:
        """The actor id of one of ROLES."""
        return self.graduates.get(name, name)

    @property
    def case_id(self) -> str:
        return self.ids["case_id"]


async def made(product: Product, path: str, actor: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make something; it must succeed."""
    answer = await product.request("POST", path, actor, json=body)
    assert answer.status in (200, 201, 202), answer.body
    return answer.body


@asynccontextmanager
async def two_schools(folder: Path, temporal_address: str) -> AsyncGenerator[Schools]:
    """Both schools, running on one database with one key store."""
    first = settings_for(folder / "here", temporal_address, school=HERE)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(running_product(first))
        second = settings_for(
            folder / "there",
            temporal_address,
            school=THERE,
            database_url=first.database_url,
            key_database_url=first.key_database_url,
            master_keys_file=first.data_dir / "keys" / "master.key",
        )
        second.data_dir.mkdir()
        there = await stack.enter_async_context(running_api(second))
        schools = Schools(here, there)
        await _people(schools)
        await _things(schools)
        yield schools


async def _people(schools: Schools) -> None:
    counselor = {"id": "counselor-edu", "name": "外院辅导员", "role": "counselor", "department_id": "edu"}
    for draft in (counselor, {"id": "observer", "name": "省厅", "role": "provincial_observer"}):
        await made(schools.here, "/staff", "admin", draft)
    await made(schools.there, "/departments", f"admin-{THERE}", {"id": "there-cs", "name": "计算机学院"})
    for staff_id, role, department in (
        ("there-mentor", "mentor", "there-cs"),
        ("there-counselor", "counselor", "there-cs"),
        ("there-college", "department_supervisor", "there-cs"),
        ("there-observer", "provincial_observer", None),
        ("there-partner", "partner", None),
    ):
        draft = {"id": staff_id, "name": "他校人员", "role": role, "department_id": department}
        await made(schools.there, "/staff", f"admin-{THERE}", draft)


async def _things(schools: Schools) -> None:
    here = schools.here
    person = {"name": NAME, "student_no": STUDENT_NO, "phone": PHONE, "address": ADDRESS}
    case_id = await here.paired("mentor-1", **person)
    others = await here.paired("mentor-2")
    # The glass is broken over another one: whoever does may read it afterwards.
    emergency = await here.paired("mentor-1")
    opened = {"student_no": "THERE01", "name": "他校学生", "department_id": "there-cs"}
    foreign = await made(schools.there, "/cases", "there-counselor", opened)
    schools.graduates = {
        "graduate": f"graduate:{case_id}",
        "other-graduate": f"graduate:{others}",
        "there-graduate": f"graduate:{foreign['case_id']}",
    }
    leaver = {"id": "leaver", "name": "离岗", "role": "mentor", "department_id": "cs", "capacity": 3}
    await made(here, "/staff", "admin", leaver)
    cover = {"to_id": "leader", "until_on": (today() + timedelta(days=3)).isoformat(), "reason": "外出"}
    delegation = await made(here, "/delegations", "mentor-2", cover)
    glass = await made(here, f"/cases/{others}/break-glass", "teacher", EMERGENCY)
    days = {"starts_on": "2099-01-01", "ends_on": "2099-01-02"}
    course = await made(here, "/training-classes", "counselor", {"course": "标记班", "places": 9, **days})
    roster = "学号,姓名,学院\nMARKED02,欧阳标记,计算机学院\n,欧阳标记,计算机学院".encode()
    sent = await here.request("POST", "/imports", "counselor", files={"file": ("名单.csv", roster)})
    assert sent.status == 202, sent.body
    await made(here, "/accounts", "admin", {"staff_id": "leaver"})
    token = await made(here, "/tokens", "mentor-2", {"name": "台账", "scopes": ["case.list"], "days": 1})
    attachment_id = await attached(here, case_id, name=f"{NAME}.pdf")
    proof = {"type": "labor_contract", "file_id": attachment_id}
    registration = {"type": "register_destination", "code": "11", "evidence": [proof]}
    await here.accepted(case_id, "mentor-1", registration)
    note = {"command": {"type": "annotate", "text": NAME}, "case_ids": [case_id]}
    batch = await made(here, "/batches", "counselor", note)
    schools.ids = {
        "batch_id": batch["id"],
        "case_id": case_id,
        "attachment_id": attachment_id,
        "emergency_id": emergency,
        "import_id": sent.body["id"],
        "class_id": course["id"],
        "delegation_id": delegation["id"],
        "break_glass_id": glass["id"],
        "department_id": "cs",
        "staff_id": "leaver",
        "account_id": "leaver",
        "token_id": token["id"],
        "number": "none",
        "ref": here.services.policies[0].ref,
        "other": here.services.policies[0].ref,
    }
