"""`python -m cli.with_parent PID COMMAND …` becomes COMMAND, which the system kills when process PID ends.

So nothing is left running even when the supervisor itself is killed with no chance to clean up. The wish
survives `exec`; it is set here rather than in a function between fork and exec, which is unsafe in a
process with threads. Linux only: elsewhere COMMAND just runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(how: signal.Signals) -> None:
    """Have the system send this process the signal `how` when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL)
    if os.getppid() == int(sys.argv[1]):  # else the parent ended before the wish was set
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
