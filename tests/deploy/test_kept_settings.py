"""The file by which a shell of a later day reaches the cluster as it was started."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from deploy.local.certificates import certify
from deploy.local.kept_settings import keep_settings
from deploy.local.place import ClusterPlace
from services.settings import Settings, load_settings

BARE = {"PATH": os.environ["PATH"]}
SCHOOL = {
    "ZHUHANG_MODE": "production",
    "DEMO": "0",
    "ZHUHANG_ALLOW_TEST_IDENTITIES": "false",
    "ZHUHANG_SCHOOL_CODE": "12345",
    "ZHUHANG_SCHOOL_NAME": "某某 大学's $HOME",
    "ZHUHANG_PUBLIC_URL": "https://zhuhang.example",
    "ZHUHANG_NOTIFY_HOSTS": "*.example.edu, mail.example",
    "TEMPORAL_NAMESPACE": "school",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
}


@pytest.fixture
def place(tmp_path: Path) -> ClusterPlace:
    made = ClusterPlace(tmp_path / "cluster", 27000)
    made.data.mkdir(parents=True)
    made.make_secrets()
    certify(made.certificates)
    return made


def kept(place: ClusterPlace, given: dict[str, str]) -> Settings:
    """What a cluster has that is started with these variables, after it has kept them."""
    with patch.dict(os.environ, given | place.environment(), clear=True):
        settings = load_settings()
    keep_settings(place.folder / "cluster.env", place.environment(), given, settings)
    return settings


def read_by_a_shell(place: ClusterPlace, folder: Path) -> dict[str, Any]:
    """The settings of a command that a fresh shell starts, in some folder, after it has read the file."""
    script = 'set -eu; set -a; . "$1"; set +a; exec "$2" -c "$3"'
    show = "from services.settings import load_settings; print(load_settings().model_dump_json())"
    words = ["sh", "-c", script, "sh", str(place.folder / "cluster.env"), sys.executable, show]
    paths = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, env=BARE | paths, cwd=folder, capture_output=True, check=True)  # noqa: S603
    return document(done.stdout)


def document(told: str | bytes) -> dict[str, Any]:
    """Settings as JSON, with what has no order in one."""
    read: dict[str, Any] = json.loads(told)
    return {name: sorted(value) if name == "totp_roles" else value for name, value in read.items()}


def test_a_fresh_shell_has_the_settings_of_the_start(place: ClusterPlace, tmp_path: Path) -> None:
    settings = kept(place, BARE | SCHOOL)
    assert settings.school_code == "12345"
    assert read_by_a_shell(place, tmp_path) == document(settings.model_dump_json())
    assert stat.S_IMODE((place.folder / "cluster.env").stat().st_mode) == 0o600


def test_a_file_that_was_named_from_where_the_start_was_is_found_from_elsewhere(
    place: ClusterPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.yaml").write_text(
        "extends: national\nid: own\nversion: 1\ntitle: 试验\n", encoding="utf-8"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    for given in ("own.yaml", "seconds"):
        settings = kept(place, BARE | {"ZHUHANG_POLICY": given})
        assert read_by_a_shell(place, tmp_path / "elsewhere")["policy"] == str(settings.policy)


def test_no_secret_is_written_beside_its_file(place: ClusterPlace) -> None:
    given = {
        "ZHUHANG_NOTIFY_URLS": "mailto://user:hidden-word@mail.example",
        "ZHUHANG_RATE_LIMIT_STORAGE": "async+redis://:hidden-word@127.0.0.1:6379",
        "SOME_PASSWORD": "hidden-word",
    }
    kept(place, BARE | given)
    written = (place.folder / "cluster.env").read_text()
    assert "hidden-word" not in written
    assert place.database_password.read_text().strip() not in written


def test_an_address_that_nobody_gave_moves_with_the_port(tmp_path: Path, place: ClusterPlace) -> None:
    settings = kept(place, BARE)
    assert settings.public_url == "http://127.0.0.1:27000"
    before = read_by_a_shell(place, tmp_path)["public_url"]
    assert before == settings.public_url
    lines = (place.folder / "cluster.env").read_text().splitlines()
    sourced = dict(line.split("=", 1) for line in lines)
    moved = kept(ClusterPlace(place.folder, 27100), BARE | sourced)
    assert moved.public_url == "http://127.0.0.1:27100"
