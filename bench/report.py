"""Results on disk: `latest.json`, a table of it as Markdown, and a plot of each section."""

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

import yaml

from bench.plots import plot
from bench.section import Figures, Findings

RESULTS = Path(__file__).parent / "results"
_GOALS = Path(__file__).parent / "goals.yaml"


class Outcome(TypedDict):
    """What became of a section. `status`: `done`, `failed` or `took_too_long`; `load_average` over one minute before
    and after it."""

    status: str
    about: str
    seconds: float
    measured_at: str
    load_average: tuple[float, float]
    repetitions: int
    reason: NotRequired[str]
    findings: NotRequired[Findings]


class Results(TypedDict):
    """`latest.json`. `ratios` are medians, `spread` the least and the greatest of the repetitions."""

    ratios: dict[str, float]
    spread: dict[str, tuple[float, float]]
    sections: dict[str, Outcome]
    machine: dict[str, Any]


def merged(outcomes: Mapping[str, Outcome], machine: dict[str, Any]) -> Results:
    """The results after these outcomes; sections that have not run now keep what they had."""
    file = RESULTS / "latest.json"
    sections: dict[str, Outcome] = {}
    if file.exists():
        sections = json.loads(file.read_text(encoding="utf-8")).get("sections", {})
    sections |= outcomes
    results = Results(ratios={}, spread={}, sections=sections, machine=machine)
    for outcome in sections.values():
        if "findings" in outcome:
            for name, values in outcome["findings"]["ratios"].items():
                results["ratios"][name] = round(statistics.median(values), 3)
                results["spread"][name] = (round(min(values), 3), round(max(values), 3))
    return results


def write(results: Results) -> None:
    """Write all three forms."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (RESULTS / "latest.json").write_text(text, encoding="utf-8")
    (RESULTS / "latest.md").write_text(markdown(results), encoding="utf-8")
    for name, outcome in results["sections"].items():
        if "findings" in outcome:
            plot(outcome["findings"]["figures"], RESULTS / f"{name}.svg")


def markdown(results: Results) -> str:
    """The ratios with their goals, then the figures of each section."""
    goals = cast("dict[str, dict[str, float]]", yaml.safe_load(_GOALS.read_text(encoding="utf-8")))
    lines = ["# Measured", "", *(f"- {name}: {value}" for name, value in results["machine"].items()), ""]
    lines += ["| ratio | median | least–greatest | goal | |", "|---|--:|--:|--:|---|"]
    for name, goal in goals.items():
        (kind, bound), value = next(iter(goal.items())), results["ratios"].get(name)
        words = f"{'≤' if kind == 'at_most' else '≥'} {bound:g}"
        if value is None:
            lines.append(f"| `{name}` | – | | {words} | not measured |")
            continue
        met = value <= bound if kind == "at_most" else value >= bound
        least, greatest = results["spread"][name]
        lines.append(
            f"| `{name}` | {value:g} | {least:g}–{greatest:g} | {words} | {'met' if met else '**missed**'} |"
        )
    for name, outcome in results["sections"].items():
        before, after = outcome["load_average"]
        lines += [
            "",
            f"## {name}",
            "",
            outcome["about"],
            "",
            f"{outcome['status']} in {outcome['seconds']:.0f} s at {outcome['measured_at']}, repetitions: "
            f"{outcome['repetitions']}, load average before {before:.1f}, after {after:.1f}.",
        ]
        if "reason" in outcome:
            lines += ["", "```", outcome["reason"], "```"]
        for title, figures in outcome.get("findings", {}).get("figures", {}).items():
            lines += ["", f"### {title}", "", *_table(figures)]
    return "\n".join([*lines, ""])


def _table(figures: Figures) -> list[str]:
    lines = [f"| | median ({figures['unit']}) | least–greatest | |", "|---|--:|--:|---|"]
    for name, row in figures["rows"].items():
        values = row["values"]
        middle, least, greatest = (f"{f(values):,.4g}" for f in (statistics.median, min, max))
        lines.append(f"| {name} | {middle} | {least}–{greatest} | {row.get('note', '')} |")
    return lines
