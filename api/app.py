"""The FastAPI application."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import problems
from api.body_limit import BodyLimit
from api.codec_cors import DECODE_PATH, CodecCors
from api.gate import Gate
from api.measured import Measured
from api.permits import with_permissions
from api.plain_text import plain_text
from api.routers import (
    accounts,
    approvals,
    attachments,
    audit,
    auth,
    batches,
    beyond,
    cases,
    codec,
    deliveries,
    erasures,
    exports,
    health,
    imports,
    inbox,
    offboarding,
    office,
    policies,
    referrals,
    sso,
    supervision,
    training,
)
from api.security_headers import SecurityHeaders
from api.traced import Traced
from services.assembly import Services, open_services
from services.batch_run import drop_old_batches
from services.import_retention import empty_old_rows
from services.rate_limits import RateLimits
from services.settings import Settings, load_settings

log = structlog.get_logger(__name__)

_DESCRIPTION = """One-on-one assistance to university graduates in hardship (困难毕业生一对一帮扶).

Errors are `application/problem+json` with a stable `code` and a sentence in Chinese (`zh`) and English (`en`).
Lists are read page by page with `cursor`. Times are UTC in RFC 3339.
"""

# Seconds between two times that the last use of sessions and tokens is written down.
_USES_SECONDS = 60.0
_MIB = 1024 * 1024
# What a form holds beside its file.
_FORM_BYTES = 64 * 1024


class Api(FastAPI):
    """The application. `pages` are the path prefixes of what is no API, with their Content-Security-Policy."""

    https: bool = False
    pages: Mapping[str, str] = {}

    def build_middleware_stack(self) -> ASGIApp:
        # Outside of everything, so that no answer goes without, not even that of an unexpected error.
        return SecurityHeaders(super().build_middleware_stack(), https=self.https, pages=self.pages)

    def openapi(self) -> dict[str, Any]:
        return with_permissions(problems.described(super().openapi()), self.routes)


def create_app(settings: Settings | None = None) -> Api:
    """The application of an installation; settings come from the environment by default."""
    chosen = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        services = await open_services(chosen)
        app.state.services = services
        try:
            await run_in_threadpool(services.prepare)
        except SQLAlchemyError:
            # The API starts all the same and says in /readyz what is missing.
            log.warning("the database does not answer yet")
        services.audit.start()
        keeping = asyncio.create_task(_keep_tidy(services))
        yield
        keeping.cancel()
        with suppress(SQLAlchemyError):
            await run_in_threadpool(services.sign_on.credentials.write_uses)
        await run_in_threadpool(services.audit.stop)
        services.engine.dispose()
        services.vault.store.close()

    app = Api(
        title="助航 Zhuhang",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        # FastAPI's pages load their scripts from the net; without it they stay blank.
        docs_url=None,
        redoc_url=None,
        # The function's name says it, and clients are generated with it.
        generate_unique_id_function=lambda route: route.name,
        # Its own spans tell addresses with their queries, also those of the pages that are mounted.
        telemetry={"exclude": lambda _scope: True},
    )
    app.https = chosen.public_url.startswith("https://")
    app.state.limits = limits = RateLimits(chosen)
    app.state.hashing = CapacityLimiter(chosen.password_checks)
    problems.install(app)
    # The last one added is asked first.
    app.add_middleware(BodyLimit, paths=_larger_bodies(chosen), seconds=chosen.receive_seconds)
    app.add_middleware(Gate, settings=chosen, limits=limits)
    app.add_middleware(CodecCors, origins=chosen.temporal_ui_origins)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=chosen.trusted_proxies)
    app.add_middleware(Measured)
    if chosen.otlp_endpoint:
        app.add_middleware(Traced)
    app.include_router(health.router)
    for part in (
        beyond,
        cases,
        batches,
        attachments,
        imports,
        exports,
        office,
        inbox,
        supervision,
        approvals,
        policies,
        referrals,
        deliveries,
        training,
        offboarding,
        erasures,
        auth,
        sso,
        accounts,
        codec,
        audit,
    ):
        app.include_router(
            part.router,
            prefix="/api/v1",
            dependencies=[Depends(plain_text)],
            responses=problems.responses(401, 403, 421, 422, 429, 503),
        )
    return app


def _larger_bodies(settings: Settings) -> dict[re.Pattern[str], int | None]:
    """The addresses that take more than a command, and how much; None where the route looks after it."""
    largest_mb = max(settings.max_upload_mb, settings.max_attachment_mb)
    return {
        # The console hands the file on to one of the next two; the browser's own check binds nobody.
        re.compile("/console/_nicegui/client/[^/]+/upload/[0-9]+"): largest_mb * _MIB + _FORM_BYTES,
        re.compile("/api/v1/imports"): None,
        re.compile("/api/v1/cases/[^/]+/attachments"): None,
        # Temporal's web pages send a page of a history at once.
        re.compile(re.escape(DECODE_PATH)): 8 * _MIB,
    }


async def _keep_tidy(services: Services) -> None:
    """Write down now and then when sessions were last used; drop those that ended long ago, and what old imports
    and batches hold of people."""
    settings = services.settings
    while True:
        try:
            await run_in_threadpool(services.sign_on.credentials.write_uses)
            await run_in_threadpool(services.sign_on.sessions.prune, datetime.now(UTC))
            now = datetime.now(UTC)
            await run_in_threadpool(empty_old_rows, services.engine, settings.import_rows_days, now)
            await run_in_threadpool(
                drop_old_batches, services.engine, services.vault, settings.batch_days, now
            )
        except SQLAlchemyError:
            log.warning("the database does not answer; the last uses of sessions are written later")
        await asyncio.sleep(_USES_SECONDS)
