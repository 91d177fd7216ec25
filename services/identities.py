"""Whose a student number or an ID number is now: that of the first day may have been corrected since."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, or_
from sqlmodel import Session, col, select

from models.case.kernel import Actor, Role
from models.case.machine import AnyCommand
from models.case.profile import CorrectProfile
from models.tables import CaseRow
from services.access import readable
from services.errors import Conflict
from services.vault import Vault

# Nobody else corrects these numbers, and nobody else is told whose they are.
_CORRECTING = frozenset({Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR})


@dataclass(frozen=True)
class Owner:
    """The case that a number belongs to; `named` to those who may read it."""

    case_id: str
    named: bool


class CaseExists(Conflict):
    """The person has a file already, which is named to those who may read it."""

    def __init__(self, case_id: str, *, named: bool) -> None:
        if named:
            zh = f"该学号已有档案 {case_id}，不能重复建档。"
            en = f"The student number has the case {case_id} already."
        else:
            zh = "该学号已有档案，不在您可查看的范围内，请联系就业中心。"
            en = "The student number has a case already, beyond those that you may read; ask the career centre."
        super().__init__("case_exists", zh, en, **({"case_id": case_id} if named else {}))
        self.case_id = case_id


class Identities:
    """The numbers of one database, by their blind indexes."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def of_student_no(self, session: Session, actor: Actor, student_no: str) -> Owner | None:
        """The case that has the number now; else the one whose id comes from it, which cannot be opened again."""
        key = self._vault.index(actor.school_id, "student_no", student_no)
        first = self._vault.case_id(actor.school_id, student_no)
        wanted = or_(col(CaseRow.case_id) == first, col(CaseRow.student_no_key) == key)
        query = select(CaseRow.case_id, CaseRow.student_no_key, readable(actor)).where(
            CaseRow.school_id == actor.school_id, wanted
        )
        found = sorted(session.exec(query).all(), key=lambda row: (row[1] != key, row[0] != first, row[0]))
        return Owner(found[0][0], named=found[0][2]) if found else None

    def of_id_number(
        self, session: Session, actor: Actor, id_number: str, besides: str | None = None
    ) -> Owner | None:
        """A case with the ID number, but for the case `besides`."""
        key = self._vault.index(actor.school_id, "id_number", id_number)
        return _first(session, actor, col(CaseRow.id_number_key) == key, besides)

    def check_corrections(self, actor: Actor, case_id: str, commands: Sequence[AnyCommand]) -> None:
        """Nobody is corrected into somebody else. Raises Conflict (`student_no_taken`, `id_number_taken`)."""
        corrections = [command for command in commands if isinstance(command, CorrectProfile)]
        if actor.role not in _CORRECTING or not corrections:
            return
        with Session(self._engine) as session:
            for command in corrections:
                if command.student_no:
                    key = self._vault.index(actor.school_id, "student_no", command.student_no)
                    other = _first(session, actor, col(CaseRow.student_no_key) == key, case_id)
                    if other is not None:
                        raise _student_no_taken(other)
                if command.id_number:
                    other = self.of_id_number(session, actor, command.id_number, besides=case_id)
                    if other is not None:
                        raise id_number_taken(other)


def _first(session: Session, actor: Actor, having: ColumnElement[bool], besides: str | None) -> Owner | None:
    query = select(CaseRow.case_id, readable(actor)).where(CaseRow.school_id == actor.school_id, having)
    if besides is not None:
        query = query.where(CaseRow.case_id != besides)
    found = session.exec(query.order_by(col(CaseRow.case_id)).limit(1)).first()
    return Owner(found[0], named=found[1]) if found is not None else None


def id_number_taken(other: Owner) -> Conflict:
    """The refusal of an ID number that another case has."""
    return Conflict(
        "id_number_taken",
        f"该证件号码已有档案{f' {other.case_id}' if other.named else ''}（学号不同），请先核对。",
        f"The ID number belongs to {f'case {other.case_id}' if other.named else 'a case'} with another student number; "
        "check which is right.",
        **_details(other),
    )


def _student_no_taken(other: Owner) -> Conflict:
    return Conflict(
        "student_no_taken",
        f"该学号已有档案{f' {other.case_id}' if other.named else ''}，请先核对。",
        f"The student number belongs to {f'case {other.case_id}' if other.named else 'another case'}; "
        "check which is right.",
        **_details(other),
    )


def _details(other: Owner) -> dict[str, str]:
    return {"case_id": other.case_id} if other.named else {}
