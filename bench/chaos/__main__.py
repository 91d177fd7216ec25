"""`python -m bench.chaos --seed N`: strike an installation under load, then judge what is left. Exit status 1 unless
nothing was lost, doubled, differing or missed."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.chaos.disk import small_disk
from bench.chaos.drill import drill
from bench.chaos.faults import Faults
from bench.chaos.load import Size
from bench.chaos.mail import mail_server
from bench.chaos.plan import plan_faults
from bench.chaos.record import Record
from bench.chaos.report import is_good, report_of, write_report
from bench.chaos.target import FORMS
from cli.clean_exit import run_and_leave
from services.settings import load_settings

_RESULTS = Path(__file__).parent.parent / "results" / "chaos.json"
# Seconds of load after the last fault.
_CALM_AFTER = 15.0


async def run(given: argparse.Namespace, folder: Path, disk: Path | None) -> dict[str, Any]:
    """Installation, load and faults; then the verdict as a report."""
    record = Record(folder / "record.jsonl")
    mail_port = given.port + 50
    with mail_server(mail_port, record) as mail:
        async with FORMS[given.form](folder / "disk" / given.form, given.port, mail_port) as target:
            plan = plan_faults(given.seed, target.parts, given.minutes, disk=disk is not None)
            sys.stdout.write("\n".join(["the plan of faults:", *map(str, plan), ""]))
            sys.stdout.flush()
            os.environ.update(target.environment)
            faults = Faults(target, record, mail, disk)

            async def strike() -> None:
                await faults.carry_out(plan)
                await asyncio.sleep(_CALM_AFTER)

            size = Size(
                clients=given.clients, cases=given.cases, imports=given.imports, rows=given.import_rows
            )
            done = await drill(
                target,
                load_settings(),
                record,
                size=size,
                seed=given.seed,
                folder=folder,
                strike=strike,
            )
    return report_of(given.seed, plan, done.verdict, faults.kills, done.broken)


def main() -> int:
    """Run, write, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="fixes the plan of faults")
    parser.add_argument("--form", choices=FORMS, default="cluster", help="what is struck (cluster)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long faults strike (5)")
    parser.add_argument("--clients", type=int, default=8, help="people at work at a time (8)")
    parser.add_argument("--cases", type=int, default=24, help="cases that they lead (24)")
    parser.add_argument("--imports", type=int, default=6, help="rosters imported (6)")
    parser.add_argument("--import-rows", type=int, default=25, help="rows of each (25)")
    parser.add_argument("--port", type=int, default=19600, help="first of a hundred ports to use (19600)")
    parser.add_argument("--folder", type=Path, help="a new folder for everything, which is kept")
    parser.add_argument("--out", type=Path, default=_RESULTS, help="where the report goes")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="zhuhang-chaos-"))
    # The user that PostgreSQL runs as has to get through.
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    with small_disk(folder / "disk") as disk:
        if disk is None:
            sys.stdout.write("no rights to mount a disk of its own: the full disk is left out\n")
        report = asyncio.run(run(given, folder, disk))
        if given.folder and disk is not None:
            # What is kept outlives the disk.
            shutil.copytree(disk, folder / "kept", ignore=shutil.ignore_patterns("*.sock", ".s.*"))
    write_report(report, given.out)
    good = is_good(report)
    if good and not given.folder:
        shutil.rmtree(folder)
    elif not good:
        sys.stdout.write(f"the record: {folder / 'record.jsonl'}\n")
    return 0 if good else 1


if __name__ == "__main__":
    run_and_leave(main)
