"""Attachments of cases: evidence that people upload, sealed with the case's key."""

import base64
import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import ColumnElement, Engine, delete, func
from sqlmodel import Session, col, select

from models.attachment_types import is_shown, type_of
from models.case.kernel import Actor, Role
from models.codes import evidence_type
from models.tables import Attachment, CaseRow
from models.views.attachment import AttachmentView
from models.views.page import Page
from services import attachment_refusals
from services.access import plain_groups, readable, shown
from services.attachment_files import AttachmentFiles
from services.database import insert_missing, writing
from services.erasures import unreadable
from services.errors import ServiceError
from services.file_digest import sha256_of
from services.keyset import after, cursor_of, read_cursor
from services.settings import Settings
from services.vault import Vault

_GROUP = "attachments"
_ORDER = (col(Attachment.uploaded_at), col(Attachment.id))
_MB = 1024 * 1024
_ID_BYTES = 15
_NAME_LENGTH = 150


@dataclass(frozen=True)
class Content:
    """An attachment with its plain bytes, which whoever gets it closes."""

    view: AttachmentView
    file: BinaryIO


class Attachments:
    """The attachments of one installation. Every method raises NotFound (`case_unknown`), CaseErased, and Forbidden
    (`attachments_hidden`) where the actor reads the case but not its attachments."""

    def __init__(self, engine: Engine, vault: Vault, settings: Settings) -> None:
        self._engine = engine
        self._vault = vault
        self._school_id = settings.school_code
        self._max_mb = settings.max_attachment_mb
        self._most = settings.max_attachments
        self._files = AttachmentFiles(settings.data_dir)

    @property
    def max_bytes(self) -> int:
        """The largest file taken."""
        return self._max_mb * _MB

    def too_large(self) -> attachment_refusals.AttachmentRefused:
        """The refusal of a file over the limit."""
        return attachment_refusals.too_large(self._max_mb)

    def check(self, actor: Actor, case_id: str) -> None:
        """Whether the actor may add and see attachments of the case."""
        with Session(self._engine) as session:
            _demand(session, actor, case_id)

    def add(
        self, actor: Actor, case_id: str, key: str, kind: str, filename: str, file: BinaryIO, now: datetime
    ) -> AttachmentView:
        """Keep a file; the same key answers the same attachment. It is on the disk and in the database when this
        returns.

        Raises AttachmentRefused (`attachment_too_large`, `attachment_type_refused`), Unprocessable
        (`attachment_kind_unknown`, `idempotency_key_reused`), Conflict (`attachments_full`), Unavailable
        (`storage_unavailable`), KeyDestroyed.
        """
        proves = evidence_type(kind)
        if proves is None:
            raise attachment_refusals.kind_unknown()
        size, digest = file.seek(0, 2), sha256_of(file)
        if size > self.max_bytes:
            raise self.too_large()
        attachment_id = _id_of(actor, case_id, key)
        with Session(self._engine) as session:
            _demand(session, actor, case_id)
            known = session.get(Attachment, attachment_id)
        if known is not None and known.removed_at is not None:
            self._finish(known)
            known = None
        if known is None:
            found = type_of(file)
            if found is None:
                raise attachment_refusals.type_refused()
            name = _clean(filename, found.extension)
            row = Attachment(
                id=attachment_id,
                case_id=case_id,
                kind=proves.id,
                filename=self._vault.seal(case_id, name, _name_place(attachment_id)),
                sha256=self._vault.seal(case_id, digest, _digest_place(attachment_id)),
                blob=self._write(case_id, attachment_id, file),
                media_type=found.media_type,
                size_bytes=size,
                uploaded_by=actor.id,
                uploaded_at=now,
            )
            known = self._keep(actor, row)
        same = self._vault.open(case_id, known.sha256, _digest_place(known.id)) == digest
        if not same or known.kind != proves.id:
            raise attachment_refusals.key_reused()
        return self._view(known)

    def page(self, actor: Actor, case_id: str, *, cursor: str | None, limit: int) -> Page[AttachmentView]:
        """A page of a case's attachments, the newest first. Raises BadCursor."""
        query = select(Attachment).where(Attachment.case_id == case_id, visible_attachments(actor))
        if cursor is not None:
            key = read_cursor("attachments", cursor, datetime, str)
            query = query.where(after(_ORDER, key, descending=True))
        with Session(self._engine) as session:
            _demand(session, actor, case_id)
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
        items = [self._view(row) for row in rows[:limit]]
        more = cursor_of("attachments", (items[-1].uploaded_at, items[-1].id)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def open(self, actor: Actor, case_id: str, attachment_id: str) -> Content:
        """One attachment with its content. Raises NotFound (`attachment_unknown`), Conflict (`attachment_lost`),
        SealBroken."""
        with Session(self._engine) as session:
            _demand(session, actor, case_id)
            row = session.exec(
                select(Attachment).where(
                    Attachment.id == attachment_id, Attachment.case_id == case_id, visible_attachments(actor)
                )
            ).first()
        if row is None:
            raise attachment_refusals.unknown()
        try:
            file = self._files.open(row, self._vault.key(case_id))
            # What is damaged is told before the first byte goes out.
            file.read(1)
            file.seek(0)
        except FileNotFoundError:
            raise attachment_refusals.lost() from None
        return Content(self._view(row), file)

    def remove(self, actor: Actor, case_id: str, attachment_id: str, now: datetime) -> None:
        """Delete an attachment that nothing names: one's own, or, as a supervisor, anybody's.

        Raises NotFound (`attachment_unknown`), Forbidden (`attachment_not_yours`), Conflict (`attachment_named`).
        """
        with Session(writing(self._engine), expire_on_commit=False) as session:
            _demand(session, actor, case_id)
            query = select(Attachment).where(
                Attachment.id == attachment_id,
                Attachment.case_id == case_id,
                visible_attachments(actor, removed=True),
            )
            row = session.exec(query.with_for_update(of=Attachment)).first()
            if row is None:
                raise attachment_refusals.unknown()
            _check_removable(actor, row)
            row.removed_at = row.removed_at or now
            session.commit()
        self._finish(row)

    def finish_removals(self) -> None:
        """Delete what was removed when a process died over it."""
        of_school = select(CaseRow.case_id).where(CaseRow.school_id == self._school_id)
        query = select(Attachment).where(
            col(Attachment.removed_at).is_not(None), col(Attachment.case_id).in_(of_school)
        )
        with Session(self._engine) as session:
            rows = session.exec(query).all()
        for row in rows:
            self._finish(row)

    def _finish(self, row: Attachment) -> None:
        self._files.remove(row.case_id, row.blob)
        with Session(writing(self._engine)) as session:
            session.exec(delete(Attachment).where(col(Attachment.blob) == row.blob))
            session.commit()

    def _write(self, case_id: str, attachment_id: str, file: BinaryIO) -> str:
        try:
            return self._files.write(attachment_id, self._vault.key(case_id), self._vault.algorithm, file)
        except OSError:
            raise attachment_refusals.storage_away() from None

    def _keep(self, actor: Actor, row: Attachment) -> Attachment:
        """Make a written file known, unless the same request has done so meanwhile; the row that counts."""
        case_id, attachment_id, blob = row.case_id, row.id, row.blob
        try:
            with Session(writing(self._engine), expire_on_commit=False) as session:
                # Asked again under a lock: an erasure that began meanwhile is not to leave this behind.
                _demand(session, actor, case_id, lock=True)
                count = select(func.count()).where(Attachment.case_id == case_id)
                if session.exec(count).one() >= self._most:
                    raise attachment_refusals.full(self._most)
                insert_missing(session.connection(), [row])
                kept = session.get_one(Attachment, attachment_id)
                session.commit()
        except ServiceError:
            self._files.remove(case_id, blob)
            raise
        if kept.blob != blob:
            self._files.remove(case_id, blob)
        return kept

    def _view(self, row: Attachment) -> AttachmentView:
        fields = row.model_dump(include=set(AttachmentView.model_fields) - {"filename"})
        return AttachmentView(
            **fields,
            filename=self._vault.open(row.case_id, row.filename, _name_place(row.id)),
            shown=is_shown(row.media_type),
            named=row.named_at is not None,
        )


def visible_attachments(actor: Actor, *, removed: bool = False) -> ColumnElement[bool]:
    """The attachments that a person may see; those on their way out only with `removed`."""
    of_cases = col(Attachment.case_id).in_(select(CaseRow.case_id).where(shown(actor, _GROUP)))
    return of_cases if removed else of_cases & col(Attachment.removed_at).is_(None)


def _demand(session: Session, actor: Actor, case_id: str, *, lock: bool = False) -> None:
    query = select(CaseRow).where(CaseRow.case_id == case_id, readable(actor))
    row = session.exec(query.with_for_update() if lock else query).first()
    if row is None:
        raise unreadable(session, actor, case_id)
    if _GROUP not in plain_groups(actor, row):
        raise attachment_refusals.hidden()


def _check_removable(actor: Actor, row: Attachment) -> None:
    supervises = actor.role in (Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR)
    if row.uploaded_by != actor.id and not supervises:
        raise attachment_refusals.not_yours()
    if row.named_at is not None:
        raise attachment_refusals.named()


def _id_of(actor: Actor, case_id: str, key: str) -> str:
    digest = hashlib.sha256(f"attachment\0{actor.school_id}\0{actor.id}\0{case_id}\0{key}".encode()).digest()
    return base64.b32encode(digest[:_ID_BYTES]).decode().lower()


def _clean(filename: str, extension: str) -> str:
    """A name that is safe to show and to save: no path, nothing invisible, the extension of what it is."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rpartition("/")[2]
    visible = "".join(
        letter for letter in last if unicodedata.category(letter)[0] != "C" and letter not in '<>:"|?*'
    )
    stem, dot, given = visible.rpartition(".")
    same = dot and (given.lower() == extension or (given.lower(), extension) == ("jpeg", "jpg"))
    plain = (stem if same else visible).strip(" .")[:_NAME_LENGTH] or "attachment"
    return f"{plain}.{extension}"


def _name_place(attachment_id: str) -> str:
    return f"attachment.filename:{attachment_id}"


def _digest_place(attachment_id: str) -> str:
    return f"attachment.sha256:{attachment_id}"
