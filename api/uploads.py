"""Reading an uploaded form while it arrives, never more of it than is allowed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.plain_text import check_plain

# What the form holds beside the file: part headers and a few short fields.
_AROUND = 64 * 1024
_MAX_FIELDS = 20


@asynccontextmanager
async def uploaded_form(
    request: Request, max_bytes: int, too_large: Callable[[], Exception]
) -> AsyncGenerator[FormData]:
    """The form of a request; its files are gone afterwards.

    Raises what `too_large` makes when the body is over the limit, RequestValidationError where it is no form or holds
    text that cannot be kept.
    """
    body = _limited(request, max_bytes + _AROUND, too_large)
    try:
        form = await MultiPartParser(request.headers, body, max_files=1, max_fields=_MAX_FIELDS).parse()
    except (MultiPartException, KeyError):
        raise invalid("body", "the body must be multipart/form-data with one file") from None
    try:
        for name, value in form.multi_items():
            check_plain(name, "body", name)
            check_plain(value, "body", name)
        yield form
    finally:
        await form.close()


def file_of(form: FormData, name: str) -> UploadFile:
    """The uploaded file of a form. Raises RequestValidationError."""
    value = form.get(name)
    if not isinstance(value, UploadFile):
        raise invalid(name, "a file is required")
    return value


def invalid(field: str, message: str) -> RequestValidationError:
    """The error of one field of the form."""
    return RequestValidationError(
        [{"loc": ("body", field), "msg": message, "type": "form"}], body={field: None}
    )


async def _limited(request: Request, limit: int, too_large: Callable[[], Exception]) -> AsyncGenerator[bytes]:
    """The body as it arrives. A body that is too large is read on for a while and thrown away: a client that
    still sends would not see the answer."""
    received = 0
    async for part in request.stream():
        received += len(part)
        if received <= limit:
            yield part
        elif received > 2 * limit:
            break
    if received > limit:
        raise too_large()
