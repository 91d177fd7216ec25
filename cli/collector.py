"""The garbage collector of a process that serves."""

import gc

# Objects that come to be before the collector looks for those that hold each other: a command makes some thousands,
# nearly all of which go by themselves. Python's own 700 have it look several times in each.
_YOUNG = 20_000


def spare_what_is_loaded() -> None:
    """Have the collector pass over everything that is there now. Code and applications stay until the process ends, and
    looking through all of them again and again would stop everybody for half a second each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
