"""The same ids lead through the lines of all parts, and a replay says nothing again."""

import hashlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.logs import configure_logging
from services.settings import Settings
from tests.observability.watched import CONTACT, Watched
from tests.product import running_product, settings_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4799"


async def test_a_command_is_found_in_all_parts_by_its_ids(watched: Watched) -> None:
    case_id = await watched.open_case()
    parent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    done = await watched.do(case_id, "mentor-1", CONTACT, "logged", **parent)
    assert done.status_code == 200, done.text
    ids = {
        "case_id": case_id,
        "command_id": hashlib.sha256(b"http\0mentor-1\0logged").hexdigest(),
        "trace_id": TRACE,
    }

    def lines(part: str) -> list[dict[str, Any]]:
        return [line for line in watched.log(part) if ids.items() <= line.items()]

    answered = await watched.until(lambda: lines("api"), what="the API has logged")
    assert [(line["event"], line["types"], line["outcome"]) for line in answered] == [
        ("command answered", ["record_contact"], "done")
    ]
    assert answered[0]["request_id"]
    in_worker = await watched.until(
        lambda: lines("worker") if len(lines("worker")) > 1 else None, what="the worker has logged"
    )
    told = {line["event"]: line for line in in_worker}
    assert told["the command was decided"]["version"] == done.json()["version"]
    assert told["written to the ledger"]["activity"] == "project"
    everything = json.dumps([watched.log("api"), watched.log("worker")], ensure_ascii=False)
    assert "测试观察" not in everything
    assert CONTACT["content"] not in everything


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    configure_logging(Settings(log_format="json", log_level="debug"), stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:], logging.getLogger().level = before


async def test_a_replay_logs_nothing_again(temporal_address: str, tmp_path: Path, lines: io.StringIO) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90060", cached_workflows=0)
    # Without a cache each task of a workflow replays all that was before.
    async with running_product(settings) as product:
        case_id = await product.paired()
        for _ in range(3):
            await product.accepted(case_id, "mentor-1", CONTACT)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    decided = [line for line in told if line["event"] == "the command was decided"]
    assert {line["case_id"] for line in decided} == {case_id}
    assert len({line["command_id"] for line in decided}) == len(decided) == 5
