"""`zhuhang export` and `zhuhang verify`: the ledger as a workbook, and the proof that it is right."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import typer
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.problems import database_away
from cli.client import AWAY, ApiClient, console, errors, print_json, say_problem
from services.assembly import open_services
from services.commands import temporal_away
from services.settings import Settings
from services.temporal_health import check_temporal
from services.verify import Verification, Verifier


def export(
    settings: Settings,
    file: Path,
    actor: str,
    case_id: str | None,
    asked: Mapping[str, object],
    *,
    as_json: bool,
) -> None:
    """Write the ledger that the actor may read into a workbook, or the printed file of one case into a PDF."""
    api = ApiClient(settings, actor, as_json=as_json)
    path = "/exports/ledger.xlsx" if case_id is None else f"/cases/{quote(case_id, safe='')}/paper"
    response = api.download(path, **asked)
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as target:
            for block in response.iter_bytes():
                target.write(block)
    finally:
        response.close()
    part.replace(file)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        console.print(f"✓ {file}", soft_wrap=True)


@dataclass(frozen=True)
class Slice:
    """So many cases of the ledger after one of them."""

    after: str
    cases: int


def verify(settings: Settings, part: Slice | None, *, repair: bool, as_json: bool) -> int:
    """Compare the ledger, or a part of it, with the workflows; the exit status: 0 when equal, 1 when any case differs
    or a difference could not be repaired, 3 when Temporal or the database is away."""
    try:
        found = asyncio.run(_verify(settings, part, repair=repair, quiet=as_json))
    except (RPCError, SQLAlchemyError) as error:
        away = temporal_away() if isinstance(error, RPCError) else database_away()
        say_problem({"code": away.code, "zh": away.zh, "en": away.en}, as_json=as_json)
        return AWAY
    if as_json:
        # Which slice comes next is told of slices only.
        print_json(found.model_dump(mode="json", exclude=set() if part else {"next_after"}))
    else:
        _show(found)
    return int(any(not difference.repaired for difference in found.details))


async def _verify(settings: Settings, part: Slice | None, *, repair: bool, quiet: bool) -> Verification:
    await check_temporal(settings)
    services = await open_services(settings)
    verifier = Verifier(services.engine, services.vault, services.client, settings)
    with errors.status("核对 verifying") as status:
        if quiet:
            status.stop()

        def progress(done: int) -> None:
            status.update(f"核对 verifying {done}")

        if part is not None:
            return await verifier.verify_slice(part.after, part.cases, repair=repair, progress=progress)
        return await verifier.verify(repair=repair, progress=progress)


def _show(found: Verification) -> None:
    table = Table("档案 case", "不同之处 differs in", "已修复 repaired")
    for difference in found.details:
        table.add_row(difference.case_id, ", ".join(difference.problems), "✓" if difference.repaired else "")
    if found.details:
        console.print(table)
    typer.echo(
        f"{found.cases} 份档案，{found.differing} 份不一致 · {found.cases} cases, {found.differing} differing"
    )
    if found.next_after is not None:
        typer.echo(f"下一段 · the next slice: --after {found.next_after}")
