"""The file from which a shell reaches a cluster with the settings that it was started with."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import AliasChoices

from services.policies import packaged_policies
from services.settings import SECRET_FIELDS, Settings

_PREFIX = "ZHUHANG_"


def keep_settings(file: Path, own: Mapping[str, str], given: Mapping[str, str], settings: Settings) -> None:
    """Write the variables of the cluster's `own` parts, and those `given` that are settings of the product, for a
    shell to read. `settings` are what both make.

    Values that may carry a password are left out: those given in a file of their own are named.
    """
    words = {**dict(_chosen(given, settings)), **own}
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in words.items()))
    fresh.replace(file)


def _chosen(given: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    # Their names count however they are written.
    by_name = {name.upper(): value for name, value in given.items() if value}
    for field, about in Settings.model_fields.items():
        if field in SECRET_FIELDS:
            continue
        alias = about.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [_PREFIX + field.upper()]
        for name in names:
            if isinstance(name, str) and name.isupper() and name in by_name:
                yield name, _anywhere(by_name[name], getattr(settings, field))


def _anywhere(value: str, read: object) -> str:
    """The value as it means the same from every folder."""
    return str(read) if isinstance(read, Path) and value not in packaged_policies() else value
