"""A file on its way to its end, through the API of a real installation."""

import sqlite3
from typing import Any

from tests.product import PATIENCE, Product

NAME, PHONE, NOTE = "测试销毁甲", "10077755533", "家中变故的谈话"
ASK = {"type": "request_erasure", "reason": "本人申请删除"}


async def closed(product: Product, **fields: Any) -> str:
    case_id = await product.delivering(name=NAME, phone=PHONE, **fields)
    await product.accepted(
        case_id, "mentor-1", {"type": "record_contact", "method": "phone", "content": NOTE}
    )
    await product.accepted(
        case_id, "mentor-1", {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}
    )
    await product.accepted(case_id, "college", {"type": "approve_closure"})
    return case_id


async def erased(product: Product, case_id: str) -> str:
    """Asked for by the graduate, approved by the centre; the number of the completed certificate."""
    await product.accepted(case_id, f"graduate:{case_id}", ASK)
    answer = await product.do(case_id, "career-centre", {"type": "approve_erasure"})
    assert answer.status == 200, answer.body
    return await certified(product, case_id)


async def certified(product: Product, case_id: str, patience: float = PATIENCE) -> str:
    async def done() -> Any:
        answer = await product.get("/erasures?limit=200", "career-centre")
        if answer.status != 200:
            # The database is being put back.
            return None
        found = answer.body["items"]
        return next(
            (item["number"] for item in found if item["case_id"] == case_id and item["status"] == "done"),
            None,
        )

    return await product.until(done, what="the erasure is completed", patience=patience)


def rows(product: Product, query: str, *values: str) -> list[tuple[Any, ...]]:
    path = product.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        return connection.execute(query, values).fetchall()
