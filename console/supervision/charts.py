"""Pictures of numbers. Each has the same numbers beside it as text, which open their lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from console.frame import aria
from console.links import go

# One hue from dark to light reads on paper and in both modes.
PALETTE = ("#0b6b6b", "#3f9b93", "#8a5a00", "#c98a1b", "#b3261e", "#3c5a6b", "#86a3b1", "#6b4fa0")
# Drawn as SVG, charts take the colours of the page, bright or dark.
_TEXT = "var(--soft)"
_AXIS = {"axisLabel": {"color": _TEXT}, "axisLine": {"lineStyle": {"color": _TEXT}}}
_MEASURE = _AXIS | {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"color": "var(--line)"}}}


def bars(
    title: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[int]],
    *,
    opens: Callable[[int], str] | None = None,
    stacked: bool = True,
) -> None:
    """Lying bars, one for each name, in parts by series. `opens` answers the address of a bar's list."""
    options: dict[str, Any] = {
        "color": PALETTE,
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        "grid": {
            "left": 8,
            "right": 30,
            "top": 34 if len(series) > 1 else 8,
            "bottom": 8,
            "containLabel": True,
        },
        "xAxis": _MEASURE,
        "yAxis": _AXIS
        | {"type": "category", "inverse": True, "data": list(names), "axisTick": {"show": False}},
        "textStyle": {"color": _TEXT, "fontFamily": "inherit"},
        "series": [
            {
                "name": name,
                "type": "bar",
                "data": list(values),
                "stack": "all" if stacked else None,
                "barMaxWidth": 22,
                "label": {"show": len(series) == 1, "position": "right", "color": _TEXT},
            }
            for name, values in series.items()
        ],
    }
    if len(series) > 1:
        options["legend"] = {"top": 0, "left": 0, "textStyle": {"color": _TEXT}, "itemHeight": 10}
    _chart(title, options, height=46 + 34 * max(len(names), 2) + (26 if len(series) > 1 else 0), opens=opens)


def lines(title: str, dates: Sequence[str], series: Mapping[str, Sequence[int | None]]) -> None:
    """Lines over time."""
    options: dict[str, Any] = {
        "color": PALETTE,
        "tooltip": {"trigger": "axis", "confine": True},
        "grid": {"left": 8, "right": 16, "top": 34, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "textStyle": {"color": _TEXT}, "itemHeight": 10},
        "xAxis": _AXIS | {"type": "category", "data": list(dates), "boundaryGap": False},
        "yAxis": _MEASURE,
        "textStyle": {"color": _TEXT, "fontFamily": "inherit"},
        "series": [
            {
                "name": name,
                "type": "line",
                "data": list(values),
                "showSymbol": len(dates) < 3,
                "connectNulls": True,
            }
            for name, values in series.items()
        ],
    }
    _chart(title, options, height=260, opens=None)


def _chart(title: str, options: dict[str, Any], *, height: int, opens: Callable[[int], str] | None) -> None:
    def open_list(event: EChartPointClickEventArguments) -> None:
        if opens is not None:
            go(opens(event.data_index))

    chart = ui.echart(options, on_point_click=open_list if opens else None, renderer="svg")
    chart.classes("full-width").style(f"height:{height}px").props(f"role=img {aria(title)}")
