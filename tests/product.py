"""A whole installation for a test: its own data, a real worker, the real application over HTTP."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, get_args

import httpx
from fastapi import FastAPI

from api.app import create_app
from models.first_actors import SETUP_ACTOR
from services.assembly import Services
from services.database import migrate
from services.rate_limits import Kind
from services.settings import Settings
from services.sign_on.local import LocalSessions
from services.temporal import connect
from services.vault import Vault
from worker import build_worker

POLICIES = Path(__file__).parent.parent / "models" / "data" / "policies"
# The wait for something that happens by itself; a test fails when it takes longer.
PATIENCE = 90.0

# All tests come from one address and share a few accounts.
UNHURRIED: dict[str, Any] = {f"rate_{kind}": "1000000/minute" for kind in get_args(Kind)}

_numbers = count(1)

STAFF: tuple[dict[str, Any], ...] = (
    {"id": "mentor-1", "name": "导师一", "role": "mentor", "department_id": "cs", "capacity": 1000},
    {"id": "mentor-2", "name": "导师二", "role": "mentor", "department_id": "cs", "capacity": 1000},
    {
        "id": "leader",
        "name": "副书记",
        "role": "mentor",
        "department_id": "cs",
        "capacity": 3,
        "experienced": True,
    },
    {"id": "counselor", "name": "辅导员", "role": "counselor", "department_id": "cs"},
    {"id": "college", "name": "学院负责人", "role": "department_supervisor", "department_id": "cs"},
    {"id": "teacher", "name": "外院导师", "role": "mentor", "department_id": "edu", "capacity": 1000},
    {"id": "other-college", "name": "外院负责人", "role": "department_supervisor", "department_id": "edu"},
    {"id": "employer", "name": "示例企业", "role": "partner"},
    {"id": "hrss", "name": "人社局", "role": "partner"},
)
ELIGIBLE: dict[str, Any] = {
    "type": "confirm_eligibility",
    "decision": "open",
    "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "证明"}],
}
UNOWED: dict[str, Any] = {
    "type": "confirm_eligibility",
    "decision": "not_open",
    "reason": "不符合",
    "hardship_types": [],
}


def free_port() -> int:
    """A port that nobody listens on now, below those that the system hands out by itself: a Temporal server
    takes several of these while it starts."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Answer:
    """A response, read."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def code(self) -> str | None:
        return self.body.get("code")

    @property
    def events(self) -> list[str]:
        return [event["type"] for event in self.body["events"]]

    @property
    def case(self) -> dict[str, Any]:
        return self.body["case"]


class Product:
    """An installation under test."""

    def __init__(self, settings: Settings, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.app = app
        self.services: Services = app.state.services
        self.http = http
        self._local = LocalSessions(self.services.engine, settings, self.services.vault)
        self._tokens: dict[str, str] = {}

    def bearer(self, actor: str) -> dict[str, str]:
        """The header of a session as this actor, begun once for the whole test run."""
        if actor not in self._tokens:
            self._tokens[actor] = self._local.token(actor, timedelta(hours=24))
        return {"Authorization": f"Bearer {self._tokens[actor]}"}

    async def request(self, method: str, path: str, actor: str | None = None, **options: Any) -> Answer:
        """Ask the API as an actor (the setup administrator by default)."""
        headers = self.bearer(actor or SETUP_ACTOR) | options.pop("headers", {})
        response = await self.http.request(method, f"/api/v1{path}", headers=headers, **options)
        body: dict[str, Any] = json.loads(response.content) if response.content else {}
        return Answer(response.status_code, body, response.headers)

    async def get(self, path: str, actor: str | None = None, **options: Any) -> Answer:
        return await self.request("GET", path, actor, **options)

    async def engage_staff(self) -> None:
        """Two colleges and the staff of STAFF."""
        for department in ({"id": "cs", "name": "计算机学院"}, {"id": "edu", "name": "师范学院"}):
            await self.request("POST", "/departments", json=department)
        for person in STAFF:
            await self.request("POST", "/staff", json=person)

    async def open_case(self, **fields: Any) -> str:
        """Open a case of a fresh, impossible person in the college `cs`; answers its id."""
        number = next(_numbers)
        draft = {"student_no": f"T{number:07d}", "name": f"测试{number}", "department_id": "cs"} | fields
        answer = await self.request("POST", "/cases", "counselor", json=draft)
        assert answer.status == 201, answer.body
        return answer.body["case_id"]

    async def do(
        self, case_id: str, actor: str, *commands: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one command, or several as a list."""
        body = commands[0] if len(commands) == 1 else list(commands)
        return await self.request(
            "POST", f"/cases/{case_id}/commands", actor, json=body, headers=headers or {}
        )

    async def accepted(self, case_id: str, actor: str, *commands: dict[str, Any]) -> dict[str, Any]:
        """The same, and it must succeed; answers the body."""
        answer = await self.do(case_id, actor, *commands)
        assert answer.status in (200, 202), answer.body
        if answer.status == httpx.codes.ACCEPTED.value:
            # A busy machine was slower than the quick way into the ledger has time.
            async def projected() -> bool:
                seen = await self.get(f"/cases/{case_id}", f"graduate:{case_id}")
                return seen.body.get("version", 0) >= answer.body["version"]

            await self.until(projected, what="the ledger has the command")
            answer.body["case"] = (await self.get(f"/cases/{case_id}", actor)).body
        return answer.body

    async def until(
        self, seen: Callable[[], Awaitable[Any]], *, what: str, patience: float = PATIENCE
    ) -> Any:
        """Ask again until the answer is true; fails with `what` when it takes too long."""
        try:
            async with asyncio.timeout(patience):
                # What is waited for happens in other processes: there is no event to wait on.
                while not (found := await seen()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"still not: {what}") from None

    async def eligible(self, **fields: Any) -> str:
        """A case that is owed help, as far as the stage `pairing`."""
        case_id = await self.open_case(**fields)
        await self.accepted(case_id, "counselor", ELIGIBLE)
        return case_id

    async def paired(self, mentor: str = "mentor-1", **fields: Any) -> str:
        """A case with a mentor, as far as the stage `assessment`."""
        case_id = await self.eligible(**fields)
        await self.accepted(
            case_id, "college", {"type": "assign_mentor", "mentor_id": mentor, "reason": "专业对口"}
        )
        return case_id

    async def delivering(self, mentor: str = "mentor-1", **fields: Any) -> str:
        """A case in the stage `delivery`, risk level C."""
        case_id = await self.paired(mentor, **fields)
        await self.accepted(
            case_id,
            mentor,
            {"type": "record_assessment", "intention": "省内就业", "risk_level": "C"},
            {
                "type": "set_plan",
                "goals": [{"title": "落实去向", "measures": [{"title": "推荐岗位", "due_on": "2099-01-01"}]}],
            },
        )
        await self.accepted(case_id, "college", {"type": "approve_plan", "plan_version": 1})
        return case_id

    async def timeline(self, case_id: str) -> list[dict[str, Any]]:
        """All events of a case."""
        return (await self.get(f"/cases/{case_id}/timeline?limit=200", "college")).body["items"]


def settings_for(
    data_dir: Path, temporal_address: str, *, school: str, policy: str = "national", **more: Any
) -> Settings:
    """The settings of an installation of its own, beside others on the same Temporal server."""
    return Settings(
        data_dir=data_dir,
        temporal_address=temporal_address,
        task_queue=f"zhuhang-{school}",
        school_code=school,
        policy=POLICIES / f"{policy}.yaml",
        demo=False,
        **(UNHURRIED | more),
    )


@asynccontextmanager
async def running_worker(settings: Settings) -> AsyncGenerator[None]:
    """A worker for the settings, in this process."""
    vault = Vault.of(settings)
    client = await connect(settings, vault)
    with ThreadPoolExecutor(16) as executor:
        async with build_worker(client, settings, vault, executor):
            yield


@asynccontextmanager
async def running_product(settings: Settings) -> AsyncGenerator[Product]:
    """A migrated installation with worker, application and the staff of STAFF."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_worker(settings))
        product = await stack.enter_async_context(running_api(settings))
        await product.engage_staff()
        yield product


@asynccontextmanager
async def running_api(settings: Settings) -> AsyncGenerator[Product]:
    """The application of the settings, reached over HTTP within this process."""
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=PATIENCE)
        await stack.enter_async_context(http)
        yield Product(settings, app, http)
