"""A backup under load, the end of everything, and a restored cluster."""

import base64
import json
import shutil
import subprocess
import sys
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


@pytest.mark.parametrize("written", ["", "ZHUHANG_HTTP_PORT=\n", "ZHUHANG_HTTP_PORT=80O0\n", "\x00\xff"])
def test_a_damaged_file_of_settings_is_told_in_a_sentence(written: str, folder: Path) -> None:
    (folder / "cluster.env").write_text(written, encoding="latin-1")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "deploy.local", "backup", str(folder / "backup"), "--dir", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "[no_cluster]" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.fixture
def small_disk(folder: Path) -> Generator[Path]:
    made = folder / "small"
    made.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", made], check=False).returncode:  # noqa: S603, S607
        pytest.skip("only root may mount a small disk")
    yield made
    subprocess.run(["umount", made], check=True)  # noqa: S603, S607


def test_a_full_disk_and_a_target_that_cannot_be_made_end_a_backup_in_a_sentence(
    folder: Path, small_disk: Path
) -> None:
    place = ClusterPlace(folder / "cluster", 8000)
    (place.data / "attachments").mkdir(parents=True)
    (place.data / "attachments" / "sealed").write_bytes(bytes(200_000))
    with pytest.raises(SetupError, match="No space left") as caught:
        back_up(place, small_disk / "backup")
    assert caught.value.code == "backup_failed"
    assert list(small_disk.iterdir()) == []
    with pytest.raises(SetupError, match="Not a directory") as caught:
        back_up(place, place.data / "attachments" / "sealed" / "backup")
    assert caught.value.code == "backup_failed"


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
