"""One installation that is watched in every way: as processes, with service standards in seconds."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.observability.collector import Collected, collecting
from tests.observability.watched import Watched
from tests.product import STAFF, free_port
from tests.running import running_processes


@pytest.fixture(scope="package")
def collector() -> Generator[Collected]:
    with collecting() as collected:
        yield collected


@pytest.fixture(scope="package")
async def watched(collector: Collected, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Watched]:
    folder: Path = tmp_path_factory.mktemp("watched")
    api, worker, temporal, mail = (str(free_port()) for _ in range(4))
    settings = {
        "ZHUHANG_API_METRICS_PORT": api,
        "ZHUHANG_WORKER_METRICS_PORT": worker,
        "ZHUHANG_TEMPORAL_METRICS_PORT": temporal,
        "ZHUHANG_POLICY": "seconds",
        "ZHUHANG_LOG_LEVEL": "debug",
        "ZHUHANG_LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "ZHUHANG_RECONCILE_SECONDS": "1",
        # Nobody takes this mail.
        "ZHUHANG_NOTIFY_URLS": f"mailto://127.0.0.1:{mail}?from=zhuhang@school.example&to={{email}}",
    }
    async with running_processes(folder, **settings) as running:
        await running.post("/departments", "admin", {"id": "cs", "name": "计算机学院"}, "department")
        for person in STAFF:
            if person.get("department_id") != "edu":
                await running.post(
                    "/staff",
                    "admin",
                    person | {"email": f"{person['id']}@school.example"},
                    f"staff-{person['id']}",
                )
        yield Watched(running, {"api": api, "worker": worker, "temporal": temporal})
