"""Every error as RFC 9457 problem+json with a stable code and a sentence in Chinese and English."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from api.invalid import FieldProblem, field_problem, field_problems
from services.commands import temporal_away
from services.errors import ServiceError, Unavailable

log = structlog.get_logger(__name__)

_UNEXPECTED = "unexpected_error"

# How many fields the sentence names; the list of errors has them all.
_NAMED = 5
_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_CONTENT = {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}
_HTTP_TEXTS = {
    404: (
        "route_unknown",
        "没有这个地址；全部接口见 /openapi.json。",
        "There is no such address; /openapi.json lists them all.",
    ),
    408: (
        "request_too_slow",
        "请求正文中断或过慢，请重新提交。",
        "The body of the request stopped arriving; send it again.",
    ),
    413: (
        "request_too_large",
        "请求正文过大，请分多次提交。",
        "The body of the request is too large; send it in several requests.",
    ),
    405: ("method_not_allowed", "该地址不支持此方法。", "The address does not take this method."),
}


class Problem(BaseModel):
    """The body of every error."""

    type: str = Field(examples=["urn:zhuhang:problem:not_paired"])
    title: str = Field(examples=["尚未结对帮扶责任人。"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["The graduate is not paired with a mentor yet."])
    code: str = Field(examples=["not_paired"])
    zh: str
    en: str
    details: dict[str, Any] = {}
    errors: list[FieldProblem] = []


def problem(
    status: int,
    code: str,
    zh: str,
    en: str,
    *,
    details: Mapping[str, Any] | None = None,
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response of an error."""
    body = Problem(
        type=f"urn:zhuhang:problem:{code}",
        title=zh,
        status=status,
        detail=en,
        code=code,
        zh=zh,
        en=en,
        details=dict(details or {}),
        errors=errors or [],
    )
    return JSONResponse(
        jsonable_encoder(body), status, headers=headers, media_type="application/problem+json"
    )


def of(error: ServiceError) -> JSONResponse:
    """The response of an answer that is not a result."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        # By it a client knows what kind of credential is asked for.
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.status, error.code, error.zh, error.en, details=error.details, headers=headers)


def database_away() -> Unavailable:
    """The ledger does not answer; nothing that was acknowledged is lost."""
    return Unavailable(
        "database_unavailable",
        "台账数据库暂时不可用，请稍后重试；已确认的办理不会丢失。",
        "The database is not available for the moment; try again later. Nothing acknowledged is lost.",
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in (SQLAlchemyError, RPCError, RuntimeError, Exception):
        app.add_exception_handler(kind, _no_answer)


async def _service_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)  # noqa: S101  (registered for this type)
    return of(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for this type)
    return _invalid_request(field_problems(error))


def _invalid_request(errors: list[FieldProblem]) -> JSONResponse:
    named = errors[:_NAMED]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_request",
        "请求内容有误：" + "".join(f"{item.field}：{item.zh}" for item in named),
        "The request is not valid: " + " ".join(f"{item.field}: {item.en}" for item in named),
        errors=errors,
    )


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for this type)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # All that FastAPI says of a body that it could not read at all.
        return _invalid_request([field_problem("body", "body", "body_unreadable")])
    code, zh, en = _HTTP_TEXTS.get(
        error.status_code, ("http_error", "请求无法处理。", "The request cannot be handled.")
    )
    return problem(error.status_code, code, zh, en, headers=error.headers)


def unavailable(error: Exception) -> Unavailable:
    """What an error that is no answer is answered as: a part that is away, or something unexpected."""
    match error:
        # These say something about what was asked of the database, not about whether it is there.
        case DataError() | IntegrityError() | ProgrammingError():
            return _unexpected()
        case DBAPIError() | PoolTimeoutError():
            return database_away()
        case RPCError():
            return temporal_away()
        # So the Temporal client says that its first connection failed.
        case RuntimeError() if str(error).startswith("Failed client connect"):
            return temporal_away()
        case _:
            return _unexpected()


async def _no_answer(request: Request, error: Exception) -> JSONResponse:
    answer = unavailable(error)
    kind = type(error).__name__
    if answer.code == _UNEXPECTED:
        # The message may hold personal data: the type and the place are enough to find it.
        log.error("unexpected error", kind=kind, route=request.scope.get("path"), exc_info=error)
    else:
        log.warning("a part does not answer", code=answer.code, kind=kind)
    return of(answer)


def _unexpected() -> Unavailable:
    return Unavailable(
        _UNEXPECTED,
        "出现意外情况，已记录；请稍后重试。",
        "Something unexpected happened and was logged; try again later.",
    )


def responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The error responses of a route, for the OpenAPI document."""
    return {code: {"model": Problem, "description": HTTPStatus(code).phrase} for code in codes}


def described(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with what FastAPI cannot be told: that problems are `application/problem+json`, and
    that any body may stop arriving."""
    late = {"description": HTTPStatus.REQUEST_TIMEOUT.phrase, "content": _PROBLEM_CONTENT}
    for path in document["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                operation["responses"]["408"] = late
            for answer in operation["responses"].values():
                content = answer.get("content", {})
                if content.get("application/json", {}).get("schema") == _PROBLEM_SCHEMA:
                    answer["content"] = _PROBLEM_CONTENT
    return document
