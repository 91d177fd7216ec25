"""Is the process alive, and can it serve?"""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.deps import ServicesDep
from api.permits import public
from services.readiness import parts_there

router = APIRouter(tags=["health"])

Part = Literal["ok", "missing"]


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`missing` names the parts that are away. `migrations` are those of the database's schema, `keys` is the key
    store, `disk` the data folder, `namespace` the one in Temporal."""

    status: Literal["ready", "not_ready"]
    database: Part
    migrations: Part
    keys: Part
    disk: Part
    temporal: Part
    namespace: Part
    worker: Part
    missing: list[str]


@router.get("/healthz", dependencies=[public()])
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", dependencies=[public()], responses={503: {"model": Readiness}})
async def readyz(services: ServicesDep, response: Response) -> Readiness:
    """All parts are there: 200; else 503 with what is missing."""
    parts = await parts_there(services.engine, services.vault.store, services.client, services.settings)
    missing = [name for name, there in parts.items() if not there]
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    told = {name: "ok" if there else "missing" for name, there in parts.items()}
    return Readiness.model_validate(
        told | {"status": "not_ready" if missing else "ready", "missing": missing}
    )
