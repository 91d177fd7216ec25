"""The sample school, loaded through the public API as any client would; begun loading goes on where it ended."""

import asyncio
import re
import time
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import httpx
import structlog
import yaml
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from models.base import Model
from models.first_actors import CAREER_CENTRE_ACTOR, SETUP_ACTOR
from models.tables import CaseRow, Staff
from services.database import create_engine_from
from services.settings import Settings
from services.sign_on.local import LocalSessions

log = structlog.get_logger(__name__)

# Seconds: between two looks at an import, and how long a part that is away is waited for.
_LOOK = 0.3
_PATIENCE = 60.0
# Longer than loading takes.
_LIFETIME = timedelta(hours=1)
_IN_DAYS = re.compile(r"in (\d+) days")


class Step(Model):
    """A command, or several as one, and who gives it."""

    by: str
    do: dict[str, Any] | list[dict[str, Any]]


class SampleSchool(Model):
    """The document `samples/school.yaml`; `steps` only names parts of `stories`."""

    departments: list[dict[str, Any]]
    staff: list[dict[str, Any]]
    rosters: list[str]
    steps: dict[str, Step] = Field(default_factory=dict[str, Step])
    stories: dict[str, list[Step]]


class _NotLoadedError(Exception):
    """The API refused what the sample school asks, or was away for too long."""


def sample_school() -> SampleSchool:
    """The sample school of this checkout."""
    text = resources.files("samples").joinpath("school.yaml").read_text(encoding="utf-8")
    return SampleSchool.model_validate(yaml.safe_load(text))


def ledger_is_empty(settings: Settings) -> bool:
    """True where nobody has begun to use the installation, or where loading the sample school was broken off.

    Its people cannot exist, so it is not for an installation that refuses test identities.
    """
    if not settings.allow_test_identities:
        return False
    ids = [person["id"] for person in sample_school().staff]
    engine = create_engine_from(settings)
    try:
        with Session(engine) as session:
            cases = session.exec(select(func.count()).select_from(CaseRow)).one()
            own = {SETUP_ACTOR, CAREER_CENTRE_ACTOR}
            staff = set(session.exec(select(Staff.id).where(col(Staff.id).not_in(own))).all())
    finally:
        engine.dispose()
    if not staff:
        return not cases
    return staff < set(ids) and ids[-1] not in staff


async def load_demo(settings: Settings) -> None:
    """Load the sample school into the running installation. What goes wrong is logged and ends it."""
    engine = create_engine_from(settings)
    async with httpx.AsyncClient(base_url=f"{settings.base_url}/api/v1", trust_env=False, timeout=60) as http:
        try:
            await _Loader(http, sample_school(), LocalSessions(engine, settings)).load()
        except (_NotLoadedError, SQLAlchemyError) as reason:
            log.warning("the sample school is not complete", reason=str(reason))
        finally:
            engine.dispose()


class _Loader:
    def __init__(self, http: httpx.AsyncClient, school: SampleSchool, sessions: LocalSessions) -> None:
        self._http = http
        self._school = school
        self._sessions = sessions
        self._tokens: dict[str, str] = {}

    async def load(self) -> None:
        for department in self._school.departments:
            await self._ask("POST", "/departments", SETUP_ACTOR, known="department_exists", json=department)
        for person in self._school.staff[:-1]:
            await self._ask("POST", "/staff", SETUP_ACTOR, known="staff_exists", json=person)
        for roster in self._school.rosters:
            await self._import(roster)
        for student_no, story in self._school.stories.items():
            await self._live(student_no, story)
        await self._ask("POST", "/staff", SETUP_ACTOR, known="staff_exists", json=self._school.staff[-1])

    async def _import(self, roster: str) -> None:
        content = resources.files("samples").joinpath(roster).read_bytes()
        view = await self._ask(
            "POST", "/imports", CAREER_CENTRE_ACTOR, key=f"sample:{roster}", files={"file": (roster, content)}
        )
        while view["status"] not in ("done", "refused"):
            await asyncio.sleep(_LOOK)
            view = await self._ask("GET", f"/imports/{view['id']}", CAREER_CENTRE_ACTOR)

    async def _live(self, student_no: str, story: list[Step]) -> None:
        found = await self._ask("GET", "/cases", CAREER_CENTRE_ACTOR, params={"q": student_no})
        for case in found["items"]:
            for number, step in enumerate(story):
                await self._ask(
                    "POST",
                    f"/cases/{case['case_id']}/commands",
                    step.by,
                    key=f"sample:{number}",
                    # Begun on another day, the same step has other dates: it was done then.
                    known="idempotency_key_reused",
                    json=_dated(step.do, datetime.now(UTC).date()),
                )

    async def _ask(
        self, method: str, path: str, actor: str, *, key: str = "", known: str = "", **options: Any
    ) -> dict[str, Any]:
        """The answer, or that of a refusal with the code `known`; what is away for the moment is waited for."""
        if actor not in self._tokens:
            self._tokens[actor] = await asyncio.to_thread(self._sessions.token, actor, _LIFETIME)
        headers = {"Authorization": f"Bearer {self._tokens[actor]}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        began = time.monotonic()
        while True:
            try:
                response = await self._http.request(method, path, headers=headers, **options)
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE.value:
                    break
            except httpx.TransportError:
                pass
            if time.monotonic() - began > _PATIENCE:
                raise _NotLoadedError(f"{method} {path}: no answer")
            await asyncio.sleep(_LOOK)
        body: dict[str, Any] = response.json()
        if response.is_success or body.get("code") == known:
            return body
        raise _NotLoadedError(f"{method} {path}: {body.get('code')}")


def _dated(value: Any, today: date) -> Any:
    """The value with each `in N days` as a date."""
    match value:
        case dict():
            return {name: _dated(item, today) for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_dated(item, today) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case str() if found := _IN_DAYS.fullmatch(value):
            return (today + timedelta(days=int(found[1]))).isoformat()
        case _:
            return value
