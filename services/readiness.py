"""Which of the parts that serving takes are there."""

import asyncio
import shutil
import tempfile
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from services.database import alembic_config
from services.errors import Unavailable
from services.key_store import KeyStore
from services.settings import Settings
from services.temporal_health import worker_seen

_PATIENCE = 4.0
# Megabytes; with less, nothing can be recorded for long, and so nothing is done.
_LEAST_FREE = 20


async def parts_there(engine: Engine, keys: KeyStore, client: Client, settings: Settings) -> dict[str, bool]:
    """Every part by its name: database, its schema, the key store, the disk of the data folder, Temporal, the
    namespace in it, and a worker that polled lately."""
    local, temporal = await asyncio.gather(
        asyncio.to_thread(_local, engine, keys, settings.data_dir), _temporal(client, settings)
    )
    return local | temporal


def _local(engine: Engine, keys: KeyStore, folder: Path) -> dict[str, bool]:
    database = _answers(engine)
    return {
        "database": database,
        "migrations": database and _is_migrated(engine),
        "keys": _opens(keys),
        "disk": _is_writable(folder),
    }


async def _temporal(client: Client, settings: Settings) -> dict[str, bool]:
    worker, namespace, temporal = False, False, False
    try:
        async with asyncio.timeout(_PATIENCE):
            worker = await worker_seen(client, settings)
        temporal = namespace = True
    except RPCError as error:
        temporal = error.status == RPCStatusCode.NOT_FOUND
    except (RuntimeError, TimeoutError):
        pass
    return {"temporal": temporal, "namespace": namespace, "worker": worker}


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM school"))
    except SQLAlchemyError:
        return False
    return True


def _is_migrated(engine: Engine) -> bool:
    """A schema that only a later version knows serves as well, as while one is brought in."""
    scripts = _scripts()
    try:
        with engine.connect() as connection:
            known = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return False
    earlier = {script.revision for script in scripts.walk_revisions()} - set(scripts.get_heads())
    return known is not None and known not in earlier


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(""))


def _opens(keys: KeyStore) -> bool:
    try:
        keys.find_id("readiness")
    except (Unavailable, SQLAlchemyError):
        return False
    return True


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(4096))
        return shutil.disk_usage(folder).free >> 20 >= _LEAST_FREE
    except OSError:
        return False
