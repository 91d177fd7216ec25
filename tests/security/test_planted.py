"""Personal data enter by every way there is, a life is lived, and the raw files are searched for them."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from models.first_actors import CAREER_CENTRE_ACTOR as CENTRE
from models.first_actors import SETUP_ACTOR
from tests.messages.mail import Mailbox, mail_server
from tests.product import STAFF, free_port
from tests.running import running_processes
from tests.security.planted import Markers
from tests.security.planted_life import Office, asked, lived, roster, workbook

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

DIGEST = """
extends: national
id: digest-often
version: 1
title: 试验
digest: {every: 3 seconds, quiet_from: "00:00", quiet_to: "00:00"}
"""


METRICS = ("ZHUHANG_API_METRICS_PORT", "ZHUHANG_WORKER_METRICS_PORT", "ZHUHANG_TEMPORAL_METRICS_PORT")


@pytest.fixture
def mailbox() -> Any:
    with mail_server(port := free_port()) as box:
        yield box, port


@pytest.fixture
async def office(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> AsyncGenerator[Office]:
    policy = tmp_path / "often.yaml"
    policy.write_text(DIGEST, encoding="utf-8")
    notify = f"mailto://127.0.0.1:{mailbox[1]}?from=zhuhang@school.test&to={{email}}"
    more = {"ZHUHANG_POLICY": str(policy), "ZHUHANG_NOTIFY_URLS": notify, "ZHUHANG_NOTIFY_HOSTS": "127.0.0.1"}
    more |= {variable: str(free_port()) for variable in METRICS}
    async with running_processes(tmp_path, **more) as running:
        office = Office(running)
        for department in ({"id": "cs", "name": "计算机学院"}, {"id": "edu", "name": "师范学院"}):
            await office.taken("POST", "/departments", SETUP_ACTOR, json=department)
        for person in STAFF:
            mail = {"email": f"{person['id']}@school.test"}
            await office.taken("POST", "/staff", SETUP_ACTOR, json=person | mail)
        yield office


@pytest.mark.timeout(400)
async def test_no_planted_data_are_found_in_raw_files(
    office: Office, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    markers = Markers()
    book = await office.imported("名单.xlsx", workbook(markers, tmp_path / "book.xlsx"))
    (tmp_path / "book.xlsx").unlink()
    assert (book["opened"], book["rejected"]) == (1, 1)
    csv = await office.imported(f"{markers.name('file name')}.csv", roster(markers))
    assert (csv["opened"], csv["rejected"]) == (1, 1)
    for view in (book, csv):
        await office.taken("GET", f"/imports/{view['id']}/rows", CENTRE)
    case_id = await lived(office, markers)
    await asked(office, markers, case_id)
    async with asyncio.timeout(60):
        while not mailbox[0].received:  # noqa: ASYNC110  (it comes from another process)
            await asyncio.sleep(0.1)
    for variable in METRICS:
        told = await office.running.http.get(
            f"http://127.0.0.1:{office.running.environment[variable]}/metrics"
        )
        assert told.is_success
        (tmp_path / f"{variable}.txt").write_bytes(told.content)
    mails = tmp_path / "mails.txt"
    mails.write_bytes(b"\n".join(mail.as_bytes() for mail in mailbox[0].received))

    # What is searched for is there to be found: the graduate reads it.
    shown = await office.taken("GET", f"/cases/{case_id}/timeline?limit=200", f"graduate:{case_id}")
    own = tmp_path / "own.json"
    own.write_text(str(shown), encoding="utf-8")
    assert len(markers.found_in([own])) > 10
    own.unlink()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    raw = {"temporal.db", "zhuhang.db", "api.log", "worker.log", "temporal.log", "mails.txt"}
    assert raw | {f"{variable}.txt" for variable in METRICS} <= names
    assert markers.found_in(files) == []


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def gb18030(text: str) -> bytes:
    return text.encode("gb18030")


def in_base64(text: str) -> bytes:
    return base64.b64encode(b"{" + text.encode() + b"}")


def later_in_base64(text: str) -> bytes:
    return base64.b64encode(b'{"' + text.encode())


def in_json(text: str) -> bytes:
    return json.dumps({"name": text}).encode()


def in_an_address(text: str) -> bytes:
    return quote(text).encode()


@pytest.mark.parametrize("written", [utf16, gb18030, in_base64, later_in_base64, in_json, in_an_address])
def test_the_search_knows_the_usual_encodings(tmp_path: Path, written: Callable[[str], bytes]) -> None:
    markers = Markers()
    name = markers.name("control")
    (tmp_path / "file").write_bytes(b"before " + written(name) + b" after")
    (tmp_path / "other").write_bytes(b"nothing of it")
    assert markers.found_in([tmp_path / "file"]) != []
    assert markers.found_in([tmp_path / "other"]) == []
