"""Every request as the audit sees it: an act is written down before it is carried out, what was read before it is
sent, and what was refused with its code."""

import secrets
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from structlog.contextvars import bound_contextvars

from api.problems import unavailable
from models.audit import OTHER, Act, Outcome, acts_by_route
from services.audit import AnsweredRequest, current_request
from services.caller import Caller, Stranger
from services.errors import Forbidden, NotAllowed, ServiceError, SignOnRequired

_REQUEST_ID_BYTES = 8
_READING = frozenset({"GET", "HEAD"})
# What is written down of routes that are no act by themselves: somebody tried what is not theirs. Whether a file is
# somebody else's or does not exist is answered alike.
_TRIED = frozenset({403})
_TRIED_FILE = frozenset({401, 403, 404, 410})


class Audited(APIRoute):
    """A route whose requests the audit knows by the table of acts (`models/data/audit_acts.yaml`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def recorded(request: Request) -> Response:
            request_id = secrets.token_hex(_REQUEST_ID_BYTES)
            current_request.set(AnsweredRequest(request_id))
            request.state.operation = self.name
            with bound_contextvars(request_id=request_id):
                try:
                    response = await answer(request)
                except Exception as error:
                    await _record_failure(request, error)
                    raise
                act = _act(request)
                if act is not None and act.by == "route" and request.method in _READING:
                    await _record(request, act, Outcome.DONE)
                return response

        return recorded


async def begin(request: Request) -> None:
    """Write the act of this request down, now that it is allowed and before it is carried out."""
    act = _act(request)
    if act is not None and act.by == "route" and request.method not in _READING:
        await _record(request, act, Outcome.BEGUN)


def _act(request: Request) -> Act | None:
    act = acts_by_route().get(request.state.operation)
    return None if act is not None and act.query and not request.query_params.get(act.query) else act


async def _record_failure(request: Request, error: Exception) -> None:
    status, code = _status_and_code(error)
    if code == "audit_unavailable":
        return
    act = _act(request)
    if act is None and status not in (_TRIED_FILE if "case_id" in request.path_params else _TRIED):
        return
    at_the_door = isinstance(error, Forbidden | NotAllowed | SignOnRequired)
    if act is not None and act.by == "sign_on" and not at_the_door:
        # Sign-on tells of its own failures, whose reason the person asking is not told.
        return
    outcome = Outcome.FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.REFUSED
    await _record(request, act, outcome, code)


async def _record(request: Request, act: Act | None, outcome: Outcome, code: str | None = None) -> None:
    services = request.app.state.services
    audit = services.audit
    caller: Caller | Stranger | None = getattr(request.state, "caller", None)
    if caller is None:
        address = request.client.host if request.client else ""
        caller = Stranger(address=address, school_id=services.settings.school_code)
    detail = {"operation": request.state.operation}
    detail |= {name: value for name, value in request.path_params.items() if name != "case_id"}
    if act is not None and act.query:
        detail[act.query] = audit.digest(request.query_params[act.query])
    begun = current_request.get()
    await audit.record(
        caller,
        act.id if act is not None else OTHER,
        case_id=request.path_params.get("case_id") or (begun.case_id if begun else None),
        purpose=begun.purpose if begun else None,
        outcome=outcome,
        code=code,
        detail=detail,
    )


def _status_and_code(error: Exception) -> tuple[int, str]:
    match error:
        case ServiceError():
            return error.status, error.code
        case RequestValidationError():
            return 422, "invalid_request"
        case HTTPException():
            return error.status_code, "http_error"
        case _:
            answer = unavailable(error)
            return answer.status, answer.code
