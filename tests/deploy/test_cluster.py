"""The production form on one machine: what it is made of, and that nothing of it is lost."""

import shutil
import stat
import uuid
from collections.abc import Generator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from deploy.local.place import ClusterPlace
from deploy.local.proxy import find_caddy
from tests.conftest import Quiet
from tests.deploy.clusters import PARTS, RunningCluster, running_cluster
from tests.deploy.test_temporal_cluster import ports

pytestmark = pytest.mark.timeout(600)

STAFF = {"id": "lee", "name": "李导师", "role": "counselor", "department_id": "cs"}
DRAFT = {
    "student_no": "C0000001",
    "name": "张小三",
    "department_id": "cs",
    "phone": "10000000001",
    "hardship_types": ["LIFTED_POVERTY"],
}


@pytest.fixture
def folder() -> Generator[Path]:
    # Not pytest's, which the user that PostgreSQL runs as may not enter.
    made = Path(mkdtemp(prefix="zhuhang-test-"))
    made.chmod(0o711)
    yield made / "cluster"
    shutil.rmtree(made, ignore_errors=True)


async def given(cluster: RunningCluster, path: str, actor: str, body: Any) -> dict[str, Any]:
    """What an accepted request answers."""
    answer = await cluster.post(path, actor, body, str(uuid.uuid4()))
    assert answer.is_success, answer.text
    return answer.json()


async def annotate(cluster: RunningCluster, case_id: str, text: str) -> None:
    await given(cluster, f"/cases/{case_id}/commands", "lee", {"type": "annotate", "text": text})


async def notes(cluster: RunningCluster, case_id: str) -> list[str]:
    """The notes in a case, oldest first."""
    status, entries = await cluster.zhuhang_json("case", "timeline", case_id, "--as", "lee")
    assert status == 0
    return [entry["data"]["text"] for entry in entries["items"] if entry["type"] == "annotated"]


async def test_a_case_outlives_every_part_and_the_whole(folder: Path) -> None:
    find_caddy(Quiet())
    first = ports(22)
    async with running_cluster(folder, first) as cluster:
        assert set(cluster.parts) == PARTS
        # As it was started, and not only where it is.
        assert "DEMO=0" in (folder / "cluster.env").read_text().splitlines()
        await given(cluster, "/departments", "admin", {"id": "cs", "name": "计算机学院"})
        await given(cluster, "/staff", "admin", STAFF)
        case_id = (await given(cluster, "/cases", "lee", DRAFT))["case_id"]
        for part in ("api-1", "temporal-history", "postgres"):
            await annotate(cluster, case_id, f"before {part}")
            await cluster.kill_part(part)
            await annotate(cluster, case_id, f"after {part}")
        told = await notes(cluster, case_id)
        assert len(told) == 6
    assert not (folder / "parts.json").exists()
    assert secrets_of_others(ClusterPlace(folder, first)) == []
    async with running_cluster(folder, first) as cluster:
        assert await notes(cluster, case_id) == told
        await annotate(cluster, case_id, "the next day")
        assert await cluster.zhuhang_json("verify") == (0, {"cases": 1, "differing": 0, "details": []})


def secrets_of_others(place: ClusterPlace) -> list[Path]:
    """Files of secrets that others than their owner may read."""
    files = [*place.secrets.iterdir(), *place.certificates.glob("*.key")]
    assert len(files) == 6
    return [file for file in files if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
