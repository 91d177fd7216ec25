"""Building the peer on Flowable with Maven, once per user and state of its sources."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from services.file_lock import exclusive
from services.temporal_server import cache_folder

_PROJECT = Path(__file__).parent / "flowable"


def class_path() -> str:
    """The class path of the built peer. Raises RuntimeError where Maven or Java is missing or fails."""
    maven, java = shutil.which("mvn"), shutil.which("java")
    if maven is None or java is None:
        raise RuntimeError("Flowable needs Maven and Java 17: no `mvn` or no `java` on PATH")
    sources = sorted(file for file in _PROJECT.rglob("*") if file.is_file() and "target" not in file.parts)
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:12]
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    built = cache / f"flowable-life-{digest}"
    with exclusive(cache / f"{built.name}.lock"):
        if not built.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix="installing-") as folder:
                project = Path(folder) / "project"
                shutil.copytree(_PROJECT, project, ignore=shutil.ignore_patterns("target"))
                command = [maven, "--batch-mode", "--quiet", "compile", "dependency:copy-dependencies"]
                done = subprocess.run(  # noqa: S603
                    command, cwd=project, capture_output=True, text=True, check=False
                )
                if done.returncode:
                    raise RuntimeError(f"Maven could not build the peer: {done.stdout[-1000:]}")
                (project / "target").rename(built)
    return f"{built / 'classes'}:{built / 'dependency' / '*'}"
