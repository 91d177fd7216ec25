"""Copying the files of a data folder: attachments, rosters that wait, the audit's journal and anchors."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from services.file_digest import sha256_of
from services.move.marks import SOURCE_MARK

# Databases and keys are copied as rows; logs and locks belong to the processes that wrote them.
_LEFT = frozenset({"keys", "logs", "up.lock", SOURCE_MARK})
_DATABASES = ("zhuhang.db", "temporal.db")


def copy_files(source: Path, target: Path, progress: Callable[[int], None]) -> int:
    """Copy the files that the target lacks or has otherwise; how many there are. Raises OSError."""
    count = 0
    for count, path in enumerate(_files(source), 1):
        there = target / path.relative_to(source)
        if not _same(path, there):
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = there.with_name(f"{there.name}.part")
            shutil.copy2(path, part)
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(there)
        progress(count)
    return count


def unequal_files(source: Path, target: Path) -> list[str]:
    """The files whose content is not the same on both sides."""
    pairs = ((path, path.relative_to(source)) for path in _files(source))
    return [str(name) for path, name in pairs if not _same(path, target / name)]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0]
        left = first in _LEFT or first.startswith(_DATABASES) or path.suffix in {".lock", ".part"}
        if path.is_file() and not left:
            yield path


def _same(one: Path, other: Path) -> bool:
    if not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        return sha256_of(left) == sha256_of(right)
