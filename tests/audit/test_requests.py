"""What people do through the API stands in the audit, and says nothing of whom it is about."""

import json
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlmodel import Session, col, select

from api.app import create_app
from api.audited import Audited
from models.audit import acts, acts_by_route, unaudited
from models.tables import AuditEntry
from services.actors import graduate_actor_id
from services.audit_verify import AuditVerifier
from tests.imports.files import id_number
from tests.product import Product

NOTE = {"type": "annotate", "text": "绝密内容 10099998888"}
WRONG = {"account": "nobody-here", "password": "not-the-password"}


def entries(product: Product, **wanted: str | None) -> list[AuditEntry]:
    """The entries with these values, oldest first."""
    product.services.audit.settle()
    conditions = [col(getattr(AuditEntry, name)) == value for name, value in wanted.items()]
    with Session(product.services.engine) as session:
        query = select(AuditEntry).where(*conditions).order_by(col(AuditEntry.seq))
        return list(session.exec(query).all())


def told(found: list[AuditEntry]) -> list[tuple[str, str, str, str | None]]:
    return [(item.actor_id, item.act, item.outcome, item.code) for item in found]


def test_each_route_is_an_act_or_says_why_not(product: Product) -> None:
    """A new route has to be put into `audit_acts.yaml`, one way or the other."""
    document = create_app(product.settings).openapi()
    operations = {item["operationId"] for path in document["paths"].values() for item in path.values()}
    named, excused = set(acts_by_route()), set(unaudited())
    assert operations == named | excused
    assert not named & excused


def test_what_changes_something_is_an_act(product: Product) -> None:
    document = create_app(product.settings).openapi()
    for path in document["paths"].values():
        for method, operation in path.items():
            if method != "get":
                assert operation["operationId"] in acts_by_route()


def test_each_route_is_watched(product: Product) -> None:
    routes = [item for item in iter_route_contexts(create_app(product.settings).routes) if item.path]
    ours = [item for item in routes if (item.path or "").startswith("/api/v1")]
    assert len(ours) > 40
    assert [item.path for item in ours if not isinstance(item.original_route, Audited)] == []


async def test_a_command_is_written_down_before_it_is_done(product: Product) -> None:
    case_id = await product.open_case()
    key = {"Idempotency-Key": "10000000000"}
    await product.do(case_id, "counselor", NOTE, NOTE, headers=key)
    opened, command = entries(product, case_id=case_id, actor_id="counselor")
    assert told([opened, command]) == [
        ("counselor", "case.open", "begun", None),
        ("counselor", "case.command", "begun", None),
    ]
    assert json.loads(command.detail) == {
        "types": ["annotate", "annotate"],
        "key": product.services.audit.digest("10000000000"),
    }
    assert (command.actor_role, command.how) == ("counselor", "command_line")
    done = product.services.ledger.timeline(
        product.services.actors.find("college"), case_id, cursor="1", limit=1
    )
    assert command.at < done.items[0].at


async def test_a_refused_command_says_so_under_the_same_request(product: Product) -> None:
    case_id = await product.open_case()
    await product.do(case_id, "mentor-1", NOTE)
    begun, refused = entries(product, case_id=case_id, actor_id="mentor-1")
    assert (begun.outcome, refused.outcome, refused.code) == ("begun", "refused", "not_yours")
    assert begun.request_id == refused.request_id is not None
    invalid = await product.do(case_id, "college", {"type": "no_such_command"})
    assert invalid.status == 422
    assert told(entries(product, case_id=case_id, actor_id="college")) == [
        ("college", "case.command", "refused", "invalid_request")
    ]


@pytest.mark.parametrize("path", ["", "/timeline", "/commands", "/workflow", "/access-log"])
async def test_trying_a_file_of_others_leaves_an_entry(product: Product, path: str) -> None:
    case_id = await product.open_case()
    assert (await product.get(f"/cases/{case_id}{path}", "other-college")).status == 404
    (found,) = entries(product, case_id=case_id, actor_id="other-college")
    assert (found.outcome, found.code) == ("refused", "case_unknown")
    assert json.loads(found.detail)["operation"].startswith(("read_", "list_"))


async def test_who_may_not_or_is_not_known_leaves_an_entry(product: Product) -> None:
    case_id = await product.open_case()
    assert (await product.get(f"/cases/{case_id}", "employer")).status == 403
    await product.http.get(f"/api/v1/cases/{case_id}")
    forbidden, unknown = entries(product, case_id=case_id, act="case.read")
    assert (forbidden.actor_id, forbidden.code) == ("employer", "role_not_allowed")
    assert (unknown.actor_id, unknown.code, unknown.address) == ("", "sign_on_required", "127.0.0.1")


async def test_the_whole_file_is_read_on_the_record(product: Product) -> None:
    case_id = await product.open_case()
    for path in ("", "/timeline"):
        await product.get(f"/cases/{case_id}{path}", "college")
    assert told(entries(product, case_id=case_id, actor_id="college")) == [
        ("college", "case.read", "done", None),
        ("college", "case.timeline", "done", None),
    ]


async def test_a_search_is_kept_without_its_words(product: Product) -> None:
    await product.get("/cases", "college")
    await product.get("/cases?q=zhangsan", "college")
    # Searches of other tests may be taken in late.
    found = [json.loads(item.detail)["q"] for item in entries(product, act="case.search")]
    assert found.count(product.services.audit.digest("zhangsan")) == 1
    assert "zhangsan" not in everything(product)


async def test_signing_on_is_told_whoever_tries(product: Product) -> None:
    made = await product.request("POST", "/accounts", json={"staff_id": "leader", "account": "leader-a"})
    right = {"account": "leader-a", "password": made.body["first_password"]}
    for body in (right | {"password": "wrong-password"}, right, WRONG):
        await product.http.post("/api/v1/auth/sign-on", json=body)
    assert told(entries(product, act="sign_on", how="password"))[-3:] == [
        ("leader", "sign_on", "refused", "password_wrong"),
        ("leader", "sign_on", "done", None),
        ("", "sign_on", "refused", "account_unknown"),
    ]
    created = entries(product, act="account.change")[-2:]
    assert [item.outcome for item in created] == ["begun", "done"]
    assert json.loads(created[1].detail) == {"event": "account_created", "subject": "leader"}
    for secret in (right["password"], WRONG["password"], WRONG["account"]):
        assert secret not in everything(product)


def everything(product: Product) -> str:
    """All that the audit holds, as text."""
    return "\n".join(item.model_dump_json() for item in entries(product))


async def test_an_account_that_locks_is_told(product: Product) -> None:
    made = await product.request("POST", "/accounts", json={"staff_id": "employer", "account": "employer-a"})
    body = {"account": "employer-a", "password": made.body["first_password"] + "x"}
    for _ in range(20):
        await product.http.post("/api/v1/auth/sign-on", json=body)
        if entries(product, act="sign_on.locked", actor_id="employer"):
            break
    assert entries(product, act="sign_on.locked", actor_id="employer")


async def test_an_export_is_an_access_to_each_file_in_it(product: Product) -> None:
    case_id = await product.open_case()
    answer = await product.http.get(
        "/api/v1/exports/ledger.xlsx", params={"purpose": "reporting"}, headers=product.bearer("counselor")
    )
    assert answer.status_code == 200
    begun = entries(product, act="ledger.export", actor_id="counselor")[-1]
    assert (begun.outcome, begun.purpose) == ("begun", "reporting")
    each = entries(product, act="case.exported", request_id=begun.request_id)
    assert len(each) == json.loads(begun.detail)["cases"]
    assert case_id in {item.case_id for item in each}


@pytest.mark.parametrize(
    ("method", "path", "body", "act"),
    [
        ("POST", "/departments", {"id": "audited", "name": "审计学院"}, "office.department"),
        ("PATCH", "/staff/leader", {"capacity": 4}, "office.staff"),
        ("POST", "/delegations", {"to_id": "mentor-2", "until_on": "2001-01-01"}, "delegation.change"),
        ("POST", "/training-classes", {}, "training.change"),
        ("POST", "/staff/nobody-here/offboarding", {"reason": "离职"}, "office.offboarding"),
        ("POST", "/imports", {}, "import.start"),
        ("POST", "/tokens", {}, "token.change"),
    ],
)
async def test_changes_beside_the_files_are_acts(
    product: Product, method: str, path: str, body: dict[str, Any], act: str
) -> None:
    before = len(entries(product, act=act))
    answer = await product.request(method, path, "career-centre", json=body)
    found = entries(product, act=act)[before:]
    assert found[0].outcome == "begun" or answer.status == 422
    if answer.status >= 400:
        assert (found[-1].outcome, found[-1].code) == ("refused", answer.code)


async def test_the_graduate_sees_who_had_access(product: Product) -> None:
    case_id = await product.paired(phone="10012345678")
    await product.get(f"/cases/{case_id}", "mentor-1")
    await product.get(f"/cases/{case_id}", "other-college")
    await product.do(case_id, "mentor-2", NOTE)
    asked = {"field": "phone", "purpose": "contact"}
    await product.request("POST", f"/cases/{case_id}/unmask", "college", json=asked)
    emergency = {"reason": "联系不上本人，家属来电求助", "purpose": "emergency"}
    await product.request("POST", f"/cases/{case_id}/break-glass", "teacher", json=emergency)
    await product.get(f"/cases/{case_id}", "teacher")
    for reader in (graduate_actor_id(case_id), "mentor-1", "college", "career-centre"):
        page = await product.get(f"/cases/{case_id}/access-log?limit=100", reader)
        seen = [(item["name"], item["department"], item["role"], item["act"]) for item in page.body["items"]]
        assert seen[:4] == [
            ("外院导师", "师范学院", "mentor", "case.read"),
            ("外院导师", "师范学院", "mentor", "case.break_glass"),
            ("学院负责人", "计算机学院", "department_supervisor", "case.unmask"),
            ("导师一", "计算机学院", "mentor", "case.read"),
        ]
        # Who was refused saw nothing.
        assert not {"外院负责人", "导师二"} & {name for name, *_ in seen}
        assert "address" not in page.body["items"][0]
        assert (page.body["items"][1]["purpose"], page.body["items"][1]["purpose_zh"]) == (
            "emergency",
            "紧急处置",
        )


async def test_the_access_log_is_read_page_by_page(product: Product) -> None:
    case_id = await product.open_case()
    for _ in range(3):
        await product.get(f"/cases/{case_id}", "college")
    path = f"/cases/{case_id}/access-log?limit=3"
    first = (await product.get(path, "college")).body
    second = (await product.get(f"{path}&cursor={first['next_cursor']}", "college")).body
    assert [item["act"] for item in first["items"] + second["items"]] == ["case.read"] * 3 + ["case.open"]
    assert second["next_cursor"] is None
    assert (await product.get(f"{path}&cursor=x", "college")).code == "cursor_invalid"


@pytest.mark.parametrize("actor", ["mentor-1", "counselor", "college", "employer"])
async def test_the_audit_is_not_for_everybody(product: Product, actor: str) -> None:
    assert (await product.get("/audit", actor)).code == "role_not_allowed"


async def test_the_audit_is_read_within_ones_part(product: Product) -> None:
    case_id = await product.open_case()
    await product.request("PATCH", "/staff/leader", json={"capacity": 3})
    school = (await product.get(f"/audit?case_id={case_id}", "career-centre")).body["items"]
    assert [item["act"] for item in school] == ["case.open"]
    assert (await product.get(f"/audit?case_id={case_id}")).body["items"] == []
    mine = (await product.get("/audit?limit=200")).body["items"]
    assert {acts()[item["act"]].kept for item in mine} <= {"administration", "sign_on"}
    assert mine[0]["act"] in {"office.staff", "audit.read"}


async def test_the_audit_is_filtered_and_read_page_by_page(product: Product) -> None:
    case_id = await product.open_case()
    for _ in range(5):
        await product.get(f"/cases/{case_id}", "college")
    seen: list[int] = []
    cursor = ""
    while True:
        path = f"/audit?case_id={case_id}&act=case.read&actor_id=college&outcome=done&limit=2{cursor}"
        page = (await product.get(path, "career-centre")).body
        seen += [item["seq"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    for narrower in (
        "since=2199-01-01T00:00:00Z",
        "until=2001-01-01T00:00:00Z",
        "outcome=failed",
    ):
        found = await product.get(f"/audit?case_id={case_id}&{narrower}", "career-centre")
        assert found.body.get("items") == [], found.body


async def test_it_is_whole_and_holds_nothing_personal(product: Product) -> None:
    number = id_number(9_871)
    case_id = await product.open_case(name="审计测试", phone="10012345678", id_number=number)
    await product.get(f"/cases/审计测试?x={number}", "college")
    await product.get("/cases/10012345678", "college")
    await product.do(case_id, "counselor", NOTE)
    text = everything(product)
    for personal in ("审计测试", "10012345678", number, "绝密", "10099998888", "T000"):
        assert personal not in text
    services = product.services
    audit = services.audit
    verifier = AuditVerifier(services.engine, audit.chain, product.settings.data_dir / "audit", audit.key)
    assert verifier.verify().findings == []
