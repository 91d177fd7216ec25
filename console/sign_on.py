"""Signing on and off: plain pages, which need no script, so that nothing of a password passes anywhere but to the
API of this process."""

from typing import Annotated
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.browser import check_origin, cookie_name, drop_cookie
from api.problems import Problem
from console.backend import Refusal
from console.plain import go_on, in_language, plain
from console.texts import Language
from console.visit import ROOT, SIGN_ON, backend_for, installation
from models.views.sign_on import SignedOff
from services.sso.addresses import own_path
from services.sso.sign_on import ProviderView

router = APIRouter(include_in_schema=False)

SIGN_OFF = f"{ROOT}/sign-off"


@router.get(SIGN_ON)
async def show(
    request: Request, then: Annotated[str, Query(max_length=500)] = ROOT, lang: Language | None = None
) -> Response:
    """The form to sign on with."""
    if lang is not None:
        return in_language(lang, _address(then))
    if request.headers.get("sec-fetch-site") == "cross-site":
        # Come from another site, as from the provider or a link in a mail, the browser kept a session to itself
        # that it has: it sends it to what our own page leads to.
        return go_on(request, own_path(then))
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
    return with_cookies(RedirectResponse(own_path(then), 303), answer)


@router.post(SIGN_OFF)
async def sign_off(request: Request, *, everywhere: bool = False) -> Response:
    """End the session, or all of them; where it began at the school's own provider, also the one there."""
    check_origin(request, installation()[1])
    provider: str | None = None
    api = backend_for(request)
    try:
        ended = await api.post(SignedOff, "/auth/sign-off", {"everywhere": everywhere})
        provider = ended.provider
    except Refusal as refusal:
        # A session that has ended already is what was wanted.
        if not refusal.signed_off:
            raise
    finally:
        await api.close()
    response = go_on(request, provider) if provider else RedirectResponse(SIGN_ON, 303)
    drop_cookie(response, installation()[1])
    return response


async def nowhere(request: Request, _error: Exception) -> HTMLResponse:
    """The answer for an address at which there is no page."""
    return plain(request, "nowhere.html", status=404, home=ROOT)


def with_cookies(response: Response, answer: httpx.Response) -> Response:
    """The response with the cookies that the API's answer sets."""
    for value in answer.headers.get_list("set-cookie"):
        response.headers.append("set-cookie", value)
    return response


def sign_on_page(then: str) -> RedirectResponse:
    """To the sign-on page, and afterwards to `then`."""
    return RedirectResponse(_address(then), 303)


def _address(then: str) -> str:
    return f"{SIGN_ON}?then={quote(own_path(then))}"


async def _page(
    request: Request, then: str, *, account: str = "", problem: Problem | None = None
) -> HTMLResponse:
    api = backend_for(request)
    try:
        providers = await api.get(list[ProviderView], "/auth/providers")
    except Refusal:
        providers = []
    finally:
        await api.close()
    settings = installation()[1]
    return plain(
        request,
        "sign_on.html",
        problem=problem,
        action=SIGN_ON,
        then=own_path(then),
        account=account,
        demo=settings.mode == "demo" and settings.demo,
        first_passwords=str(settings.data_dir / "first-passwords.txt"),
        providers=[item for item in providers if item.id != "local"],
    )
