"""Accounts as administrators keep them, and those of graduates, which their counselors give out."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.tables import Account, CaseRow, Staff
from models.views.page import Page
from models.views.sign_on import AccountView, FirstPassword
from services.access import readable
from services.actors import GRADUATE_PREFIX, graduate_actor_id
from services.database import writing
from services.errors import Conflict, NotFound, case_unknown
from services.sign_on.first_link import first_link
from services.sign_on.lock import forgive_all, is_locked
from services.sign_on.passwords import Passwords, first_password
from services.sign_on.record import Act, SignOnEvent, SignOnRecord
from services.sign_on.second_factor import forget_second_factor
from services.sign_on.sessions import Sessions, account_unknown
from services.sign_on.settings import SignOnSettings


@dataclass(frozen=True)
class NewAccount:
    """Whose account, and under which name it signs on."""

    actor_id: str
    login: str
    demo: bool = False


class Accounts:
    """The accounts of one database, school by school."""

    def __init__(
        self,
        engine: Engine,
        sessions: Sessions,
        passwords: Passwords,
        record: SignOnRecord,
        settings: SignOnSettings,
        public_url: str,
    ) -> None:
        self._engine = engine
        self._sessions = sessions
        self._passwords = passwords
        self._record = record
        self._first_days = timedelta(days=settings.first_password_days)
        self._public_url = public_url

    def page(self, actor: Actor, *, cursor: str | None, limit: int, now: datetime) -> Page[AccountView]:
        """A page of the school's accounts, by id."""
        query = select(Account).where(Account.school_id == actor.school_id)
        if cursor:
            query = query.where(Account.id > cursor)
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(Account.id)).limit(limit + 1)).all()
        items = [_view(row, now) for row in rows[:limit]]
        return Page(items=items, next_cursor=items[-1].id if len(rows) > limit else None)

    def create(
        self, actor: Actor, staff_id: str, login: str | None, address: str, now: datetime
    ) -> FirstPassword:
        """The account of a member of staff. Raises NotFound (`staff_unknown`), Conflict
        (`account_exists`, `account_name_taken`)."""
        with Session(self._engine) as session:
            person = session.get(Staff, staff_id)
        if person is None or person.school_id != actor.school_id or person.departed_on is not None:
            raise NotFound(
                "staff_unknown", f"没有找到人员 {staff_id}。", f"There is no member of staff {staff_id}."
            )
        (made,) = self.add(
            [NewAccount(staff_id, login or staff_id)], actor.school_id, by=actor.id, address=address, now=now
        )
        return made

    def add(
        self, accounts: Iterable[NewAccount], school_id: str, *, by: str, address: str, now: datetime
    ) -> list[FirstPassword]:
        """Add accounts with one-time first passwords, all or none. Raises Conflict (`account_exists`,
        `account_name_taken`)."""
        made = [(item, first_password()) for item in accounts]
        until = now + self._first_days
        rows = [
            Account(
                id=item.actor_id,
                school_id=school_id,
                login=item.login.casefold(),
                password_hash=self._passwords.hash(password),
                must_change=True,
                one_time_until=until,
                demo=item.demo,
                created_at=now,
                created_by=by,
            )
            for item, password in made
        ]
        answer = [self._told(row, password, until) for row, (_, password) in zip(rows, made, strict=True)]
        with Session(writing(self._engine)) as session:
            for row in rows:
                if session.get(Account, row.id) is not None:
                    raise Conflict(
                        "account_exists", f"{row.id} 已有账号。", f"{row.id} has an account already."
                    )
            session.add_all(rows)
            try:
                session.commit()
            except IntegrityError:
                raise Conflict(
                    "account_name_taken", "该账号名已被占用。", "The account's name is taken."
                ) from None
        for item in answer:
            self._tell("account_created", by, address, item.id)
        return answer

    def reset(
        self, actor: Actor, account_id: str, address: str, now: datetime, *, second_factor: bool
    ) -> FirstPassword:
        """A new one-time first password; all sessions end, and with `second_factor` it is set up anew too.

        Raises NotFound (`account_unknown`), Conflict (`graduate_account`).
        """
        if account_id.startswith(GRADUATE_PREFIX):
            # By its first password one reads the file, and administrators read none.
            raise Conflict(
                "graduate_account",
                "毕业生的初始口令由其辅导员或负责人在档案中重发。",
                "A graduate gets a new first password from the counselor or supervisor, at the file.",
            )
        return self._reset(actor, account_id, address, now, second_factor=second_factor)

    def change(
        self,
        actor: Actor,
        account_id: str,
        address: str,
        now: datetime,
        *,
        disabled: bool | None,
        unlock: bool,
    ) -> AccountView:
        """Disable, which ends all sessions and tokens for as long as it lasts, enable, unlock.

        Raises NotFound (`account_unknown`), Conflict (`own_account`).
        """
        if disabled and account_id == actor.id:
            raise Conflict("own_account", "不能停用自己的账号。", "Nobody disables the own account.")
        with Session(writing(self._engine)) as session:
            row = _require(session, actor, account_id)
            if disabled is not None:
                row.disabled = disabled
            if unlock:
                forgive_all(row)
            view = _view(row, now)
            session.commit()
        if disabled:
            self._sessions.revoke_all(account_id, now)
        self._tell("account_changed", actor.id, address, account_id)
        return view

    def give_to_graduate(self, actor: Actor, case_id: str, address: str, now: datetime) -> FirstPassword:
        """The account of the graduate of a case that one serves, or a new first password where there is one.

        Its name says nothing of the person. Raises NotFound (`case_unknown`).
        """
        account_id = graduate_actor_id(case_id)
        # Whom break-glass lets read a file may not let others in by it.
        served = col(CaseRow.case_id).not_in(actor.reading) & readable(actor)
        with Session(self._engine) as session:
            query = select(CaseRow.case_id).where(CaseRow.case_id == case_id, served)
            if session.exec(query).first() is None:
                raise case_unknown()
            there = session.get(Account, account_id) is not None
        if there:
            return self._reset(actor, account_id, address, now, second_factor=True)
        login = "g-" + secrets.token_hex(4)
        (made,) = self.add(
            [NewAccount(account_id, login)], actor.school_id, by=actor.id, address=address, now=now
        )
        return made

    def _reset(
        self, actor: Actor, account_id: str, address: str, now: datetime, *, second_factor: bool
    ) -> FirstPassword:
        password = first_password()
        digest = self._passwords.hash(password)
        until = now + self._first_days
        with Session(writing(self._engine)) as session:
            row = _require(session, actor, account_id)
            row.password_hash, row.must_change, row.one_time_until = digest, True, until
            forgive_all(row)
            if second_factor:
                forget_second_factor(row)
            made = self._told(row, password, until)
            session.commit()
        self._sessions.revoke_all(account_id, now)
        self._tell("account_reset", actor.id, address, account_id)
        return made

    def _told(self, row: Account, password: str, until: datetime) -> FirstPassword:
        return FirstPassword(
            id=row.id,
            account=row.login,
            first_password=password,
            link=first_link(self._public_url, row.login, password),
            valid_until=until,
        )

    def _tell(self, act: Act, by: str, address: str, account_id: str) -> None:
        self._record.note(SignOnEvent(act, by, address, "session", subject_id=account_id))


def _require(session: Session, actor: Actor, account_id: str) -> Account:
    row = session.get(Account, account_id, with_for_update=True)
    if row is None or row.school_id != actor.school_id:
        raise account_unknown()
    return row


def _view(row: Account, now: datetime) -> AccountView:
    return AccountView(
        account=row.login,
        locked=is_locked(row, now),
        second_factor=row.totp is not None,
        **row.model_dump(
            include={"id", "disabled", "must_change", "demo", "created_at", "signed_on_at"},
        ),
    )
