"""Everything of the production form on one machine: PostgreSQL, the full Temporal server, two workers, two API
processes, and a reverse proxy before them."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from cli.checks import check_data_dir, check_policies, check_port, database_away
from cli.foreground import LOOK_SECONDS, READY_SECONDS, alone_in, let_people_in, run_parts, until_ready
from cli.setup import set_up
from cli.supervisor import Part, Supervisor
from cli.terminal import Terminal
from cli.up import print_trials, welcome
from deploy.local.certificates import certify
from deploy.local.kept_settings import keep_settings
from deploy.local.place import APIS, KEYS, LEDGER, WORKERS, ClusterPlace
from deploy.local.postgresql import answers, find_postgresql, major_of
from deploy.local.proxy import find_caddy, proxy_command
from deploy.local.temporal_cluster import find_temporal_server, until_registered
from deploy.local.temporal_config import ENVIRONMENT, SERVICES, Cluster
from services.cores import core_of
from services.database import engine_of
from services.file_lock import exclusive
from services.move.marks import refuse_moving
from services.settings import Settings, SetupError, load_settings
from services.settings_security import secret_in
from services.weaknesses import refuse_weak

# Also --dir of the command line.
_FOLDER_VARIABLE = "ZHUHANG_CLUSTER_DIR"


def run_cluster(place: ClusterPlace, terminal: Terminal, *, servers_only: bool = False) -> int:
    """Run the cluster until SIGINT, SIGTERM or SIGHUP; the exit status. With `servers_only` PostgreSQL and Temporal
    alone, as a move or a restore into them needs it.

    Raises `SetupError` when something is in the way.
    """
    check_data_dir(place.folder, _FOLDER_VARIABLE)
    place.folder.chmod(0o711)  # PostgreSQL, which refuses to be root, passes through to its own
    check_data_dir(place.data, _FOLDER_VARIABLE)

    def work() -> int:
        return _alone(place, terminal, servers_only=servers_only)

    return alone_in(place.folder, terminal, work, _FOLDER_VARIABLE)


def _alone(place: ClusterPlace, terminal: Terminal, *, servers_only: bool) -> int:
    with exclusive(place.data / "up.lock"):
        place.make_secrets()
        certify(place.certificates)
        given, own = dict(os.environ), place.environment()
        os.environ.update(own)  # for all parts, too
        settings = load_settings()
        if not servers_only:
            refuse_moving(settings.data_dir)
        refuse_weak(settings, with_data=False)
        check_policies(settings)
        for port in place.ports:
            check_port("127.0.0.1", port, "ZHUHANG_HTTP_PORT")
        bringing = _Bringing(place, settings, terminal)
        keep_settings(place.folder / "cluster.env", own, given, settings)
        try:
            return asyncio.run(bringing.serve(servers_only=servers_only))
        finally:
            (place.folder / "parts.json").unlink(missing_ok=True)


class _Bringing:
    """Brings the parts up, one after the other."""

    def __init__(self, place: ClusterPlace, settings: Settings, terminal: Terminal) -> None:
        self._place = place
        self._settings = settings
        self._terminal = terminal
        self._postgresql = find_postgresql(major_of(place.postgresql_data))
        self._server = find_temporal_server(terminal)
        self._caddy = find_caddy(terminal)
        self._pids: dict[str, int] = {}

    async def serve(self, *, servers_only: bool) -> int:
        supervisor = Supervisor(self._place.logs, self._terminal.say, self._started)
        return await run_parts(supervisor, self._terminal, self._bring_up(supervisor, servers_only))

    def _started(self, part: Part, pid: int) -> None:
        self._pids[part.name] = pid
        fresh = self._place.folder / "parts.json.new"
        fresh.write_text(json.dumps(self._pids))
        fresh.rename(self._place.folder / "parts.json")

    async def _bring_up(self, supervisor: Supervisor, servers_only: bool) -> None:
        say, settings = self._terminal.say, self._settings
        say(f"启动 PostgreSQL {self._postgresql.major}", f"starting PostgreSQL {self._postgresql.major}")
        store = make_url(settings.database_url).set(database="postgres")
        await self._start_postgresql(supervisor, store)
        say("准备数据库", "preparing the databases")
        await asyncio.to_thread(_create_databases, settings, store)
        await asyncio.to_thread(self._server.migrate, store)
        say("启动 Temporal 的四个服务", "starting Temporal's four services")
        self._start_temporal(supervisor, store)
        await until_registered(settings)
        if servers_only:
            supervisor.settled = True
            say(
                f"PostgreSQL 与 Temporal 已就绪;环境变量在 {self._place.folder / 'cluster.env'}",
                f"PostgreSQL and Temporal are ready; their settings are in {self._place.folder / 'cluster.env'}",
            )
            return
        await asyncio.to_thread(set_up, settings, self._terminal)
        say("启动工作进程与接口", "starting workers and APIs")
        await self._start_product(supervisor)
        say("启动反向代理", "starting the reverse proxy")
        command = proxy_command(self._caddy, self._place.folder / "proxy", self._place.port, self._place.apis)
        supervisor.start(Part("proxy", command, stop_seconds=5.0))
        await until_ready(settings, self._terminal, self._place.logs)
        supervisor.settled = True
        await let_people_in(settings, self._terminal)
        self._terminal.console.print(welcome(settings))
        self._terminal.console.print(
            f"  set -a; . {self._place.folder / 'cluster.env'}; set +a",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
        print_trials(settings, self._terminal)

    async def _start_postgresql(self, supervisor: Supervisor, store: URL) -> None:
        installed, folder = self._postgresql, self._place.postgresql_data
        if major_of(folder) is None:
            # Elsewhere first: a start that is broken off leaves what looks like a server's files.
            fresh, password = folder.with_suffix(".new"), secret_in(self._place.database_password)
            shutil.rmtree(fresh, ignore_errors=True)
            await asyncio.to_thread(installed.initialise, fresh, password=password)
            fresh.rename(folder)
        # It ends by itself within seconds of being asked to (fast shutdown), after a last checkpoint.
        supervisor.start(
            Part(
                "postgres",
                installed.server_command(folder, self._place.postgresql),
                stop_seconds=30.0,
                stop_signal=signal.SIGINT,
                user=installed.owner,
            )
        )
        url = store.render_as_string(hide_password=False)
        began = time.monotonic()
        while not await asyncio.to_thread(answers, url):
            if (seconds := time.monotonic() - began) > READY_SECONDS:
                raise SetupError(
                    "postgresql_failed",
                    f"PostgreSQL 没有启动,详见 {self._place.logs}。",
                    f"PostgreSQL did not start; see {self._place.logs}.",
                )
            self._terminal.busy("  等待 PostgreSQL", "  waiting for PostgreSQL", seconds)
            await asyncio.sleep(LOOK_SECONDS)

    def _start_temporal(self, supervisor: Supervisor, store: URL) -> None:
        place, folder = self._place, self._place.folder / "temporal"
        folder.mkdir(mode=0o700, exist_ok=True)
        cluster = Cluster(
            store=store,
            first_port=place.temporal,
            password_file=place.database_password,
            certificates=place.temporal_certificates,
            metrics_ports=place.temporal_metrics,
        )
        for service in SERVICES:
            config = cluster.write(folder / f"{service}.yaml", service)
            command = self._server.command(config, service)
            supervisor.start(Part(f"temporal-{service}", command, 10.0, environment=ENVIRONMENT))

    async def _start_product(self, supervisor: Supervisor) -> None:
        zhuhang = [sys.executable, str(Path(sys.executable).with_name("zhuhang"))]
        for number in range(WORKERS):
            own = self._place.worker_environment(number)
            core = core_of(self._settings, number)
            command = [*zhuhang, "worker"]
            supervisor.start(Part(f"worker-{number + 1}", command, 10.0, environment=own, core=core))
        for number in range(APIS):
            own = self._place.api_environment(number, self._settings.public_url)
            core = core_of(self._settings, WORKERS + number)
            supervisor.start(Part(f"api-{number + 1}", [*zhuhang, "api"], 5.0, environment=own, core=core))
        for port in self._place.apis:
            behind = self._settings.model_copy(update={"http_port": port})
            await until_ready(behind, self._terminal, self._place.logs)


def _create_databases(settings: Settings, store: URL) -> None:
    """The databases of the ledger and of the keys, empty, where they are not there yet."""
    engine = engine_of(store.render_as_string(hide_password=False))
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
            for name in (LEDGER, KEYS):
                if name not in there:
                    connection.execute(text(f"CREATE DATABASE {name}"))
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None
    finally:
        engine.dispose()
