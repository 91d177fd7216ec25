"""What the scenes of the golden histories are played with."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client

from services.settings import Settings
from services.vault import Vault
from tests.workflows.life import SCHOOL, Lives
from worker import build_worker

GOLDEN = Path(__file__).parent / "golden"
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Recorder:
    """Saves histories of one version; `folder` holds the scenes' data."""

    client: Client
    version: str
    folder: Path

    def lives(self, scene: str, policy: Path, **settings: Any) -> Lives:
        """An installation for a scene, without a worker."""
        place = self.folder / scene
        place.mkdir()
        chosen = Settings(data_dir=place, school_code=SCHOOL, policy=policy, task_queue=scene, **settings)
        return Lives(self.client, chosen)

    def lacks(self, name: str) -> bool:
        return not self._path(name).exists()

    async def save(self, workflow_id: str, name: str, run_id: str | None = None) -> None:
        """Save a workflow's history, unless there is one of this name."""
        history = await self.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        if self.lacks(name):
            self._path(name).write_text(history.to_json(), encoding="utf-8")

    async def save_ended(self, lives: Lives, workflow_id: str, name: str) -> None:
        """The same once the workflow has ended."""
        await until(lambda: lives.ended(workflow_id))
        await self.save(workflow_id, name)

    def _path(self, name: str) -> Path:
        return GOLDEN / f"{self.version}-{name}.json"


Scene = Callable[[Recorder], Awaitable[None]]


@asynccontextmanager
async def working(lives: Lives) -> AsyncGenerator[Lives]:
    """With a worker."""
    settings = lives.settings
    with ThreadPoolExecutor(16) as executor:
        async with build_worker(lives.client, settings, Vault.of(settings), executor):
            yield lives


async def until(seen: Callable[[], Awaitable[Any]]) -> Any:
    """Ask again until the answer is true, and answer it."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not (found := await seen()):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return found
