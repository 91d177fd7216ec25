"""Is the process alive, and can it serve?"""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.deps import ServicesDep
from api.permits import public
from services.temporal_health import worker_seen

router = APIRouter(tags=["health"])

Part = Literal["ok", "missing"]
_PATIENCE = 4.0


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`missing` names the parts that are away."""

    status: Literal["ready", "not_ready"]
    database: Part
    temporal: Part
    worker: Part
    missing: list[str]


@router.get("/healthz", dependencies=[public()])
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", dependencies=[public()], responses={503: {"model": Readiness}})
async def readyz(services: ServicesDep, response: Response) -> Readiness:
    """Database, Temporal and a worker are there: 200; else 503 with what is missing."""
    database = await run_in_threadpool(_database_answers, services.engine)
    temporal, worker = True, False
    try:
        async with asyncio.timeout(_PATIENCE):
            worker = await worker_seen(services.client, services.settings)
    except (RPCError, RuntimeError, TimeoutError):
        temporal = False
    parts: dict[str, bool] = {"database": database, "temporal": temporal, "worker": worker}
    missing = [name for name, there in parts.items() if not there]
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return Readiness(
        status="not_ready" if missing else "ready",
        database=_part(database),
        temporal=_part(temporal),
        worker=_part(worker),
        missing=missing,
    )


def _part(there: bool) -> Part:
    return "ok" if there else "missing"


def _database_answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM school"))
    except SQLAlchemyError:
        return False
    return True
