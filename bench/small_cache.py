"""`python -m bench.small_cache COUNT`: the product's worker, which keeps so few workflows in memory that the others are
cold; the settings are in the environment."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import uvloop

from cli.clean_exit import run_and_leave
from services.logs import configure_logging
from services.settings import Settings, load_settings
from services.temporal import connect
from services.vault import Vault
from worker import build_worker

_THREADS = 16


async def serve(settings: Settings, cached: int) -> None:
    """Work until killed."""
    vault = Vault.of(settings)
    client = await connect(settings, vault)
    with ThreadPoolExecutor(_THREADS) as executor:
        async with build_worker(client, settings, vault, executor, cached_workflows=cached):
            await asyncio.Event().wait()


def main() -> int:
    """Serve."""
    settings = load_settings()
    configure_logging(settings)
    uvloop.run(serve(settings, int(sys.argv[1])))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
