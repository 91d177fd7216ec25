"""The garbage collector of a process that serves."""

import gc


def spare_what_is_loaded() -> None:
    """Have the collector pass over everything that is there now. Code and applications stay until the process ends, and
    looking through all of them again and again would stop everybody for half a second each time."""
    gc.collect()
    gc.freeze()
