"""A file's fingerprint."""

import hashlib
from typing import BinaryIO

_BLOCK = 1024 * 1024


def sha256_of(file: BinaryIO) -> str:
    """SHA-256 of a file from its beginning, in hex."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
