"""Which commands may be given to many cases at once (批量办理)."""

from functools import cache
from importlib import resources

import yaml


@cache
def batch_commands() -> tuple[str, ...]:
    """Their types, in the order of the table."""
    source = resources.files("models.data").joinpath("batch_commands.yaml")
    return tuple(yaml.safe_load(source.read_text(encoding="utf-8"))["commands"])
