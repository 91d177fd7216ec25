"""Changing the master key while everything runs: a fresh one wraps from now on, and every data key anew."""

from collections.abc import Callable

from services.vault import Vault

_BATCH = 200


def rotate(vault: Vault, progress: Callable[[int], None] = lambda _: None) -> tuple[str, int]:
    """Make a fresh master key and wrap all data keys by it; its id and how many keys were wrapped.

    Where others keep the master keys and have added one, it wraps by that one. Running processes read the ring anew
    when they meet the new id. May be broken off at any point and run again. Raises SetupError
    (`master_keys_not_ours`), Unavailable (`keys_unavailable`).
    """
    before = vault.masters.current()
    if not vault.store.wrapped_otherwise(before, 1):
        vault.masters.renew()
    done = 0
    while batch := vault.store.wrapped_otherwise(vault.masters.current(), _BATCH):
        vault.store.rewrap((old, vault.wrapped(old, vault.plain_key(old))) for old in batch)
        done += len(batch)
        progress(done)
    return vault.masters.current(), done
