"""What a person does with the own password and second factor: before anything else where the session must, and
whenever one wants to. Plain pages, like signing on."""

from typing import Annotated, Literal
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.browser import check_origin, cookie_name
from api.problems import Problem
from console.backend import Backend, Refusal
from console.plain import in_language, plain, problem_of
from console.qr import picture_of
from console.sign_on import SIGN_OFF, sign_on_page, with_cookies
from console.texts import Language
from console.visit import FIRST, ROOT, address_of, backend_for, installation
from models.views.sign_on import Me, TotpBegun, TotpConfirmed
from services.sso.addresses import own_path

router = APIRouter(include_in_schema=False)

Step = Literal["password", "totp"]
"""What a person may want to change by oneself."""
Page = Literal["password", "begin", "enrol", "confirm"]
_PAGES: dict[str, Page] = {
    "change_password": "password",
    "enrol_totp": "begin",
    "confirm_totp": "confirm",
    "password": "password",
    "totp": "begin",
}


DIFFERENT = problem_of(
    422, "typed_differently", "两次输入的新口令不一致。", "The new password was not typed alike twice."
)
_WRONG = problem_of(
    401,
    "wrong",
    "口令或验证码不正确；多次失败后请稍候再试。",
    "The password or code is wrong; after several failures wait a while.",
)


@router.get(FIRST)
async def show(
    request: Request,
    then: Annotated[str, Query(max_length=500)] = ROOT,
    step: Step | None = None,
    lang: Language | None = None,
) -> Response:
    """The form of what has to be done first, or of what the person wants to change."""
    if lang is not None:
        return in_language(lang, _address(then, step))
    me = await _me(request)
    if me is None:
        return sign_on_page(_address(then, step))
    wanted = me.must or step
    if wanted is None:
        return RedirectResponse(own_path(then), 303)
    return _page(request, me, _PAGES[wanted], then)


@router.post(FIRST)
async def take(
    request: Request,
    step: Annotated[Page, Form()],
    then: Annotated[str, Form(max_length=500)] = ROOT,
    current: Annotated[str, Form(max_length=200)] = "",
    new: Annotated[str, Form(max_length=200)] = "",
    again: Annotated[str, Form(max_length=200)] = "",
    code: Annotated[str, Form(max_length=40)] = "",
    secret: Annotated[str, Form(max_length=200)] = "",
    uri: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take what was typed; the answer is what comes next, or the form again with what was wrong."""
    check_origin(request, installation()[1])
    me = await _me(request)
    if me is None:
        return sign_on_page(_address(then, None))
    begun = TotpBegun(secret=secret, uri=uri)
    try:
        if step == "begin":
            answer = await _send(request, me, "/auth/totp", None)
            return _page(request, me, "enrol", then, begun=TotpBegun.model_validate_json(answer.content))
        if step == "password":
            if new != again:
                return _page(request, me, step, then, problem=DIFFERENT)
            answer = await _send(request, me, "/auth/password", {"current": current, "new": new})
            codes: list[str] = []
        else:
            answer = await _send(request, me, "/auth/totp/confirm", {"code": code.replace(" ", "")})
            codes = TotpConfirmed.model_validate_json(answer.content).recovery_codes
    except Refusal as refusal:
        problem = refusal.problem
        # The API says the same as at sign-on, which here is over.
        wrong = problem.code == "sign_on_failed"
        return _page(request, me, step, then, begun=begun, problem=_WRONG if wrong else problem)
    if codes:
        shown = plain(request, "first.html", step="codes", codes=codes, then=own_path(then))
        return with_cookies(shown, answer)
    # What else must be done first is asked for next; otherwise this leads on by itself.
    return with_cookies(RedirectResponse(_address(then, None), 303), answer)


async def _me(request: Request) -> Me | None:
    """Whose browser it is; None without a session."""
    api = backend_for(request)
    try:
        return await api.get(Me, "/auth/me")
    except Refusal as refusal:
        if refusal.signed_off:
            return None
        raise
    finally:
        await api.close()


async def _send(request: Request, me: Me, path: str, body: object) -> httpx.Response:
    """The API's answer to this very browser, with its new cookie: the session goes on under another id."""
    app, settings = installation()
    name = cookie_name(settings)
    headers = {"Cookie": f"{name}={request.cookies[name]}", "X-CSRF-Token": me.csrf_token or ""}
    agent = request.headers.get("user-agent", "")
    api = Backend(app, settings.base_url, None, address_of(request), agent)
    try:
        return await api.send("POST", path, json=body, headers=headers)
    finally:
        await api.close()


def _page(
    request: Request,
    me: Me,
    step: Page,
    then: str,
    *,
    begun: TotpBegun | None = None,
    problem: Problem | None = None,
) -> HTMLResponse:
    return plain(
        request,
        "first.html",
        problem=problem,
        step=step,
        wanted="password" if step == "password" else "totp",
        must=me.must is not None,
        action=FIRST,
        sign_off=SIGN_OFF,
        then=own_path(then),
        secret=begun.secret if begun else "",
        uri=begun.uri if begun else "",
        qr=picture_of(begun.uri) if begun and step == "enrol" else "",
    )


def _address(then: str, step: Step | None) -> str:
    wanted = f"&step={step}" if step else ""
    return f"{FIRST}?then={quote(own_path(then))}{wanted}"
