"""The proof that the audit is whole: every entry as it was written, at its place, none missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from models.base import Model
from models.tables import AuditEntry
from services.audit_chain import Chain, Head
from services.audit_entry import GENESIS, AuditKey, Entry
from services.audit_journal import DAMAGED

_POSTGRESQL_GUARDS = (
    "SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal "
    "AND tgenabled <> 'D'"
)
_SQLITE_GUARDS = "SELECT count(*) = 3 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
_BATCH = 2000
# Findings that are named one by one; where the chain was renumbered, every entry behind is one.
_NAMED = 100

Code = Literal[
    "entry_changed",
    "entry_forged",
    "entry_moved",
    "entry_removed",
    "entry_missing",
    "entry_repeated",
    "tail_missing",
    "chain_differs",
    "anchor_changed",
    "anchor_missing",
    "journal_damaged",
    "guard_missing",
    "file_changed",
]
_TEXTS: dict[Code, tuple[str, str]] = {
    "entry_changed": ("内容被改动", "its content was changed"),
    "entry_forged": ("伪造或替换的记录", "it was forged, or put in the place of another one"),
    "entry_moved": ("顺序被改动", "it does not stand at its place"),
    "entry_removed": ("此处的记录被删除", "what stood here was removed"),
    "entry_missing": ("同一写入者的前一条记录缺失", "an earlier entry of the same writer is missing"),
    "entry_repeated": ("同一写入者的记录重复", "its writer had written this entry before"),
    "tail_missing": ("链尾被截断，或数据库是旧的", "the end was cut off, or the database is an older one"),
    "chain_differs": (
        "与库外留存的链首不符",
        "the chain is not the one whose end was kept outside the database",
    ),
    "anchor_changed": ("库外留存的链首被改动", "what was kept outside the database was changed"),
    "anchor_missing": (
        "库外留存的链首缺失，链尾是否完整无从证明",
        "what was kept outside the database is gone: nothing proves that the end was not cut off",
    ),
    "journal_damaged": (
        "日志文件中有无法认证的记录",
        "a file of the journal holds lines that are not authentic",
    ),
    "guard_missing": ("防改触发器缺失", "the database no longer refuses changes of the table"),
    "file_changed": ("导出文件不完整或被改动", "the file is not complete, or was changed"),
}


class Finding(Model):
    """Something that is not as it was written. `seq` is its place, `entry` its id, where they are known."""

    code: Code
    seq: int | None = None
    entry: str | None = None
    zh: str
    en: str


class AuditReport(Model):
    """What a verification found; `head` is the last hash of the chain."""

    entries: int
    first: int
    last: int
    head: str
    problems: int
    findings: list[Finding]


@dataclass
class Walk:
    """Goes through entries in the order of the chain and notes what is wrong."""

    key: AuditKey
    seq: int = 0
    hash: str = GENESIS
    # An export may begin anywhere: then each writer's first number counts as right.
    from_the_start: bool = True
    entries: int = 0
    problems: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, code: Code, seq: int | None = None, entry: str | None = None) -> None:
        self.problems += 1
        if len(self.findings) < _NAMED:
            zh, en = _TEXTS[code]
            self.findings.append(Finding(code=code, seq=seq, entry=entry, zh=zh, en=en))

    def take(self, row: AuditEntry) -> None:
        """The next row."""
        entry = Entry.of(row)
        if row.seq != self.seq + 1:
            self.note("entry_removed", self.seq + 1)
            linked = True
        else:
            linked = row.hash == self.key.link(row.seq, self.hash, row.id, row.mac)
        authentic = self.key.entry(entry.canonical()) == row.mac
        if not (authentic and linked):
            wrong: Code = "entry_moved" if authentic else "entry_changed" if linked else "entry_forged"
            self.note(wrong, row.seq, row.id)
        # The link names the id, so that a changed entry still counts as its writer's.
        if authentic or linked:
            self._count(entry, row.seq)
        self.entries += 1
        self.seq, self.hash = row.seq, row.hash

    def _count(self, entry: Entry, seq: int) -> None:
        last = self._numbers.get(entry.writer, 0 if self.from_the_start else entry.number - 1)
        if entry.number > last + 1:
            self.note("entry_missing", seq, f"{entry.writer}-{last + 1}")
        elif entry.number <= last:
            self.note("entry_repeated", seq, entry.id)
        self._numbers[entry.writer] = max(last, entry.number)

    def report(self, first: int) -> AuditReport:
        """What was found."""
        return AuditReport(
            entries=self.entries,
            first=first,
            last=self.seq,
            head=self.hash,
            problems=self.problems,
            findings=self.findings,
        )


class AuditVerifier:
    """Verifies the audit of one installation."""

    def __init__(self, engine: Engine, chain: Chain, folder: Path, key: AuditKey) -> None:
        self._engine = engine
        self._chain = chain
        self._folder = folder
        self._key = key

    def verify(self) -> AuditReport:
        """Take in what waits in the journals and go through the whole chain. Raises SQLAlchemyError while the
        database is away."""
        walk = Walk(self._key)
        kept = _Kept(self._chain.anchors.known(), walk)
        # Before anything is added: a line that is still in a journal would fill the place of a removed entry.
        end = self._chain.end().seq
        kept.check_end(end)
        if end and not self._chain.anchors.are_there():
            walk.note("anchor_missing")
        self._chain.take_in(wait=True, last=True)
        for row in rows(self._engine):
            walk.take(row)
            kept.compare(row)
        for path in sorted((self._folder / "journal").glob(f"*{DAMAGED}")):
            walk.note("journal_damaged", entry=path.stem)
        if not _guarded(self._engine):
            walk.note("guard_missing")
        return walk.report(1)


class _Kept:
    """The ends that were kept outside, held against the rows as they come."""

    def __init__(self, known: Iterable[Head | None], walk: Walk) -> None:
        self._walk = walk
        ends: dict[int, str] = {}
        for head in known:
            if head is None or ends.setdefault(head.seq, head.hash) != head.hash:
                walk.note("anchor_changed", head.seq if head else None)
        self._ends = ends

    def compare(self, row: AuditEntry) -> None:
        if self._ends.pop(row.seq, row.hash) != row.hash:
            self._walk.note("chain_differs", row.seq, row.id)

    def check_end(self, last: int) -> None:
        beyond = [seq for seq in self._ends if seq > last]
        if beyond:
            self._walk.note("tail_missing", max(beyond))


def rows(engine: Engine, first: int = 1, last: int | None = None) -> Iterator[AuditEntry]:
    """The entries from one place to another (both inclusive) in the order of the chain."""
    place = first - 1
    while True:
        query = select(AuditEntry).where(AuditEntry.seq > place).order_by(col(AuditEntry.seq)).limit(_BATCH)
        with Session(engine) as session:
            found = session.exec(query if last is None else query.where(AuditEntry.seq <= last)).all()
        if not found:
            return
        yield from found
        place = found[-1].seq


def _guarded(engine: Engine) -> bool:
    table = str(AuditEntry.__tablename__)
    catalogue = _POSTGRESQL_GUARDS if engine.dialect.name == "postgresql" else _SQLITE_GUARDS
    with engine.connect() as connection:
        return bool(connection.scalar(text(catalogue), {"table": table}))
