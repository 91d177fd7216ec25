"""Master keys that are not those of the installation are named by whatever is asked first."""

import base64
import os
import subprocess
from pathlib import Path

import pytest

from services.database import migrate
from services.settings import Settings
from services.vault import Vault
from tests.product import free_port
from tests.running import ZHUHANG


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of an installation that has been started, and whose ring the tests change."""
    ring = tmp_path / "ring"
    ring.write_text(f"1:{base64.b64encode(os.urandom(32)).decode()}\n")
    settings = Settings(data_dir=tmp_path / "data", master_keys_file=ring)
    settings.data_dir.mkdir()
    migrate(settings)
    vault = Vault.of(settings)
    vault.derive("anything")
    vault.store.close()
    return os.environ | {
        "ZHUHANG_DATA_DIR": str(settings.data_dir),
        "ZHUHANG_MASTER_KEYS_FILE": str(ring),
        "ZHUHANG_HTTP_PORT": str(free_port()),
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
    }


@pytest.mark.parametrize("words", [["setup"], ["api"], ["worker"], ["keys", "list"], ["doctor"]])
@pytest.mark.parametrize("wrong", ["master_key_wrong", "master_key_unknown", "master_keys_invalid"])
def test_wrong_master_keys_are_named_in_a_sentence(
    words: list[str], wrong: str, environment: dict[str, str]
) -> None:
    another = base64.b64encode(os.urandom(32))
    rings = {
        "master_key_wrong": b"1:" + another,
        "master_key_unknown": b"2:" + another,
        "master_keys_invalid": b"\x89\xff no ring",
    }
    Path(environment["ZHUHANG_MASTER_KEYS_FILE"]).write_bytes(rings[wrong])
    done = subprocess.run(  # noqa: S603
        [ZHUHANG, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    sentences = {
        "master_key_wrong": "Master key 1 is not the one",
        "master_key_unknown": "The ring has no master key 1",
        "master_keys_invalid": "The master keys are not valid",
    }
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert sentences[wrong] in said
    assert "Traceback" not in said
