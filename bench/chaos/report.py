"""The report of a run: a file under the names of the contract, and a table."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chaos.plan import PlannedFault
from bench.chaos.verdict import Verdict

_SHOWN = 20


def report_of(
    seed: int,
    plan: Sequence[PlannedFault],
    verdict: Verdict,
    kills: Mapping[str, int],
    broken: Mapping[str, int],
) -> dict[str, Any]:
    """The report. `broken` counts answers that must never be given, such as a 500."""
    return {
        "seed": seed,
        "sent": verdict.sent,
        "acknowledged": verdict.acknowledged,
        **{name: len(found) for name, found in verdict.losses.items()},
        "broken": sum(broken.values()),
        "longest_recovery_s": verdict.longest_recovery_s,
        "kills": dict(sorted(kills.items())),
        "attempts": verdict.attempts,
        "refused": verdict.refused,
        "unanswered": verdict.unanswered,
        "cases": verdict.cases,
        "latest_reminder_s": verdict.latest_reminder_s,
        "mails_repeated": verdict.mails_repeated,
        "told_in_vain": verdict.told_in_vain,
        "plan": [fault.model_dump() for fault in plan],
        "details": {
            **{name: found[:_SHOWN] for name, found in verdict.losses.items()},
            "broken": dict(broken),
        },
        "load_average": os.getloadavg(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def is_good(report: Mapping[str, Any]) -> bool:
    """Nothing was lost, doubled, contradicted, differing, missed or broken."""
    losses = (
        "lost",
        "doubled",
        "contradicted",
        "differing",
        "reminders_missed",
        "reminders_doubled",
        "broken",
    )
    return not any(report[name] for name in losses)


def write_report(report: Mapping[str, Any], file: Path) -> None:
    """The file and the table."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    table = Table("what", "found")
    for name, value in report.items():
        if isinstance(value, int | float):
            table.add_row(name, f"{value:g}")
    for part, count in report["kills"].items():
        table.add_row(f"kills of {part}", str(count))
    console = Console()
    console.print(table)
    for name, found in report["details"].items():
        for line in found:
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)
