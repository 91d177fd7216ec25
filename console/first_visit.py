"""The page behind a first link: a person chooses a password and is in, without typing the first one."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.browser import check_origin, cookie_name
from api.problems import Problem
from console.backend import Refusal
from console.first_steps import DIFFERENT
from console.plain import in_language, plain, problem_of
from console.sign_on import with_cookies
from console.texts import Language
from console.visit import ROOT, SIGN_ON, backend_for, installation
from models.views.sign_on import SessionGranted
from services.sign_on.first_link import PATH, read_code

router = APIRouter(include_in_schema=False)

_OVER = problem_of(
    401,
    "first_link_over",
    "此链接已使用、已过期或不完整：请直接登录，或请给您链接的老师重新生成。",
    "This link was used, has ended or is not whole: sign on as usual, or ask who gave it to you for a new one.",
)


@router.get(PATH)
async def show(
    request: Request, code: Annotated[str, Query(max_length=500)] = "", lang: Language | None = None
) -> Response:
    """The form. To look at it uses nothing up: messengers open links to show what is behind them."""
    if lang is not None:
        return in_language(lang, f"{PATH}?code={quote(code, safe='')}")
    return _page(request, code)


@router.post(PATH)
async def take(
    request: Request,
    code: Annotated[str, Form(max_length=500)] = "",
    new: Annotated[str, Form(max_length=200)] = "",
    again: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Sign on with the link and change the password; then lead into the console."""
    check_origin(request, installation()[1])
    given = read_code(code)
    if given is None:
        return _page(request, code)
    if new != again:
        return _page(request, code, DIFFERENT)
    login, first = given
    api = backend_for(request)
    name = cookie_name(installation()[1])
    try:
        answer = await api.send(
            "POST", "/auth/sign-on", json={"account": login, "password": first, "cookie": True}
        )
        granted = SessionGranted.model_validate_json(answer.content)
        headers = {"Cookie": f"{name}={answer.cookies[name]}", "X-CSRF-Token": granted.csrf_token}
        if granted.must != "change_password":
            return _page(request, code, _OVER)
        answer = await api.send(
            "POST", "/auth/password", json={"current": first, "new": new}, headers=headers
        )
    except Refusal as refusal:
        problem = refusal.problem
        if problem.code == "totp_required":
            # Whoever keeps an authenticator signs on with it as always, the first password in place of the own.
            return RedirectResponse(SIGN_ON, 303)
        return _page(request, code, _OVER if problem.status == _OVER.status else problem)
    finally:
        await api.close()
    return with_cookies(RedirectResponse(ROOT, 303), answer)


def _page(request: Request, code: str, problem: Problem | None = None) -> HTMLResponse:
    given = read_code(code)
    return plain(
        request,
        "welcome.html",
        problem=problem or (None if given else _OVER),
        action=PATH,
        sign_on=SIGN_ON,
        code=code,
        account=given[0] if given else "",
    )
