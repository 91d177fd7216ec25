"""Who is known already: from the ledger, and from earlier rows of the same roster."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from sqlmodel import Session, col, or_, select

from models.case.intake import Hardship, Source
from models.case.profile import Profile
from models.case.state import CaseState
from models.roster.rows import RosterRow
from models.tables import CaseEvent, CaseRow
from services.cases import declared_of, profile_of
from services.sealed import event_place, state_place
from services.vault import Vault


@dataclass(frozen=True)
class Known:
    """A person who has a file, or whom an earlier row opens. `updated_by` are the rows of the present import
    that have updated the file already."""

    case_id: str
    department_id: str
    student_no_key: str
    id_number_key: str | None
    digest: str
    profile: Profile
    declared: tuple[Hardship, ...]
    source: Source
    updated_by: frozenset[int] = frozenset()

    def merged(self, row: RosterRow) -> tuple[Profile, tuple[Hardship, ...]]:
        """The profile and declared hardship after a row; what the row leaves blank stays as it is."""
        new = profile_of(row)
        said = {name: getattr(new, name) for name in new.model_fields_set if getattr(new, name) is not None}
        other = self.profile.other | new.other
        profile = self.profile.model_copy(update=said | {"other": other})
        return profile, declared_of(row) or self.declared

    def says_more(self, row: RosterRow) -> bool:
        """True if the row would change the file."""
        if row.digest() == self.digest:
            return False
        profile, declared = self.merged(row)
        # Proofs are added by people, never by a roster.
        types = [(item.type, item.text) for item in self.declared]
        return profile != self.profile or [(item.type, item.text) for item in declared] != types

    def after(self, row: RosterRow, id_number_key: str | None) -> "Known":
        """The person after an update by the row."""
        profile, declared = self.merged(row)
        return replace(
            self,
            profile=profile,
            declared=declared,
            digest=row.digest(),
            id_number_key=id_number_key or self.id_number_key,
        )


@dataclass
class People:
    """Those whom a part of a roster may meet, by case id, who owns a student number or an ID number, and whose file was
    erased."""

    by_case: dict[str, Known] = field(default_factory=dict[str, Known])
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    erased: set[str] = field(default_factory=set[str])

    def add(self, known: Known) -> None:
        """Make a person known, or known anew."""
        self.by_case[known.case_id] = known
        self.numbers.setdefault(known.student_no_key, known.case_id)
        if known.id_number_key is not None:
            self.owners.setdefault(known.id_number_key, known.case_id)

    def case_of(self, first: str, student_no_key: str) -> str:
        """The case of a student number: the one that has it now; else `first`, which a new file would have."""
        known = self.by_case.get(first)
        if known is not None and known.student_no_key == student_no_key:
            return first
        return self.numbers.get(student_no_key, first)


def known_of_state(state: CaseState, student_no_key: str, id_number_key: str | None) -> Known:
    """The person of a case's state."""
    return Known(
        case_id=state.case_id,
        department_id=state.department_id,
        student_no_key=student_no_key,
        id_number_key=id_number_key,
        digest=state.roster_digest,
        profile=state.profile,
        declared=state.declared,
        source=state.source,
    )


def people_of_ledger(
    session: Session,
    vault: Vault,
    school_id: str,
    import_id: str,
    case_ids: Collection[str],
    student_no_keys: Collection[str],
    id_number_keys: Collection[str],
) -> People:
    """Everyone in the ledger with one of these case ids, student numbers or ID numbers."""
    wanted = or_(
        col(CaseRow.case_id).in_(case_ids),
        col(CaseRow.student_no_key).in_(student_no_keys),
        col(CaseRow.id_number_key).in_(id_number_keys),
    )
    rows = session.exec(select(CaseRow).where(CaseRow.school_id == school_id, wanted)).all()
    vault.warm(row.case_id for row in rows)
    updates = _updates(session, vault, import_id, [row.case_id for row in rows])
    people = People()
    for row in rows:
        state = json.loads(vault.open(row.case_id, row.state, state_place(row.version)))
        people.add(
            Known(
                case_id=row.case_id,
                department_id=row.department_id,
                student_no_key=row.student_no_key,
                id_number_key=row.id_number_key,
                digest=state["roster_digest"],
                profile=Profile.model_validate(state["profile"]),
                declared=tuple(Hardship.model_validate(item) for item in state["declared"]),
                source=Source.model_validate(state["source"]),
                updated_by=frozenset(updates.get(row.case_id, ())),
            )
        )
    return people


def _updates(session: Session, vault: Vault, import_id: str, case_ids: list[str]) -> dict[str, set[int]]:
    query = select(CaseEvent.case_id, CaseEvent.seq, CaseEvent.data).where(
        col(CaseEvent.case_id).in_(case_ids), CaseEvent.type == "roster_updated"
    )
    found: dict[str, set[int]] = {}
    for case_id, seq, data in session.exec(query):
        event = json.loads(vault.open(case_id, data, event_place(seq)))
        source = Source.model_validate(event["source"])
        if source.import_id == import_id and source.row is not None:
            found.setdefault(case_id, set()).add(source.row)
    return found
