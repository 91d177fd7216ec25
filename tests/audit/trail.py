"""An audit of its own for a test, and its database as an intruder has it."""

import shutil
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from models.case.kernel import Actor, Role
from services.audit import Audit
from services.audit_verify import AuditReport, AuditVerifier
from services.caller import Caller
from services.database import create_engine_from
from services.settings import Settings
from services.vault import Vault

MENTOR = Caller(
    actor=Actor(id="mentor-1", role=Role.MENTOR, school_id="90040"), how="session", address="192.0.2.7"
)
CASE = "case-" + "a" * 24


@dataclass
class Trail:
    """An audit with its files."""

    settings: Settings
    engine: Engine
    audit: Audit

    @property
    def database(self) -> Path:
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    @property
    def folder(self) -> Path:
        return self.settings.data_dir / "audit"

    @property
    def journals(self) -> list[Path]:
        return sorted((self.folder / "journal").glob("*.jsonl"))

    def write(self, amount: int, act: str = "case.read") -> list[str]:
        """Write entries and give them their place."""
        ids = [self.audit.record_now(MENTOR, act, case_id=CASE) for _ in range(amount)]
        self.audit.settle()
        return ids

    def verify(self) -> AuditReport:
        """As `zhuhang audit verify` does, with an engine of its own."""
        engine = create_engine_from(self.settings)
        fresh = Audit(engine, Vault.of(self.settings), self.settings.data_dir)
        try:
            return AuditVerifier(engine, fresh.chain, self.folder, fresh.key).verify()
        finally:
            engine.dispose()

    def found(self) -> list[tuple[str, int | None]]:
        """The codes and places of what is wrong, but for the missing guard that let the intruder in."""
        findings = self.verify().findings
        return [(item.code, item.seq) for item in findings if item.code != "guard_missing"]

    @contextmanager
    def intruder(self) -> Generator[sqlite3.Connection]:
        """The database without its guard."""
        with sql(self.database) as connection:
            for act in ("update", "delete", "replace"):
                connection.execute(f"DROP TRIGGER audit_entry_no_{act}")
            yield connection


@contextmanager
def sql(database: Path) -> Generator[sqlite3.Connection]:
    """A plain connection that keeps what was done."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_trail(folder: Path, migrated: Path) -> Generator[Trail]:
    """A copy of the migrated database in the folder, and its audit."""
    settings = Settings(data_dir=folder, demo=False)
    shutil.copy(migrated, folder / "zhuhang.db")
    engine = create_engine_from(settings)
    audit = Audit(engine, Vault.of(settings), folder)
    try:
        yield Trail(settings, engine, audit)
    finally:
        audit.stop()
        engine.dispose()
