"""Signing on and off: plain pages, which need no script, so that nothing of a password passes anywhere but to the
API of this process."""

from functools import cache
from importlib import resources
from typing import Annotated
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader

from api.browser import check_origin, cookie_name
from api.problems import Problem
from console.backend import Refusal
from console.texts import COOKIE, LANGUAGES, Bilingual, Language, language_of, other_than, text_in
from console.visit import ROOT, SIGN_ON, backend_for, installation
from services.sso.addresses import own_path
from services.sso.sign_on import ProviderView

router = APIRouter(include_in_schema=False)

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}


@cache
def _template() -> Environment:
    return Environment(loader=PackageLoader("console", "templates"), autoescape=True)


@cache
def _style() -> str:
    return resources.files("console").joinpath("static/sign-on.css").read_text(encoding="utf-8")


@router.get(SIGN_ON)
async def show(
    request: Request, then: Annotated[str, Query(max_length=500)] = ROOT, lang: Language | None = None
) -> Response:
    """The form to sign on with."""
    if lang is not None:
        back = RedirectResponse(f"{SIGN_ON}?then={quote(own_path(then))}", 303)
        back.set_cookie(COOKIE, lang, path=ROOT, max_age=31_536_000, samesite="lax")
        return back
    return await _page(request, then)


@router.post(SIGN_ON)
async def sign_on(
    request: Request,
    account: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    totp: Annotated[str, Form(max_length=40)] = "",
    then: Annotated[str, Form(max_length=500)] = ROOT,
) -> Response:
    """Take what was typed; the answer is the page that was wanted, or the form again with what was wrong."""
    check_origin(request, installation()[1])
    draft = {"account": account, "password": password, "cookie": True} | ({"totp": totp} if totp else {})
    name = cookie_name(installation()[1])
    # The session before, if any, ends with it.
    before = {"Cookie": f"{name}={request.cookies[name]}"} if name in request.cookies else {}
    api = backend_for(request)
    try:
        answer = await api.send("POST", "/auth/sign-on", json=draft, headers=before)
    except Refusal as refusal:
        return await _page(request, then, account=account, problem=refusal.problem)
    finally:
        await api.close()
    return _with_cookies(RedirectResponse(own_path(then), 303), answer)


@router.post(f"{ROOT}/sign-off")
async def sign_off(request: Request, *, everywhere: bool = False) -> Response:
    """End the session, or all of them."""
    check_origin(request, installation()[1])
    response = RedirectResponse(SIGN_ON, 303)
    api = backend_for(request)
    try:
        await api.send("POST", "/auth/sign-off", json={"everywhere": everywhere})
    except Refusal:
        # A session that has ended already is what was wanted.
        pass
    finally:
        await api.close()
    response.delete_cookie(cookie_name(installation()[1]), path="/")
    return response


async def nowhere(request: Request, _error: Exception) -> HTMLResponse:
    """The answer for an address at which there is no page."""
    chosen = language_of(request.cookies)

    def translated(text: str) -> str:
        return text_in(chosen, text)

    html = (
        _template()
        .get_template("nowhere.html")
        .render(_=translated, style=_style(), language=chosen, home=ROOT)
    )
    return HTMLResponse(html, 404, headers=_HEADERS)


def _with_cookies(response: Response, answer: httpx.Response) -> Response:
    for value in answer.headers.get_list("set-cookie"):
        response.headers.append("set-cookie", value)
    return response


async def _page(
    request: Request, then: str, *, account: str = "", problem: Problem | None = None
) -> HTMLResponse:
    chosen = language_of(request.cookies)
    api = backend_for(request)
    try:
        providers = await api.get(list[ProviderView], "/auth/providers")
    except Refusal:
        providers = []
    finally:
        await api.close()

    def translated(text: str) -> str:
        return text_in(chosen, text)

    def said(text: Bilingual) -> str:
        return text.zh if chosen == "zh" else text.en

    html = (
        _template()
        .get_template("sign_on.html")
        .render(
            _=translated,
            style=_style(),
            language=chosen,
            other=other_than(chosen),
            languages=LANGUAGES,
            action=SIGN_ON,
            then=own_path(then),
            account=account,
            school=installation()[1].school_name,
            demo=installation()[1].mode == "demo" and installation()[1].demo,
            first_passwords=str(installation()[1].data_dir / "first-passwords.txt"),
            problem=said(problem) if problem else "",
            providers=[(item, said(item)) for item in providers if item.id != "local"],
        )
    )
    return HTMLResponse(html, 200 if problem is None else problem.status, headers=_HEADERS)
