"""The sources of a server in their order, with real scripts in the place of binaries."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.fetching import MoveOnError, Progress, run_watched
from services.settings import Settings, SetupError
from services.temporal_server import (
    CLI_VERSION,
    SOURCES,
    Source,
    check_binary,
    find_server,
    server_command,
)

CACHED = f"zhuhang/temporal-{CLI_VERSION}/temporal"


class Told:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, zh: str, en: str) -> None:
        self.lines.append(en)

    def busy(self, zh: str, en: str, seconds: float) -> None:
        self.lines.append(en)


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def server_script(path: Path, version: str) -> Path:
    return script(path, f'echo "temporal version x (Server {version}, UI 2)"; echo "--db-filename"')


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing on PATH but what a test puts there, and an empty cache."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_the_one_on_path_comes_first(tmp_path: Path) -> None:
    server_script(tmp_path / CACHED, "1.29.1")
    ours = server_script(tmp_path / "bin/temporal", "1.30.2")
    server = find_server(Told())
    assert (server.binary, server.version) == (ours, "1.30.2")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('echo "temporal version 0.9 (Server 1.20.1)"; echo --db-filename', "at least 1.28"),
        ("echo hello", "does not tell a server version"),
        ('echo "(Server 1.29.1)"', "server start-dev"),
        ("exit 3", "does not run"),
    ],
)
def test_an_unfit_one_on_path_is_passed_over_with_the_reason(body: str, reason: str, tmp_path: Path) -> None:
    script(tmp_path / "bin/temporal", body)
    cached = server_script(tmp_path / CACHED, "1.29.1")
    told = Told()
    assert find_server(told).binary == cached
    assert reason in " ".join(told.lines)


def test_go_builds_it_once_into_the_cache(tmp_path: Path) -> None:
    body = "echo 'temporal version x (Server 1.29.1)'; echo --db-filename"
    script(
        tmp_path / "bin/go",
        f'echo "$@" >>{tmp_path}/calls; printf "#!/bin/sh\\n%s\\n" "{body}" >"$GOBIN/temporal"; '
        'chmod +x "$GOBIN/temporal"',
    )
    without_download = [source for source in SOURCES if "SDK" not in source.en]
    assert find_server(Told(), sources=without_download).binary == tmp_path / CACHED
    assert find_server(Told(), sources=without_download).binary == tmp_path / CACHED
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == [f"install github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"]
    assert not list(tmp_path.glob("zhuhang/installing-*"))


def test_a_broken_copy_in_the_cache_is_replaced(tmp_path: Path) -> None:
    script(tmp_path / CACHED, "exit 1")
    script(
        tmp_path / "bin/go",
        "printf '#!/bin/sh\\necho \"(Server 1.29.1)\" --db-filename\\n' >$GOBIN/temporal; "
        "chmod +x $GOBIN/temporal",
    )
    sources = [source for source in SOURCES if "SDK" not in source.en]
    assert find_server(Told(), sources=sources).version == "1.29.1"


def test_when_all_fail_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    def nothing(_cache: Path, _progress: Progress) -> Path:
        raise MoveOnError("the network is away")

    told = Told()
    with pytest.raises(SetupError) as caught:
        find_server(told, sources=[Source("甲", "first", nothing), Source("乙", "second", nothing)])
    assert caught.value.code == "temporal_unobtainable"
    assert "TEMPORAL_ADDRESS" in caught.value.zh
    assert [line for line in told.lines if "the network is away" in line] != []
    assert any("second" in line for line in told.lines)


def test_a_stalled_step_is_given_up_and_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    stuck = script(tmp_path / "stuck", f"echo $$ >{pid_file}; exec sleep 60")
    with pytest.raises(MoveOnError, match="given up"):
        run_watched([stuck], lambda seconds: None, stalled=pid_file.exists)
    alive = subprocess.run(["ps", "-p", pid_file.read_text().strip()], stdout=subprocess.DEVNULL, check=False)  # noqa: S603, S607
    assert alive.returncode == 1


def test_a_failed_step_moves_on_with_its_last_words() -> None:
    with pytest.raises(MoveOnError, match="no space left"):
        run_watched([sys.executable, "-c", "import sys; sys.exit('no space left')"], lambda seconds: None)


def test_cases_outlive_the_server_that_is_started(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, temporal_port=17001, temporal_namespace="school")
    command = server_command(Path("/opt/temporal"), settings)
    assert command[command.index("--db-filename") + 1] == str(tmp_path / "temporal.db")
    assert command[command.index("--port") + 1] == "17001"
    assert command[command.index("--namespace") + 1] == "school"
    assert command[command.index("--ui-codec-endpoint") + 1] == f"{settings.base_url}/api/v1/codec"


def test_the_version_is_the_servers_not_the_command_lines(tmp_path: Path) -> None:
    assert check_binary(server_script(tmp_path / "temporal", "1.31.0")) == "1.31.0"
