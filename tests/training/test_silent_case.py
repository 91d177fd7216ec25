"""One case that does not answer keeps its class from nobody else."""

from pathlib import Path

from tests.product import running_api, running_product, running_worker, settings_for
from tests.training.test_class import enrol, found, training


async def test_the_others_hear_from_their_class(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90049")
    # Cases of the same school that another worker serves.
    elsewhere = settings.model_copy(update={"task_queue": f"{settings.task_queue}-elsewhere"})
    async with running_product(settings) as product:
        class_id = await found(product, places=2)
        async with running_worker(elsewhere), running_api(elsewhere) as other:
            silent, _ = await enrol(other, class_id)
        heard, _ = await enrol(product, class_id)
        cancelled = await product.request(
            "POST", f"/training-classes/{class_id}/cancel", "teacher", json={"reason": "教师生病"}
        )
        assert cancelled.status == 200, cancelled.body

        async def has_heard() -> bool:
            return await training(product, heard) == "withdrawn"

        await product.until(has_heard, what="the case behind the silent one has heard")
        assert await training(product, silent) == "enrolled"

        async def all_have_heard() -> bool:
            return await training(product, silent) == "withdrawn"

        async with running_worker(elsewhere):
            await product.until(all_have_heard, what="the silent one has heard, too")
