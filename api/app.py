"""The FastAPI application."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from api import problems
from api.routers import (
    cases,
    deliveries,
    exports,
    health,
    imports,
    inbox,
    offboarding,
    office,
    referrals,
    supervision,
    training,
)
from services.assembly import open_services
from services.settings import Settings, load_settings

log = structlog.get_logger(__name__)

_DESCRIPTION = """One-on-one assistance to university graduates in hardship (困难毕业生一对一帮扶).

Errors are `application/problem+json` with a stable `code` and a sentence in Chinese (`zh`) and English (`en`).
Lists are read page by page with `cursor`. Times are UTC in RFC 3339.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
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
        yield
        services.engine.dispose()

    app = FastAPI(title="助航 Zhuhang", version="1", description=_DESCRIPTION, lifespan=lifespan)
    problems.install(app)
    app.include_router(health.router)
    for part in (
        cases,
        imports,
        exports,
        office,
        inbox,
        supervision,
        referrals,
        deliveries,
        training,
        offboarding,
    ):
        app.include_router(part.router, prefix="/api/v1")
    return app
