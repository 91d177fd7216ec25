"""The command line against the whole running product."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.imports.files import id_number, person, roster
from tests.product import free_port
from tests.running import Running, running_processes


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Running]:
    async with running_processes(tmp_path_factory.mktemp("cli")) as product:
        yield product


def written(folder: Path, *lines: str, name: str = "名单.csv") -> str:
    file = folder / name
    file.write_bytes(roster(*lines))
    return str(file)


async def test_import_answers_the_outcome_of_every_row(running: Running, tmp_path: Path) -> None:
    file = written(tmp_path, person("CL001", id_number=id_number(901)), person("CL002", hardship="低宝户"))
    status, answer = await running.zhuhang_json("import", file)
    assert (status, answer["rejected"]) == (0, 2)
    assert answer["rows"][0]["code"] == "unknown_department"

    status, answer = await running.zhuhang_json("import", file, "--create-departments", "--dry-run")
    assert (answer["opened"], answer["rejected"]) == (1, 1)
    status, answer = await running.zhuhang_json("import", file, "--create-departments")
    assert status == 0
    assert {name: answer[name] for name in ("status", "total", "opened", "updated", "unchanged")} == {
        "status": "done",
        "total": 2,
        "opened": 1,
        "updated": 0,
        "unchanged": 0,
    }
    first, second = answer["rows"]
    assert first == {"row": 2, "outcome": "opened", "column": None, "code": None, "message": None}
    assert (second["row"], second["column"], second["code"]) == (3, "困难类别", "unknown_hardship_type")

    status, answer = await running.zhuhang_json(
        "import", file, "--create-departments", "--unknown-hardship-as-other"
    )
    assert (status, answer["opened"], answer["unchanged"]) == (0, 1, 1)


async def test_a_refused_file_is_status_2_and_an_absent_api_status_3(
    running: Running, tmp_path: Path
) -> None:
    file = tmp_path / "other.csv"
    file.write_text("甲,乙\n1,2\n", encoding="utf-8")
    status, answer = await running.zhuhang_json("import", str(file))
    assert (status, answer["status"], answer["error"]["code"]) == (2, "refused", "no_header")
    assert answer["error"]["headers_found"] == ["甲", "乙"]

    away = Running(
        running.process, running.environment | {"ZHUHANG_HTTP_PORT": str(free_port())}, running.http
    )
    status, _, errors = await away.zhuhang("import", str(file))
    assert status == 3
    assert "api_unreachable" in errors


async def test_a_case_is_advanced_shown_and_exported_and_the_ledger_verified(
    running: Running, tmp_path: Path
) -> None:
    _, answer = await running.zhuhang_json(
        "import", written(tmp_path, person("CL101", id_number=id_number(902))), "--create-departments"
    )
    listed = await running.http.get("/api/v1/cases?q=CL101", headers=running.bearer("career-centre"))
    case_id = listed.json()["items"][0]["case_id"]

    types = json.dumps([{"type": "DIBAO", "proof": "低保证"}])
    words = ("case", "do", case_id, "confirm_eligibility", "decision=open", f"hardship_types={types}")
    status, answer = await running.zhuhang_json(*words)
    assert (status, answer["case"]["stage"]) == (0, "pairing")
    status, answer = await running.zhuhang_json("case", "do", case_id, "record_assessment", "intention=x")
    assert (status, answer["code"]) == (1, "invalid_request")
    status, answer = await running.zhuhang_json(
        "case", "do", case_id, "--body", '{"type": "record_assessment", "intention": "x", "risk_level": "A"}'
    )
    assert (status, answer["code"]) == (1, "not_paired")

    _, case = await running.zhuhang_json("case", "show", case_id)
    assert (case["version"], case["profile"]["student_no"]) == (2, "CL101")
    _, timeline = await running.zhuhang_json("case", "timeline", case_id)
    assert [item["type"] for item in timeline["items"]] == ["case_opened", "eligibility_confirmed"]
    status, inbox = await running.zhuhang_json("inbox")
    assert (status, set(inbox["counts"])) == (0, {"due", "overdue", "waiting_for_others", "notices"})

    target = tmp_path / "台账.xlsx"
    status, _ = await running.zhuhang_json("export", str(target), "--purpose", "correction", "--plain")
    assert status == 0
    rows = list(load_workbook(target, read_only=True).worksheets[0].values)
    assert any(case_id in row for row in rows)
    status, answer = await running.zhuhang_json("import", str(target))
    assert (status, answer["unchanged"], answer["updated"]) == (0, len(rows) - 1, 0)

    paper = tmp_path / "档案.pdf"
    words = ("export", str(paper), "--paper", case_id, "--purpose", "inspection", "--plain")
    status, answer = await running.zhuhang_json(*words)
    assert (status, answer["bytes"]) == (0, paper.stat().st_size)
    assert "CL101" in PdfReader(paper).pages[0].extract_text()
    status, answer = await running.zhuhang_json(
        "export", str(paper), "--paper", "none", "--purpose", "inspection"
    )
    assert (status, answer["code"]) == (1, "case_unknown")

    status, output, _ = await running.zhuhang("verify")
    assert status == 0
    assert re.search(r"0 differing", output)
    whole = (await running.zhuhang_json("verify"))[1]
    slices: list[int] = []
    words = ["verify", "--cases", "1"]
    while True:
        _, part = await running.zhuhang_json(*words)
        slices.append(part["cases"])
        if part["next_after"] is None:
            break
        words = ["verify", "--cases", "1", "--after", part["next_after"]]
    status, _, errors = await running.zhuhang("verify", "--after", case_id)
    assert (status, "--cases" in errors) == (2, True)
    assert sum(slices) == whole["cases"]
    assert max(slices) == 1


async def test_the_first_accounts_let_in_who_sets_the_school_up(running: Running) -> None:
    file = Path(running.environment["ZHUHANG_DATA_DIR"]) / "first-passwords.txt"
    async with asyncio.timeout(60):
        # Another process writes it once everything answers.
        while not file.exists() or "career-centre" not in file.read_text(encoding="utf-8"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    first = {line[0]: line[1] for line in lines if len(line) == 2}
    assert set(first) == {"admin", "career-centre"}
    body = {"account": "admin", "password": first["admin"], "cookie": False}
    granted = await running.http.post("/api/v1/auth/sign-on", json=body)
    assert (granted.status_code, granted.json()["must"]) == (200, "change_password")


async def test_accounts_are_made_listed_and_reset(running: Running) -> None:
    draft = {"id": "t-1001", "name": "李老师", "role": "partner"}
    answer = await running.http.post("/api/v1/staff", headers=running.bearer("admin"), json=draft)
    assert answer.status_code == 201, answer.text
    status, made = await running.zhuhang_json("account", "create", "t-1001", "--account", "Li")
    assert (status, made["id"], made["account"]) == (0, "t-1001", "li")
    status, again = await running.zhuhang_json("account", "create", "t-1001")
    assert (status, again["code"]) == (1, "account_exists")
    status, reset = await running.zhuhang_json("account", "reset", "t-1001", "--second-factor")
    assert status == 0
    for password, expected in ((made["first_password"], 401), (reset["first_password"], 200)):
        body = {"account": "LI", "password": password, "cookie": False}
        assert (await running.http.post("/api/v1/auth/sign-on", json=body)).status_code == expected
    status, listed = await running.zhuhang_json("account", "list")
    states = {item["id"]: item["must_change"] for item in listed["items"]}
    assert states["t-1001"] is True
    status, refused = await running.zhuhang_json("account", "list", "--as", "career-centre")
    assert (status, refused["code"]) == (1, "role_not_allowed")


async def test_a_token_is_made_here_and_taken_elsewhere(running: Running) -> None:
    status, output, _ = await running.zhuhang("token", "create", "--as", "admin")
    token = output.strip()
    assert (status, output) == (0, token + "\n")
    headers = {"Authorization": f"Bearer {token}"}
    me = (await running.http.get("/api/v1/auth/me", headers=headers)).json()
    assert (me["actor_id"], me["how"]) == ("admin", "command_line")
    left = datetime.fromisoformat(me["ends_at"]) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(minutes=15)
    status, problem = await running.zhuhang_json("token", "create", "--as", "nobody")
    assert (status, problem["code"]) == (1, "actor_unknown")

    # A machine that has neither database nor keys, but a token and the address.
    port = running.environment["ZHUHANG_HTTP_PORT"]
    elsewhere = running.environment | {
        "ZHUHANG_DATA_DIR": str(Path(running.environment["ZHUHANG_DATA_DIR"]).parent / "elsewhere"),
        "ZHUHANG_HTTP_PORT": str(free_port()),
    }
    away = Running(running.process, elsewhere, running.http)
    status, problem = await away.zhuhang_json("inbox")
    assert (status, problem["code"]) == (3, "not_signed_on")
    given = {"ZHUHANG_TOKEN": token, "ZHUHANG_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    there = Running(running.process, elsewhere | given, running.http)
    status, listed = await there.zhuhang_json("account", "list", "--as", "career-centre")
    assert (status, "admin" in {item["id"] for item in listed["items"]}) == (0, True)


async def test_the_master_key_is_changed_while_everything_runs(running: Running, tmp_path: Path) -> None:
    file = written(tmp_path, person("CLK01", id_number=id_number(905)))
    await running.zhuhang_json("import", file, "--create-departments")
    status, before = await running.zhuhang_json("keys", "list")
    assert (status, before["current"], [item["id"] for item in before["masters"]]) == (0, "1", ["1"])
    status, changed = await running.zhuhang_json("keys", "rotate")
    assert (status, changed["current"]) == (0, "2")
    assert changed["wrapped"] >= before["keys"] > 1
    # Running processes meet the new master key with the next person.
    await running.zhuhang_json("import", written(tmp_path, person("CLK02", id_number=id_number(906))))
    _, after = await running.zhuhang_json("keys", "list")
    assert after["masters"] == [{"id": "2", "keys": after["keys"]}]
    assert after["keys"] > before["keys"]
    # Nothing secret is told.
    assert len(json.dumps(after)) < 200
    status, found = await running.zhuhang_json("verify")
    assert (status, found["differing"]) == (0, 0)
