"""Who is in front of a page, and the page's way to the API."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app as pages
from nicegui import context, ui
from pydantic import ValidationError

from api.browser import cookie_name
from console.backend import Backend, Refusal
from console.links import go
from console.texts import Language, language_of, say, text_in
from models.access import access_policy
from models.views.sign_on import Me
from services.settings import Settings

log = structlog.get_logger(__name__)
P = ParamSpec("P")

# A page is sent whole; while the database is away its person waits for so long (seconds) before being told.
_BUILD_SECONDS = 30.0
ROOT = "/console"
SIGN_ON = f"{ROOT}/sign-on"
FIRST = f"{ROOT}/account/first"
Dark = Literal["auto", "light", "dark"]
DARK = "zhuhang_dark"


@dataclass
class Visit:
    """One page in one browser."""

    me: Me
    api: Backend
    settings: Settings
    language: Language
    _names: dict[str, str] = field(default_factory=dict[str, str])

    def may(self, permission: str) -> bool:
        """Whether the person's role has the permission, to show no door that stays shut. The API decides."""
        return permission in access_policy().permissions_of(self.me.role)

    def sees_everywhere(self, group: str) -> bool:
        """Whether the person sees a group of fields plain in all files that the person may read, so that lists can be
        asked by it."""
        policy = access_policy()
        return all(group in policy.standings[item] for item in policy.stands(self.me.role))

    async def learn_names(self, ids: Iterable[str | None]) -> None:
        """Ask what these staff and departments are called, once for the page."""
        wanted = [id_ for id_ in {*ids} if id_ and id_ not in self._names]
        for start in range(0, len(wanted), 100):
            part = wanted[start : start + 100]
            found = await self.api.get(dict[str, str], "/names", ids=part)
            self._names |= {id_: found.get(id_, id_) for id_ in part}

    def name(self, id_: str | None) -> str:
        """What a member of staff or a department is called, as far as asked for by `learn_names`."""
        return self._names.get(id_ or "", id_ or "")


def dark_of(cookies: Mapping[str, str]) -> Dark:
    """As bright as the device's other pages, unless the browser was told otherwise."""
    match cookies.get(DARK):
        case "light" | "dark" as chosen:
            return chosen
        case _:
            return "auto"


def installation() -> tuple[FastAPI, Settings]:
    """The application that serves the pages, and its settings."""
    return pages.state.installation


def address_of(request: Request) -> str:
    """The network address of who asks."""
    return request.client.host if request.client else ""


def backend_for(request: Request) -> Backend:
    """The API as the browser that sent the request."""
    app, settings = installation()
    secret = request.cookies.get(cookie_name(settings))
    return Backend(app, settings.base_url, secret, address_of(request), request.headers.get("user-agent", ""))


def page(
    path: str, title: str, *, permission: str | None = None
) -> Callable[[Callable[Concatenate[Visit, P], Awaitable[None]]], Callable[P, Awaitable[Response | None]]]:
    """A page of somebody who signed on and has nothing to do first. `title` is in English, for the catalogue;
    `permission` the one without which there is nothing to see."""

    def decorate(
        build: Callable[Concatenate[Visit, P], Awaitable[None]],
    ) -> Callable[P, Awaitable[Response | None]]:
        @wraps(build)
        async def shown(*args: Any, **given: Any) -> Response | None:
            request: Request = context.client.request
            api = backend_for(request)
            try:
                me = await api.get(Me, "/auth/me")
            except Refusal as refusal:
                if refusal.signed_off:
                    return RedirectResponse(f"{SIGN_ON}?then={quote(_wanted(request))}", 303)
                raise
            if me.must is not None:
                return RedirectResponse(f"{FIRST}?then={quote(_wanted(request))}", 303)
            visit = Visit(me, api, installation()[1], language_of(request.cookies))
            _speak(visit.language, title)
            context.client.on_exception(_tell)
            context.client.on_delete(api.close)
            if permission is not None and not visit.may(permission):
                from console.frame import nothing_here

                nothing_here(visit)
                return None
            try:
                await build(visit, *args, **given)
            except Refusal as refusal:
                from console.frame import refused

                refused(visit, refusal)
            return None

        signature = inspect.signature(build)
        shown.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=list(signature.parameters.values())[1:], return_annotation=inspect.Signature.empty
        )
        ui.page(path, response_timeout=_BUILD_SECONDS)(shown)
        return shown

    return decorate


def _wanted(request: Request) -> str:
    """The address that the browser asked for, to come back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _speak(chosen: Language, title: str) -> None:
    client = context.client
    # The page object is everybody's; language, title and brightness are this person's.
    client.page = copy(client.page)
    client.page.language = "zh-CN" if chosen == "zh" else "en-GB"
    said, name = text_in(chosen, title), text_in(chosen, "Zhuhang")
    dark = dark_of(client.request.cookies)
    client.page.dark = None if dark == "auto" else dark == "dark"
    client.page.title = f"{said} · {name}"


def _tell(error: Exception) -> None:
    """What becomes of an error in something that the person did."""
    if isinstance(error, Refusal):
        if error.signed_off:
            go(f"{SIGN_ON}?then={quote(_wanted(context.client.request))}")
            return
        ui.notify(say(error.problem), type="warning", multi_line=True, timeout=8000, close_button="✕")
        return
    if isinstance(error, TimeoutError):
        # A browser that was asked something and left, or has a slow line: its person did nothing wrong.
        log.info("the browser did not answer")
        return
    kind = type(error).__name__
    log.error(
        "unexpected error in a page",
        kind=kind,
        exc_info=None if isinstance(error, ValidationError) else error,
    )
    chosen = language_of(context.client.request.cookies)
    ui.notify(
        text_in(chosen, "Something unexpected happened and was logged; please try again."), type="negative"
    )
