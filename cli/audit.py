"""`zhuhang audit`: prove that the audit is whole, and take a copy of it away."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import JsonOption
from services.settings import SetupError, load_settings

if TYPE_CHECKING:
    # Loaded where it is used, so that other commands start quickly.
    from sqlalchemy import Engine

    from services.audit import Audit

audit_app = typer.Typer(help="审计 · the audit", no_args_is_help=True)


@audit_app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="核对导出文件 · an export instead"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """核对审计链 · find changed, removed, inserted or moved entries; exit status 1 when any."""
    from services.audit_export import verify_export
    from services.audit_verify import AuditVerifier

    with _opened() as (engine, audit, folder):
        if file is None:
            report = AuditVerifier(engine, audit.chain, folder, audit.key).verify()
        else:
            with file.open(encoding="utf-8", errors="replace") as lines:
                report = verify_export(lines, audit.key)
    if as_json:
        typer.echo(report.model_dump_json())
    elif not report.problems:
        typer.echo(
            f"✓ 审计完整:{report.entries} 条,第 {report.first} 至 {report.last} 条 · "
            f"the audit is whole: {report.entries} entries, {report.first} to {report.last}"
        )
        typer.echo(f"  链首 head: {report.head}")
    else:
        for item in report.findings:
            place = "—" if item.seq is None else str(item.seq)
            typer.echo(f"✗ {place} {item.entry or ''} {item.code}:{item.zh} · {item.en}")
        typer.echo(f"共 {report.problems} 处问题 · {report.problems} problems")
    raise typer.Exit(1 if report.problems else 0)


@audit_app.command()
def export(
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="新文件 · a new file (JSON lines)")],
    since: Annotated[
        datetime | None, typer.Option("--from", help="从此时起(本地时间) · from this local time")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", help="到此时止(不含) · until this local time")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """导出审计 · write entries to a file that `audit verify --file` can prove."""
    from services.audit_export import export_audit
    from services.caller import Stranger

    settings = load_settings()
    with _opened() as (engine, audit, _):
        audit.record_now(
            Stranger("local", settings.school_code, how="command_line"), "audit.export", outcome="begun"
        )
        audit.settle()
        try:
            made = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise SetupError(
                "file_not_writable",
                f"无法新建文件 {out}:{error.strerror}。",
                f"The file {out} cannot be created: {error.strerror}.",
            ) from None
        with os.fdopen(made, "w", encoding="utf-8") as target:
            count = export_audit(engine, audit.key, target, _local(since), _local(until))
    if as_json:
        typer.echo(json.dumps({"file": str(out), "entries": count}))
    else:
        typer.echo(f"✓ 已导出 {count} 条 · {count} entries: {out}")


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone()


@contextmanager
def _opened() -> "Generator[tuple[Engine, Audit, Path]]":
    from sqlalchemy.exc import SQLAlchemyError

    from services.audit import Audit
    from services.database import create_engine_from
    from services.errors import Unavailable
    from services.vault import Vault

    settings = load_settings()
    engine = create_engine_from(settings)
    audit = Audit(engine, Vault.of(settings), settings.data_dir)
    try:
        yield engine, audit, settings.data_dir / "audit"
        audit.stop()
    except SQLAlchemyError:
        raise SetupError(
            "database_unavailable", "数据库暂时不可用。", "The database is not available for the moment."
        ) from None
    except Unavailable as away:
        raise SetupError(away.code, away.zh, away.en) from None
    finally:
        engine.dispose()
