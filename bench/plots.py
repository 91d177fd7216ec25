"""Plots of what was measured."""
# The package is installed with what measures only.
# pyright: basic, reportMissingImports=false

import statistics
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from bench.section import Figures


def plot(figures: Mapping[str, Figures], file: Path) -> None:
    """Bars of the medians, with lines from the least to the greatest."""
    if not figures:
        return
    heights = [len(table["rows"]) for table in figures.values()]
    page = Figure(figsize=(9, 0.4 * sum(heights) + 0.9 * len(heights)), layout="constrained")
    all_axes = page.subplots(len(heights), 1, squeeze=False, height_ratios=[n + 1 for n in heights])
    for axes, (title, table) in zip(all_axes[:, 0], figures.items(), strict=True):
        rows = table["rows"]
        middles = [statistics.median(row["values"]) for row in rows.values()]
        errors = [
            [middle - min(row["values"]) for middle, row in zip(middles, rows.values(), strict=True)],
            [max(row["values"]) - middle for middle, row in zip(middles, rows.values(), strict=True)],
        ]
        axes.barh(list(rows), middles, xerr=errors, color="#4477aa", ecolor="#222222", capsize=3)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel(table["unit"])
        axes.invert_yaxis()
    page.savefig(file)
