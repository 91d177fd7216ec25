"""`python -m bench.inside SECTION GROUND FINDINGS`: measure one section and write what it found; the frame calls it."""

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import cast

from bench.section import GROUND, Section
from cli.clean_exit import run_and_leave


def section(name: str) -> Section:
    """The section of this name."""
    return cast("Section", importlib.import_module(f"bench.sections.{name}"))


def main() -> int:
    """Measure and write."""
    name, ground, findings = sys.argv[1:]
    found = asyncio.run(section(name).measure(GROUND.validate_json(Path(ground).read_bytes())))
    Path(findings).write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    run_and_leave(main)
