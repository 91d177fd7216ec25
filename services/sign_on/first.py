"""The first accounts of an installation: somebody must be able to let the others in."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, func, select

from models.first_actors import SETUP_ACTOR
from models.tables import Account, Staff
from models.views.sign_on import FirstPassword
from services.actors import Actors
from services.audit import Audit
from services.database import create_engine_from
from services.first_staff import first_staff
from services.settings import Settings
from services.sign_on.accounts import NewAccount
from services.sign_on.assembly import SignOnParts
from services.vault import Vault

_ADDRESS = "local"
_HEAD = """# 一次性初始口令，首次登录须修改；发放后请删除本文件。
# One-time first passwords, to be changed at the first sign-on; delete this file once they are handed out.
"""


def first_passwords_file(settings: Settings) -> Path:
    """Where the first passwords of the first accounts are written, readable by its owner only."""
    return settings.data_dir / "first-passwords.txt"


def make_first_accounts(settings: Settings) -> bool:
    """Accounts of those who can set the school up, where it has none yet; True where they were made now."""
    engine = create_engine_from(settings)
    try:
        with Session(engine) as session:
            here = select(func.count()).select_from(Account).where(Account.school_id == settings.school_code)
            if session.exec(here).one():
                return False
            first = first_staff(session, settings.school_code)
    finally:
        engine.dispose()
    return _make(settings, {staff_id: name for name, staff_id in first.items()}, demo=False)


def make_demo_accounts(settings: Settings, staff_ids: Sequence[str]) -> bool:
    """Accounts of the sample school's staff, flagged as such; True where any was made now."""
    return _make(settings, {staff_id: staff_id for staff_id in staff_ids}, demo=True)


def _make(settings: Settings, names: Mapping[str, str], *, demo: bool) -> bool:
    """Accounts of the staff with these ids, under these names."""
    engine = create_engine_from(settings)
    school = settings.school_code
    try:
        with Session(engine) as session:
            query = select(Staff.id).where(
                col(Staff.id).in_(names),
                Staff.school_id == school,
                col(Staff.id).not_in(select(Account.id)),
            )
            missing = session.exec(query.order_by(col(Staff.id))).all()
            setup = first_staff(session, school)[SETUP_ACTOR]
        if not missing:
            return False
        vault = Vault.of(settings)
        audit = Audit(engine, vault, settings.data_dir)
        parts = SignOnParts.of(engine, vault, Actors(engine), settings, audit)
        made = parts.accounts.add(
            [NewAccount(staff_id, names[staff_id], demo=demo) for staff_id in missing],
            school,
            by=setup,
            address=_ADDRESS,
            now=datetime.now(UTC),
        )
        audit.stop()
    finally:
        engine.dispose()
    _write(first_passwords_file(settings), made)
    return True


def _write(path: Path, made: Sequence[FirstPassword]) -> None:
    head = "" if path.exists() else _HEAD
    lines = "".join(f"{item.account}\t{item.first_password}\n" for item in made)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8"
    ) as file:
        file.write(head + lines)
