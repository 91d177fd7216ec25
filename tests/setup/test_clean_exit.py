"""Whatever way a process ends, its status is the one it has earned."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("work", "status"),
    [
        ("0", 0),
        ("3", 3),
        ("sys.exit(4)", 4),
        ("sys.exit('no')", 1),
        ("sys.exit()", 0),
        ("1 / 0", 1),
        ("signal.raise_signal(signal.SIGINT)", 130),
    ],
)
def test_the_status_is_kept_and_output_is_out(work: str, status: int) -> None:
    code = f"""
import atexit, os, signal, sys
from cli.clean_exit import run_and_leave
atexit.register(os.abort)  # stands for a tear-down that goes wrong
sys.stdout.write("said")
run_and_leave(lambda: {work})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (status, "said")
    assert ("ZeroDivisionError" in done.stderr) == (work == "1 / 0")


@pytest.mark.parametrize(("claim", "status"), [("True", 0), ("False", 1)])
def test_a_test_run_keeps_its_status_too(claim: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        f"import atexit, os\natexit.register(os.abort)\ndef test_one():\n    assert {claim}\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "tests.clean_exit", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(  # noqa: S603
        [*command, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("1 passed" if status == 0 else "1 failed") in done.stdout
