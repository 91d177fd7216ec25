"""`zhuhang doctor`: what is right and wrong on this machine. It mends nothing."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from rich.table import Column, Table
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from cli.checks import check_data_dir, check_keys, check_port, ports_of
from cli.terminal import Terminal
from services.database import alembic_config, create_engine_from
from services.erased_check import ErasedCheck
from services.errors import Unavailable
from services.fetching import MoveOnError, cache_folder
from services.settings import Settings, SetupError, load_settings
from services.temporal_health import check_temporal, worker_seen
from services.temporal_server import CLI_VERSION, check_binary
from services.vault import Vault
from services.weaknesses import weak_data, weak_settings

LEAST_PYTHON = (3, 11)
_LOCK = Path(__file__).parents[1] / "requirements.lock"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `ok` None: not wrong, but worth knowing."""

    check: str
    ok: bool | None
    found: str


def doctor(as_json: bool, terminal: Terminal) -> int:
    """Look at everything and print it; 1 when something is wrong.

    Raises `SetupError` `setting_invalid`, since nothing can be looked at without settings.
    """
    findings = list(_examine(load_settings()))
    healthy = all(finding.ok is not False for finding in findings)
    if as_json:
        print(json.dumps({"healthy": healthy, "checks": [asdict(finding) for finding in findings]}))  # noqa: T201
    else:
        table = Table.grid("", "", Column(overflow="fold"), padding=(0, 2))
        for finding in findings:
            mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]·[/]"}[finding.ok]
            table.add_row(mark, finding.check, finding.found)
        terminal.console.print(table)
    return 0 if healthy else 1


def _examine(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= LEAST_PYTHON, version)
    yield _packages()
    yield _attempt("data_dir", lambda: f"{settings.data_dir}, {check_data_dir(settings.data_dir)} MB free")
    if settings.temporal_address is None:
        yield _server_binary()
    temporal = asyncio.run(_temporal(settings))
    running = temporal[-1].ok
    for variable, (host, port) in ports_of(settings).items():
        if running and variable != "ZHUHANG_HTTP_PORT":
            continue
        finding = _attempt(variable, lambda h=host, p=port, v=variable: _free(h, p, v))
        # While everything runs, the port is of course taken: by ourselves.
        yield Finding(finding.check, None, "in use; Zhuhang runs") if running and not finding.ok else finding
    database = _database(settings)
    yield database
    if database.ok:
        yield (keys := _keys(settings))
        if keys.ok is not False:
            yield _erased(settings)
    yield from temporal
    yield from _security(settings, with_data=database.ok is True)
    yield from school_sign_on(settings)


def school_sign_on(settings: Settings) -> Iterator[Finding]:
    """Sign-on at the school's own provider: whether it is wholly set, where it is set at all."""
    for check, address, gaps in (
        ("oidc", settings.oidc_issuer, settings.oidc_gaps),
        ("cas", settings.cas_url, settings.cas_gaps),
    ):
        if gaps:
            yield Finding(check, False, f"half set and not offered; missing: {', '.join(gaps)}")
        elif address:
            yield Finding(check, True, address)


def _attempt(check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, look())
    except SetupError as error:
        return Finding(check, False, f"{error.zh} {error.en}")


def _free(host: str, port: int, variable: str) -> str:
    check_port(host, port, variable)
    return f"{host}:{port} is free"


def _packages() -> Finding:
    if not _LOCK.exists():
        return Finding("packages", None, "no requirements.lock beside the code")
    # A line with a marker (`; sys_platform == …`) may rightly be absent here, and one package have several.
    pins: dict[str, list[str]] = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==(\S+)( ;)?", _LOCK.read_text(), re.MULTILINE):
        pins.setdefault(name, [""] if marker else []).append(version)
    wrong: list[str] = []
    for name, versions in pins.items():
        try:
            there = metadata.version(name)
        except metadata.PackageNotFoundError:
            there = ""
        if there not in versions:
            wrong.append(f"{name} {there or 'missing'}, locked {versions[-1]}")
    return Finding("packages", not wrong, "; ".join(wrong) or f"{len(pins)} as locked")


def _server_binary() -> Finding:
    found = shutil.which("temporal")
    places = [Path(found)] if found else []
    places.append(cache_folder() / f"temporal-{CLI_VERSION}" / "temporal")
    reasons: list[str] = []
    for place in places:
        try:
            return Finding("temporal_binary", True, f"{place}, server {check_binary(place)}")
        except MoveOnError as reason:
            reasons.append(str(reason))
    return Finding("temporal_binary", None, f"none yet, `zhuhang up` gets one ({'; '.join(reasons)})")


def _database(settings: Settings) -> Finding:
    wanted = set(ScriptDirectory.from_config(alembic_config(settings.database_url)).get_heads())
    kept_in = make_url(settings.database_url).database
    if settings.database_url.startswith("sqlite") and kept_in and not Path(kept_in).exists():
        return Finding("database", None, "not made yet; `zhuhang up` makes it")
    try:
        engine = create_engine_from(settings)
        with engine.connect() as connection:
            there = set(MigrationContext.configure(connection).get_current_heads())
        engine.dispose()
    except SQLAlchemyError as error:
        return Finding("database", False, f"not usable: {type(error).__name__}")
    if there != wanted:
        return Finding("database", None, "its schema is not up to date; `zhuhang up` sees to it")
    return Finding("database", True, "up to date")


def _security(settings: Settings, *, with_data: bool) -> Iterator[Finding]:
    """Each weak point; in production it is wrong, in a trial worth knowing."""
    found = [*weak_settings(settings), *(weak_data(settings) if with_data else [])]
    for item in found:
        wrong = item.grave and settings.mode == "production"
        yield Finding(f"security.{item.code}", False if wrong else None, f"{item.zh} {item.en}")
    if not found:
        yield Finding("security", True, f"nothing weak found, mode {settings.mode}")


def _keys(settings: Settings) -> Finding:
    """Whether the master keys are those of this installation."""
    try:
        made = check_keys(settings)
    except (SetupError, Unavailable) as error:
        return Finding("keys", False, f"{error.zh} {error.en}")
    return Finding("keys", made or None, "opened by the master keys" if made else "not made yet")


def _erased(settings: Settings) -> Finding:
    """Whether a restored backup has brought back what was erased."""
    engine = create_engine_from(settings)
    check = ErasedCheck(engine, Vault.of(settings), settings.school_code)
    try:
        found = len(check.come_back()) + len(check.uncertified())
    except (SQLAlchemyError, Unavailable) as error:
        return Finding("erasures", False, f"not to be looked at: {type(error).__name__}")
    finally:
        engine.dispose()
    if found:
        return Finding(
            "erasures", False, f"{found} erased cases are back; run `zhuhang keys replay-erasures`"
        )
    return Finding("erasures", True, "what was erased is gone")


async def _temporal(settings: Settings) -> list[Finding]:
    """What answers at Temporal's address. An embedded server that is simply not started is not wrong."""
    try:
        client = await check_temporal(settings, timeout_seconds=3)
        served = await worker_seen(client, settings)
    except (SetupError, RPCError) as error:
        found = f"{error.zh} {error.en}" if isinstance(error, SetupError) else str(error)
        return [Finding("temporal", False if settings.temporal_address else None, found)]
    return [
        Finding("temporal", True, settings.temporal_target),
        Finding(
            "worker", served, "polls for cases" if served else "no worker polls; `zhuhang worker` is one"
        ),
    ]
