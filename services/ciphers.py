"""Authenticated encryption under one key, by the algorithm that a school chooses."""

import os
from enum import StrEnum
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_SM4_BYTES = 16
# How much longer sealed bytes are.
SEAL_BYTES = _NONCE_BYTES + _TAG_BYTES


class Algorithm(StrEnum):
    """What seals: AES-256-GCM (NIST SP 800-38D), or SM4-GCM (GB/T 32907 in the mode of GB/T 17964)."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"


class Sealer:
    """Seals and opens under one 32-byte key. `bound` is not kept with the sealed bytes, but must be the same
    on opening. SM4 has a key of its own, derived from it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, algorithm: Algorithm, plain: bytes, bound: bytes) -> bytes:
        """Nonce, sealed text and tag in one."""
        nonce = os.urandom(_NONCE_BYTES)
        if algorithm is Algorithm.AES_256_GCM:
            return nonce + self._aes.encrypt(nonce, plain, bound)
        sealer = Cipher(SM4(self._sm4), GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(bound)
        return nonce + sealer.update(plain) + sealer.finalize() + sealer.tag

    def open(self, algorithm: Algorithm, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes. Raises InvalidTag where anything differs from what was sealed."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        if len(body) < _TAG_BYTES:
            raise InvalidTag
        if algorithm is Algorithm.AES_256_GCM:
            return self._aes.decrypt(nonce, body, bound)
        opener = Cipher(SM4(self._sm4), GCM(nonce, body[-_TAG_BYTES:])).decryptor()
        opener.authenticate_additional_data(bound)
        return opener.update(body[:-_TAG_BYTES]) + opener.finalize()

    @cached_property
    def _aes(self) -> AESGCM:
        return AESGCM(self._key)

    @cached_property
    def _sm4(self) -> bytes:
        return derive(self._key, "sm4-gcm", _SM4_BYTES)


def derive(key: bytes, purpose: str, size: int = KEY_BYTES) -> bytes:
    """A key of `size` bytes for one purpose (HKDF-SHA256)."""
    return HKDF(hashes.SHA256(), size, salt=None, info=purpose.encode()).derive(key)
