"""The description of the API says what really happens."""

from collections.abc import Generator
from typing import Any, get_args

import pytest

from models.case.machine import RULES, PublicCommand
from tests.product import Product


@pytest.fixture(scope="module")
def document(product: Product) -> dict[str, Any]:
    from api.app import create_app

    return create_app(product.settings).openapi()


def operations(document: dict[str, Any]) -> Generator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_each_operation_is_named_and_described(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert len({operation["operationId"] for _, _, operation in found}) == len(found) > 20
    for path, _, operation in found:
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["operationId"].isidentifier()


def test_each_operation_declares_the_problems_that_can_occur(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if not path.startswith("/api/v1"):
            continue
        expected = {"401", "403", "421", "422", "429", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"408", "413"} if "requestBody" in operation else set()
        assert expected <= operation["responses"].keys(), (method, path)
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (method, path)
                assert answer["content"]["application/problem+json"]["schema"]


def test_commands_and_drafts_have_examples_that_are_valid(document: dict[str, Any]) -> None:
    for path in ("/cases", "/cases/{case_id}/commands", "/departments", "/staff"):
        body = document["paths"][f"/api/v1{path}"]["post"]["requestBody"]["content"]["application/json"]
        assert body["examples"], path


async def test_the_examples_of_commands_are_understood(product: Product, document: dict[str, Any]) -> None:
    post = document["paths"]["/api/v1/cases/{case_id}/commands"]["post"]
    for example in post["requestBody"]["content"]["application/json"]["examples"].values():
        answer = await product.request(
            "POST", "/cases/case-unknown/commands", "college", json=example["value"]
        )
        assert (answer.status, answer.code) == (404, "case_unknown"), answer.body


def test_each_public_command_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    public = {command.__name__ for command in get_args(get_args(PublicCommand)[0])}
    assert len(public) > 40
    for name in public | {command.__name__ for command in RULES}:
        assert (name in schemas) is (name in public), name


async def test_the_description_is_served_and_no_page_needs_the_net(product: Product) -> None:
    assert (await product.http.get("/openapi.json")).json()["openapi"].startswith("3.1")
    for page in ("/docs", "/redoc"):
        assert (await product.http.get(page)).status_code == 404
