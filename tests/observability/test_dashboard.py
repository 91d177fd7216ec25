"""Dashboard and alert rules name only what the running product tells."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from promql_parser import parse

from tests.observability.watched import CONTACT, Watched

FOLDER = Path(__file__).parents[2] / "deploy" / "observability"
METRIC = re.compile(r"\b(?:zhuhang|temporal)_[a-z_]+\b(?!\s*\()")
INCREASE = re.compile(r'\bincrease\((\w+)\{(\w+)="(\w+)"\}')
LABELS = re.compile(r"\bby \(([a-z_, ]+)\)")
# The last is of failures to write to the ledger, of which a good day has none.
GIVEN = {"job", "le", "kind"}


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "dashboard.json").read_text("utf-8"))["panels"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [
        target["expr"] for panel in panels() for target in panel["targets"]
    ]


async def test_every_metric_and_label_is_told_by_the_running_product(watched: Watched) -> None:
    case_id = await watched.open_case()
    assert (await watched.do(case_id, "mentor-1", CONTACT, "shown")).status_code == 200
    refused = await watched.do(case_id, "college", {"type": "approve_plan", "plan_version": 7}, "shown-not")
    assert refused.status_code == 409
    # What time brings, and what a round of the reconciler tells.
    await watched.until_told("worker", "zhuhang_deadline_lateness_seconds_count")
    await watched.until_told("worker", "zhuhang_reconciled_cases_total")
    await watched.until_told("worker", "zhuhang_overdue_deadlines")
    told, labels = await watched.families(), GIVEN | await watched.labels()
    for expression in expressions():
        for metric in METRIC.findall(expression):
            family = re.sub("_(bucket|count|sum|total)$", "", metric)
            assert told & {metric, family}, f"{metric} in {expression}"
        for group in LABELS.findall(expression):
            assert {label.strip() for label in group.split(",")} <= labels, expression


async def test_what_must_not_grow_is_told_before_it_does(watched: Watched) -> None:
    """A series that begins with its first event has not grown: nobody would be told of that event."""
    told = await watched.metrics("worker")
    looked_for = [found for rule in rules() for found in INCREASE.findall(rule["expr"])]
    assert len(looked_for) >= 3
    missing = [
        (name, label, value)
        for name, label, value in looked_for
        if ((label, value),) not in told.get(name, {})
    ]
    assert missing == []


def test_rules_and_panels_are_whole() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 8
    assert all(rule["labels"]["severity"] in {"warning", "critical"} for rule in rules())
    assert all("·" in rule["annotations"]["summary"] for rule in rules())
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for expression in expressions():
        parse(expression.replace("$__rate_interval", "5m"))  # which Grafana puts in
        assert METRIC.search(expression) or "up{" in expression, expression


def test_a_worker_that_has_just_begun_is_not_one_that_stands() -> None:
    # The gauge is 0 until the first slice: no moment to count from, but worth a word when it stays so.
    last = "max(zhuhang_reconciler_last_slice_timestamp_seconds)"
    told = [expression for expression in expressions() if last in expression and "time()" in expression]
    assert len(told) == 2
    assert [expression for expression in told if f"({last} > 0)" not in expression] == []
    assert [rule["for"] for rule in rules() if rule["expr"] == f"{last} == 0"] == ["1h"]
