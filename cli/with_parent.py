"""`python -m cli.with_parent PID USER CORE COMMAND …` becomes COMMAND, which the system kills when process PID ends.

So nothing is left running even when the supervisor itself is killed with no chance to clean up. The wish
survives `exec`; it is set here rather than in a function between fork and exec, which is unsafe in a
process with threads. Linux only: elsewhere COMMAND just runs. USER may be empty; root else becomes that user.
CORE may be empty; COMMAND else keeps to that processor core.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def command_with_parent(command: Sequence[str], user: str = "", core: int | None = None) -> list[str]:
    """The command line of a child of this process that ends with it."""
    own = [str(os.getpid()), user, "" if core is None else str(core)]
    return [sys.executable, "-m", "cli.with_parent", *own, *command]


def die_with_parent(how: signal.Signals) -> None:
    """Have the system send this process the signal `how` when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)


def _become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.chdir("/")  # ours may be closed to that user
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    if sys.argv[2]:
        _become(sys.argv[2])  # first: a change of user cancels the wish
    die_with_parent(signal.SIGKILL)
    if sys.argv[3]:
        os.sched_setaffinity(0, {int(sys.argv[3])})
    if os.getppid() == int(sys.argv[1]):  # else the parent ended before the wish was set
        os.execvp(sys.argv[4], sys.argv[4:])  # noqa: S606
