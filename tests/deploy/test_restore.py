"""A backup under load, the end of everything, and a restored cluster."""

import base64
import json
import shutil
from collections.abc import Generator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from deploy.local.backup import back_up, place_of, restore
from deploy.local.place import ClusterPlace
from deploy.local.postgresql import find_postgresql
from deploy.local.restore_drill import drill, is_good
from services.settings import SetupError
from tests.deploy.test_temporal_cluster import ports


@pytest.fixture
def folder() -> Generator[Path]:
    # Not pytest's, which the user that PostgreSQL runs as may not enter.
    made = Path(mkdtemp(prefix="zhuhang-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.timeout(600)
async def test_nothing_acknowledged_before_the_backup_is_lost(folder: Path) -> None:
    report = await drill(folder, ports(22), cases=4, seconds=4, clients=2)
    assert report["acknowledged_before"] > 0
    assert report["files_before"] > 0
    assert is_good(report), report
    assert report["cases"] == 4
    # The judge does find what is lost: after the backup, everything is.
    assert report["acknowledged_after"] > report["acknowledged_after_kept"] == 0


def test_what_is_there_is_neither_written_over_nor_taken_for_a_backup(folder: Path) -> None:
    place = ClusterPlace(folder, 8000)
    (folder / "keys").touch()
    with pytest.raises(SetupError) as caught:
        back_up(place, folder)
    assert caught.value.code == "backup_exists"
    with pytest.raises(SetupError) as caught:
        place_of(folder)
    assert caught.value.code == "no_cluster"
    with pytest.raises(SetupError) as caught:
        restore(folder, folder / "keys", place)
    assert caught.value.code == "no_backup"
    (folder / "backup" / "postgresql").mkdir(parents=True)
    (folder / "backup" / "postgresql" / "PG_VERSION").write_text(f"{find_postgresql().major}\n")
    manifest = {"Files": [{"Path": "PG_VERSION", "Checksum": "0" * 64}]}
    (folder / "backup" / "postgresql" / "backup_manifest").write_text(json.dumps(manifest))
    (folder / "backup" / "data").mkdir()
    (folder / "backup" / "database-password").touch()
    with pytest.raises(SetupError) as caught:
        restore(folder / "backup", folder / "keys", ClusterPlace(folder / "other", 8000))
    assert caught.value.code == "master_keys_invalid"
    assert not (folder / "other").exists()
    (folder / "keys").write_text(f"1:{base64.b64encode(bytes(32)).decode()}")
    with pytest.raises(SetupError, match="PG_VERSION") as caught:
        restore(folder / "backup", folder / "keys", ClusterPlace(folder / "other", 8000))
    assert caught.value.code == "backup_damaged"
    (folder / "postgresql").mkdir()
    with pytest.raises(SetupError) as caught:
        restore(folder / "backup", folder / "keys", place)
    assert caught.value.code == "restore_target_in_use"
