"""Taking a copy of a cluster while it runs, and making a new one of it.

Whatever was acknowledged before a backup began is in it: PostgreSQL's part is as of one moment, later than that, with
ledger, key store and Temporal together.
"""

import hashlib
import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

from deploy.local.place import ClusterPlace
from deploy.local.postgresql import SUPERUSER, find_postgresql, major_of
from services.master_keys import check_ring
from services.settings import SetupError
from services.settings_security import secret_in

_POSTGRESQL, _DATA, _PASSWORD = "postgresql", "data", "database-password"
# Sealed files of cases, and rosters that are being imported.
_FILES = ("attachments", "imports")
_AUDIT = "audit"
_UNFINISHED = ".unfinished"
_PART = ".part"


def place_of(folder: Path) -> ClusterPlace:
    """The cluster in a folder. Raises `SetupError` `no_cluster` where none was ever started, or what it kept of its
    start cannot be read."""
    try:
        written = (folder / "cluster.env").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SetupError(
            "no_cluster",
            f"{folder} 里没有集群(cluster.env:{error.strerror}):请用 --dir 指明。",
            f"There is no cluster in {folder} (cluster.env: {error.strerror}): name it with --dir.",
        ) from None
    if (port := re.search(r"^ZHUHANG_HTTP_PORT=(\d{1,5})$", written, re.MULTILINE)) is None:
        raise SetupError(
            "no_cluster",
            f"{folder / 'cluster.env'} 已损坏,其中没有端口:请再启动一次集群,它会重写该文件。",
            f"{folder / 'cluster.env'} is damaged and names no port: start the cluster anew, which writes it.",
        )
    return ClusterPlace(folder, int(port[1]))


def back_up(place: ClusterPlace, into: Path) -> None:
    """Copy the running cluster into the new folder `into`, but for the master keys, which are kept elsewhere.

    Raises `SetupError` `backup_exists`, `postgresql_failed`, `backup_failed` where the disk is full or something cannot
    be read or written. What has been copied by then goes.
    """
    _refuse_used(into)
    unfinished = into.with_name(into.name + _UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _copy_all(place, unfinished)
        unfinished.rename(into)
    except OSError as error:
        reason = f"{error.filename or unfinished}: {error.strerror}"
        raise SetupError(
            "backup_failed",
            f"备份到 {into} 失败({reason}):请检查权限与磁盘,或换一个目录。",
            f"The backup into {into} failed ({reason}): check permissions and the disk, or name another folder.",
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _copy_all(place: ClusterPlace, unfinished: Path) -> None:
    (unfinished / _DATA).mkdir(parents=True, mode=0o700)
    # First, because entries leave the journal for the database, and the ends that the chain had are in its past.
    _copy_audit(place.data / _AUDIT, unfinished / _DATA / _AUDIT)
    # Before and after: the ledger of the moment between knows no file that is in neither.
    _copy_files(place.data, unfinished / _DATA)
    _copy_server(place, unfinished / _POSTGRESQL)
    _copy_files(place.data, unfinished / _DATA)
    shutil.copy(place.database_password, unfinished / _PASSWORD)


def restore(source: Path, master_keys: Path, place: ClusterPlace) -> None:
    """Make of a backup a cluster in a new folder, to be started by `up`. One that still runs elsewhere would go on
    in parallel, so the old one must be gone.

    Raises `SetupError` `no_backup`, `backup_damaged`, `master_keys_invalid`, `restore_target_in_use`, `folder_closed`.
    Whether the keys are those that wrapped what is in the backup, its start tells.
    """
    major = major_of(source / _POSTGRESQL)
    if major is None:
        raise SetupError(
            "no_backup", f"{source} 不是一个完整的备份。", f"{source} is not a backup that came to its end."
        )
    if place.postgresql_data.exists():
        raise SetupError(
            "restore_target_in_use",
            f"{place.folder} 里已有一个集群:请用 --dir 指明新的目录。",
            f"There is a cluster in {place.folder}: name a new folder with --dir.",
        )
    check_ring(master_keys)
    installed = find_postgresql(major)
    place.folder.mkdir(parents=True, exist_ok=True)
    place.folder.chmod(0o711)
    for folder in (place.secrets, place.data):
        folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(source / _PASSWORD, place.database_password)
    shutil.copy(master_keys, place.master_keys)
    shutil.copytree(source / _DATA, place.data, dirs_exist_ok=True)
    fresh = place.folder / f"{_POSTGRESQL}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source / _POSTGRESQL, fresh)
    _check_whole(fresh)
    installed.adopt(fresh)
    fresh.rename(place.postgresql_data)


def _refuse_used(folder: Path) -> None:
    if folder.exists():
        raise SetupError(
            "backup_exists",
            f"{folder} 已存在:请为备份指明新的目录。",
            f"{folder} is there already: name a new folder for the backup.",
        )


def _copy_server(place: ClusterPlace, into: Path) -> None:
    installed = find_postgresql(major_of(place.postgresql_data))

    where = ["--host", "127.0.0.1", "--port", str(place.postgresql), "--username", SUPERUSER, "--no-password"]
    installed.run(
        "pg_basebackup",
        *where,
        "--pgdata",
        into,
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        env={"PGPASSWORD": secret_in(place.database_password)},
        as_owner=False,
    )


def _check_whole(folder: Path) -> None:
    # PostgreSQL has a program for it, which crashes in the form that comes as a Python package.
    for listed in json.loads((folder / "backup_manifest").read_bytes())["Files"]:
        path = folder / listed["Path"]
        with suppress(FileNotFoundError), path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == listed["Checksum"]:
                continue
        raise SetupError(
            "backup_damaged",
            f"备份中的文件 {listed['Path']} 缺失或已损坏:请改用另一个备份。",
            f"The file {listed['Path']} of the backup is missing or damaged: take another backup.",
        )


def _copy_audit(source: Path, into: Path) -> None:
    if not source.exists():
        return
    into.mkdir(mode=0o700)
    # The marks before what they speak of.
    for path in sorted(source.iterdir(), key=lambda path: path.is_dir()):
        if path.is_dir():
            _copy_journal(path, into / path.name)
        elif path.suffix != ".lock":
            shutil.copy(path, into)


def _copy_journal(source: Path, into: Path) -> None:
    into.mkdir(mode=0o700)
    # How far they have been read, first.
    for path in sorted(source.iterdir(), key=lambda path: path.suffix != ".json"):
        with suppress(FileNotFoundError):  # all of it has found its place meanwhile
            shutil.copy(path, into)


def _copy_files(data: Path, into: Path) -> None:
    """Copy what has been added; files never change once they have their name."""
    for name in _FILES:
        for path in (data / name).rglob("*"):
            target = into / path.relative_to(data)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True, mode=0o700)
            elif path.suffix != _PART and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with suppress(FileNotFoundError):  # removed meanwhile, or got its name
                    shutil.copy(path, target)
