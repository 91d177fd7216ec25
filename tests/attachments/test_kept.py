"""What was acknowledged is there, what died half-way is finished, what is damaged is said, what is erased is gone."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from models.tables import Attachment
from services.data_key import KeyDestroyed
from services.vault import Vault
from services.verify import Verification, Verifier
from tests.attachments.samples import PDF, attached, files_of, opened, uploaded
from tests.erasure.ending import closed, erased, rows
from tests.product import Product

KEY = {"Idempotency-Key": "killed"}
# A process that dies at a step of an upload or deletion.
DYING = """
import io, os, signal, sys
from datetime import UTC, datetime
from models.case.kernel import Actor, Role
from services.attachment_files import AttachmentFiles
from services.attachments import Attachments
from services.database import create_engine_from
from services.settings import load_settings
from services.vault import Vault

what, owner, step, when, case_id, given = sys.argv[1:]
place = {"files": AttachmentFiles, "service": Attachments}[owner]
real = getattr(place, step)

def dying(*args, **options):
    if when == "after":
        real(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(place, step, dying)
settings = load_settings()
attachments = Attachments(create_engine_from(settings), Vault.of(settings), settings)
actor = Actor(id="mentor-1", role=Role.MENTOR, school_id=settings.school_code, department_id="cs")
now = datetime.now(UTC)
if what == "add":
    file = io.BytesIO(bytes.fromhex(given))
    attachments.add(actor, case_id, "killed", "labor_contract", "合同.pdf", file, now)
else:
    attachments.remove(actor, case_id, given, now)
"""


async def killed(place: Product, what: str, owner: str, step: str, when: str, *given: str) -> None:
    settings = place.settings
    environment = {
        "ZHUHANG_DATA_DIR": str(settings.data_dir),
        "ZHUHANG_SCHOOL_CODE": settings.school_code,
        "DEMO": "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DYING, what, owner, step, when, *given, env=environment
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL


def known(place: Product, case_id: str) -> list[Attachment]:
    with Session(place.services.engine) as session:
        return list(session.exec(select(Attachment).where(col(Attachment.case_id) == case_id)).all())


async def verified(place: Product) -> Verification:
    services = place.services
    return await Verifier(services.engine, services.vault, services.client, place.settings).verify()


@pytest.mark.parametrize(
    ("owner", "step", "when", "there"),
    [
        ("files", "write", "before", 0),
        # The file is there and nothing knows of it.
        ("files", "write", "after", 0),
        ("service", "_keep", "before", 0),
        # Only the answer is missing.
        ("service", "_keep", "after", 1),
    ],
)
async def test_an_upload_that_died_shows_nothing_half_and_is_finished_by_its_repetition(
    place: Product, owner: str, step: str, when: str, there: int
) -> None:
    case_id = await place.paired()
    await killed(place, "add", owner, step, when, case_id, PDF.hex())
    listed = (await place.get(f"/cases/{case_id}/attachments", "mentor-1")).body["items"]
    assert len(listed) == there
    again = await uploaded(place, case_id, headers=dict(KEY))
    assert again.status == 201, again.body
    listed = (await place.get(f"/cases/{case_id}/attachments", "mentor-1")).body["items"]
    assert [item["id"] for item in listed] == [again.body["id"]]
    assert (await opened(place, case_id, again.body["id"])).content == PDF
    assert (await verified(place)).details == ()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_deletion_that_died_is_never_seen_again_and_finished_at_the_next_start(
    place: Product, when: str
) -> None:
    case_id = await place.delivering()
    attachment_id = await attached(place, case_id, headers=dict(KEY))
    await killed(place, "remove", "files", "remove", when, case_id, attachment_id)
    assert len(known(place, case_id)) == 1
    assert (await opened(place, case_id, attachment_id)).status_code == 404
    evidence = [{"type": "labor_contract", "file_id": attachment_id}]
    registration = {"type": "register_destination", "code": "11", "evidence": evidence}
    assert (await place.do(case_id, "mentor-1", registration)).code == "attachment_unknown"
    assert (await verified(place)).details == ()
    place.services.prepare()
    assert known(place, case_id) == []
    assert files_of(place, case_id) == []


async def test_a_deletion_that_died_is_finished_by_asking_again_or_for_the_file_anew(place: Product) -> None:
    case_id = await place.paired()
    for finish in ("DELETE", "POST"):
        attachment_id = await attached(place, case_id, headers=dict(KEY))
        await killed(place, "remove", "files", "remove", "before", case_id, attachment_id)
        if finish == "DELETE":
            path = f"/cases/{case_id}/attachments/{attachment_id}"
            assert (await place.request("DELETE", path, "mentor-1")).status == 204
            assert (known(place, case_id), files_of(place, case_id)) == ([], [])
        else:
            assert await attached(place, case_id, headers=dict(KEY)) == attachment_id
            assert len(files_of(place, case_id)) == 1
            assert (await opened(place, case_id, attachment_id)).content == PDF


async def test_the_same_upload_at_the_same_time_keeps_one_file(place: Product) -> None:
    case_id = await place.paired()
    answers = await asyncio.gather(*(uploaded(place, case_id, headers=dict(KEY)) for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(files_of(place, case_id)) == 1
    assert (await opened(place, case_id, answers[0].body["id"])).content == PDF


async def test_a_registration_and_a_deletion_at_the_same_time_never_both_happen(place: Product) -> None:
    case_id = await place.delivering()
    for _ in range(6):
        attachment_id = await attached(place, case_id)
        evidence = [{"type": "labor_contract", "file_id": attachment_id}]
        registration = {"type": "register_destination", "code": "11", "evidence": evidence}
        path = f"/cases/{case_id}/attachments/{attachment_id}"
        registered, removed = await asyncio.gather(
            place.do(case_id, "mentor-1", registration), place.request("DELETE", path, "mentor-1")
        )
        said = (registered.status in (200, 202), removed.status == 204)
        assert said in ((True, False), (False, True)), (registered.body, removed.body)
        assert (registered.code, removed.code) in (
            (None, "attachment_named"),
            ("attachment_unknown", None),
        )


async def test_missing_and_short_files_are_noticed(place: Product) -> None:
    case_id, whole = await place.paired(), await place.paired()
    await attached(place, whole)
    attachment_id = await attached(place, case_id)
    (file,) = files_of(place, case_id)
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert [(item.case_id, item.problems) for item in (await verified(place)).details] == [
        (case_id, ("attachment_files",))
    ]
    broken = await opened(place, case_id, attachment_id)
    assert (broken.status_code, broken.json()["code"]) == (409, "seal_broken")
    file.unlink()
    assert [item.problems for item in (await verified(place)).details] == [("attachment_files",)]
    lost = await opened(place, case_id, attachment_id)
    assert (lost.status_code, lost.json()["code"]) == (409, "attachment_lost")
    file.write_bytes(content)
    assert (await verified(place)).details == ()


async def test_files_that_changed_places_do_not_open(place: Product) -> None:
    case_id = await place.paired()
    ids = [await attached(place, case_id, content=PDF + end) for end in (b"one", b"two")]
    first, second = files_of(place, case_id)
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)
    for attachment_id in ids:
        answer = await opened(place, case_id, attachment_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "seal_broken")


async def test_an_erased_case_has_no_attachments_left(place: Product) -> None:
    case_id, kept = await closed(place), await closed(place)
    ids = [await attached(place, case_id, actor) for actor in (f"graduate:{case_id}", "mentor-1")]
    await attached(place, kept)
    (place.settings.data_dir / "attachments" / case_id / "nobody-knows.bin").write_bytes(b"left behind")
    number = await erased(place, case_id)
    assert files_of(place, case_id) == []
    assert len(files_of(place, kept)) == 1
    assert rows(place, "SELECT 1 FROM attachment WHERE case_id = ?", case_id) == []
    certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
    assert certificate["removed"]["attachment"] == 2
    for actor in ("college", "career-centre"):
        path = f"/cases/{case_id}/attachments"
        assert (await place.get(path, actor)).code == "case_erased"
        assert (await opened(place, case_id, ids[0], actor)).json()["code"] == "case_erased"
        assert (await uploaded(place, case_id, actor)).code == "case_erased"
        assert (await place.request("DELETE", f"{path}/{ids[0]}", actor)).code == "case_erased"
    assert (await uploaded(place, case_id, "teacher")).code == "case_unknown"
    with pytest.raises(KeyDestroyed):
        Vault.of(place.settings).key(case_id)


async def test_what_people_do_with_attachments_is_in_the_audit_and_the_graduate_sees_it(
    place: Product,
) -> None:
    case_id = await place.paired()
    attachment_id = await attached(place, case_id, name="张三的合同.pdf")
    await place.get(f"/cases/{case_id}/attachments", "college")
    await opened(place, case_id, attachment_id, "college")
    await place.request("DELETE", f"/cases/{case_id}/attachments/{attachment_id}", "college")
    await opened(place, case_id, attachment_id, "teacher")
    place.services.audit.settle()
    found = rows(
        place,
        "SELECT actor_id, act, outcome, code, detail FROM audit_entry"
        " WHERE act LIKE 'attachment.%' AND case_id = ? ORDER BY seq",
        case_id,
    )
    assert [entry[:4] for entry in found] == [
        ("mentor-1", "attachment.add", "begun", None),
        ("college", "attachment.list", "done", None),
        ("college", "attachment.read", "done", None),
        ("college", "attachment.delete", "begun", None),
        ("teacher", "attachment.read", "refused", "case_unknown"),
    ]
    assert attachment_id in found[2][4]
    assert "张三" not in str(found)
    log = (await place.get(f"/cases/{case_id}/access-log", f"graduate:{case_id}")).body["items"]
    assert {"attachment.add", "attachment.read", "attachment.delete"} <= {item["act"] for item in log}
