"""A life with a marker in every place where people put personal data: rosters, forms, commands, requests."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from openpyxl import Workbook

from models.first_actors import CAREER_CENTRE_ACTOR as CENTRE
from tests.imports.files import HEADER
from tests.running import Running
from tests.security.planted import Markers


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
