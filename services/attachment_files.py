"""The sealed files of attachments in the data folder: a folder for each case."""

import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from models.tables import Attachment
from services.ciphers import Algorithm
from services.data_key import DataKey
from services.sealed_file import read_sealed, sealed_size, write_sealed

_NAME_BYTES = 16


class AttachmentFiles:
    """Files by case. A file gets a name of its own each time it is written, so none is ever written over."""

    def __init__(self, data_dir: Path) -> None:
        self._data = data_dir
        self._folder = data_dir / "attachments"

    def write(self, attachment_id: str, key: DataKey, algorithm: Algorithm, source: BinaryIO) -> str:
        """Seal a file into its case's folder; its name there. It is on the disk when this returns. Raises OSError."""
        blob = f"{secrets.token_hex(_NAME_BYTES)}.bin"
        folder = self._folder / key.subject
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f"{blob}.part"
        try:
            write_sealed(part, key, algorithm, source, attachment_id)
            part.replace(folder / blob)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        for changed in (folder, self._folder, self._data):
            _sync(changed)
        return blob

    def open(self, row: Attachment, key: DataKey) -> BinaryIO:
        """The plain content. Raises FileNotFoundError; reading raises SealBroken."""
        return read_sealed(self._path(row), key, row.size_bytes, row.id)

    def is_there(self, row: Attachment) -> bool:
        """Whether the file is there with the size that it should have."""
        try:
            return self._path(row).stat().st_size == sealed_size(row.size_bytes)
        except FileNotFoundError:
            return False

    def remove(self, case_id: str, blob: str) -> None:
        """Delete one file; one that is gone already is no error."""
        (self._folder / case_id / blob).unlink(missing_ok=True)

    def remove_case(self, case_id: str) -> None:
        """Delete all files of a case, also those that no row knows."""
        folder = self._folder / case_id
        if folder.exists():
            shutil.rmtree(folder)

    def _path(self, row: Attachment) -> Path:
        return self._folder / row.case_id / row.blob


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
