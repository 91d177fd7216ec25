"""What browsers need: the session's cookie, and the proof that a request comes from our own page."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.codec_cors import DECODE_PATH
from services.errors import Forbidden
from services.settings import Settings
from services.sign_on.credentials import csrf_token_of
from services.sign_on.sessions import Granted

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(settings: Settings) -> str:
    """Behind https, a name that browsers take from this very host only."""
    return "__Host-zhuhang" if _is_https(settings) else "zhuhang_session"


def set_cookie(response: Response, settings: Settings, granted: Granted, now: datetime) -> None:
    """Give the browser its session: out of reach of scripts and of requests from other sites."""
    response.set_cookie(
        cookie_name(settings),
        granted.token,
        max_age=int((granted.ends_at - now).total_seconds()),
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response, settings: Settings) -> None:
    """Take it away again."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=_is_https(settings), httponly=True, samesite="strict"
    )


def check_page(request: Request, settings: Settings, secret: str) -> None:
    """A request that changes something, and to which the browser adds the cookie by itself, must show that our
    own page sent it. Raises Forbidden (`origin_not_ours`, `csrf_token_invalid`)."""
    if request.method in _SAFE:
        return
    if request.url.path == DECODE_PATH and request.headers.get("origin") in settings.temporal_ui_origins:
        # Temporal's pages, which the administrator named, only read by it and cannot send a token.
        return
    check_origin(request, settings)
    given = request.headers.get("x-csrf-token", "")
    if not secrets.compare_digest(given.encode(), csrf_token_of(secret).encode()):
        raise Forbidden(
            "csrf_token_invalid",
            "请求缺少或带有错误的 X-CSRF-Token；请从 GET /api/v1/auth/me 取得。",
            "X-CSRF-Token is missing or wrong; GET /api/v1/auth/me gives it.",
        )


def check_origin(request: Request, settings: Settings) -> None:
    """Where the browser says from which page a request comes, it must be one of ours. Raises Forbidden
    (`origin_not_ours`)."""
    origin = request.headers.get("origin")
    if origin is None or origin == _origin(settings.public_url):
        return
    if urlsplit(origin).netloc == request.headers.get("host"):
        return
    raise Forbidden(
        "origin_not_ours", "请求来自其他网站的页面。", "The request comes from a page of another site."
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
