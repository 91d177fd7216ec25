"""The recipe of the small makefile in the tests: waits to be interrupted, and ends well."""

import signal
import sys

from cli.under_make import make_was_interrupted, terminal_of_our_own


def main() -> None:
    """Print `up`, wait for Ctrl-C here or an interrupt of make, print `ended`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with terminal_of_our_own():
        try:
            # The interrupt may come as soon as the first letter can be read.
            sys.stdout.write("up\n")
            sys.stdout.flush()
            while not make_was_interrupted():
                signal.sigtimedwait([], 0.1)
        except KeyboardInterrupt:
            pass
        sys.stdout.write("ended\n")
        sys.stdout.flush()
