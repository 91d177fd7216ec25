"""Secrets come from files as well, and are told to nobody."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from services.settings import Settings, SetupError, load_settings


@pytest.mark.parametrize("which", ["database", "key_database"])
def test_the_password_of_a_database_comes_from_its_file(which: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("p@ss/wörd %41\n", encoding="utf-8")
    given: dict[str, Any] = {
        f"{which}_url": "postgresql+psycopg://zhuhang@db.example.edu:5433/ledger?sslmode=require",
        f"{which}_password_file": file,
    }
    url = make_url(getattr(Settings(**given), f"{which}_url"))
    assert (url.username, url.password, url.host) == ("zhuhang", "p@ss/wörd %41", "db.example.edu")
    assert url.query == {"sslmode": "require"}


def test_channels_come_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "channels"
    file.write_text("mailto://a.example.edu?to={email}\nwecombot://key\n")
    assert Settings(notify_urls_file=file).notify_urls == [
        "mailto://a.example.edu?to={email}",
        "wecombot://key",
    ]


@pytest.mark.parametrize(
    "variable",
    [
        "ZHUHANG_DATABASE_PASSWORD_FILE",
        "ZHUHANG_KEY_DATABASE_PASSWORD_FILE",
        "ZHUHANG_NOTIFY_URLS_FILE",
        "ZHUHANG_TEMPORAL_API_KEY_FILE",
        "ZHUHANG_TEMPORAL_TLS_CA_FILE",
    ],
)
def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/no/such/file")
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert variable in caught.value.en


def test_a_certificate_needs_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "certificate"
    file.touch()
    monkeypatch.setenv("ZHUHANG_TEMPORAL_TLS_CERT_FILE", str(file))
    with pytest.raises(SetupError, match="_KEY_FILE"):
        load_settings()


@pytest.mark.parametrize("variable", ["ZHUHANG_RATE_EXPORT", "ZHUHANG_TRUSTED_PROXIES", "ZHUHANG_MODE"])
def test_what_cannot_be_understood_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "often")
    with pytest.raises(SetupError, match=variable):
        load_settings()


@pytest.mark.parametrize("which", ["DATABASE", "KEY_DATABASE"])
def test_a_secret_is_not_repeated(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ZHUHANG_{which}_URL", "no url but my-password")
    monkeypatch.setenv(f"ZHUHANG_{which}_PASSWORD_FILE", "/dev/null")
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert "my-password" not in str(caught.value)
