"""A sealed file, readable from any place without a plain copy on disk: blocks, each sealed for its number."""

import io
import os
from pathlib import Path
from typing import BinaryIO

from services.ciphers import SEAL_BYTES, Algorithm
from services.data_key import DataKey

_BLOCK = 64 * 1024
# Names the algorithm.
_HEAD = 16


def write_sealed(
    path: Path, key: DataKey, algorithm: Algorithm, source: BinaryIO, name: str = "file"
) -> None:
    """Write what the source holds from its beginning; it is on the disk when this returns. `name` tells the files of
    one key apart: what is sealed under one does not open under another."""
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    with path.open("wb") as file:
        file.write(algorithm.encode().ljust(_HEAD))
        for index, block in enumerate(iter(lambda: source.read(_BLOCK), b"")):
            file.write(key.seal(algorithm, block, _place(name, size, index)))
        file.flush()
        os.fsync(file.fileno())


def read_sealed(path: Path, key: DataKey, size: int, name: str = "file") -> BinaryIO:
    """The plain file of `size` bytes. Reading raises SealBroken where anything was changed or cut off."""
    return io.BufferedReader(_Blocks(path, key, size, name), _BLOCK)


def sealed_size(size: int) -> int:
    """How many bytes a file of `size` bytes takes when it is sealed."""
    return _HEAD + size + -(-size // _BLOCK) * SEAL_BYTES


class _Blocks(io.RawIOBase):
    def __init__(self, path: Path, key: DataKey, size: int, name: str) -> None:
        self._file = path.open("rb")
        self._algorithm = self._file.read(_HEAD).decode("ascii", "replace").strip()
        self._key = key
        self._size = size
        self._name = name
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self._at >= self._size:
            return 0
        index, skipped = divmod(self._at, _BLOCK)
        self._file.seek(_HEAD + index * (_BLOCK + SEAL_BYTES))
        sealed = self._file.read(min(_BLOCK, self._size - index * _BLOCK) + SEAL_BYTES)
        place = _place(self._name, self._size, index)
        part = self._key.open(self._algorithm, sealed, place)[skipped:][: len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()


def _place(name: str, size: int, index: int) -> str:
    return f"{name}:{size}:{index}"
