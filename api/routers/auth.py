"""Signing on and off, one's own sessions, password and second factor."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Body, Depends, Query, Request, Response

from api.audited import Audited
from api.browser import check_origin, cookie_name, drop_cookie, set_cookie
from api.deps import NowDep, ServicesDep, Signed, SignedDep, address_of
from api.limits import limited_sign_on
from api.permits import public, signed_on
from api.problems import responses
from models.views.page import Page
from models.views.sign_on import (
    Me,
    PasswordDraft,
    SessionGranted,
    SessionView,
    SignedOff,
    SignOffDraft,
    SignOnDraft,
    TotpBegun,
    TotpConfirmed,
    TotpDraft,
)
from services.assembly import Services
from services.cores import on_any_core
from services.errors import Forbidden
from services.sign_on.credentials import csrf_token_of
from services.sign_on.errors import first
from services.sign_on.record import Act, SignOnEvent
from services.sign_on.sessions import Granted
from services.sign_on.sign_on import Place

router = APIRouter(route_class=Audited, tags=["sign-on"])

T = TypeVar("T")


async def session_only(signed: SignedDep) -> Signed:
    """A person's session: an API token has no part in sign-on. Raises Forbidden (`session_needed`)."""
    if signed.who.how == "token":
        raise Forbidden(
            "session_needed", "此事项须登录办理，不接受 API 令牌。", "This takes a session, not an API token."
        )
    return signed


SessionDep = Annotated[Signed, Depends(session_only)]


async def settled_session(signed: SessionDep) -> Signed:
    """A session that has nothing to do first. Raises Forbidden (see `calling`)."""
    if signed.who.must is not None:
        raise first(signed.who.must)
    return signed


SettledDep = Annotated[Signed, Depends(settled_session)]


@router.post("/auth/sign-on", dependencies=[public()], responses=responses(413))
async def sign_on(
    request: Request, response: Response, services: ServicesDep, now: NowDep, draft: SignOnDraft
) -> SessionGranted:
    """Sign on with a local account. Whatever is wrong, the answer is the same (`sign_on_failed`), but for a
    second factor that lacks (`totp_required`)."""
    check_origin(request, services.settings)
    await limited_sign_on(request, draft.account.strip().casefold())
    totp = draft.totp.get_secret_value() if draft.totp else None

    def begin() -> Granted:
        granted = services.sign_on.sign_on.with_password(
            draft.account, draft.password.get_secret_value(), totp, _place(request), now
        )
        # The browser's session before, if any, was of another person or of less.
        if draft.cookie and (old := request.cookies.get(cookie_name(services.settings))):
            services.sign_on.sessions.end(old, now)
        return granted

    granted = await _hashing(request, begin)
    return await _given(response, services, granted, now, by_cookie=draft.cookie)


@router.post("/auth/sign-off", dependencies=[signed_on()], responses=responses(413))
async def sign_off(
    request: Request,
    response: Response,
    services: ServicesDep,
    signed: SessionDep,
    now: NowDep,
    draft: Annotated[SignOffDraft | None, Body()] = None,
) -> SignedOff:
    """End this session, or all one's sessions."""
    sessions, actor = services.sign_on.sessions, signed.who.actor
    page = await services.sso.sign_out(signed.who.credential_id)

    def end() -> None:
        if draft is not None and draft.everywhere:
            sessions.revoke_all(actor.id, now)
        else:
            sessions.end(signed.secret, now)
        _note(request, services, signed, "sign_off")

    await to_thread.run_sync(end)
    if signed.by_cookie:
        drop_cookie(response, services.settings)
    return SignedOff(provider=page)


@router.get("/auth/me", dependencies=[signed_on()])
async def read_me(signed: SignedDep) -> Me:
    """Who asks."""
    who = signed.who
    return Me(
        actor_id=who.actor.id,
        role=who.actor.role,
        school_id=who.actor.school_id,
        department_id=who.actor.department_id,
        case_id=who.actor.case_id,
        how=who.how,
        credential_id=who.credential_id,
        ends_at=who.ends_at,
        must=who.must,
        csrf_token=None if who.how == "token" else csrf_token_of(signed.secret),
        scopes=None if who.permissions is None else sorted(who.permissions),
    )


@router.get("/auth/sessions", dependencies=[signed_on()], responses=responses(404))
def list_sessions(
    services: ServicesDep,
    signed: SettledDep,
    now: NowDep,
    actor: Annotated[
        str | None, Query(max_length=200, description="An administrator may ask for others.")
    ] = None,
) -> Page[SessionView]:
    """One's own running sessions, the latest first."""
    who = signed.who
    found = services.sign_on.sessions.running(who.actor, actor, who.credential_id, now)
    return Page(items=list(found))


@router.delete(
    "/auth/sessions/{session_id}", dependencies=[signed_on()], status_code=204, responses=responses(404)
)
def revoke_session(
    request: Request, services: ServicesDep, signed: SettledDep, now: NowDep, session_id: str
) -> None:
    """End one of one's own sessions, or as administrator anybody's of the school."""
    services.sign_on.sessions.revoke(signed.who.actor, session_id, now)
    _note(request, services, signed, "session_revoked", session_id)


@router.post("/auth/password", dependencies=[signed_on()], responses=responses(413))
async def change_password(
    request: Request,
    response: Response,
    services: ServicesDep,
    signed: SessionDep,
    now: NowDep,
    draft: PasswordDraft,
) -> SessionGranted:
    """Change one's own password. All other sessions end; this one goes on under a new id."""

    def change() -> Granted:
        return services.sign_on.sign_on.change_password(
            signed.who.actor,
            signed.who.credential_id,
            draft.current.get_secret_value(),
            draft.new.get_secret_value(),
            _place(request),
            now,
        )

    granted = await _hashing(request, change)
    return await _given(response, services, granted, now, by_cookie=signed.by_cookie)


@router.post("/auth/totp", dependencies=[signed_on()], responses=responses(409))
def begin_totp(request: Request, services: ServicesDep, signed: SessionDep) -> TotpBegun:
    """Begin to set up one's second factor; one in use stays so until the new one is confirmed."""
    who = signed.who
    if who.must == "change_password":
        raise first(who.must)
    secret, uri = services.sign_on.sign_on.begin_totp(who.actor, _place(request), proven=who.second_factor)
    return TotpBegun(secret=secret, uri=uri)


@router.post("/auth/totp/confirm", dependencies=[signed_on()], responses=responses(409, 413))
async def confirm_totp(
    request: Request,
    response: Response,
    services: ServicesDep,
    signed: SessionDep,
    now: NowDep,
    draft: TotpDraft,
) -> TotpConfirmed:
    """Confirm a new second factor by its first code, or prove the one in use. The session goes on under a new
    id."""
    who = signed.who
    if who.must == "change_password":
        raise first(who.must)
    granted, codes = await to_thread.run_sync(
        services.sign_on.sign_on.confirm_totp,
        who.actor,
        who.credential_id,
        draft.code.get_secret_value(),
        _place(request),
        now,
    )
    given = await _given(response, services, granted, now, by_cookie=signed.by_cookie)
    return TotpConfirmed(**given.model_dump(), recovery_codes=codes)


async def _hashing(request: Request, work: Callable[[], T]) -> T:
    # Each takes memory and a core: a few at a time, and never the threads that others wait for, nor their core.
    def elsewhere() -> T:
        with on_any_core():
            return work()

    return await to_thread.run_sync(elsewhere, limiter=request.app.state.hashing)


async def _given(
    response: Response, services: Services, granted: Granted, now: datetime, *, by_cookie: bool
) -> SessionGranted:
    who = await to_thread.run_sync(services.sign_on.credentials.find, granted.token, now)
    if by_cookie:
        set_cookie(response, services.settings, granted, now)
    return SessionGranted(
        actor_id=granted.actor_id,
        session_id=granted.session_id,
        csrf_token=granted.csrf_token,
        ends_at=granted.ends_at,
        must=who.must,
        token=None if by_cookie else granted.token,
    )


def _place(request: Request) -> Place:
    return Place(address_of(request), request.headers.get("user-agent", ""))


def _note(request: Request, services: Services, signed: Signed, act: Act, subject_id: str = "") -> None:
    who = signed.who
    services.sign_on.record.note(
        SignOnEvent(act, who.actor.id, address_of(request), who.how, subject_id=subject_id)
    )
