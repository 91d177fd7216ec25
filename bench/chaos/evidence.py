"""What is left when the load has ended: every case as its workflow, the ledger, the timeline and the audit have it,
and every message."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.service import RPCError

from bench.chaos.target import Target
from models.base import Model
from models.case.ladder import next_wake
from models.case.machine import Recorded
from models.case.state import CaseState
from models.tables import AuditEntry, CaseEvent, CaseNotice, CaseRow, Delivery, ImportJob, Staff
from services.audit import Audit
from services.channels import INBOX
from services.database import create_engine_from
from services.import_seals import ImportSeals
from services.past_events import PastEvents
from services.settings import Settings
from services.temporal import connect
from services.unhappened import Told
from services.vault import Vault
from workflows.digest_messages import DigestInput
from workflows.messages import CASE_STATE

_AT_ONCE = 8
_LOOK_SECONDS = 1.0
# How long (seconds) cases and messages may take to come to rest after the load.
_REST_SECONDS = 300.0
# What wakes later than this belongs to another day.
_FAR = timedelta(hours=1)
_NEWS = re.compile(r"通知 (\d+) 条")


class NoticeFound(Model):
    """A row of the notices, without what its event says anyhow."""

    seq: int
    audience: str
    kind: str


class CaseFound(Model):
    """A case: `state` is what its workflow says (None where it says nothing), `events` what the ledger holds,
    `timeline` place and type of what people are shown, `audited` the requests that the audit knows. `in_vain` is what a
    digest told before its worker died over it, and what then never happened: audience and kind."""

    case_id: str
    state: CaseState | None
    events: tuple[Recorded, ...]
    timeline: tuple[tuple[int, str], ...]
    notices: tuple[NoticeFound, ...]
    audited: frozenset[str]
    in_vain: tuple[tuple[str, str], ...] = ()


class DeliveryFound(Model):
    """A message to a person; `news` is how many notices it tells of."""

    id: str
    staff_id: str
    period: str
    channel: str
    status: str
    news: int


class PersonFound(Model):
    """A member of staff."""

    id: str
    role: str
    department_id: str | None
    email: str | None


class Evidence(Model):
    """Everything found at `at`. `verified` are the cases that `zhuhang verify` finds differing, `audit_problems` what
    `zhuhang audit verify` counts; `imports` holds by the name of a file the status of each import of it."""

    at: datetime
    school_id: str
    cases: dict[str, CaseFound]
    case_ids: dict[str, str]
    imports: dict[str, tuple[str, ...]]
    deliveries: tuple[DeliveryFound, ...]
    people: tuple[PersonFound, ...]
    verified: tuple[str, ...]
    audit_problems: int


class Collector:
    """Gathers the evidence of one installation."""

    def __init__(self, target: Target, settings: Settings, token: str) -> None:
        self._target = target
        self._settings = settings
        self._token = token
        self._engine = create_engine_from(settings)
        self._vault = Vault.of(settings)
        self._audit = Audit(self._engine, self._vault, settings.data_dir)
        self._past = PastEvents(self._engine, self._vault)

    async def collect(self, student_numbers: Sequence[str], keys: Sequence[str]) -> Evidence:
        """Wait until cases and messages are at rest, then look. What never comes to rest is evidence as well."""
        client = await connect(self._settings, self._vault)
        with suppress(TimeoutError):
            await self._until(lambda: self._cases_at_rest(client))
        with suppress(TimeoutError):
            await self._until(lambda: self._messages_at_rest(client))
        verified = await self._target.zhuhang("verify")
        audited = await self._target.zhuhang("audit", "verify")
        digests = {self._audit.digest(key): key for key in keys}
        states = await self._states(client)
        async with httpx.AsyncClient(
            base_url=self._target.base_url, headers={"Authorization": f"Bearer {self._token}"}, timeout=60
        ) as http:
            timelines = {case_id: await _timeline(http, case_id) for case_id in states}
        with Session(self._engine) as session:
            cases = {
                case_id: CaseFound(
                    case_id=case_id,
                    state=state,
                    events=tuple(self._past.all_of(case_id)),
                    timeline=timelines[case_id],
                    notices=_notices(session, case_id),
                    audited=_audited(session, case_id, digests),
                    in_vain=_in_vain(session, case_id),
                )
                for case_id, state in states.items()
            }
            return Evidence(
                at=datetime.now(UTC),
                school_id=self._settings.school_code,
                cases=cases,
                case_ids={no: self._vault.case_id(self._settings.school_code, no) for no in student_numbers},
                imports=_imports(session, ImportSeals(self._vault)),
                deliveries=tuple(_delivery(row) for row in session.exec(select(Delivery)).all()),
                people=tuple(
                    PersonFound(id=row.id, role=row.role, department_id=row.department_id, email=row.email)
                    for row in session.exec(select(Staff)).all()
                ),
                verified=tuple(item["case_id"] for item in verified["details"]),
                audit_problems=audited["problems"],
            )

    async def _until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(_REST_SECONDS):
            # Other processes come to rest: there is no event to wait for.
            while not await true():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_SECONDS)

    async def _cases_at_rest(self, client: Client) -> bool:
        """Imports done, nothing due within the hour, and the ledger as far as the workflows."""
        try:
            with Session(self._engine) as session:
                statuses = set(session.exec(select(ImportJob.status)).all())
                versions = dict(session.exec(select(CaseRow.case_id, CaseRow.version)).all())
        except SQLAlchemyError:
            return False
        if statuses - {"done", "refused"}:
            return False
        states = await self._states(client)
        far = datetime.now(UTC) + _FAR
        return all(
            state is not None
            and state.version == versions[case_id]
            and not state.pairing.seeking
            and ((wake := next_wake(state)) is None or wake > far)
            for case_id, state in states.items()
            if case_id in versions
        )

    async def _messages_at_rest(self, client: Client) -> bool:
        """A digest has gone out after the last event, and no message waits."""
        with Session(self._engine) as session:
            last = session.exec(select(CaseEvent.at).order_by(col(CaseEvent.at).desc())).first()
            waiting = session.exec(
                select(Delivery.id).where(col(Delivery.status).not_in(("sent", "given_up")))
            ).first()
        if waiting is not None:
            return False
        handle = client.get_workflow_handle(f"digest-{self._settings.school_code}")
        try:
            async for event in handle.fetch_history_events(page_size=1):
                started = event.workflow_execution_started_event_attributes
                given = await client.data_converter.decode(started.input.payloads, [DigestInput])
                return last is None or (given[0].last_at is not None and given[0].last_at > last)
        except RPCError:
            pass
        return False

    async def _states(self, client: Client) -> dict[str, CaseState | None]:
        with Session(self._engine) as session:
            case_ids = session.exec(select(CaseRow.case_id)).all()
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(case_id: str) -> CaseState | None:
            async with room:
                try:
                    async with asyncio.timeout(20):
                        return await client.get_workflow_handle(case_id).query(
                            CASE_STATE, result_type=CaseState
                        )
                except (RPCError, TimeoutError):
                    return None

        return dict(zip(case_ids, await asyncio.gather(*map(one, case_ids)), strict=True))


async def _timeline(http: httpx.AsyncClient, case_id: str) -> tuple[tuple[int, str], ...]:
    path = f"/api/v1/cases/{case_id}/timeline?limit=200"
    entries: list[tuple[int, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await http.get(path + (f"&cursor={cursor}" if cursor else ""))
        page: dict[str, Any] = answer.raise_for_status().json()
        entries += [(item["seq"], item["type"]) for item in page["items"]]
        cursor = page["next_cursor"]
    return tuple(entries)


def _imports(session: Session, seals: ImportSeals) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for job in session.exec(select(ImportJob)).all():
        name = seals.opened(job, "filename")
        found[name] = (*found.get(name, ()), job.status)
    return found


def _notices(session: Session, case_id: str) -> tuple[NoticeFound, ...]:
    rows = session.exec(select(CaseNotice).where(CaseNotice.case_id == case_id)).all()
    return tuple(NoticeFound(seq=row.seq, audience=row.audience, kind=row.kind) for row in rows)


def _in_vain(session: Session, case_id: str) -> tuple[tuple[str, str], ...]:
    parts = json.loads(session.get_one(CaseRow, case_id).parts)
    return tuple(Told.taken_from(parts).news())


def _audited(session: Session, case_id: str, digests: dict[str, str]) -> frozenset[str]:
    """The keys of the requests about a case that were written down before they were carried out."""
    query = select(AuditEntry.detail).where(
        AuditEntry.case_id == case_id,
        col(AuditEntry.act).in_(("case.command", "case.open")),
        AuditEntry.outcome == "begun",
    )
    found = {json.loads(detail).get("key") for detail in session.exec(query).all()}
    return frozenset(digests[digest] for digest in found if digest in digests)


def _delivery(row: Delivery) -> DeliveryFound:
    told = _NEWS.search(row.subject)
    assert told is not None  # noqa: S101  (every digest's subject counts them)
    return DeliveryFound(
        id=row.id,
        staff_id=row.staff_id,
        period=row.period,
        channel="inbox" if row.channel == INBOX else row.channel,
        status=row.status,
        news=int(told[1]),
    )
