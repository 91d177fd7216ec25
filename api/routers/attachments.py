"""Attachments of a case."""

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, KeyDep, LimitQuery, NowDep, ServicesDep
from api.limits import limited
from api.permits import permit
from api.problems import responses
from api.uploads import file_of, invalid, uploaded_form
from models.attachment_types import attachment_types, extension_of
from models.codes import evidence_types
from models.views.attachment import AttachmentView
from models.views.page import Page

router = APIRouter(route_class=Audited, tags=["attachments"])

_BLOCK = 64 * 1024
# Whatever the bytes are, nothing in them runs or loads anything; our own pages may show them.
_HARMLESS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "kind"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "PDF, PNG, JPEG, WebP, HEIC, DOCX or XLSX, told by its content.",
                        },
                        "kind": {
                            "type": "string",
                            "maxLength": 100,
                            "description": "What it proves, an evidence type by id, name or alias.",
                            "examples": [item.id for item in evidence_types()],
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/cases/{case_id}/attachments",
    status_code=201,
    openapi_extra=_FORM,
    dependencies=[permit("attachment.add"), limited("upload")],
    responses=responses(401, 403, 404, 409, 410, 413, 415, 422, 503),
)
async def add_attachment(
    request: Request,
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    key: KeyDep,
    case_id: str,
    response: Response,
) -> AttachmentView:
    """Add evidence to a case. It is kept when this is answered; the same Idempotency-Key answers the same
    attachment. Its `id` is the `file_id` of evidence."""
    attachments = services.attachments
    # Nobody's upload is taken in who could not keep it.
    await run_in_threadpool(attachments.check, actor, case_id)
    async with uploaded_form(request, attachments.max_bytes, attachments.too_large) as form:
        file, kind = file_of(form, "file"), form.get("kind")
        if not isinstance(kind, str) or not kind.strip():
            raise invalid("kind", "say what the file proves")
        view = await run_in_threadpool(
            attachments.add, actor, case_id, key, kind, file.filename or "", file.file, now
        )
    response.headers["Location"] = f"/api/v1/cases/{case_id}/attachments/{view.id}"
    return view


@router.get(
    "/cases/{case_id}/attachments",
    dependencies=[permit("attachment.read")],
    responses=responses(401, 403, 404, 410, 422, 503),
)
def list_attachments(
    services: ServicesDep, actor: ActorDep, case_id: str, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[AttachmentView]:
    """The attachments of a case, the newest first."""
    return services.attachments.page(actor, case_id, cursor=cursor, limit=limit)


@router.get(
    "/cases/{case_id}/attachments/{attachment_id}",
    response_class=StreamingResponse,
    dependencies=[permit("attachment.read")],
    responses=responses(401, 403, 404, 409, 410, 422, 503)
    | {200: {"content": {item.media_type: {} for item in attachment_types()}}},
)
def read_attachment(
    services: ServicesDep,
    actor: ActorDep,
    case_id: str,
    attachment_id: str,
    download: Annotated[bool, Query(description="Save it, also what a browser could show.")] = False,
) -> StreamingResponse:
    """The content. Images and PDF are shown, all else is to be saved."""
    content = services.attachments.open(actor, case_id, attachment_id)
    view = content.view
    way = "inline" if view.shown and not download else "attachment"
    plain = f"attachment.{extension_of(view.media_type)}"
    return StreamingResponse(
        _blocks(content.file),
        media_type=view.media_type,
        headers={
            "Content-Length": str(view.size_bytes),
            "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(view.filename, safe='')}",
            "Content-Security-Policy": _HARMLESS,
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


@router.delete(
    "/cases/{case_id}/attachments/{attachment_id}",
    status_code=204,
    dependencies=[permit("attachment.add")],
    responses=responses(401, 403, 404, 409, 410, 503),
)
def remove_attachment(
    services: ServicesDep, actor: ActorDep, now: NowDep, case_id: str, attachment_id: str
) -> None:
    """Delete an attachment that nothing names."""
    services.attachments.remove(actor, case_id, attachment_id, now)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
