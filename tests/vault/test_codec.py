"""What Temporal keeps: nothing that anyone reads without the case's own key."""

import base64
import json
from collections.abc import Generator, Iterable
from itertools import count
from typing import Any

import httpx
import pytest
from google.protobuf.message import Message
from sqlmodel import Session, select
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from api.app import create_app
from api.browser import cookie_name
from models.tables import AuditEntry
from services.codec import EncryptionCodec, NotSealed
from services.data_key import KeyDestroyed, KeyMissing, SealBroken
from services.vault import Vault
from tests.imports.files import id_number
from tests.product import Product, running_api
from tests.workflows.life import LIFE
from workflows.case import ONE_CHOICE_AT_A_TIME, TIME_BEFORE_COMMANDS

PLANTED = {"name": "埋名者", "phone": "10076543219", "address": "埋址路九号"}
_serials = count(7001)
# What the SDK itself notes of a local activity, which one and when, and of a patch, which one.
_OF_MARKERS = {
    ONE_CHOICE_AT_A_TIME,
    TIME_BEFORE_COMMANDS,
    "id",
    "deprecated",
    "activation_index",
    "activity_id",
    "activity_type",
    "attempt",
    "backoff",
    "complete_time",
    "original_schedule_time",
    "seq",
}


def payloads_in(message: Message) -> Generator[Payload]:
    """Every payload in a protobuf message, however deep."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        parts: Iterable[Any] = [value]
        if field.message_type.GetOptions().map_entry:
            parts = value.values()
        elif not isinstance(value, Message):
            parts = value
        for part in parts:
            if isinstance(part, Message):
                yield from payloads_in(part)


def planted() -> dict[str, str]:
    """Data to look for, with an ID number that nobody else has."""
    return PLANTED | {"id_number": id_number(next(_serials))}


async def lived(product: Product, data: dict[str, str]) -> str:
    """A case of these data that has been through a whole life, with a refusal on the way."""
    case_id = await product.open_case(**data)
    refused = await product.do(case_id, "college", {"type": "approve_closure"})
    assert refused.status == 409
    for actor, command in LIFE:
        await product.accepted(case_id, actor, command)
    return case_id


async def events_of(client: Client, case_id: str) -> list[HistoryEvent]:
    """The histories of all runs of a case, the last run first."""
    run, found = "", list[HistoryEvent]()
    while True:
        history = await client.get_workflow_handle(case_id, run_id=run or None).fetch_history()
        found += history.events
        run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        if not run:
            return found


async def test_every_payload_of_a_life_is_sealed_with_the_case_s_key(product: Product) -> None:
    data = planted()
    case_id = await lived(product, data)
    vault = product.services.vault
    handle = product.services.client.get_workflow_handle(case_id)
    events = await events_of(product.services.client, case_id)
    everything = [payload for event in events for payload in payloads_in(event)]
    plain = [payload for payload in everything if payload.metadata["encoding"] != b"binary/encrypted"]
    assert {key for payload in plain for key in json.loads(payload.data)} <= _OF_MARKERS
    found = [payload for payload in everything if payload not in plain]
    assert len(found) > 3 * len(LIFE)
    keys = {payload.metadata["key-id"].decode() for payload in found}
    assert keys == {vault.key(case_id).key_id}
    described = (await handle.describe()).raw_description
    raw = b"".join(event.SerializeToString() for event in events) + described.SerializeToString()
    for value in data.values():
        assert value.encode() not in raw
    opened = await EncryptionCodec(vault).decode(found)
    texts = "".join(payload.data.decode() for payload in opened)
    for value in data.values():
        assert value in texts


async def test_a_payload_opens_in_its_own_workflow_only(product: Product) -> None:
    one, other = await product.open_case(), await product.open_case()
    codec = EncryptionCodec(product.services.vault)
    own = codec.with_context(WorkflowSerializationContext(namespace="default", workflow_id=one))
    foreign = codec.with_context(WorkflowSerializationContext(namespace="default", workflow_id=other))
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"x"')
    (sealed,) = await own.encode([plain])
    assert await own.decode([sealed]) == [plain]
    assert await codec.decode([sealed]) == [plain]
    with pytest.raises(SealBroken):
        await foreign.decode([sealed])
    # The key of another case does not open it either.
    sealed.metadata["key-id"] = product.services.vault.key(other).key_id.encode()
    with pytest.raises(SealBroken):
        await foreign.decode([sealed])


async def test_plaintext_is_not_read(product: Product) -> None:
    with pytest.raises(NotSealed):
        await EncryptionCodec(product.services.vault).decode(
            [Payload(metadata={"encoding": b"json/plain"}, data=b'"x"')]
        )


async def test_only_opening_a_case_makes_its_key(product: Product) -> None:
    vault = Vault.of(product.settings)
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"x"')
    with pytest.raises(KeyMissing):
        await EncryptionCodec(vault, "case-never-opened").encode([plain])
    (sealed,) = await EncryptionCodec(vault, "delivery-90001-x").encode([plain])
    vault.destroy("delivery-90001-x")
    for used in (
        EncryptionCodec(vault).decode([sealed]),
        EncryptionCodec(vault, "delivery-90001-x").encode([plain]),
    ):
        with pytest.raises(KeyDestroyed):
            await used


def as_json(payload: Payload) -> dict[str, Any]:
    """A payload as Temporal's web pages send it."""
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


async def decoded(product: Product, payloads: list[Payload], actor: str) -> list[Any]:
    answer = await product.request(
        "POST", "/codec/decode", actor, json={"payloads": [as_json(item) for item in payloads]}
    )
    assert answer.status == 200, answer.body
    return [json.loads(base64.b64decode(item["data"])) for item in answer.body["payloads"]]


async def test_temporal_s_pages_show_a_case_as_its_reader_sees_it(product: Product) -> None:
    case_id = await product.open_case(**planted())
    history = await product.services.client.get_workflow_handle(case_id).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    (shown,) = await decoded(product, [started], "career-centre")
    profile = shown["opening"]["profile"]
    assert (profile["student_no"][0], profile["name"], profile["phone"]) == ("T", "埋*者", "100****3219")
    assert "埋址" not in json.dumps(shown, ensure_ascii=False)


async def test_each_case_that_is_opened_there_is_recorded(product: Product) -> None:
    case_id, other = await product.open_case(), await product.open_case()
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    sealed = await EncryptionCodec(product.services.vault, case_id).encode([plain, plain])
    await decoded(product, sealed, "career-centre")
    audit = product.services.audit
    audit.settle()
    with Session(product.services.engine) as session:
        query = select(AuditEntry.case_id).where(AuditEntry.act == "case.decoded")
        seen = session.exec(query).all()
    assert seen.count(audit.key.case(case_id)) == 1
    assert audit.key.case(other) not in seen


async def test_temporal_s_pages_ask_with_the_browser_s_session(product: Product) -> None:
    own = "https://temporal.example.edu"
    settings = product.settings.model_copy(update={"temporal_ui_url": own})
    session = product.bearer("career-centre")["Authorization"].removeprefix("Bearer ")
    async with running_api(settings) as place:
        for origin, path, expected in (
            (own, "/api/v1/codec/decode", 200),
            ("https://example.com", "/api/v1/codec/decode", 403),
            (own, "/api/v1/auth/sign-off", 403),
        ):
            headers = {"Origin": origin, "Cookie": f"{cookie_name(settings)}={session}"}
            answer = await place.http.post(path, json={"payloads": []}, headers=headers)
            assert answer.status_code == expected, (origin, path, answer.text)
            named = answer.headers.get("access-control-allow-origin")
            assert named == (own if expected == 200 else None)


async def test_what_one_may_not_read_stays_sealed(product: Product) -> None:
    case_id = await product.open_case(**planted())
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'{"name": "x"}')
    (of_case,) = await EncryptionCodec(product.services.vault, case_id).encode([plain])
    (of_import,) = await EncryptionCodec(product.services.vault, "import-x").encode([plain])
    (unknown,) = await EncryptionCodec(product.services.vault, case_id).encode([plain])
    unknown.metadata["key-id"] = b"nobody"
    (broken,) = await EncryptionCodec(product.services.vault, case_id).encode([plain])
    broken.data = broken.data[:-1]
    sent = [of_import, unknown, broken, plain]
    answer = await product.request(
        "POST", "/codec/decode", "career-centre", json={"payloads": [as_json(item) for item in sent]}
    )
    assert answer.body["payloads"] == [as_json(item) for item in sent]
    for actor in ("college", "mentor-1", "admin", f"graduate:{case_id}"):
        refused = await product.request("POST", "/codec/decode", actor, json={"payloads": [as_json(of_case)]})
        assert (refused.status, refused.code) == (403, "role_not_allowed"), actor


async def test_no_page_but_temporal_s_own_may_ask(product: Product) -> None:
    own = "https://temporal.example.edu"
    app = create_app(product.settings.model_copy(update={"temporal_ui_url": own}))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        for origin in (own, "https://example.com"):
            for path in ("/api/v1/codec/decode", "/api/v1/cases"):
                headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
                answer = await http.request("OPTIONS", path, headers=headers)
                allowed = answer.headers.get("access-control-allow-origin")
                assert allowed == (own if origin == own and path.endswith("decode") else None)
