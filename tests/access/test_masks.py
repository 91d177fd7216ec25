"""Who sees what of a person: by standing, field by field."""

from typing import Any

import pytest

from models.access import access_policy
from models.case.machine import EVENTS
from models.masks import masked
from models.roster.rows import RosterRow
from models.views.case import CaseView
from tests.product import Answer, Product

PERSON: dict[str, Any] = {
    "name": "张小三",
    "id_number": "000000199901018883",
    "phone": "10012345678",
    "email": "zhang@example.edu",
    "address": "某省某市某路一号",
    "ethnicity": "01",
    "hardship_types": ["残疾"],
    "remark": "家中变故",
}
# These hold rules and calendars, nothing of a person.
RULES = {
    "Calendar",
    "Clock",
    "DateRange",
    "Digest",
    "DisclosureRules",
    "FollowUpRules",
    "MonthDay",
    "PackageItem",
    "PairingRules",
    "Policy",
    "PolicyChanged",
    "RetentionRules",
    "Rung",
    "Window",
}


def names_in(schema: dict[str, Any]) -> set[str]:
    """The names of all fields of a JSON schema, but for those of the rules."""
    parts = [part for name, part in schema["$defs"].items() if name not in RULES]
    return {field for part in parts for field in part.get("properties", {})}


def test_every_field_of_events_and_rosters_is_in_a_group() -> None:
    """A field without a group is masked for everybody: whoever adds one says who sees it."""
    known = set(access_policy().group_of)
    # Parts of a hardship type, which are shown or masked with it.
    whole = {"issuer", "valid_until"}
    assert names_in(EVENTS.json_schema(mode="serialization")) - known == whole
    assert set(RosterRow.model_fields) <= known
    view = CaseView.model_json_schema(mode="serialization")["$defs"]
    for part in ("Profile", "Eligibility", "AssessmentView"):
        assert set(view[part]["properties"]) <= known


def test_what_is_named_nowhere_is_masked() -> None:
    everybody = frozenset(access_policy().fields) - {"open"}
    assert masked({"new_field": "secret", "title": "推荐岗位"}, everybody) == (
        {"new_field": "***", "title": "推荐岗位"},
        {"new_field"},
    )


def test_masks_reach_into_lists_and_parts() -> None:
    event = {"changes": {"phone": "10012345678", "major": "Law"}, "goals": [{"title": "x", "note": "y"}]}
    shown, found = masked(event, frozenset())
    assert shown == {
        "changes": {"phone": "100****5678", "major": "Law"},
        "goals": [{"title": "x", "note": "***"}],
    }
    assert found == {"phone", "note"}


@pytest.fixture(scope="module")
async def case_id(product: Product) -> str:
    case_id = await product.paired("mentor-1", other={"父亲姓名": "张大"}, **PERSON)
    talk = {
        "type": "record_assessment",
        "intention": "省内就业",
        "risk_level": "B",
        "needs_psychological_support": True,
        "obstacles": ["家庭"],
        "notes": "谈话内容",
    }
    await product.accepted(case_id, "mentor-1", talk)
    return case_id


ID, PHONE, NAME, COVER = "000***********8883", "100****5678", "张*三", "***"


@pytest.mark.parametrize(
    ("actor", "name", "phone", "id_number", "address", "hardship", "notes"),
    [
        ("mentor-1", PERSON["name"], PERSON["phone"], ID, COVER, True, True),
        ("counselor", PERSON["name"], PERSON["phone"], ID, COVER, True, True),
        ("college", PERSON["name"], PHONE, ID, COVER, True, False),
        ("career-centre", NAME, PHONE, ID, COVER, False, False),
        ("graduate", PERSON["name"], PERSON["phone"], PERSON["id_number"], PERSON["address"], True, True),
    ],
)
async def test_each_sees_what_the_standing_needs(
    product: Product,
    case_id: str,
    actor: str,
    name: str,
    phone: str,
    id_number: str,
    address: str,
    hardship: bool,
    notes: bool,
) -> None:
    actor = f"graduate:{case_id}" if actor == "graduate" else actor
    view = (await product.get(f"/cases/{case_id}", actor)).body
    profile = view["profile"]
    shown = (profile["name"], profile["phone"], profile["id_number"], profile["address"])
    assert shown == (name, phone, id_number, address)
    assert bool(view["declared"]) == hardship == bool(view["eligibility"]["hardship"])
    assert (view["eligibility"]["primary_type"] is not None) == hardship
    assert (view["assessment"]["needs_psychological_support"], bool(view["assessment"]["obstacles"])) == (
        (True, True) if notes else (None, False)
    )
    for field, plain in (("phone", phone == PERSON["phone"]), ("declared", hardship), ("obstacles", notes)):
        assert (field in view["masked"]) != plain
    timeline = (await product.get(f"/cases/{case_id}/timeline", actor)).body["items"]
    assert timeline[0]["data"]["profile"]["id_number"] == id_number
    talk = next(item for item in timeline if item["type"] == "assessment_recorded")
    assert talk["data"]["notes"] == ("谈话内容" if notes else COVER)
    (line,) = (await product.get(f"/cases?q={case_id}", actor)).body["items"]
    assert (line["name"], line["primary_type"] is not None) == (name, hardship)
    everything = str(view) + str(timeline) + str(line)
    assert (PERSON["address"] in everything) == (address != COVER)
    assert ("张大" in everything) == actor.startswith("graduate:")


async def test_a_search_finds_nothing_by_parts_of_what_is_masked(product: Product, case_id: str) -> None:
    async def found(query: str, actor: str) -> bool:
        lines = (await product.get(f"/cases?{query}&limit=200", actor)).body["items"]
        return case_id in {line["case_id"] for line in lines}

    assert not await found("q=张小", "college")
    assert await found("q=张小三", "college")
    assert await found("q=张小三", "career-centre")
    assert not await found("q=张小三", "mentor-2")
    refused = await product.get("/cases?hardship_type=DISABILITY", "career-centre")
    assert (refused.status, refused.code) == (403, "field_masked")
    assert (await product.get("/cases?hardship_type=DISABILITY", "college")).status == 200


async def test_the_answer_to_a_command_is_masked_as_the_file_is(product: Product, case_id: str) -> None:
    correction = {"type": "correct_profile", "address": "某省某市某路二号", "reason": "搬家"}
    answer = await product.accepted(case_id, "college", correction)
    assert answer["events"][0]["data"]["changes"] == {"address": COVER}
    assert answer["case"]["profile"]["address"] == COVER


@pytest.mark.parametrize("change", [{"name": "张*三"}, {"phone": "100****5678"}, {"address": "***"}])
async def test_a_mask_never_becomes_a_correction(
    product: Product, case_id: str, change: dict[str, str]
) -> None:
    correction = {"type": "correct_profile", "reason": "核对", **change}
    answer = await product.do(case_id, "college", correction)
    assert (answer.status, answer.code) == (409, "masked_value")


async def unmask(product: Product, case_id: str, actor: str, field: str) -> Answer:
    draft = {"field": field, "purpose": "verification"}
    return await product.request("POST", f"/cases/{case_id}/unmask", actor, json=draft)


async def test_one_field_is_unmasked_for_a_purpose(product: Product, case_id: str) -> None:
    number = await unmask(product, case_id, "mentor-1", "id_number")
    assert (number.status, number.body["value"]) == (200, PERSON["id_number"])
    hardship = await unmask(product, case_id, "career-centre", "declared")
    assert [item["type"] for item in hardship.body["value"]] == ["DISABILITY"]
    assert (await unmask(product, case_id, "counselor", "other.父亲姓名")).body["value"] == "张大"
    timeline = (await product.get(f"/cases/{case_id}/timeline", "college")).body["items"]
    talk = next(item for item in timeline if item["type"] == "assessment_recorded")
    assert (talk["data"]["notes"], talk["masked"]) == (
        COVER,
        ["needs_psychological_support", "notes", "obstacles"],
    )
    notes = await unmask(product, case_id, "college", f"event.{talk['seq']}.notes")
    assert notes.body["value"] == "谈话内容"


async def test_unmasking_gives_nothing_else(product: Product, case_id: str) -> None:
    for field in (
        "name",
        "major",
        "profile",
        "nothing",
        "event.1.profile",
        "event.99.notes",
        "event.x.notes",
    ):
        refused = await unmask(product, case_id, "mentor-1", field)
        assert (refused.status, refused.code) == (422, "field_not_masked"), field
    assert (await unmask(product, case_id, "mentor-2", "id_number")).code == "case_unknown"
    assert (await unmask(product, case_id, "other-college", "id_number")).code == "case_unknown"
    for actor in ("admin", "employer", f"graduate:{case_id}"):
        assert (await unmask(product, case_id, actor, "id_number")).code == "role_not_allowed"
    for draft in ({"field": "id_number"}, {"field": "id_number", "purpose": "curiosity"}):
        answer = await product.request("POST", f"/cases/{case_id}/unmask", "mentor-1", json=draft)
        assert (answer.status, answer.code) == (422, "invalid_request")
