"""The settings of worker processes; see docs/sizing.md."""

from pydantic import Field
from pydantic_settings import BaseSettings


class WorkerSettings(BaseSettings):
    """How a worker process runs workflows. Part of `services.settings.Settings`."""

    workflow_sandbox: bool = Field(
        default=False,
        description="Run workflows in the SDK's sandbox, which fails where one does what a replay could not repeat. "
        "Our tests do; a worker takes more time and memory in it.",
    )
    cached_workflows: int = Field(
        default=4000,
        ge=0,
        le=100_000,
        description="Workflows that a worker process keeps in memory, each about 0.15 MB. A command, or a time that "
        "has come, for one that is not there must read its history first.",
    )
