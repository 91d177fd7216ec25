"""`zhuhang keys`: the master keys that wrap every case's key."""

import json
from collections.abc import Generator
from contextlib import contextmanager

import typer

from cli.options import JsonOption
from services.settings import SetupError, load_settings

keys_app = typer.Typer(help="密钥 · keys", no_args_is_help=True)


@contextmanager
def _store_needed() -> Generator[None]:
    """Raises SetupError where the key store or the audit's journal is away."""
    from services.errors import Unavailable

    try:
        yield
    except Unavailable as away:
        raise SetupError(away.code, away.zh, away.en) from None


@keys_app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """列出主密钥与数量 · master keys by id, and how many keys each wraps; nothing secret."""
    from services.vault import Vault

    settings = load_settings()
    vault = Vault.of(settings)
    with _store_needed():
        vault.proved()
        current = vault.masters.current()
        wrapped, destroyed = vault.store.counts()
    masters = [{"id": name, "keys": count} for name, count in sorted(({current: 0} | wrapped).items())]
    if as_json:
        told = {
            "current": current,
            "masters": masters,
            "keys": sum(wrapped.values()),
            "destroyed": destroyed,
            "cipher": settings.cipher.value,
        }
        typer.echo(json.dumps(told))
        return
    for master in masters:
        mark = " ← 当前 current" if master["id"] == current else ""
        typer.echo(f"主密钥 master key {master['id']}:{master['keys']} 个密钥 keys{mark}")
    typer.echo(f"已销毁 destroyed:{destroyed} · 算法 cipher:{settings.cipher.value}")


@keys_app.command()
def rotate(as_json: JsonOption = False) -> None:
    """更换主密钥 · a fresh master key, and every key wrapped by it, while all goes on."""
    from services.audit import Audit
    from services.caller import Stranger
    from services.database import create_engine_from
    from services.key_rotation import rotate as change
    from services.vault import Vault

    settings = load_settings()
    vault = Vault.of(settings)
    by = Stranger("", settings.school_code, how="command_line")
    with _store_needed():
        audit = Audit(create_engine_from(settings), vault, settings.data_dir)
        try:
            audit.record_now(by, "keys.rotate", outcome="begun")
            current, count = change(vault)
            audit.record_now(by, "keys.rotate", detail={"master_key": current, "keys": count})
        finally:
            audit.stop()
    if as_json:
        typer.echo(json.dumps({"current": current, "wrapped": count}))
    else:
        typer.echo(f"✓ 主密钥 {current},重新封装 {count} 个密钥 · master key {current} wraps {count} keys")


@keys_app.command("replay-erasures")
def replay_erasures(as_json: JsonOption = False) -> None:
    """重新销毁 · erase again what a restored backup has brought back; the worker does it at its start."""
    import asyncio

    from temporalio.service import RPCError

    from services.assembly import open_services
    from services.commands import temporal_away
    from services.erasing import Eraser
    from services.erasure_replay import ErasureReplay, Replayed
    from services.errors import Unavailable
    from services.temporal_health import check_temporal

    settings = load_settings()

    async def run() -> Replayed:
        await check_temporal(settings)
        services = await open_services(settings)
        eraser = Eraser(services.client, services.engine, services.vault, settings)
        return await ErasureReplay(services.engine, services.vault, eraser, settings.school_code).run()

    try:
        found = asyncio.run(run())
    except (RPCError, Unavailable) as error:
        away = error if isinstance(error, Unavailable) else temporal_away()
        raise SetupError(away.code, away.zh, away.en) from None
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        count = len(found.come_back) + len(found.uncertified)
        typer.echo(f"重新删除 {count} 份档案 · {count} cases are erased again")
