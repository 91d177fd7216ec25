"""Two schools in one database: the same account names, and nobody comes in at the wrong one."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
import pytest

from services.database import migrate
from services.settings import Settings
from services.sign_on.first import first_passwords_file, make_first_accounts
from tests.product import Product, running_api, settings_for

HERE, THERE = "90071", "90072"
FIRST = ("admin", "career-centre")


def first_passwords(settings: Settings) -> dict[str, str]:
    lines = first_passwords_file(settings).read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


async def sign_on(product: Product, account: str, password: str) -> httpx.Response:
    body = {"account": account, "password": password, "cookie": False}
    return await product.http.post("/api/v1/auth/sign-on", json=body)


@pytest.fixture(scope="module")
async def schools(
    temporal_address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[Product, Product]]:
    folder = tmp_path_factory.mktemp("two-schools")
    here = settings_for(folder / "here", temporal_address, school=HERE)
    here.data_dir.mkdir()
    migrate(here)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_api(here))
        there = settings_for(
            folder / "there",
            temporal_address,
            school=THERE,
            database_url=here.database_url,
            key_database_url=here.key_database_url,
            master_keys_file=here.data_dir / "keys" / "master.key",
        )
        there.data_dir.mkdir()
        second = await stack.enter_async_context(running_api(there))
        assert make_first_accounts(here)
        assert make_first_accounts(there)
        yield first, second


async def test_each_school_has_its_own_first_accounts(schools: tuple[Product, Product]) -> None:
    ids: dict[str, set[str]] = {}
    for product in schools:
        passwords = first_passwords(product.settings)
        assert set(passwords) == set(FIRST)
        assert not make_first_accounts(product.settings)
        answers = [await sign_on(product, name, passwords[name]) for name in FIRST]
        assert [answer.status_code for answer in answers] == [200, 200]
        ids[product.settings.school_code] = {answer.json()["actor_id"] for answer in answers}
    assert ids == {HERE: set(FIRST), THERE: {f"{name}-{THERE}" for name in FIRST}}


async def test_the_command_line_acts_for_its_own_school(schools: tuple[Product, Product]) -> None:
    for product in schools:
        code = product.settings.school_code
        made = await product.request("POST", "/staff", "admin", json={"name": "合作单位", "role": "partner"})
        assert made.status == 201, made.body
        listed = (await product.get("/staff?role=partner", "career-centre")).body["items"]
        assert [item["id"] for item in listed] == [made.body["id"]], code


async def test_one_name_in_two_schools_is_two_people(schools: tuple[Product, Product]) -> None:
    passwords: list[str] = []
    for product in schools:
        staff_id = f"li-{product.settings.school_code}"
        person = {"id": staff_id, "name": "测试人员", "role": "partner"}
        assert (await product.request("POST", "/staff", "admin", json=person)).status == 201
        account = {"staff_id": staff_id, "account": "Li"}
        made = await product.request("POST", "/accounts", "admin", json=account)
        assert made.status == 201, made.body
        passwords.append(made.body["first_password"])
        again = {"id": f"{staff_id}-2", "name": "测试人员", "role": "partner"}
        assert (await product.request("POST", "/staff", "admin", json=again)).status == 201
        taken = await product.request(
            "POST", "/accounts", "admin", json={"staff_id": f"{staff_id}-2", "account": "li"}
        )
        assert (taken.status, taken.code) == (409, "account_name_taken")
    here, there = schools
    for product, other in ((here, passwords[1]), (there, passwords[0])):
        refused = await sign_on(product, "li", other)
        assert (refused.status_code, refused.json()["code"]) == (401, "sign_on_failed")
    for product, own in zip(schools, passwords, strict=True):
        granted = await sign_on(product, "li", own)
        assert granted.json()["actor_id"] == f"li-{product.settings.school_code}"
