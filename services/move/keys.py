"""Bringing the keys along: each under the target's own master key, the destroyed ones as what is left of them."""

from collections.abc import Callable

from services.key_store import StoredKey
from services.vault import Vault

_TOGETHER = 500


def copy_keys(source: Vault, target: Vault, progress: Callable[[int], None]) -> int:
    """Add the keys that the target lacks; how many there are."""
    done, last = 0, ""
    while batch := source.store.after(last, _TOGETHER):
        target.store.add([_rewrapped(source, target, stored) for stored in batch])
        done, last = done + len(batch), batch[-1].subject
        progress(done)
    return done


def unequal_keys(source: Vault, target: Vault) -> int:
    """How many keys the target does not hold as the source does."""
    unequal, last = 0, ""
    while batch := source.store.after(last, _TOGETHER):
        found = target.store.find([stored.subject for stored in batch])
        unequal += sum(_plain(source, key) != _plain(target, found.get(key.subject)) for key in batch)
        last = batch[-1].subject
    return unequal


def _rewrapped(source: Vault, target: Vault, stored: StoredKey) -> StoredKey:
    return stored if stored.wrapped is None else target.wrapped(stored, source.plain_key(stored))


def _plain(vault: Vault, stored: StoredKey | None) -> tuple[str, bytes | None] | None:
    if stored is None:
        return None
    return stored.key_id, None if stored.wrapped is None else vault.plain_key(stored)
