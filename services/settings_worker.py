"""The settings of worker processes, and of the processor that they share with the API; see docs/sizing.md."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

_FEWEST_CACHED = 10


class WorkerSettings(BaseSettings):
    """How a worker process runs workflows. Part of `services.settings.Settings`."""

    workflow_sandbox: bool = Field(
        default=False,
        description="Run workflows in the SDK's sandbox, which fails where one does what a replay could not repeat. "
        "Our tests do; a worker takes more time and memory in it.",
    )
    one_core: bool = Field(
        default=True,
        description="Each worker and API process that `zhuhang up` starts keeps to one processor core: Python uses one "
        "at a time anyway. False where others need that core more.",
    )
    cached_workflows: int = Field(
        default=4000,
        ge=0,
        le=100_000,
        description="Workflows that a worker process keeps in memory, each about 0.15 MB. A command, or a time that "
        "has come, for one that is not there must read its history first. None at all, or ten and more.",
    )

    @field_validator("cached_workflows")
    @classmethod
    def _enough_cached(cls, value: int) -> int:
        """With fewer the SDK leaves tasks untouched until they time out, and a command takes ten seconds and more
        (docs/decisions/0020-the-sdk-before-1-32.md)."""
        if 0 < value < _FEWEST_CACHED:
            raise ValueError(f"0, or at least {_FEWEST_CACHED}: with fewer, commands wait for ten seconds")
        return value
