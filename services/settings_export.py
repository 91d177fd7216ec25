"""The settings of what people take away, part of `services.settings.Settings`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from models.ledger_columns import ledger_columns, unknown_columns


def _ids(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _known(ids: list[str]) -> list[str]:
    unknown = unknown_columns(ids)
    if unknown:
        raise ValueError(f"no such columns: {', '.join(unknown)}; there are {', '.join(ledger_columns())}")
    return ids


def _folder(path: Path | None) -> Path | None:
    found = path.expanduser().absolute() if path else None
    if found is not None and not found.is_dir():
        raise ValueError("no such folder")
    return found


class ExportSettings(BaseSettings):
    """The school's own form of ledger and printed files."""

    ledger_columns: Annotated[list[str], NoDecode, BeforeValidator(_ids), AfterValidator(_known)] = Field(
        default_factory=list[str],
        description="Columns of the exported ledger in the school's own order, by their ids, separated by spaces or "
        "commas; default: all, in the order of a roster.",
    )
    paper_fonts: Annotated[Path | None, AfterValidator(_folder)] = Field(
        default=None,
        description="Folder with the school's own fonts for printed files, which also serve for rare characters.",
    )
    paper_font: str = Field(
        default="Noto Sans CJK SC",
        min_length=1,
        max_length=100,
        description="Family to print with: the one that comes with the product, or one of the folder.",
    )
    paper_limit: int = Field(default=100, ge=1, le=1000, description="Most files printed in one PDF.")
    paper_seconds: int = Field(
        default=120,
        ge=5,
        le=3600,
        description="Longest time to make a PDF, and to wait for one before it, in seconds.",
    )
