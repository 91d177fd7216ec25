"""Changing the master key while people work."""

import asyncio

from services.key_rotation import rotate
from services.vault import Vault
from services.verify import Verifier
from tests.product import Product


async def test_the_master_key_changes_while_commands_come(product: Product) -> None:
    cases = await asyncio.gather(*(product.open_case() for _ in range(4)))
    before = Vault.of(product.settings).masters.current()
    turned = asyncio.Event()

    async def work(case_id: str) -> int:
        count = 0
        while not turned.is_set() or count < 5:
            await product.accepted(case_id, "counselor", {"type": "annotate", "text": f"第{count}次"})
            count += 1
        return count

    async def turn() -> str:
        # Another process: it knows nothing of what the others have at hand.
        current, wrapped = await asyncio.to_thread(rotate, Vault.of(product.settings))
        assert wrapped >= len(cases)
        turned.set()
        return current

    current, *counts = await asyncio.gather(turn(), *(work(case_id) for case_id in cases))
    assert current != before
    fresh = await product.open_case()
    vault = Vault.of(product.settings)
    assert vault.store.find([fresh])[fresh].master_id == current
    assert set(vault.store.counts()[0]) == {current}
    for case_id, count in zip(cases, counts, strict=True):
        notes = [event for event in await product.timeline(case_id) if event["type"] == "annotated"]
        assert len(notes) == count
    services = product.services
    found = await Verifier(services.engine, services.vault, services.client, product.settings).verify()
    assert not {item.case_id for item in found.details} & {*cases, fresh}
