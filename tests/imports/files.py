"""Rosters for tests, and what became of them."""

from typing import Any

from models.identity import check_character
from tests.product import Answer, Product

HEADER = "学号,姓名,身份证号,学院,困难类别,手机号,毕业日期"


def person(
    number: str,
    name: str = "李测试",
    id_number: str = "",
    college: str = "计算机学院",
    hardship: str = "脱贫家庭",
    phone: str = "",
) -> str:
    """A line under HEADER."""
    return f"{number},{name},{id_number},{college},{hardship},{phone},2027-06-30"


def roster(*lines: str, header: str = HEADER) -> bytes:
    """A CSV file in UTF-8."""
    return "\n".join((header, *lines)).encode()


async def send(
    product: Product,
    content: bytes,
    *,
    name: str = "名单.csv",
    actor: str = "career-centre",
    key: str | None = None,
    **fields: Any,
) -> Answer:
    """Upload a roster."""
    return await product.request(
        "POST",
        "/imports",
        actor,
        files={"file": (name, content)},
        data={field: str(value).lower() for field, value in fields.items()},
        headers={} if key is None else {"Idempotency-Key": key},
    )


async def ended(product: Product, import_id: str, actor: str = "career-centre") -> dict[str, Any]:
    """The import, once it has ended."""

    async def seen() -> dict[str, Any] | None:
        body = (await product.get(f"/imports/{import_id}", actor)).body
        return body if body["status"] in ("done", "refused") else None

    return await product.until(seen, what="the import has ended")


async def imported(
    product: Product, content: bytes, *, actor: str = "career-centre", **options: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Import a roster; answers the import and all its rows."""
    answer = await send(product, content, actor=actor, **options)
    assert answer.status == 202, answer.body
    done = await ended(product, answer.body["id"], actor)
    rows = (await product.get(f"/imports/{done['id']}/rows?limit=1000", actor)).body
    assert rows["next_cursor"] is None
    return done, rows["items"]


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Outcome and code of each row, in order."""
    return [(row["outcome"], row["code"]) for row in rows]


def id_number(serial: int) -> str:
    """A sound number of nobody: of region 000000, a different one for each serial number up to 9,999,999."""
    first = f"000000{2000 + serial // 1000 % 100:04d}0101{serial % 1000:03d}"
    return first + check_character(first)
