"""A wrong setting is one sentence that names the variable; a right one arrives."""

from pathlib import Path

import pytest

from services.settings import Settings, SetupError, load_settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ZHUHANG_HTTP_PORT", "eighty"),
        ("ZHUHANG_HTTP_PORT", "70000"),
        ("TEMPORAL_ADDRESS", "temporal.example.edu"),
        ("DEMO", "perhaps"),
        ("ZHUHANG_POLICY", "/no/such/policy.yaml"),
        ("ZHUHANG_SCHOOL_CODE", "123"),
        ("ZHUHANG_LOG_LEVEL", "loud"),
        ("ZHUHANG_MAX_UPLOAD_MB", "0"),
        ("ZHUHANG_CACHED_WORKFLOWS", "5"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert caught.value.code == "setting_invalid"
    for sentence in (caught.value.zh, caught.value.en):
        assert variable in sentence
        assert value in sentence
        assert "\n" not in sentence


def test_everything_follows_the_data_folder_and_ports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZHUHANG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHUHANG_HTTP_PORT", "9000")
    monkeypatch.setenv("ZHUHANG_TEMPORAL_PORT", "17000")
    monkeypatch.setenv("ZHUHANG_NOTIFY_URLS", "mailto://a.example.edu wecombot://key")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "")
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{tmp_path}/zhuhang.db"
    assert settings.public_url == "http://127.0.0.1:9000"
    assert (settings.temporal_target, settings.temporal_ui_port) == ("127.0.0.1:17000", 18000)
    assert settings.notify_urls == ["mailto://a.example.edu", "wecombot://key"]


def test_a_given_server_is_the_target() -> None:
    assert (
        Settings(temporal_address="temporal.example.edu:7233").temporal_target == "temporal.example.edu:7233"
    )


def test_listening_everywhere_is_reached_on_loopback() -> None:
    assert Settings(http_host="0.0.0.0").base_url == "http://127.0.0.1:8000"  # noqa: S104


def test_a_built_in_policy_goes_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUHANG_POLICY", "seconds")
    chosen = load_settings().policy
    assert chosen is not None
    assert (chosen.name, chosen.is_file()) == ("seconds.yaml", True)
