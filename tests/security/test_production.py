"""In production nothing starts while something is weak, and each weak point is named with what to do."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from models.tables import School, Staff
from services.database import create_engine_from, migrate, writing
from services.demo import sample_school
from services.settings import Settings, SetupError
from services.weaknesses import refuse_weak, weak_data, weak_settings
from tests.product import free_port

SAFE: dict[str, Any] = {
    "mode": "production",
    "demo": False,
    "allow_test_identities": False,
    "school_code": "10001",
    "public_url": "https://help.example.edu",
}
ZHUHANG = [sys.executable, "-m", "cli.main"]


def settings_in(folder: Path, **changed: Any) -> Settings:
    folder.chmod(0o700)
    keys, data = folder / "secret", folder / "data"
    keys.touch(mode=0o600)
    data.mkdir(mode=0o700, exist_ok=True)
    chosen: dict[str, Any] = SAFE | {"data_dir": data, "master_keys_file": keys} | changed
    return Settings(**chosen)


def test_a_safe_installation_may_start(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    migrate(settings)
    assert weak_settings(settings) == []
    refuse_weak(settings, with_data=True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"demo": True}, "demo_data"),
        ({"master_keys_file": None}, "master_key"),
        ({"master_keys": f"1:{b64encode(bytes(32)).decode()}"}, "master_key_guessable"),
        ({"master_keys": b64encode(b"zhuhang-demo-key" * 2).decode()}, "master_key_guessable"),
        ({"totp_roles": ""}, "second_factor"),
        ({"totp_roles": "school_supervisor administrator"}, "second_factor"),
        ({"password_memory_mb": 8}, "password_hash"),
        ({"trusted_proxies": "0.0.0.0/0"}, "trusted_proxies"),
        ({"trusted_proxies": "10.0.0.0/8 ::/0"}, "trusted_proxies"),
        ({"notify_hosts": "*"}, "notify_hosts"),
        ({"notify_hosts": "hooks.example.edu 0.0.0.0/0"}, "notify_hosts"),
        ({"allow_test_identities": True}, "test_identities"),
        ({"school_code": "99999"}, "school_code"),
        ({"public_url": "http://help.example.edu"}, "public_url"),
        ({"public_url": ""}, "public_url"),
        ({"http_host": "0.0.0.0"}, "http_host"),  # noqa: S104
        ({"http_host": "192.0.2.1"}, "http_host"),
        ({"temporal_address": "temporal.example.edu:7233"}, "temporal_plaintext"),
        ({"database_url": "postgresql+psycopg://a:b@db.example.edu/z"}, "database_plaintext"),
        ({"database_url": "postgresql+psycopg://a:b@db.example.edu/z?sslmode=prefer"}, "database_plaintext"),
        ({"key_database_url": "postgresql+psycopg://a:b@keys.example.edu/z"}, "database_plaintext"),
    ],
)
def test_each_weak_setting_is_named(tmp_path: Path, changed: dict[str, Any], code: str) -> None:
    settings = settings_in(tmp_path, **changed)
    assert [item.code for item in weak_settings(settings)] == [code]
    with pytest.raises(SetupError) as caught:
        refuse_weak(settings, with_data=False)
    assert caught.value.code == "not_safe_for_production"
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"http_host": "0.0.0.0", "trusted_proxies": "10.0.0.1"},  # noqa: S104
        {"master_keys": b64encode(bytes(range(32))).decode(), "master_keys_file": None},
        {"notify_hosts": "*.example.edu 10.1.0.0/16"},
        {"temporal_address": "temporal.example.edu:7233", "temporal_tls": True},
        {"temporal_address": "127.0.0.1:7233"},
        {"database_url": "postgresql+psycopg://a:b@db.example.edu/z?sslmode=verify-full"},
        {"database_url": "postgresql+psycopg://a:b@localhost/z"},
        {"database_url": "postgresql+psycopg:///z?host=/run/postgresql"},
    ],
)
def test_what_is_mended_is_not_named(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert weak_settings(settings_in(tmp_path, **changed)) == []


def test_a_master_key_beside_the_data_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (settings.data_dir / "keys").mkdir(mode=0o700)
    made = settings.data_dir / "keys" / "master.key"
    made.touch(mode=0o600)
    named = settings_in(tmp_path, master_keys_file=made)
    assert [item.code for item in weak_settings(named)] == ["master_key"]


def test_metrics_that_others_may_reach_are_worth_knowing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, metrics_host="0.0.0.0", api_metrics_port=9100)  # noqa: S104
    assert [(item.code, item.grave) for item in weak_settings(settings)] == [("metrics_host", False)]
    refuse_weak(settings, with_data=False)


def test_files_that_others_may_read_are_named(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    settings = settings_in(
        tmp_path, database_url="postgresql+psycopg://a@localhost/z", database_password_file=password
    )
    password.chmod(0o640)
    assert [(item.code, str(password) in item.en) for item in weak_settings(settings)] == [
        ("readable_by_others", True)
    ]
    password.chmod(0o600)
    assert weak_settings(settings) == []
    settings.data_dir.chmod(0o755)
    assert [item.code for item in weak_settings(settings)] == ["readable_by_others"]


def test_the_sample_school_is_not_for_production(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    migrate(settings)
    assert weak_data(settings) == []
    engine = create_engine_from(settings)
    with Session(writing(engine)) as session:
        session.add(School(id="10001", name="学校", province="*"))
        session.commit()
        draft = {"id": sample_school().staff[0]["id"], "school_id": "10001", "name": "某人", "role": "mentor"}
        session.add(Staff.model_validate(draft | {"created_at": "2026-01-01T00:00:00Z"}))
        session.commit()
    engine.dispose()
    assert [item.code for item in weak_data(settings)] == ["demo_school"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    given = {key: value for key, value in os.environ.items() if not key.startswith(("ZHUHANG_", "TEMPORAL_"))}
    ports = ("ZHUHANG_HTTP_PORT", "ZHUHANG_TEMPORAL_PORT", "ZHUHANG_TEMPORAL_UI_PORT")
    return given | {name: str(free_port()) for name in ports} | {"ZHUHANG_DATA_DIR": str(tmp_path / "data")}


def zhuhang(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        [*ZHUHANG, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("part", ["up", "api", "worker"])
def test_no_part_starts_in_production_as_a_trial_stands(environment: dict[str, str], part: str) -> None:
    done = zhuhang(environment | {"ZHUHANG_MODE": "production"}, part)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "[not_safe_for_production]" in done.stderr
    said = done.stderr.replace("\n", "")
    for variable in ("DEMO=0", "ZHUHANG_ALLOW_TEST_IDENTITIES", "ZHUHANG_SCHOOL_CODE", "ZHUHANG_PUBLIC_URL"):
        assert variable in said


def test_the_doctor_names_weak_points_in_any_mode(environment: dict[str, str]) -> None:
    trial = zhuhang(environment, "doctor", "--json")
    found = {item["check"]: item["ok"] for item in json.loads(trial.stdout)["checks"]}
    assert found["security.demo_data"] is None
    assert found["security.public_url"] is None
    assert False not in [ok for check, ok in found.items() if check.startswith("security")]
    real = zhuhang(environment | {"ZHUHANG_MODE": "production"}, "doctor", "--json")
    found = {item["check"]: item["ok"] for item in json.loads(real.stdout)["checks"]}
    assert found["security.demo_data"] is False
    assert real.returncode == 1
