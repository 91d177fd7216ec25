"""The audit: who did what, when, from where, in which case, for which purpose."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from models.audit import Outcome, acts
from models.purposes import purpose_texts
from services.audit_chain import Chain
from services.audit_entry import AuditKey, Detail, Entry, spelt
from services.audit_journal import Journal
from services.caller import Caller, Stranger
from services.errors import Unavailable
from services.file_lock import LockHeldError
from services.settings import SetupError
from services.vault import Vault

log = structlog.get_logger(__name__)


@dataclass
class AnsweredRequest:
    """A request that is being answered: all its entries carry its id. What was begun for it says the case and the
    purpose, which its refusal then repeats."""

    id: str
    case_id: str | None = None
    purpose: str | None = None


current_request: ContextVar[AnsweredRequest | None] = ContextVar("current_request", default=None)

# Seconds between two looks into the journals.
_EVERY = 1.0
# Seconds that a record may take; writing a few hundred bytes to a healthy disk takes milliseconds.
_PATIENCE = 10.0
# What may keep entries waiting in the journal for a while.
_AWAY = (SQLAlchemyError, OSError, Unavailable, SetupError)


class Audit:
    """The audit of one installation.

    An entry is durable when `record` returns: in the journal of this process, from which it gets its place in the
    database within a second. Nothing needs the database to be there.
    """

    def __init__(self, engine: Engine, vault: Vault, data_dir: Path) -> None:
        folder = data_dir / "audit"
        self.key = AuditKey(vault.derive)
        self.chain = Chain(engine, folder, self.key)
        self._journal = Journal(folder / "journal", self.key)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    async def record(
        self,
        caller: Caller | Stranger,
        act: str,
        *,
        case_id: str | None = None,
        purpose: str | None = None,
        outcome: Outcome | str = Outcome.DONE,
        code: str | None = None,
        detail: Mapping[str, str | int | Sequence[str]] | None = None,
    ) -> str:
        """Write one entry; its id. It is durable when this returns.

        `detail` holds ids and codes; text that is neither is kept as a keyed hash. Raises Unavailable
        (`audit_unavailable`, `keys_unavailable`): then the act must not take place. ValueError: no such act,
        purpose or outcome.
        """
        entry = self._entry(caller, act, case_id, purpose, outcome, code, detail)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._journal.add(entry)), _PATIENCE)
        except (OSError, TimeoutError):
            raise _unavailable() from None

    def record_now(
        self,
        caller: Caller | Stranger,
        act: str,
        *,
        case_id: str | None = None,
        purpose: str | None = None,
        outcome: Outcome | str = Outcome.DONE,
        code: str | None = None,
        detail: Mapping[str, str | int | Sequence[str]] | None = None,
    ) -> str:
        """The same outside an event loop."""
        entry = self._entry(caller, act, case_id, purpose, outcome, code, detail)
        return _ended(self._journal.add(entry))

    def record_cases(
        self,
        caller: Caller | Stranger,
        act: str,
        case_ids: Sequence[str],
        purpose: str | None = None,
        outcome: Outcome = Outcome.DONE,
        code: str | None = None,
    ) -> None:
        """One entry for each case, durable when this returns. Raises what `record` does."""
        entries = [self._entry(caller, act, case_id, purpose, outcome, code, None) for case_id in case_ids]
        for future in [self._journal.add(entry) for entry in entries]:
            _ended(future)

    def digest(self, text: str) -> str:
        """A keyed hash to record in the place of text that people typed."""
        return self.key.digest(text)

    def _entry(
        self,
        caller: Caller | Stranger,
        act: str,
        case_id: str | None,
        purpose: str | None,
        outcome: Outcome | str,
        code: str | None,
        detail: Mapping[str, str | int | Sequence[str]] | None,
    ) -> Entry:
        if act not in acts() or (purpose is not None and purpose not in purpose_texts()):
            raise ValueError(f"no such act or purpose: {act}, {purpose}")
        self.key.ready()
        request = current_request.get()
        if request is not None and outcome == Outcome.BEGUN:
            request.case_id, request.purpose = case_id, purpose
        known = isinstance(caller, Caller)
        return Entry(
            at=datetime.now(UTC),
            school_id=caller.actor.school_id if known else caller.school_id,
            actor_id=caller.actor.id if known else caller.actor_id,
            actor_role=caller.actor.role if known else "",
            how=caller.how,
            address=caller.address,
            act=act,
            case_id=None if case_id is None else self.key.case(case_id),
            purpose=purpose,
            outcome=Outcome(outcome),
            code=code,
            request_id=None if request is None else request.id,
            detail=spelt(self._plain(detail or {})),
        )

    def _plain(self, detail: Mapping[str, str | int | Sequence[str]]) -> Detail:
        plain: Detail = {}
        for name, value in detail.items():
            if isinstance(value, str):
                plain[name] = self.key.plain(value)
            else:
                plain[name] = value if isinstance(value, int) else [self.key.plain(one) for one in value]
        return plain

    def start(self) -> None:
        """Take entries in from now on, those that an earlier process left behind first."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="audit-chain", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the journal and take the rest in where the database answers."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._journal.close()
        with suppress(LockHeldError, *_AWAY):
            self.chain.take_in(last=True)

    def settle(self) -> None:
        """Give what was recorded until now its place. Raises SQLAlchemyError while the database is away."""
        self.chain.take_in(wait=True)

    def _run(self) -> None:
        away = False
        while not self._stopping.wait(_EVERY):
            try:
                self.chain.take_in()
                away = False
            except LockHeldError:
                continue
            except _AWAY as error:
                # Said once: until the database is back, entries wait in the journal.
                if not away:
                    log.warning("audit entries wait for the database", kind=type(error).__name__)
                away = True


def _ended(future: Future[str]) -> str:
    try:
        return future.result(_PATIENCE)
    except (OSError, FutureTimeoutError):
        raise _unavailable() from None


def _unavailable() -> Unavailable:
    return Unavailable(
        "audit_unavailable",
        "审计记录暂时无法写入，为安全起见未办理，请联系管理员检查磁盘。",
        "The audit cannot be written for the moment, so nothing was done; ask the administrator to check the disk.",
    )
