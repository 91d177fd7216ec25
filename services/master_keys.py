"""Master keys, which wrap the data keys and nothing else.

A ring holds several, each with an id; the last one wraps, all of them unwrap. In text, a ring is a list of
`id:key` (32 bytes in base64) separated by blanks or lines; a key without an id is number 1.

A key management service (KMS) takes the ring's place by the four methods of `MasterKeys`: `wrap` and `unwrap` are
its encrypt and decrypt with `context` as the additional data, `current` names the key version in use. It is chosen
in `master_keys_of`.
"""

import base64
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag

from services.ciphers import KEY_BYTES, Algorithm, Sealer
from services.file_lock import exclusive
from services.settings import Settings, SetupError

# Of 32 random bytes some 30 differ; fewer than these in not one key of 10**10.
_FEWEST_DIFFERENT = 20
# The first byte of a wrapped key says how it was wrapped.
_MARKS = {Algorithm.AES_256_GCM: b"a", Algorithm.SM4_GCM: b"s"}
_ALGORITHMS = {mark: algorithm for algorithm, mark in _MARKS.items()}


class MasterKeys(Protocol):
    """Wraps and unwraps data keys; the master keys themselves never come out."""

    def current(self) -> str:
        """The id of the master key that wraps now."""
        ...

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """The master key's id and the wrapped key, to which `context` is bound."""
        ...

    def unwrap(self, master_id: str, wrapped: bytes, context: bytes) -> bytes:
        """The key. Raises SetupError (`master_key_unknown`, `master_key_wrong`)."""
        ...

    def renew(self) -> str:
        """Have a fresh master key wrap from now on; its id. Raises SetupError (`master_keys_not_ours`) where
        others keep the keys."""
        ...


class KeyRing:
    """A ring in a file or in a text that does not change. The file is read anew when it has changed, so that
    a rotation needs no restart."""

    def __init__(self, algorithm: Algorithm, *, path: Path | None = None, text: str = "", own: bool) -> None:
        self._algorithm = algorithm
        self._path = path
        self._own = own
        self._seen: tuple[int, int, int] | None = None
        self._ring = {} if path else _parse(text)

    def current(self) -> str:
        return list(self._fresh())[-1]

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        master_id, master = list(self._fresh().items())[-1]
        return master_id, _MARKS[self._algorithm] + master.seal(self._algorithm, key, context)

    def unwrap(self, master_id: str, wrapped: bytes, context: bytes) -> bytes:
        master = self._ring.get(master_id) or self._fresh(make=False).get(master_id)
        if master is None:
            raise SetupError(
                "master_key_unknown",
                f"主密钥环中没有编号 {master_id} 的主密钥,请恢复该密钥。",
                f"The ring has no master key {master_id}: restore it.",
            )
        try:
            return master.open(_ALGORITHMS[wrapped[:1]], wrapped[1:], context)
        except (InvalidTag, KeyError):
            raise SetupError(
                "master_key_wrong",
                f"主密钥 {master_id} 不是封装数据密钥时所用的密钥,或密钥库已损坏。",
                f"Master key {master_id} is not the one that wrapped the data keys, or the key store is damaged.",
            ) from None

    def renew(self) -> str:
        if self._path is None or not self._own:
            raise SetupError(
                "master_keys_not_ours",
                "主密钥由外部提供:请先在其末尾添加新密钥(编号:密钥),重启各进程后再执行 zhuhang keys rotate。",
                "The master keys are given from outside: add a new one (id:key) at their end, restart where they come "
                "from the environment, and run zhuhang keys rotate again.",
            )
        with exclusive(self._path.with_suffix(".lock"), on_wait=lambda _: None):
            known = self._fresh()
            new = str(1 + max(int(name) for name in known if name.isdecimal()))
            kept = self._path.read_text().split()
            text = "\n".join([*(_with_id(item) for item in kept), f"{new}:{_fresh_key()}"])
            _write(self._path, text).replace(self._path)
            return new

    def _fresh(self, *, make: bool = True) -> dict[str, Sealer]:
        """The ring as its file has it now. What is wrapped already is not opened by a ring that is yet to `make`."""
        if self._path is None:
            return self._ring
        try:
            if make and self._own and not self._path.exists():
                _make(self._path)
            stat = self._path.stat()
            if self._seen != (seen := (stat.st_ino, stat.st_mtime_ns, stat.st_size)):
                self._ring = _parse(_text_in(self._path))
                self._seen = seen
        except OSError as error:
            raise SetupError(
                "master_keys_unreadable",
                f"无法读取主密钥文件 {self._path}:{error.strerror}。",
                f"The file of master keys {self._path} cannot be read: {error.strerror}.",
            ) from None
        return self._ring


def master_keys_of(settings: Settings) -> MasterKeys:
    """The master keys of an installation: from the environment, from a file that others keep, or from its own
    file in the data folder, which the first use makes."""
    if settings.master_keys is not None:
        return KeyRing(settings.cipher, text=settings.master_keys.get_secret_value(), own=False)
    if settings.master_keys_file is not None:
        return KeyRing(settings.cipher, path=settings.master_keys_file, own=False)
    return KeyRing(settings.cipher, path=settings.data_dir / "keys" / "master.key", own=True)


def has_guessable_key(settings: Settings) -> bool:
    """Whether others give a master key that cannot be random, as zeros or a word; False where there is no ring that
    can be read, which the first use tells."""
    if settings.master_keys is not None:
        text = settings.master_keys.get_secret_value()
    elif settings.master_keys_file is not None:
        text = _text_in(settings.master_keys_file)
    else:
        return False
    try:
        return any(len(set(key)) < _FEWEST_DIFFERENT for key in _keys_in(text).values())
    except SetupError:
        return False


def check_ring(file: Path) -> None:
    """Raises `SetupError` `master_keys_invalid` where the file holds no ring."""
    _keys_in(_text_in(file))


def _text_in(file: Path) -> str:
    # What is no text is no ring, either.
    return file.read_text(encoding="utf-8", errors="replace")


def _parse(text: str) -> dict[str, Sealer]:
    return {name: Sealer(key) for name, key in _keys_in(text).items()}


def _keys_in(text: str) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for item in text.split():
        name, _, encoded = _with_id(item).partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:  # letters beyond ASCII, too
            key = b""
        if not name or name in ring or len(key) != KEY_BYTES:
            raise _not_a_ring()
        ring[name] = key
    if not ring:
        raise _not_a_ring()
    return ring


def _not_a_ring() -> SetupError:
    return SetupError(
        "master_keys_invalid",
        "主密钥无效:应为“编号:密钥”,密钥为 32 字节的 base64,编号不得重复。",
        "The master keys are not valid: give id:key, each key 32 bytes in base64 under an id of its own.",
    )


def _with_id(item: str) -> str:
    return item if ":" in item else f"1:{item}"


def _fresh_key() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = _write(path, f"1:{_fresh_key()}")
    # Linking fails where another process was first; then its key counts.
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def _write(path: Path, text: str) -> Path:
    """A file beside `path`, for its owner only, that has reached the disk."""
    fresh = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return fresh
