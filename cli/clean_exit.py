"""The one way out of every process of Zhuhang.

On CPython 3.11 the Temporal SDK can abort the interpreter while it is torn down, which turns a success into
status 134. So output is flushed, logging is shut down, and the process ends without that tear-down, with the
status it has earned.
"""

import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End this process now with `status`; nothing registered with `atexit` runs any more."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Whoever read our output may be gone (`zhuhang … | head`).
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def run_and_leave(work: Callable[[], int]) -> NoReturn:
    """End this process with what `work` returns, or as Python would after what it raises."""
    try:
        status = work()
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        status = 130
    except BaseException:  # the last stop: whatever it is, it is shown and it is a failure
        traceback.print_exc()
        status = 1
    leave(status)
