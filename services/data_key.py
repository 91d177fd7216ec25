"""One subject's data key, and the errors of what it seals."""

from cryptography.exceptions import InvalidTag

from services.ciphers import Algorithm, Sealer
from services.errors import ServiceError, Unavailable


class KeyDestroyed(ServiceError):  # noqa: N818  (it names an answer, as HTTP does)
    """The key was destroyed, and with it everything that it sealed. No second try will help."""

    status = 410

    def __init__(self, subject: str) -> None:
        super().__init__(
            "key_destroyed",
            f"{subject} 的密钥已销毁，内容已不可恢复。",
            f"The key of {subject} was destroyed; what it sealed cannot be read any more.",
        )
        self.subject = subject


class KeyMissing(Unavailable):
    """There is no key, and none was destroyed: the key store is not the one that belongs here."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            "key_missing",
            f"密钥库中没有 {subject} 的密钥，请检查密钥库是否完整。",
            f"The key store has no key of {subject}; see that it is the right and complete one.",
        )


class SealBroken(ServiceError):  # noqa: N818
    """Sealed data are not what was sealed, or not in their place."""

    status = 409

    def __init__(self, subject: str) -> None:
        super().__init__(
            "seal_broken",
            f"{subject} 的加密内容被改动或放错了位置，请联系管理员核对（zhuhang verify）。",
            f"Sealed data of {subject} were changed or moved; have the administrator run zhuhang verify.",
        )


class DataKey:
    """Seals and opens for one subject. Algorithm, key id, subject and context are bound into what is sealed."""

    def __init__(self, subject: str, key_id: str, key: bytes) -> None:
        self.subject = subject
        self.key_id = key_id
        self._sealer = Sealer(key)

    def seal(self, algorithm: Algorithm, plain: bytes, context: str) -> bytes:
        """The sealed bytes."""
        return self._sealer.seal(algorithm, plain, self._bound(algorithm, context))

    def open(self, algorithm: str, sealed: bytes, context: str) -> bytes:
        """The plain bytes. Raises SealBroken."""
        try:
            return self._sealer.open(Algorithm(algorithm), sealed, self._bound(algorithm, context))
        except (InvalidTag, ValueError):
            raise SealBroken(self.subject) from None

    def _bound(self, algorithm: str, context: str) -> bytes:
        return "\0".join((algorithm, self.key_id, self.subject, context)).encode()
