"""Being a good child of `make run`.

GNU make shares Ctrl-C with its recipe, waits for it, and then dies of the signal itself, whatever status the
recipe ended with. A clean end would so be shown as a failure. Hence, under make, the supervisor takes the
terminal for its own process group: Ctrl-C reaches it alone, and make passes on its status 0.
"""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cli.with_parent import die_with_parent


@contextmanager
def terminal_of_our_own() -> Generator[None]:
    """For the block, be the foreground process group of the terminal, if make has it and there is one."""
    if not _started_by_make():
        yield
        return
    die_with_parent(signal.SIGTERM)
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield
        return
    groups = os.getpgrp(), os.tcgetpgrp(terminal)
    if groups[0] == groups[1]:
        # Ctrl-Z would stop us alone, with a shell that still waits for make: nobody could wake us up.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        if groups[0] == groups[1]:
            os.tcsetpgrp(terminal, groups[0])
        os.close(terminal)


def make_was_interrupted() -> bool:
    """Whether make alone was sent an interrupt: it now waits for us, without ever telling us so.

    Seen by make no longer catching the signal, though it does not ignore it either, as it does from its start when
    a script put it into the background. False where the system does not show that.
    """
    if not _started_by_make():
        return False
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
    except OSError:
        return False
    lines = dict(line.split(":", 1) for line in status.splitlines())
    heeded = int(lines["SigCgt"], 16) | int(lines["SigIgn"], 16)
    return not heeded & 1 << signal.SIGINT - 1


def _started_by_make() -> bool:
    try:
        return Path(f"/proc/{os.getppid()}/comm").read_text().strip() in {"make", "gmake"}
    except OSError:
        return False
