"""The versions of the service standards: what they say, how they differ, and which cases follow them."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.messages.test_inbox import college_with_cases
from tests.product import UNOWED, Product, running_api

SECOND = """
extends: national
id: roomy
version: 2
title: 新版试验
pairing: {soft_load: 400, hard_cap: 1000, max_proposals: 3}
clocks: {first_talk: {within: 3 working days}}
closure_proof_required: []
"""


@pytest.fixture
async def renewed(product: Product, tmp_path: Path) -> AsyncGenerator[Product]:
    """The same installation after its service standards were replaced by their second version."""
    policy = tmp_path / "second.yaml"
    policy.write_text(SECOND, encoding="utf-8")
    async with running_api(product.settings.model_copy(update={"policy": policy})) as running:
        yield running


async def lines(product: Product, actor: str) -> dict[str, dict[str, Any]]:
    answer = await product.get("/policies", actor)
    assert answer.status == 200, answer.body
    assert [item["ref"] for item in answer.body["items"]] == sorted(
        item["ref"] for item in answer.body["items"]
    )
    return {item["ref"]: item for item in answer.body["items"]}


async def test_each_version_counts_the_open_cases_that_one_may_read(
    product: Product, renewed: Product
) -> None:
    supervisor, cases = await college_with_cases(product, 3)
    await product.accepted(cases[0], supervisor, UNOWED)
    seen = await lines(renewed, supervisor)
    assert {ref: (line["loaded"], line["open_cases"]) for ref, line in seen.items()} == {
        "roomy@1": (False, 2),
        "roomy@2": (True, 0),
    }
    first = seen["roomy@1"]
    assert first["title"] == "试验"
    assert first["first_used_at"] is not None
    assert len(first["digests"]) == 1
    assert (seen["roomy@2"]["first_used_at"], len(seen["roomy@2"]["digests"])) == (None, 1)
    assert (await lines(product, supervisor))["roomy@1"]["loaded"] is True


async def test_a_version_is_read_whole_and_compared(product: Product, renewed: Product) -> None:
    supervisor, _ = await college_with_cases(product, 1)
    read = await renewed.get("/policies/roomy@1", supervisor)
    assert (read.status, read.body["open_cases"]) == (200, 1)
    assert read.body["document"]["pairing"]["soft_load"] == 500
    compared = await renewed.get("/policies/roomy@1/diff/roomy@2", supervisor)
    assert compared.status == 200, compared.body
    changes = {item["path"]: (item["kind"], item["old"], item["new"]) for item in compared.body["changes"]}
    assert changes["pairing.soft_load"] == ("changed", 500, 400)
    assert changes["version"] == ("changed", 1, 2)
    assert changes["title"] == ("changed", "试验", "新版试验")
    assert {path.split(".within")[0] for path in changes} == {
        "pairing.soft_load",
        "version",
        "title",
        "clocks.first_talk",
        "closure_proof_required",
    }
    same = await renewed.get("/policies/roomy@1/diff/roomy@1", supervisor)
    assert same.body["changes"] == []


async def test_what_only_others_follow_is_unknown(product: Product, renewed: Product) -> None:
    supervisor, _ = await college_with_cases(product, 0)
    assert set(await lines(renewed, supervisor)) == {"roomy@2"}
    for path in ("/policies/roomy@1", "/policies/roomy@2/diff/roomy@1", "/policies/nothing"):
        answer = await renewed.get(path, supervisor)
        assert (answer.status, answer.code) == (404, "policy_unknown")
    assert (await renewed.get("/policies", "mentor-1")).code == "role_not_allowed"
