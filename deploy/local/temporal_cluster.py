"""The full Temporal server on PostgreSQL: its four services, in one process or in one each."""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, inspect, make_url, text
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.with_parent import command_with_parent
from deploy.local.temporal_config import DATABASES, ENVIRONMENT, SERVICES, Cluster
from services.fetching import Progress
from services.go_programs import built, module_folder
from services.namespace import register_namespace
from services.settings import Settings, SetupError
from services.temporal_health import CONNECT_SECONDS, check_temporal
from services.temporal_tls import temporal_security

SERVER_VERSION = "1.32.0"
READY_SECONDS = 120.0
LOOK_SECONDS = 0.1
STOP_SECONDS = 20.0
_MODULE = "go.temporal.io/server/cmd"
_ANSWER = timedelta(seconds=CONNECT_SECONDS)


@dataclass(frozen=True)
class TemporalServer:
    """The server's program and the tool that makes and upgrades its tables, whose schema it carries."""

    server: Path
    sql_tool: Path
    progress: Progress

    def migrate(self, store: URL) -> None:
        """Make the two databases where they are absent, and bring their tables up to date.

        Raises `SetupError` `temporal_schema_failed`.
        """
        for database, schema in DATABASES.items():
            own = store.set(database=database)
            if not _exists(own):
                self._sql(own, "create-database")
            if not _versioned(own):
                self._sql(own, "setup-schema", "--version", "0.0")
            if schema == "visibility" and not _has_btree_gin(own):
                self._update_without_btree_gin(own)
            else:
                self._sql(own, "update-schema", "--schema-name", f"postgresql/v12/{schema}")

    def _update_without_btree_gin(self, store: URL) -> None:
        """The PostgreSQL that comes as a Python package has no additional modules. The indexes that need this one
        then lack the namespace, which is slower only where lists are asked for by several namespaces' attributes."""
        module = f"go.temporal.io/server@v{SERVER_VERSION}"
        source = module_folder(f"temporal-schema-{SERVER_VERSION}", module, "schema", self.progress)
        with tempfile.TemporaryDirectory() as folder:
            for file in (source / "postgresql" / "v12" / "visibility" / "versioned").rglob("*"):
                if file.is_file():
                    copy = Path(folder) / file.parent.name / file.name
                    copy.parent.mkdir(exist_ok=True)
                    changed = file.read_text().replace("CREATE EXTENSION btree_gin;", "NULL;")
                    copy.write_text(changed.replace("GIN (namespace_id, ", "GIN ("))
            self._sql(store, "update-schema", "--schema-dir", folder)

    def _sql(self, store: URL, *words: str) -> None:
        place = ["--plugin", "postgres12", "--ep", str(store.host), "--port", str(store.port or 5432)]
        done = subprocess.run(  # noqa: S603
            [self.sql_tool, *place, "--user", str(store.username), "--db", str(store.database), *words],
            env={"SQL_PASSWORD": str(store.password or "")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            words_of_it = (done.stdout + done.stderr).strip()[-300:]
            raise SetupError(
                "temporal_schema_failed",
                f"Temporal 数据库 {store.database} 无法建立或升级:{words_of_it}",
                f"Temporal's database {store.database} cannot be made or upgraded: {words_of_it}",
            )

    def command(self, config: Path, *services: str) -> list[str]:
        """The command line of a process with these services."""
        chosen = [part for service in services for part in ("--service", service)]
        return [str(self.server), "--config-file", str(config), "--allow-no-auth", "start", *chosen]


def find_temporal_server(progress: Progress) -> TemporalServer:
    """The server, built into the cache where it is absent. Raises `SetupError` `go_program_unobtainable`."""
    packages = [f"{_MODULE}/{name}@v{SERVER_VERSION}" for name in ("server", "tools/sql")]
    folder = built(f"temporal-server-{SERVER_VERSION}", packages, progress, minutes=4)
    return TemporalServer(folder / "server", folder / "sql", progress)


@contextmanager
def server_on(
    postgresql_url: str,
    folder: Path,
    first_port: int,
    *,
    one_process: bool = True,
    shards: int = 4,
    progress: Progress | None = None,
) -> Generator[str]:
    """host:port of a Temporal server for the block, on the PostgreSQL server of the URL, without TLS.

    It has the namespace `default`; ten ports from `first_port` on are its. Configuration and logs are in `folder`.
    Raises `SetupError`.
    """
    installed = find_temporal_server(progress or Silent())
    cluster = Cluster(store=make_url(postgresql_url), first_port=first_port, shards=shards)
    folder.mkdir(parents=True, exist_ok=True)
    installed.migrate(cluster.store)
    config = cluster.write(folder / "temporal.yaml")
    groups: Sequence[Sequence[str]] = [SERVICES] if one_process else [[service] for service in SERVICES]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for group in groups:
            with (folder / f"temporal-{'-'.join(group)}.log").open("wb") as log:
                command = command_with_parent(installed.command(config, *group))
                processes.append(
                    subprocess.Popen(  # noqa: S603
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        process_group=0,
                        env=os.environ | ENVIRONMENT,
                    )
                )
        settings = Settings(temporal_address=cluster.address)

        def ended() -> bool:
            return any(process.poll() is not None for process in processes)

        with ThreadPoolExecutor(1) as thread:  # the caller's own thread may be running an event loop
            thread.submit(lambda: asyncio.run(until_registered(settings, ended))).result()
        yield cluster.address
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _exists(store: URL) -> bool:
    with _reading(store.set(database="postgres")) as connection:
        names = connection.execute(text("SELECT datname FROM pg_database"))
        return store.database in set(names.scalars())


def _has_btree_gin(store: URL) -> bool:
    with _reading(store) as connection:
        found = connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gin'"))
        return found.first() is not None


def _versioned(store: URL) -> bool:
    with _reading(store) as connection:
        return inspect(connection).has_table("schema_version")


@contextmanager
def _reading(store: URL) -> Generator[Connection]:
    engine = create_engine(store.set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


async def until_registered(settings: Settings, ended: Callable[[], bool] = lambda: False) -> None:
    """Register the namespace with a server that has just started, which refuses for a while after it answers, and
    wait until all of its services know it. `ended` tells that waiting is in vain.

    Raises `SetupError` `temporal_did_not_start`.
    """
    reason, until = "no answer", time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if ended():
            reason = "it ended"
            break
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await register_namespace(settings)
                await _known_everywhere(settings)
                await check_temporal(settings)
                return
        except (RPCError, RuntimeError, TimeoutError, SetupError) as error:
            reason = type(error).__name__
        await asyncio.sleep(LOOK_SECONDS)
    raise SetupError(
        "temporal_did_not_start",
        f"Temporal({settings.temporal_target})没有启动({reason}),请看它的日志。",
        f"Temporal at {settings.temporal_target} did not start ({reason}); see its logs.",
    )


class Silent:
    """Tells nobody."""

    def say(self, zh: str, en: str) -> None:
        """Nothing."""

    def busy(self, zh: str, en: str, seconds: float) -> None:
        """Nothing."""


async def _known_everywhere(settings: Settings) -> None:
    """Ask history and matching by way of the frontend: they learn of a new namespace seconds later than it does.

    Raises `temporalio.service.RPCError` while one of them does not know it.
    """
    client = await Client.connect(
        settings.temporal_target, namespace=settings.temporal_namespace, **temporal_security(settings)
    )
    queue = DescribeTaskQueueRequest(
        namespace=settings.temporal_namespace,
        task_queue=TaskQueue(name="nobodys"),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    await client.workflow_service.describe_task_queue(queue, timeout=_ANSWER)
    try:
        await client.get_workflow_handle("nobody").describe(rpc_timeout=_ANSWER)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND or "namespace" in error.message.lower():
            raise
