"""Personal data enter by every way there is, a life is lived, and the raw files are searched for them."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from openpyxl import Workbook

from models.first_actors import CAREER_CENTRE_ACTOR as CENTRE
from models.first_actors import SETUP_ACTOR
from tests.imports.files import HEADER
from tests.messages.mail import Mailbox, mail_server
from tests.product import STAFF, free_port
from tests.running import Running, running_processes
from tests.security.planted import Markers

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


class Office:
    """Everybody who works with the planted files."""

    def __init__(self, running: Running) -> None:
        self.running = running

    async def ask(self, method: str, path: str, actor: str, **options: Any) -> httpx.Response:
        headers = self.running.bearer(actor) | options.pop("headers", {})
        answer = await self.running.http.request(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.status_code < 500, answer.text
        return answer

    async def taken(self, method: str, path: str, actor: str, **options: Any) -> Any:
        answer = await self.ask(method, path, actor, **options)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    async def do(self, case_id: str, actor: str, *commands: dict[str, Any]) -> Any:
        return await self.taken("POST", f"/cases/{case_id}/commands", actor, json=list(commands))

    async def refused(self, case_id: str, actor: str, command: dict[str, Any]) -> None:
        answer = await self.ask("POST", f"/cases/{case_id}/commands", actor, json=command)
        assert answer.status_code in (409, 422), answer.text

    async def imported(self, name: str, content: bytes) -> dict[str, Any]:
        taken = await self.taken("POST", "/imports", CENTRE, files={"file": (name, content)})
        return await self.ended(f"/imports/{taken['id']}", CENTRE)

    async def ended(self, path: str, actor: str) -> dict[str, Any]:
        async with asyncio.timeout(90):
            while True:
                view = await self.taken("GET", path, actor)
                if view["status"] in ("done", "refused"):
                    return view
                await asyncio.sleep(0.1)

    async def opened(self, actor: str = "counselor", **fields: Any) -> str:
        return (await self.taken("POST", "/cases", actor, json={"department_id": "cs"} | fields))["case_id"]


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


def workbook(markers: Markers, path: Path) -> bytes:
    """A roster as XLSX: a good row, and a rejected one."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*HEADER.split(","), "家庭地址"])
    for kind in ("workbook", "workbook, rejected"):
        number = markers.word(f"{kind}: student number") if kind == "workbook" else ""
        sheet.append(
            [
                number,
                markers.name(f"{kind}: name"),
                markers.id_number(f"{kind}: ID number"),
                "计算机学院",
                "脱贫家庭",
                markers.phone(f"{kind}: phone"),
                "2027-06-30",
                markers.text(f"{kind}: address"),
            ]
        )
    book.save(path)
    return path.read_bytes()


def roster(markers: Markers) -> bytes:
    """The same as CSV, as schools save it."""
    rows = [
        ",".join(
            (
                markers.word("roster: student number") if good else "",
                markers.name("roster: name"),
                markers.id_number("roster: ID number"),
                "计算机学院",
                "脱贫家庭" if good else markers.text("roster: unknown type"),
                markers.phone("roster: phone"),
                "2027-06-30",
            )
        )
        for good in (True, False)
    ]
    return "\n".join((HEADER, *rows)).encode("gb18030")


async def lived(office: Office, markers: Markers) -> str:
    """A life with a marker in every free text of it."""
    text = markers.text
    case_id = await office.opened(
        student_no=markers.word("form: student number"),
        name=markers.name("form: name"),
        id_number=markers.id_number("form: ID number"),
        phone=markers.phone("form: phone"),
        email=markers.word("form: e-mail", "zq{}@mail.test"),
        address=text("form: address"),
        remark=text("form: remark"),
        other={"家长": text("form: other")},
    )
    graduate = f"graduate:{case_id}"
    kind = {"type": "DIBAO", "proof": text("eligibility: proof"), "issuer": text("eligibility: issuer")}
    eligibility = {"type": "confirm_eligibility", "decision": "open", "hardship_types": [kind]}
    await office.do(case_id, "counselor", eligibility | {"reason": text("eligibility: reason")})
    await office.do(case_id, "counselor", {"type": "propose_mentor", "mentor_id": "mentor-2"})
    await office.do(case_id, "mentor-2", {"type": "decline_pairing", "reason": text("pairing: declined")})
    assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": text("pairing: reason")}
    await office.do(case_id, "college", assign)
    await office.refused(case_id, "mentor-2", {"type": "annotate", "text": text("refused: note")})
    assessment = {
        "type": "record_assessment",
        "intention": text("assessment: intention"),
        "obstacles": [text("assessment: obstacle")],
        "risk_level": "A",
        "needs_psychological_support": True,
        "notes": text("assessment: notes"),
    }
    measure = {"title": text("plan: measure"), "due_on": "2099-01-01"}
    plan = {"type": "set_plan", "goals": [{"title": text("plan: goal"), "measures": [measure]}]}
    contact = {
        "type": "record_contact",
        "method": "phone",
        "content": text("contact: content"),
        "next_step": text("contact: next step"),
    }
    await office.do(case_id, "mentor-1", assessment, plan, contact)
    reject = {"type": "reject_plan", "plan_version": 1, "reason": text("plan: rejected")}
    await office.do(case_id, "college", reject)
    await office.do(case_id, "mentor-1", plan)
    await office.do(case_id, "college", {"type": "approve_plan", "plan_version": 2})
    service = {
        "type": "record_service",
        "service_type": "career_guidance",
        "method": "phone",
        "content": text("service: content"),
        "proof": text("service: proof"),
    }
    await office.do(case_id, "mentor-1", service)
    remark = {
        "type": "confirm_service",
        "service_id": "s1",
        "agreed": True,
        "remark": text("service: remark"),
    }
    await office.do(case_id, graduate, remark)
    consent = {
        "type": "record_consent",
        "fields": ["id_number", "address"],
        "given_on": "2026-01-01",
        "purpose": text("consent: purpose"),
    }
    referral = {
        "type": "send_referral",
        "kind": "employer",
        "to": "employer",
        "purpose": text("referral: purpose"),
        "disclose": ["name", "phone"],
    }
    await office.do(case_id, graduate, consent)
    await office.do(case_id, "mentor-1", referral)
    answer = {"type": "answer_referral", "referral_id": "r1", "answer": "accepted"}
    outcome = {"type": "report_referral_outcome", "referral_id": "r1", "outcome": "failed"}
    await office.do(case_id, "employer", answer | {"note": text("referral: note")})
    await office.taken("GET", "/referrals", "employer")
    await office.do(case_id, "employer", outcome | {"result": text("referral: result")})
    await office.do(case_id, "mentor-1", {"type": "acknowledge_referral", "referral_id": "r1"})
    withdrawal = {"type": "withdraw_consent", "consent_id": "c1", "reason": text("consent: withdrawal")}
    await office.do(case_id, graduate, withdrawal)
    hold = {"type": "place_hold", "reason": text("hold: reason"), "until": "2026-12-01T00:00:00Z"}
    await office.do(case_id, "mentor-1", hold, {"type": "release_hold"})
    correction = {
        "type": "correct_profile",
        "phone": markers.phone("correction: phone"),
        "address": text("correction: address"),
        "reason": text("correction: reason"),
    }
    await office.do(case_id, graduate, correction)
    scan = b"%PDF-1.4\n" + text("attachment: content").encode() + bytes(2 * 1024 * 1024)
    file = (f"{markers.name('attachment: name')}.pdf", scan)
    path = f"/cases/{case_id}/attachments"
    kept = await office.taken("POST", path, graduate, files={"file": file}, data={"kind": "contract"})
    await office.taken("GET", path, graduate)
    await office.ask("GET", f"{path}/{kept['id']}", "college")
    refused = {
        "file": (f"{markers.name('refused attachment: name')}.svg", text("refused attachment").encode())
    }
    await office.ask("POST", path, graduate, files=refused, data={"kind": "contract"})
    strange = {"kind": text("refused attachment: kind")}
    await office.ask("POST", path, graduate, files={"file": file}, data=strange)
    destination = {
        "type": "register_destination",
        "code": "11",
        "employer": text("destination: employer"),
        "monthly_pay": 6000,
        "evidence": [
            {"type": "labour_contract", "file_id": kept["id"], "note": text("destination: evidence")}
        ],
    }
    await office.do(case_id, "mentor-1", destination)
    await office.do(case_id, "mentor-1", {"type": "annotate", "text": text("note")})
    for actor in ("mentor-1", "teacher"):
        note = {"type": "annotate", "text": text(f"batch of {actor}: note")}
        begun = await office.taken("POST", "/batches", actor, json={"command": note, "case_ids": [case_id]})
        await office.ended(f"/batches/{begun['id']}", actor)
    transfer = {"type": "request_transfer", "kind": "mentor", "to": "mentor-2"}
    await office.do(case_id, "mentor-1", transfer | {"reason": text("transfer: reason")})
    objection = {"type": "raise_objection", "about": "data", "text": text("objection")}
    await office.do(case_id, graduate, objection)
    answered = {"type": "answer_objection", "objection_id": "o1", "verdict": "rejected"}
    await office.do(case_id, "college", answered | {"reason": text("objection: reason")})
    hold = {"type": "place_legal_hold", "reason": text("legal hold: reason")}
    await office.do(case_id, CENTRE, hold | {"reference": text("legal hold: reference")})
    return case_id


async def asked(office: Office, markers: Markers, case_id: str) -> None:
    """Requests that are refused, that search, or that give a reason."""
    for value in (markers.name("search"), markers.id_number("search"), markers.phone("search")):
        await office.taken("GET", "/cases", CENTRE, params={"q": value})
    bad = {"command": {"type": "annotate", "text": ""}, "case_ids": [markers.name("bad: case of a batch")]}
    assert (await office.ask("POST", "/batches", "counselor", json=bad)).status_code == 422
    for body in (
        {
            "student_no": markers.word("bad: student number"),
            "name": markers.name("bad: name"),
            "cohort": markers.word("bad: year"),
        },
        {"student_no": markers.word("bad: number"), "id_number": markers.id_number("bad: ID") + "9"},
    ):
        answer = await office.ask("POST", "/cases", "counselor", json=body | {"department_id": "cs"})
        assert answer.status_code == 422
    await office.ask("GET", f"/cases/{markers.word('bad: address')}", CENTRE)
    await office.ask("GET", "/cases", CENTRE, headers={"X-Note": markers.word("header")})
    agent = {"User-Agent": "zhuhang-test", "Referer": f"https://x.test/{markers.word('referer')}"}
    guess = {"account": markers.id_number("sign-on: account"), "password": markers.word("sign-on: password")}
    denied = await office.running.http.post("/api/v1/auth/sign-on", json=guess, headers=agent)
    assert denied.status_code == 401
    reason = {"reason": markers.text("break-glass: reason"), "purpose": "support"}
    await office.taken("POST", f"/cases/{case_id}/break-glass", "teacher", json=reason)
    unmask = {"field": "id_number", "purpose": "subsidy", "note": markers.text("unmasking: note")}
    await office.ask("POST", f"/cases/{case_id}/unmask", "counselor", json=unmask)
    note = f"text={markers.text('command line')}"
    status, _, errors = await office.running.zhuhang(
        "case", "do", case_id, "annotate", note, "--as", "counselor"
    )
    assert status == 0, errors
    status, _, _ = await office.running.zhuhang("case", "show", markers.id_number("command line: id"))
    assert status != 0


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
