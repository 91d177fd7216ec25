"""What becomes of each row of a roster: opened, updated, unchanged or rejected, given who is known already."""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.base import Model
from models.case.intake import Source
from models.case.kernel import Actor, Role
from models.case.machine import Opening
from models.roster.cells import RosterRules
from models.roster.codes import fold
from models.roster.columns import roster_columns
from models.roster.problems import RowProblem, row_problem, with_suggestions
from models.roster.rows import RosterRow, judge_row
from models.views.imports import Outcome
from services.cases import CaseOpener, cohort_of
from services.import_people import Known, People
from services.policies import NoPolicyError
from services.school_day import date_of
from services.vault import Vault

# These import their own department's graduates only.
OWN_DEPARTMENT_ONLY = frozenset({Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR})


def _from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise PydanticCustomError("json_object", "Must be a JSON object") from None


def _known(columns: dict[str, str]) -> dict[str, str]:
    fields = {column.field for column in roster_columns().columns}
    for field in columns.values():
        if field and field not in fields:
            raise PydanticCustomError("column_unknown", "No such column: {field}", {"field": field})
    return columns


class ImportOptions(Model):
    """How a roster is taken. `department_id` and `cohort` hold for rows that do not say; `columns`, a JSON object,
    says which column (`roster_columns.yaml`) a header of the file is, or by an empty text that it is none."""

    dry_run: bool = False
    create_departments: bool = False
    unknown_hardship_as_other: bool = False
    department_id: str | None = None
    cohort: int | None = Field(default=None, ge=2000, le=2100)
    columns: Annotated[
        dict[str, str],
        BeforeValidator(_from_json),
        AfterValidator(_known),
        WithJsonSchema({"type": "string"}),
    ] = Field(default_factory=dict[str, str], max_length=200)


@dataclass
class Departments:
    """The colleges of the school; `create` makes one by its name and answers its id."""

    names: dict[str, str]
    create: Callable[[str], str] | None

    def find(self, name: str) -> str | None:
        """The id of a college, by its name or its id."""
        wanted = fold(name)
        return next((key for key, zh in self.names.items() if wanted in (fold(zh), fold(key))), None)

    def make(self, name: str) -> str:
        """Create a college that nobody knows. May be called with `create` only."""
        assert self.create is not None  # noqa: S101
        department_id = self.create(name)
        self.names[department_id] = name
        return department_id


@dataclass(frozen=True)
class Verdict:
    """What becomes of a row. `person` is absent where nothing is left to do; a new one has an `opening`. `erased`: the
    person's file was erased, and the row is not kept. `beyond`: the case that it met out of the importer's reach."""

    row: int
    outcome: Outcome
    case_id: str | None = None
    id_number_key: str | None = None
    problems: tuple[RowProblem, ...] = ()
    person: RosterRow | None = None
    opening: Opening | None = None
    erased: bool = False
    beyond: str | None = None


@dataclass(frozen=True)
class Importer:
    """One import: who asked for it, when and how."""

    import_id: str
    actor: Actor
    created_at: datetime
    options: ImportOptions
    rules: RosterRules


class RowJudge:
    """Judges the rows of one import in their order; each row is known to those after it."""

    def __init__(
        self, importer: Importer, people: People, departments: Departments, opener: CaseOpener, vault: Vault
    ) -> None:
        self._importer = importer
        self._people = people
        self._departments = departments
        self._opener = opener
        self._vault = vault

    def judge(self, number: int, cells: Mapping[str, str]) -> Verdict:
        """The verdict on the row with this number in the file."""
        row = self.read(cells)
        if isinstance(row, list):
            return self.unsound(number, cells, row)
        return self.judge_person(number, row)

    def unsound(self, number: int, cells: Mapping[str, str], problems: Sequence[RowProblem]) -> Verdict:
        """The verdict on a row that cannot be read."""
        case_id = self.named_in(cells)
        erased = case_id in self._people.erased
        named = None if erased else case_id
        return Verdict(number, "rejected", named, problems=tuple(problems), erased=erased)

    def named_in(self, cells: Mapping[str, str]) -> str | None:
        """The case id of the person whom the cells name, sound or not."""
        student_no = unicodedata.normalize("NFKC", cells.get("student_no", "")).strip()
        return self._vault.case_id(self._importer.actor.school_id, student_no) if student_no else None

    def read(self, cells: Mapping[str, str]) -> RosterRow | list[RowProblem]:
        """The person that a row describes, with the cohort of the import where the row has none."""
        row = judge_row(cells, self._importer.rules)
        if isinstance(row, RosterRow) and row.cohort is None:
            return row.model_copy(update={"cohort": self._importer.options.cohort})
        return row

    def judge_person(self, number: int, row: RosterRow) -> Verdict:
        """The verdict on a person; codes `case_erased`, `kept_elsewhere`, `id_number_conflict`, `id_number_taken`,
        `department_missing`, `unknown_department`, `department_not_yours`, `department_differs`, `no_policy`."""
        first, number_key, id_key = self.keys_of(row)
        case_id = self._people.case_of(first, number_key)
        if case_id in self._people.erased:
            # Nothing of the person is kept again, not even a hash.
            problem = row_problem(roster_columns().zh("student_no"), "case_erased")
            return Verdict(number, "rejected", problems=(problem,), erased=True)
        known = self._people.by_case.get(case_id)
        if known is not None and (done := self._done_before(number, known)) is not None:
            return Verdict(number, done, case_id, id_key)
        if self._is_elsewhere(case_id):
            # Neither the college is told nor whether anything else in the row is right.
            problem = row_problem(roster_columns().zh("student_no"), "kept_elsewhere")
            return Verdict(number, "rejected", case_id, problems=(problem,), beyond=case_id)
        problem = self._identity_problem(known, case_id, id_key)
        department_id = None
        if problem is None:
            department_id, problem = self._department(row, known)
        if problem is not None:
            owner = self._people.owners.get(id_key or "")
            beyond = owner if self._is_elsewhere(owner) else None
            return Verdict(number, "rejected", case_id, problems=(problem,), beyond=beyond)
        if known is None:
            return self._open(number, row, department_id or self._departments.make(row.department or ""))
        if not known.says_more(row):
            return Verdict(number, "unchanged", case_id, id_key)
        self._people.add(known.after(row, id_key))
        return Verdict(number, "updated", case_id, id_key, person=row)

    def keys_of(self, row: RosterRow) -> tuple[str, str, str | None]:
        """The case id that a new file of a person would have, and the keys of the student number and the ID number."""
        school = self._importer.actor.school_id
        id_key = self._vault.index(school, "id_number", row.id_number) if row.id_number else None
        number_key = self._vault.index(school, "student_no", row.student_no)
        return self._vault.case_id(school, row.student_no), number_key, id_key

    def source(self, number: int) -> Source:
        """What a case remembers of the row."""
        return Source(import_id=self._importer.import_id, row=number)

    @property
    def _own_department(self) -> str | None:
        """The only college whose graduates the importer imports; None: those of all."""
        actor = self._importer.actor
        return actor.department_id if actor.role in OWN_DEPARTMENT_ONLY else None

    def _is_elsewhere(self, case_id: str | None) -> bool:
        known = self._people.by_case.get(case_id or "")
        return known is not None and self._own_department not in (None, known.department_id)

    def _done_before(self, number: int, known: Known) -> Outcome | None:
        """The outcome that this row had before the work was broken off."""
        if known.source == self.source(number):
            return "opened"
        return "updated" if number in known.updated_by else None

    def _identity_problem(self, known: Known | None, case_id: str, id_key: str | None) -> RowProblem | None:
        if id_key is None:
            return None
        column = roster_columns().zh("id_number")
        if known is not None and known.id_number_key not in (None, id_key):
            return row_problem(column, "id_number_conflict")
        if self._people.owners.get(id_key, case_id) != case_id:
            return row_problem(column, "id_number_taken")
        return None

    def _department(self, row: RosterRow, known: Known | None) -> tuple[str | None, RowProblem | None]:
        """The college of a person, or what is wrong with it; neither where it is to be created."""
        column, options, own = (
            roster_columns().zh("department"),
            self._importer.options,
            self._own_department,
        )
        found = self._departments.find(row.department) if row.department else None
        if row.department and found is None:
            if known is None and self._departments.create is not None:
                return None, None
            near = get_close_matches(row.department, self._departments.names.values(), n=3, cutoff=0.4)
            unknown = row_problem(column, "unknown_department", name=row.department[:40])
            return None, with_suggestions(unknown, tuple(near))
        chosen = found or (known and known.department_id) or options.department_id or own
        if chosen is None:
            return None, row_problem(column, "department_missing")
        if own is not None and chosen != own:
            return None, row_problem(
                column, "department_not_yours", name=self._departments.names.get(chosen, chosen)
            )
        if known is not None and chosen != known.department_id:
            name = self._departments.names.get(known.department_id, known.department_id)
            return None, row_problem(column, "department_differs", name=name)
        return chosen, None

    def _open(self, number: int, row: RosterRow, department_id: str) -> Verdict:
        importer = self._importer
        _, number_key, id_key = self.keys_of(row)
        try:
            opening = self._opener.opening(
                importer.actor, row, department_id, importer.created_at, self.source(number)
            )
        except NoPolicyError:
            cohort = cohort_of(row, date_of(importer.created_at))
            problem = row_problem(roster_columns().zh("cohort"), "no_policy", cohort=cohort)
            return Verdict(number, "rejected", problems=(problem,))
        self._people.add(
            Known(
                case_id=opening.case_id,
                department_id=department_id,
                student_no_key=number_key,
                id_number_key=id_key,
                digest=opening.roster_digest,
                profile=opening.profile,
                declared=opening.declared,
                source=opening.source,
            )
        )
        return Verdict(number, "opened", opening.case_id, id_key, person=row, opening=opening)
