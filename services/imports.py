"""Imports of rosters: taking a file in, reading its rows, and showing what became of them."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, Engine, delete, func, update
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from models.case.kernel import Actor, Role
from models.roster.columns import Header
from models.roster.problems import RosterRefused, refused, row_problem
from models.roster.sheet import RosterLimits, SheetRow, open_sheet
from models.tables import ImportJob, ImportRow
from models.views.imports import ColumnView, FileError, ImportView
from models.views.page import Page
from services.commands import temporal_away
from services.database import insert_missing, writing
from services.departments import require_department
from services.errors import BadCursor, NotAllowed, NotFound, ServiceError, Unprocessable
from services.file_digest import sha256_of
from services.import_judge import OWN_DEPARTMENT_ONLY, ImportOptions
from services.import_seals import ImportSeals, workflow_id
from services.settings import Settings
from services.vault import Vault
from workflows.messages import IMPORT_WORKFLOW, ImportInput

_BATCH = 500
_STATUS = {"file_too_large": 413, "unsupported_file_type": 415}
_MB = 1024 * 1024


class FileRefused(ServiceError):  # noqa: N818  (it names an answer, as HTTP does)
    """A whole file is refused; nothing of it is kept."""

    def __init__(self, reason: RosterRefused) -> None:
        super().__init__(reason.code, reason.zh, reason.en, headers_found=reason.headers_found)
        self.status = _STATUS.get(reason.code, 422)


class Imports:
    """The imports of one installation."""

    def __init__(self, engine: Engine, client: Client, settings: Settings, vault: Vault) -> None:
        self._engine = engine
        self._client = client
        self._settings = settings
        self._seals = ImportSeals(vault)
        self._folder = settings.data_dir / "imports"

    @property
    def max_bytes(self) -> int:
        """The largest file taken."""
        return self._settings.max_upload_mb * _MB

    def too_large(self) -> FileRefused:
        """The refusal of a file over the limit."""
        return FileRefused(refused("file_too_large", limit_mb=self._settings.max_upload_mb))

    def check(self, actor: Actor, options: ImportOptions) -> None:
        """Raises NotAllowed, Unprocessable (`department_unknown`)."""
        scoped = actor.role in OWN_DEPARTMENT_ONLY
        if scoped and options.create_departments:
            raise NotAllowed
        if options.department_id is None:
            return
        with Session(self._engine) as session:
            require_department(session, actor.school_id, options.department_id, Unprocessable)
        if scoped and options.department_id != actor.department_id:
            raise NotAllowed

    def accept(
        self, actor: Actor, key: str, filename: str, upload: BinaryIO, options: ImportOptions, now: datetime
    ) -> ImportView:
        """Check a file as a whole and keep it; the same key answers the same import.

        Raises FileRefused with the codes of `open_sheet`, Unprocessable (`idempotency_key_reused`).
        """
        sha256 = sha256_of(upload)
        import_id = hashlib.sha256(f"{actor.school_id}\0{actor.id}\0{key}".encode()).hexdigest()[:20]
        found = self._find(import_id)
        header = self._header(upload, filename, options).model_dump_json()
        # Headers are what somebody typed: they are kept sealed, with what was said of them.
        kept = options.model_dump_json(exclude={"columns"})
        if found is None:
            self._seals.begin(import_id)
            job = ImportJob(
                id=import_id,
                school_id=actor.school_id,
                filename=self._seals.column(import_id, "filename", filename),
                size_bytes=upload.seek(0, 2),
                sha256=sha256,
                dry_run=options.dry_run,
                header=self._seals.column(import_id, "header", header),
                options=kept,
                status="queued",
                created_by=actor.id,
                role=actor.role,
                department_id=actor.department_id,
                created_at=now,
            )
            self._keep(import_id, upload)
            with Session(writing(self._engine)) as session:
                insert_missing(session.connection(), [job])
                session.commit()
            found = self._find(import_id)
            assert found is not None  # noqa: S101  (just written)
        if (found.sha256, found.options, self._seals.opened(found, "header")) != (sha256, kept, header):
            raise Unprocessable(
                "idempotency_key_reused",
                "该 Idempotency-Key 已用于另一次导入，请换一个新的。",
                "This Idempotency-Key belongs to another import; use a new one.",
            )
        return self.view(found)

    async def start(self, import_id: str) -> None:
        """Start the import's workflow, unless it was started before. Raises Unavailable."""
        try:
            await self._client.start_workflow(
                IMPORT_WORKFLOW,
                ImportInput(import_id=import_id),
                id=workflow_id(import_id),
                task_queue=self._settings.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError:
            raise temporal_away() from None

    def get(self, actor: Actor, import_id: str) -> ImportView:
        """One import. Raises NotFound (`import_unknown`)."""
        return self.view(self.require(actor, import_id))

    def require(self, actor: Actor, import_id: str) -> ImportJob:
        """The import's record. Raises NotFound (`import_unknown`), also for one that the actor may not see."""
        with Session(self._engine) as session:
            job = session.exec(
                select(ImportJob).where(ImportJob.id == import_id, visible_imports(actor))
            ).first()
        if job is None:
            raise NotFound("import_unknown", "没有找到该次导入。", "There is no such import.")
        return job

    def list(self, actor: Actor, *, cursor: str | None, limit: int) -> Page[ImportView]:
        """A page of the imports, the newest first. Raises BadCursor."""
        query = select(ImportJob).where(visible_imports(actor))
        if cursor is not None:
            at, _, last = cursor.partition("_")
            try:
                moment = datetime.fromtimestamp(int(at) / 1e6, UTC)
            except (ValueError, OverflowError, OSError):
                raise BadCursor from None
            created = col(ImportJob.created_at)
            query = query.where((created < moment) | ((created == moment) & (col(ImportJob.id) < last)))
        ordered = query.order_by(col(ImportJob.created_at).desc(), col(ImportJob.id).desc())
        with Session(self._engine) as session:
            jobs = session.exec(ordered.limit(limit + 1)).all()
        page = jobs[:limit]
        more = f"{round(page[-1].created_at.timestamp() * 1e6)}_{page[-1].id}" if len(jobs) > limit else None
        self._seals.warm([job.id for job in page])
        return Page(items=[self.view(job) for job in page], next_cursor=more)

    def view(self, job: ImportJob) -> ImportView:
        """An import as people see it."""
        header = Header.model_validate_json(self._seals.opened(job, "header"))
        fields = job.model_dump(include=set(ImportView.model_fields) - {"error", "filename"})
        error = FileError.model_validate_json(self._seals.opened(job, "error")) if job.error else None
        return ImportView.model_validate(
            fields
            | {
                "import_id": job.id,
                "filename": self._seals.opened(job, "filename"),
                "error": error,
                "columns": [
                    ColumnView(header=text, field=header.fields.get(index))
                    for index, text in sorted(header.texts.items())
                ],
                "unrecognised_columns": header.unrecognised,
                "duplicate_columns": header.duplicates,
            }
        )

    def read(self, import_id: str) -> str:
        """Read the rows of the file into the database, from where an earlier try ended; the import's status."""
        with Session(self._engine) as session:
            job = session.get_one(ImportJob, import_id)
        if job.status == "refused":
            self._seals.end(import_id)
        if job.status not in ("queued", "reading"):
            return job.status
        self._set(import_id, status="reading")
        path = self._path(import_id)
        try:
            if not path.exists():
                raise refused("upload_lost")
            filename = self._seals.opened(job, "filename")
            header = Header.model_validate_json(self._seals.opened(job, "header"))
            with self._seals.open_file(job, path) as file:
                sheet = open_sheet(file, filename, self._limits(), header.said())
                self._read_rows(import_id, sheet.rows())
        except RosterRefused as reason:
            return self._refuse(import_id, reason)
        self._count(import_id, "processing")
        path.unlink(missing_ok=True)
        return "processing"

    def finish(self, import_id: str) -> None:
        """Count the outcomes, and forget the cells that nobody needs any more, also in backups."""
        emptied = update(ImportRow).where(
            col(ImportRow.import_id) == import_id, col(ImportRow.outcome) != "rejected"
        )
        with Session(writing(self._engine)) as session:
            session.exec(emptied.values(cells=None))
            session.commit()
        self._seals.end(import_id)
        self._count(import_id, "done", finished_at=datetime.now(UTC))

    def _header(self, upload: BinaryIO, filename: str, options: ImportOptions) -> Header:
        upload.seek(0)
        try:
            return open_sheet(upload, filename, self._limits(), options.columns).header
        except RosterRefused as reason:
            raise FileRefused(reason) from None

    def _limits(self) -> RosterLimits:
        return RosterLimits(max_bytes=self.max_bytes)

    def _path(self, import_id: str) -> Path:
        return self._folder / f"{import_id}.bin"

    def _keep(self, import_id: str, upload: BinaryIO) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path(import_id).with_suffix(f".{datetime.now(UTC).timestamp():.6f}.part")
        self._seals.write_file(import_id, part, upload)
        part.replace(self._path(import_id))

    def _find(self, import_id: str) -> ImportJob | None:
        with Session(self._engine) as session:
            return session.get(ImportJob, import_id)

    def _read_rows(self, import_id: str, rows: Iterator[SheetRow]) -> None:
        with Session(self._engine) as session:
            last = (
                session.exec(select(func.max(ImportRow.row)).where(ImportRow.import_id == import_id)).one()
                or 0
            )
        new = (row for row in rows if row.row > last)
        while batch := list(islice(new, _BATCH)):
            with Session(writing(self._engine)) as session:
                insert_missing(session.connection(), [self._stored(import_id, row) for row in batch])
                session.commit()

    def _stored(self, import_id: str, row: SheetRow) -> ImportRow:
        """A row as it is kept; one that holds no person is skipped at once."""
        cells = self._seals.cells(import_id, row.row, dict(row.cells))
        stored = ImportRow(import_id=import_id, row=row.row, cells=cells)
        if row.kind != "data":
            stored.outcome = "skipped"
            stored.problems = self._seals.problems(import_id, row.row, [row_problem("", f"{row.kind}_row")])
        return stored

    def _refuse(self, import_id: str, reason: RosterRefused) -> str:
        error = FileError(code=reason.code, zh=reason.zh, en=reason.en, headers_found=reason.headers_found)
        with Session(writing(self._engine)) as session:
            session.exec(delete(ImportRow).where(col(ImportRow.import_id) == import_id))
            session.commit()
        sealed = self._seals.column(import_id, "error", error.model_dump_json())
        self._set(import_id, status="refused", error=sealed, finished_at=datetime.now(UTC))
        self._path(import_id).unlink(missing_ok=True)
        self._seals.end(import_id)
        return "refused"

    def _count(self, import_id: str, status: str, **more: datetime) -> None:
        grouped = select(ImportRow.outcome, func.count()).where(ImportRow.import_id == import_id)
        with Session(self._engine) as session:
            counts = dict(session.exec(grouped.group_by(col(ImportRow.outcome))).all())
        named = {outcome: count for outcome, count in counts.items() if outcome is not None}
        self._set(import_id, status=status, total=sum(counts.values()), **named, **more)

    def _set(self, import_id: str, **values: object) -> None:
        with Session(writing(self._engine)) as session:
            session.exec(update(ImportJob).where(col(ImportJob.id) == import_id).values(**values))
            session.commit()


def visible_imports(actor: Actor) -> ColumnElement[bool]:
    """The imports that a person may read: the whole school's, or those of the same role and department."""
    school = col(ImportJob.school_id) == actor.school_id
    if actor.role == Role.SCHOOL_SUPERVISOR:
        return school
    return (
        school & (col(ImportJob.role) == actor.role) & (col(ImportJob.department_id) == actor.department_id)
    )
