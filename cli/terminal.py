"""What the person at the terminal sees: calm lines in Chinese and English."""

import time

from rich.console import Console
from rich.status import Status
from rich.text import Text

from services.settings import SetupError

# Where output goes to a file or a pipe, a long step says that it is alive this often.
QUIET_SECONDS = 30.0


class Terminal:
    """Says steps, long waits and errors; a `services.fetching.Progress`."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._status: Status | None = None
        self._last_word = time.monotonic()

    def say(self, zh: str, en: str) -> None:
        """One line about a step that begins or a state that changed."""
        self._calm()
        self._print(Text(f"{zh}  ").append(en.strip(), "dim"))

    def busy(self, zh: str, en: str, seconds: float) -> None:
        """A step is still at work after `seconds`."""
        line = Text(f"{zh} {seconds:.0f} s  ").append(en.strip(), "dim")
        if not self.console.is_terminal:
            if time.monotonic() - self._last_word > QUIET_SECONDS:
                self._print(line)
        elif self._status is None:
            self._status = self.console.status(line)
            self._status.start()
        else:
            self._status.update(line)

    def fail(self, error: SetupError) -> None:
        """The one sentence, in both languages, that says why nothing came of it."""
        self._calm()
        self._print(Text("✗ ", "bold red").append(error.zh, "bold"))
        self._print(Text("  ").append(error.en).append(f"  [{error.code}]", "dim"))

    def _calm(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _print(self, line: Text) -> None:
        self._last_word = time.monotonic()
        self.console.print(line, soft_wrap=True)
