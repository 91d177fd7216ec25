"""How to install on Kubernetes, as docs/operations.md tells it: as much of it as needs no cluster."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.ciphers import Algorithm
from services.master_keys import KeyRing

ROOT = Path(__file__).parents[2]


def told() -> str:
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(r"\*\*On Kubernetes\.\*\*.*?```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_every_secret_that_is_used_is_made() -> None:
    manifests = "".join(file.read_text() for file in (ROOT / "deploy" / "kubernetes").iterdir())
    used = set(re.findall(r"secretName: ([\w-]+)", manifests))
    assert set(re.findall(r"create secret (?:generic|tls) (\S+)", told())) == used


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_files_of_the_secrets_are_made_before(tmp_path: Path) -> None:
    making, _, taking = told().partition("kubectl")
    subprocess.run(  # noqa: S603
        ["/bin/sh", "-euc", making.replace(".venv/bin/python", sys.executable)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    files = [tmp_path / name for name in re.findall(r"--from-file=([\w-]+)", taking)]
    assert [file.name for file in files if not file.exists()] == []
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert KeyRing(Algorithm.AES_256_GCM, path=tmp_path / "master-keys", own=False).current() == "1"
    assert (tmp_path / "certificates" / "ca.key").exists()
