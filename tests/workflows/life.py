"""A case's life by Updates alone, without HTTP: for servers and workers of a special kind."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from models.case.intake import Source
from models.case.kernel import Actor, Role
from models.case.machine import AnyCommand
from models.case.state import CaseState
from models.roster.rows import RosterRow
from services.cases import CaseOpener
from services.commands import CommandKey, Commands
from services.database import create_engine_from, migrate
from services.first_staff import ensure_school
from services.office import DepartmentDraft, Office, StaffDraft
from services.own_channels import OwnChannels
from services.policies import load_policies
from services.settings import Settings
from services.vault import Vault
from tests.product import ELIGIBLE, STAFF
from workflows.messages import CASE_STATE, CommandAnswer

COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
SCHOOL = "90009"
_ROLES = {person["id"]: person for person in STAFF} | {
    "career-centre": {"role": "school_supervisor"},
}

LIFE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("counselor", ELIGIBLE),
    ("college", {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}),
    ("mentor-1", {"type": "record_contact", "method": "face_to_face", "content": "摸底谈话"}),
    ("mentor-1", {"type": "record_assessment", "intention": "省内就业", "risk_level": "A"}),
    (
        "mentor-1",
        {
            "type": "set_plan",
            "goals": [{"title": "就业", "measures": [{"title": "推荐", "due_on": "2099-01-01"}]}],
        },
    ),
    ("college", {"type": "approve_plan", "plan_version": 1}),
    (
        "mentor-1",
        {"type": "record_service", "service_type": "policy_briefing", "method": "phone", "content": "政策"},
    ),
    (
        "mentor-1",
        {
            "type": "send_referral",
            "kind": "employer",
            "to": "employer",
            "purpose": "推荐",
            "disclose": ["name"],
        },
    ),
    ("employer", {"type": "answer_referral", "referral_id": "r1", "answer": "accepted"}),
    (
        "employer",
        {"type": "report_referral_outcome", "referral_id": "r1", "outcome": "completed", "result": "录用"},
    ),
    ("mentor-1", {"type": "acknowledge_referral", "referral_id": "r1"}),
    ("college", {"type": "place_hold", "reason": "实习出差", "until": "2099-01-01T00:00:00Z"}),
    ("college", {"type": "release_hold"}),
    (
        "mentor-1",
        {
            "type": "register_destination",
            "code": "11",
            "monthly_pay": 5000,
            "evidence": [{"type": "labor_contract"}],
        },
    ),
    ("college", {"type": "verify_destination", "destination_id": "d1", "level": "department"}),
    ("career-centre", {"type": "verify_destination", "destination_id": "d1", "level": "school"}),
    ("mentor-1", {"type": "request_closure", "reason": "destination_verified", "outcome": "已就业"}),
    ("college", {"type": "approve_closure"}),
    ("college", {"type": "reopen", "reason": "contract_dissolved"}),
)


@dataclass
class Lives:
    """Opens cases and sends commands on one client."""

    client: Client
    settings: Settings
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        migrate(self.settings)
        self.engine = create_engine_from(self.settings)
        self.vault = Vault.of(self.settings)
        policies = load_policies(self.settings.policy)
        self.opener = CaseOpener(self.client, self.engine, self.vault, policies, self.settings)
        self.commands = Commands(self.client)
        ensure_school(self.engine, SCHOOL, "试验学校", "*")
        self.office = Office(self.engine, policies, OwnChannels((), ()))
        admin = Actor(id="admin", role=Role.ADMINISTRATOR, school_id=SCHOOL)
        for department in ("cs", "edu"):
            self.office.add_department(admin, DepartmentDraft(id=department, name=department))
        for person in STAFF:
            self.office.enlist(SCHOOL, StaffDraft.model_validate(person))

    def actor(self, actor_id: str) -> Actor:
        person = _ROLES[actor_id]
        return Actor(
            id=actor_id,
            role=Role(person["role"]),
            school_id=SCHOOL,
            department_id=person.get("department_id"),
        )

    async def open(self, now: datetime | None = None) -> str:
        """A fresh case; answers its id."""
        row = RosterRow(student_no=f"L{next(self.numbers):05d}", name="测试", cohort=2027)
        opening = self.opener.opening(self.actor("counselor"), row, "cs", now or datetime.now(UTC), Source())
        await self.opener.open(opening)
        return opening.case_id

    async def do(self, case_id: str, actor: str, key: str | None = None, **command: Any) -> CommandAnswer:
        parsed = COMMAND.validate_python(command)
        unique = CommandKey(key or f"{case_id}-{next(self.numbers)}")
        return await self.commands.send(case_id, [parsed], self.actor(actor), unique)

    async def live(self, case_id: str) -> list[CommandAnswer]:
        """All commands of LIFE, one after another."""
        return [await self.do(case_id, actor, **command) for actor, command in LIFE]

    async def pair(self, case_id: str, mentor: str = "mentor-1") -> None:
        """Confirm a fresh case and give it a mentor."""
        await self.do(case_id, LIFE[0][0], **LIFE[0][1])
        await self.do(case_id, "college", type="assign_mentor", mentor_id=mentor, reason="专业对口")

    async def withdrawn(self, case_id: str) -> None:
        """A fresh case that is closed because the graduate left the school."""
        await self.pair(case_id)
        await self.do(case_id, "mentor-1", type="request_closure", reason="withdrawn", outcome="退学")
        await self.do(case_id, "college", type="approve_closure")

    async def ended(self, workflow_id: str) -> bool:
        """Whether a workflow is there and has come to its end."""
        try:
            described = await self.handle(workflow_id).describe()
        except RPCError:
            return False
        return described.status != WorkflowExecutionStatus.RUNNING

    def handle(self, case_id: str) -> "WorkflowHandle[Any, Any]":
        return self.client.get_workflow_handle(case_id)

    async def state(self, case_id: str) -> CaseState:
        return await self.handle(case_id).query(CASE_STATE, result_type=CaseState)
