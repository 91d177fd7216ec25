"""Batches: one command for many cases. Taking one in, and showing what became of it."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from models.batch_commands import batch_commands
from models.case.kernel import Actor
from models.tables import Batch, BatchItem, CaseRow
from models.views.batch import BatchAccepted, BatchDraft, BatchOutcome, BatchRow, BatchView
from models.views.page import Page
from services.access import readable, shown
from services.batch_seals import BatchSeals, key_reused
from services.commands import temporal_away
from services.database import writing
from services.errors import NotFound, Unprocessable, case_unknown
from services.keyset import after, cursor_of, read_cursor
from services.masking import name_for
from services.sealed import NAME, open_all
from services.settings import Settings
from services.vault import Vault
from workflows.batch_messages import BATCH_WORKFLOW, batch_workflow_id

_NEWEST = (col(Batch.created_at), col(Batch.id))
_NUMBER = (col(BatchItem.number),)


@dataclass(frozen=True)
class Judged:
    """The cases of a batch, each once, in their order; `readable` are those that who asks may read."""

    case_ids: tuple[str, ...]
    readable: frozenset[str]


class Batches:
    """The batches of one installation."""

    def __init__(self, client: Client, engine: Engine, settings: Settings, vault: Vault) -> None:
        self._client = client
        self._engine = engine
        self._settings = settings
        self._vault = vault
        self._seals = BatchSeals(vault)

    def judge(self, actor: Actor, draft: BatchDraft) -> Judged:
        """Which cases are meant. Raises Unprocessable (`command_not_for_many`)."""
        if draft.command.type not in batch_commands():
            raise Unprocessable(
                "command_not_for_many",
                f"{draft.command.type} 须逐份档案办理，不能批量办理。",
                f"{draft.command.type} is done case by case, not for many at once.",
                possible=list(batch_commands()),
            )
        case_ids = tuple(dict.fromkeys(draft.case_ids))
        query = select(CaseRow.case_id).where(readable(acting(actor)), col(CaseRow.case_id).in_(case_ids))
        with Session(self._engine) as session:
            return Judged(case_ids, frozenset(session.exec(query).all()))

    def accept(
        self, actor: Actor, key: str, draft: BatchDraft, judged: Judged, now: datetime
    ) -> BatchAccepted:
        """Keep what is asked; the same key answers the same batch. Cases out of reach are refused at once.

        Raises Unprocessable (`idempotency_key_reused`).
        """
        batch_id = hashlib.sha256(f"{actor.school_id}\0{actor.id}\0{key}".encode()).hexdigest()[:20]
        digest = self._digest(draft, judged)
        found = self._find(batch_id)
        if found is None:
            self._keep(batch_id, digest, actor, draft, judged, now)
            found = self._find(batch_id)
            assert found is not None  # noqa: S101  (just written)
        if found.request_digest != digest:
            raise key_reused()
        return BatchAccepted(id=batch_id, total=len(judged.case_ids))

    async def start(self, batch_id: str) -> None:
        """Start the batch's workflow, unless it was started before. Raises Unavailable."""
        try:
            await self._client.start_workflow(
                BATCH_WORKFLOW,
                batch_id,
                id=batch_workflow_id(batch_id),
                task_queue=self._settings.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError:
            raise temporal_away() from None

    def get(self, actor: Actor, batch_id: str) -> BatchView:
        """One's own batch. Raises NotFound (`batch_unknown`)."""
        return self._views([self._require(actor, batch_id)])[0]

    def page(self, actor: Actor, *, cursor: str | None, limit: int) -> Page[BatchView]:
        """A page of one's own batches, the newest first. Raises BadCursor."""
        query = select(Batch).where(own_batches(actor))
        if cursor is not None:
            key = read_cursor("batches", cursor, datetime, str)
            query = query.where(after(_NEWEST, key, descending=True))
        with Session(self._engine) as session:
            found = session.exec(query.order_by(*(part.desc() for part in _NEWEST)).limit(limit + 1)).all()
        page = found[:limit]
        more = cursor_of("batches", (page[-1].created_at, page[-1].id)) if len(found) > limit else None
        return Page(items=self._views(page), next_cursor=more)

    def rows(
        self, actor: Actor, batch_id: str, *, outcome: BatchOutcome | None, cursor: str | None, limit: int
    ) -> Page[BatchRow]:
        """A page of the cases of one's own batch, in their order. Raises NotFound (`batch_unknown`), BadCursor."""
        self._require(actor, batch_id)
        query = (
            select(BatchItem, CaseRow.name, shown(actor, "name"))
            .join(
                CaseRow, and_(col(CaseRow.case_id) == col(BatchItem.case_id), readable(actor)), isouter=True
            )
            .where(BatchItem.batch_id == batch_id)
        )
        if outcome is not None:
            wanted = None if outcome == "pending" else outcome
            query = query.where(col(BatchItem.outcome).is_not_distinct_from(wanted))
        if cursor is not None:
            query = query.where(after(_NUMBER, read_cursor("batch", cursor, int)))
        with Session(self._engine) as session:
            found = session.exec(query.order_by(*_NUMBER).limit(limit + 1)).all()
        page = found[:limit]
        names = open_all(self._vault, NAME, [(item.case_id or "", sealed) for item, sealed, _ in page])
        items = [
            self._row(item, None if name is None else name_for(name, plain=plain))
            for (item, _, plain), name in zip(page, names, strict=True)
        ]
        more = cursor_of("batch", (items[-1].number,)) if len(found) > limit else None
        return Page(items=items, next_cursor=more)

    def _row(self, item: BatchItem, name: str | None) -> BatchRow:
        zh, en = self._seals.open_refusal(item)
        fields = item.model_dump(include={"number", "case_id", "version", "code"})
        display = (name or item.case_id) if item.case_id is not None else None
        return BatchRow.model_validate(
            fields | {"display": display, "outcome": item.outcome or "pending", "zh": zh, "en": en}
        )

    def _views(self, batches: Sequence[Batch]) -> list[BatchView]:
        counts: Counter[tuple[str, str | None]] = Counter()
        grouped = select(BatchItem.batch_id, BatchItem.outcome, func.count()).where(
            col(BatchItem.batch_id).in_([batch.id for batch in batches])
        )
        with Session(self._engine) as session:
            rows = session.exec(grouped.group_by(col(BatchItem.batch_id), col(BatchItem.outcome))).all()
        for batch_id, outcome, count in rows:
            counts[batch_id, outcome] = count
        views: list[BatchView] = []
        for batch in batches:
            done, refused, pending = (counts[batch.id, outcome] for outcome in ("done", "refused", None))
            views.append(
                BatchView(
                    id=batch.id,
                    type=batch.type,
                    status="running" if batch.finished_at is None else "done",
                    total=done + refused + pending,
                    done=done,
                    refused=refused,
                    pending=pending,
                    created_by=batch.created_by,
                    created_at=batch.created_at,
                    finished_at=batch.finished_at,
                )
            )
        return views

    def _require(self, actor: Actor, batch_id: str) -> Batch:
        with Session(self._engine) as session:
            found = session.exec(select(Batch).where(Batch.id == batch_id, own_batches(actor))).first()
        if found is None:
            raise NotFound("batch_unknown", "没有找到该次批量办理。", "There is no such batch.")
        return found

    def _find(self, batch_id: str) -> Batch | None:
        with Session(self._engine) as session:
            return session.get(Batch, batch_id)

    def _digest(self, draft: BatchDraft, judged: Judged) -> str:
        asked = "\0".join((draft.command.model_dump_json(), *judged.case_ids))
        return hmac.new(self._vault.derive("batch"), asked.encode(), hashlib.sha256).hexdigest()

    def _keep(
        self, batch_id: str, digest: str, actor: Actor, draft: BatchDraft, judged: Judged, now: datetime
    ) -> None:
        self._seals.begin(batch_id)
        batch = Batch(
            id=batch_id,
            school_id=actor.school_id,
            type=draft.command.type,
            command=self._seals.command(batch_id, draft.command),
            request_digest=digest,
            actor=acting(actor).model_dump_json(),
            created_by=actor.id,
            created_at=now,
        )
        items = [
            BatchItem(batch_id=batch_id, number=number, case_id=case_id)
            for number, case_id in enumerate(judged.case_ids, 1)
        ]
        unknown = case_unknown()
        for item in items:
            if item.case_id not in judged.readable:
                item.outcome, item.code = "refused", unknown.code
                item.refusal = self._seals.refusal(batch_id, item.number, unknown.zh, unknown.en)
        with Session(writing(self._engine)) as session:
            session.add_all([batch, *items])
            try:
                session.commit()
            except IntegrityError:
                # The same request was taken in a moment ago.
                session.rollback()


def acting(actor: Actor) -> Actor:
    """The person without what is open for reading only, which is nothing to act on."""
    return actor.model_copy(update={"reading": ()})


def own_batches(actor: Actor) -> ColumnElement[bool]:
    """The batches that a person may read: their own."""
    return (col(Batch.school_id) == actor.school_id) & (col(Batch.created_by) == actor.id)
