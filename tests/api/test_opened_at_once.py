"""One person whose file several processes are asked to open at the same moment, under different student numbers."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.database import migrate
from tests.imports.files import id_number
from tests.product import STAFF, Product, running_api, settings_for
from tests.views.databases import postgresql

AT_ONCE = 12


@pytest.mark.parametrize(("database", "school"), [("sqlite", "90071"), ("postgresql", "90072")])
async def test_an_id_number_gets_one_file(
    database: str, school: str, temporal_address: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        more = {"database_url": stack.enter_context(postgresql())} if database == "postgresql" else {}
        settings = settings_for(tmp_path, temporal_address, school=school, **more)
        migrate(settings)
        apis = [await stack.enter_async_context(running_api(settings)) for _ in range(2)]
        await apis[0].request("POST", "/departments", json={"id": "cs", "name": "计算机学院"})
        for person in (person for person in STAFF if person["id"] == "counselor"):
            await apis[0].request("POST", "/staff", json=person)
        for serial in (8_001, 8_002):
            draft = {"name": "测试", "department_id": "cs", "id_number": id_number(serial)}
            answers = await asyncio.gather(
                *(
                    apis[number % 2].request(
                        "POST", "/cases", "counselor", json=draft | {"student_no": f"AO{serial}{number}"}
                    )
                    for number in range(AT_ONCE)
                )
            )
            counted = Counter((answer.status, answer.code) for answer in answers)
            assert counted == {(201, None): 1, (409, "id_number_taken"): AT_ONCE - 1}


async def test_one_request_that_is_sent_twice_opens_one_file(product: Product) -> None:
    draft = {"student_no": "AO-TWICE", "name": "测试", "department_id": "cs", "id_number": id_number(8_003)}
    keyed = {"Idempotency-Key": "opened-at-once"}
    answers = await asyncio.gather(
        *(product.request("POST", "/cases", "counselor", json=draft, headers=dict(keyed)) for _ in range(2))
    )
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body["case_id"] == answers[1].body["case_id"]
