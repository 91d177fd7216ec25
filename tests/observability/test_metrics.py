"""What the parts tell Prometheus, of a running product."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.imports.files import HEADER
from tests.observability.watched import CONTACT, Watched

TEMPORAL_TASKS = "temporal_workflow_task_execution_latency_seconds_count"


async def test_commands_are_counted_by_type_outcome_and_code(watched: Watched) -> None:
    case_id = await watched.open_case()
    contact = {"type": "record_contact"}
    done, refused = (
        await watched.value("api", "zhuhang_commands_total", **contact, outcome="done"),
        await watched.value("api", "zhuhang_commands_total", type="approve_plan", outcome="refused"),
    )
    assert (await watched.do(case_id, "mentor-1", CONTACT, "counted")).status_code == 200
    answer = await watched.do(case_id, "college", {"type": "approve_plan", "plan_version": 7}, "refused")
    assert answer.status_code == 409
    code = answer.json()["code"]

    assert await watched.value("api", "zhuhang_commands_total", **contact, outcome="done") == done + 1
    assert (
        await watched.value("api", "zhuhang_commands_total", type="approve_plan", outcome="refused")
        == refused + 1
    )
    assert await watched.value("api", "zhuhang_refusals_total", code=code) >= 1
    assert await watched.value("api", "zhuhang_command_seconds_count") >= 2
    assert await watched.value("api", "zhuhang_http_request_seconds_count", method="POST", status="4xx") >= 1
    assert await watched.value("worker", "zhuhang_projection_lag_seconds_count") >= 1
    assert await watched.value("temporal", TEMPORAL_TASKS, workflow_type="case") >= 1


async def test_what_time_brings_is_told_with_its_lateness(watched: Watched) -> None:
    await watched.open_case()
    assert await watched.until_told("worker", "zhuhang_deadline_lateness_seconds_count", rung="overdue")
    assert await watched.until_told("worker", "zhuhang_overdue_deadlines", school="99999")


async def test_messages_that_nobody_takes_are_told(watched: Watched) -> None:
    await watched.open_case()
    assert await watched.until_told("worker", "zhuhang_deliveries_total", outcome="failed")


async def test_rows_of_a_roster_are_counted_by_outcome(watched: Watched) -> None:
    row = "M00001,测试名单,,计算机学院,脱贫家庭,,2026-06-30"
    content = "\n".join([HEADER, row, row.replace("M00001", "")]).encode()
    sent = await watched.running.http.post(
        "/api/v1/imports",
        headers=watched.running.bearer("counselor"),
        files={"file": ("名单.csv", content)},
    )
    assert sent.status_code == 202, sent.text
    assert await watched.until_told("worker", "zhuhang_import_rows_total", outcome="opened") == 1
    assert await watched.until_told("worker", "zhuhang_import_rows_total", outcome="rejected") == 1


async def test_cases_that_the_ledger_does_not_take_are_told(watched: Watched) -> None:
    case_id = await watched.open_case()
    database = Path(watched.running.environment["ZHUHANG_DATA_DIR"]) / "zhuhang.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await watched.do(case_id, "mentor-1", CONTACT, "behind")
        assert answer.status_code == 202, answer.text
        assert await watched.until_told("worker", "zhuhang_cases_behind")
        assert await watched.until_told("worker", "zhuhang_projection_failures_total")
        other.execute("ROLLBACK")
    assert await watched.until_told("worker", "zhuhang_cases_behind", at=0) == 0


async def test_no_metric_names_anybody(watched: Watched) -> None:
    case_id = await watched.open_case()
    everything = "".join([str(await watched.metrics(part)) for part in ("api", "worker", "temporal")])
    assert case_id not in everything
    assert [word for word in ("mentor-1", "counselor", "测试") if word in everything] == []


async def test_metrics_are_not_where_people_are(watched: Watched) -> None:
    assert (await watched.running.http.get("/metrics")).status_code == 404
