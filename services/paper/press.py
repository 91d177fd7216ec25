"""Making PDFs. Each job is a process of its own (`services.paper.typeset`): what it takes of memory is given back, and
what lasts too long is ended."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

import noto_cjk_sans_otc

from services.errors import Unavailable
from services.settings import Settings

PACKAGED_FONT = "Noto Sans CJK SC"
_TYPESET = "services.paper.typeset"


class Press:
    """Prints one job at a time. `fonts` is a folder with further fonts, `font` the family to use of it, `seconds`
    the longest that a job waits for its turn, and the longest that it takes."""

    def __init__(self, *, fonts: Path | None, font: str, seconds: int) -> None:
        self._fonts = [str(Path(noto_cjk_sans_otc.FONT_PATH).parent)] + ([str(fonts)] if fonts else [])  # pyright: ignore[reportArgumentType]
        self._families = list(dict.fromkeys((font, PACKAGED_FONT)))
        self._seconds = seconds
        self._turn = threading.Lock()

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        return cls(fonts=settings.paper_fonts, font=settings.paper_font, seconds=settings.paper_seconds)

    def pdf(self, content: dict[str, Any]) -> bytes:
        """The pages. `content` holds plain text only, which stays text whatever it looks like.

        Raises Unavailable (`press_busy`, `press_failed`).
        """
        job = {"content": content | {"fonts": self._families}, "font_paths": self._fonts}
        if not self._turn.acquire(timeout=self._seconds):
            raise Unavailable(
                "press_busy",
                "正在生成其他打印件，请稍后再试。",
                "Other papers are being made; try again later.",
            )
        try:
            done = subprocess.run(  # noqa: S603  (a module of ours)
                [sys.executable, "-m", _TYPESET],
                input=json.dumps(job).encode(),
                capture_output=True,
                timeout=self._seconds,
                check=True,
            )
        except (subprocess.SubprocessError, OSError):
            # What it said of the failure may hold what people typed, so it goes nowhere.
            raise Unavailable(
                "press_failed",
                "打印件生成失败或超时：请减少一次打印的档案数后再试，或联系管理员。",
                "The papers could not be made, or not in time: print fewer files at once, or ask the administrator.",
            ) from None
        finally:
            self._turn.release()
        return done.stdout
