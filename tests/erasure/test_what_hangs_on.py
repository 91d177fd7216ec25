"""What hangs on an erased case elsewhere: accounts, rows of imports, places in classes, the audit."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from models.tables import TrainingClass
from models.training_class import TrainingClassState
from services.training import ClassLedger
from tests.erasure.ending import NAME, closed, erased, rows
from tests.imports.files import imported, outcomes, person, roster
from tests.product import UNOWED, Product

TODAY = datetime.now(UTC).date()


async def test_the_graduate_s_account_goes_with_the_file(place: Product) -> None:
    case_id = await closed(place)
    made = await place.request("POST", f"/cases/{case_id}/account", "counselor")
    assert made.status == 201, made.body
    graduate = f"graduate:{case_id}"
    assert (await place.get(f"/cases/{case_id}", graduate)).status == 200
    await erased(place, case_id)
    assert rows(place, "SELECT 1 FROM account WHERE id = ?", graduate) == []
    assert rows(place, "SELECT 1 FROM sign_on_session WHERE actor_id = ?", graduate) == []

    async def signed_off() -> bool:
        # An API process knows a session for a moment longer, and then says that the file is gone.
        status = (await place.get(f"/cases/{case_id}", graduate)).status
        assert status in (401, 410)
        return status == 401

    await place.until(signed_off, what="the graduate's session has ended")


async def test_rows_of_imports_are_emptied_also_those_that_were_rejected(place: Product) -> None:
    await imported(place, roster(person("T-ROW", NAME), person("T-OTHER", NAME)), create_departments=True)
    _, again = await imported(place, roster(person("T-ROW", NAME, college="不存在的学院")))
    _, worse = await imported(place, roster(person("T-ROW", "", college="不存在的学院")))
    assert [row["outcome"] for row in (*again, *worse)] == ["rejected", "rejected"]
    case_id = place.services.vault.case_id(place.settings.school_code, "T-ROW")
    assert len(rows(place, "SELECT 1 FROM import_row WHERE case_id = ?", case_id)) == 3
    await place.accepted(case_id, "career-centre", UNOWED)
    number = await erased(place, case_id)

    assert rows(place, "SELECT 1 FROM import_row WHERE case_id = ?", case_id) == []
    left = rows(place, "SELECT cells, problems FROM import_row WHERE outcome = 'rejected'")
    assert left == [(None, None), (None, None)]
    (kept,) = rows(place, "SELECT 1 FROM import_row WHERE case_id IS NOT NULL")
    assert kept
    certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
    assert certificate["removed"]["import_row"] == 3


async def test_batches_forget_an_erased_graduate(place: Product) -> None:
    case_id, other = await place.delivering(name=NAME), await place.delivering()
    closure = {"type": "request_closure", "reason": "deceased", "outcome": "去世"}
    body = {"command": {"type": "annotate", "text": NAME}, "case_ids": [case_id, other]}
    begun = await place.request("POST", "/batches", "counselor", json=body)
    assert begun.status == 202, begun.body
    path = f"/batches/{begun.body['id']}"

    async def ended() -> bool:
        return (await place.get(path, "counselor")).body["status"] == "done"

    await place.until(ended, what="the batch has ended")
    own = {"command": {"type": "annotate", "text": NAME}, "case_ids": [case_id]}
    mine = await place.request("POST", "/batches", f"graduate:{case_id}", json=own)
    assert mine.status == 202, mine.body
    await place.accepted(case_id, "mentor-1", closure)
    await place.accepted(case_id, "college", {"type": "approve_closure"})
    number = await erased(place, case_id)

    assert rows(place, "SELECT 1 FROM batch_item WHERE case_id = ?", case_id) == []
    assert rows(place, "SELECT id FROM batch") == [(begun.body["id"],)]
    assert (await place.get(path, "counselor")).body["done"] == 2
    found = (await place.get(f"{path}/rows", "counselor")).body["items"]
    assert [(row["case_id"], row["outcome"]) for row in found] == [(None, "done"), (other, "done")]
    assert found[0]["display"] is None
    certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
    assert (certificate["removed"]["batch"], certificate["removed"]["batch_item"]) == (1, 1)


async def test_a_roster_does_not_bring_an_erased_person_back(place: Product) -> None:
    case_id = await closed(place, student_no="T-BACK")
    await erased(place, case_id)
    _, found = await imported(place, roster(person("T-BACK", NAME), person("T-BACK", "")))
    assert outcomes(found)[0] == ("rejected", "case_erased")
    assert [row["outcome"] for row in found] == ["rejected", "rejected"]
    assert rows(place, "SELECT cells, case_id, id_number_key FROM import_row") == [(None, None, None)] * 2
    assert (await place.get(f"/cases/{case_id}", "college")).status == 410


async def test_classes_forget_an_erased_graduate(place: Product) -> None:
    running, over = await found_class(place), await found_class(place)
    case_id = await place.delivering(name=NAME)
    for class_id in (running, over):
        await place.accepted(case_id, "mentor-1", {"type": "enrol_training", "class_id": class_id})
    results = [{"case_id": case_id, "score_after": 91.5, "certificate": "Z-17"}]
    done = await place.request(
        "POST", f"/training-classes/{over}/complete", "teacher", json={"results": results}
    )
    assert done.status == 200, done.body
    closure = {"type": "request_closure", "reason": "deceased", "outcome": "去世"}
    await place.accepted(case_id, "mentor-1", closure)
    await place.accepted(case_id, "college", {"type": "approve_closure"})
    assert "91.5" in state_of(place, over).model_dump_json()
    # Asked for by the centre, which another of it has to approve.
    await place.request(
        "POST", "/staff", json={"id": "centre-2", "name": "就业中心二", "role": "school_supervisor"}
    )
    ask = {"type": "request_erasure", "reason": "家属申请"}
    await place.accepted(case_id, "career-centre", ask)
    assert (await place.do(case_id, "career-centre", {"type": "approve_erasure"})).code == "self_approval"
    await place.accepted(case_id, "centre-2", {"type": "approve_erasure"})

    async def forgotten() -> bool:
        states = [state_of(place, class_id).model_dump_json() for class_id in (running, over)]
        return not any(case_id in text or "91.5" in text or "Z-17" in text for text in states)

    await place.until(forgotten, what="both classes have forgotten the graduate")
    assert state_of(place, over).count("completed") == 1


async def test_the_audit_knows_of_the_erasure(place: Product) -> None:
    case_id = await closed(place)
    number = await erased(place, case_id)
    place.services.audit.settle()
    entries = rows(place, "SELECT outcome, detail FROM audit_entry WHERE act = 'case.erase' ORDER BY seq")
    assert [outcome for outcome, _ in entries] == ["begun", "done"]
    assert place.services.audit.digest(number) in entries[1][1]
    assert "career-centre" in entries[1][1]


async def test_what_is_kept_and_held_is_listed_without_names(place: Product) -> None:
    first, second = await closed(place), await closed(place)
    await place.open_case()
    hold = {"type": "place_legal_hold", "reason": "劳动争议", "reference": "2027-民-17"}
    await place.accepted(first, "career-centre", hold)
    due = (await place.get("/retention", "career-centre")).body["items"]
    assert [line["case_id"] for line in due] == [second]
    soon = (TODAY + timedelta(days=300)).isoformat() + "T00:00:00Z"
    later = (TODAY + timedelta(days=400)).isoformat() + "T00:00:00Z"
    for before, wanted in ((soon, 0), (later, 1)):
        listed = await place.get("/retention", "career-centre", params={"before": before})
        assert len(listed.body["items"]) == wanted
    held: list[dict[str, Any]] = (await place.get("/retention?held=true", "career-centre")).body["items"]
    assert [line["case_id"] for line in held] == [first]
    assert NAME not in str((due, held))
    for actor in ("college", "mentor-1", "admin"):
        assert (await place.get("/retention", actor)).status == 403
    shown = (await place.get(f"/cases/{first}", "career-centre")).body
    assert shown["legal_hold"]["reference"] == "2027-民-17"
    assert shown["retention_ends_at"] == due[0]["retention_ends_at"] or shown["retention_ends_at"]


async def found_class(place: Product) -> str:
    draft = {
        "course": "面试训练",
        "places": 5,
        "starts_on": str(TODAY - timedelta(days=3)),
        "ends_on": str(TODAY + timedelta(days=30)),
        "owner_id": "teacher",
    }
    answer = await place.request("POST", "/training-classes", "college", json=draft)
    assert answer.status == 201, answer.body
    return answer.body["id"]


def state_of(place: Product, class_id: str) -> TrainingClassState:
    services = place.services
    with Session(services.engine) as session:
        row = session.get_one(TrainingClass, class_id)
        return ClassLedger(services.engine, services.vault).state_of(row)
