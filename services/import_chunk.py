"""Taking the next rows of a roster in: judged in their order, opened together, written in one transaction.

Every step may be repeated after a crash at any point: a case knows the import and row that opened it, an
update is sent under a key of its import and row, and a row that has an outcome keeps it.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import Engine, inspect
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.audit import Outcome
from models.case.intake import UpdateFromRoster
from models.case.kernel import Actor, Role
from models.case.machine import Opening, system
from models.case.state import CaseState
from models.roster.cells import RosterRules
from models.roster.columns import roster_columns
from models.roster.problems import row_problem
from models.roster.rows import RosterRow
from models.tables import Department, ImportJob, ImportRow
from services.audit import Audit
from services.caller import Stranger
from services.cases import CaseOpener
from services.commands import CommandKey, Commands
from services.database import insert_missing, writing
from services.errors import NotFound, StaleVersion, Unprocessable, case_unknown
from services.import_judge import Departments, Importer, ImportOptions, RowJudge, Verdict
from services.import_people import Known, People, known_of_state, people_of_ledger
from services.import_seals import ImportSeals
from services.metrics import IMPORT_ROWS
from services.settings import Settings
from services.vault import Vault
from workflows.messages import CASE_STATE, ChunkInput, ChunkResult

# Starts and updates under way at once: enough to keep the server busy, few enough to leave it room for others.
_AT_ONCE = 32


@dataclass(frozen=True)
class _Work:
    importer: Importer
    judge: RowJudge
    people: People
    verdicts: list[Verdict]


class ChunkTaker:
    """Takes parts of rosters in."""

    def __init__(
        self, engine: Engine, vault: Vault, client: Client, opener: CaseOpener, settings: Settings
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._seals = ImportSeals(vault)
        self._client = client
        self._opener = opener
        self._commands = Commands(client)
        self._settings = settings
        self._audit = Audit(engine, vault, settings.data_dir)

    async def take(self, chunk: ChunkInput) -> ChunkResult:
        """Give the next rows their outcomes. Raises where database, Temporal or audit are away: then call it again."""
        work = await asyncio.to_thread(self._judge, chunk)
        verdicts = work.verdicts
        if not verdicts:
            return ChunkResult(last_row=None)
        await asyncio.to_thread(self._record_beyond, work)
        if not work.importer.options.dry_run:
            verdicts = await self._carry_out(work)
        await asyncio.to_thread(self._write, chunk.import_id, verdicts)
        return ChunkResult(last_row=max(verdict.row for verdict in verdicts))

    def _record_beyond(self, work: _Work) -> None:
        """Write down which files of other colleges the rows would have touched: a roster also asks who has one."""
        actor = work.importer.actor
        tried = sorted({verdict.beyond for verdict in work.verdicts if verdict.beyond is not None})
        by = Stranger("", actor.school_id, actor.id, how="worker")
        self._audit.record_cases(by, "import.start", tried, outcome=Outcome.REFUSED, code="kept_elsewhere")

    def _judge(self, chunk: ChunkInput) -> _Work:
        with Session(self._engine) as session:
            job = session.get_one(ImportJob, chunk.import_id)
            importer = importer_of(job, self._settings)
            query = select(ImportRow.row, ImportRow.cells).where(
                ImportRow.import_id == job.id,
                ImportRow.row > chunk.after_row,
                col(ImportRow.outcome).is_(None),
            )
            rows = session.exec(query.order_by(col(ImportRow.row)).limit(chunk.size)).all()
            people = People()
            departments = self._departments(session, importer)
            judge = RowJudge(importer, people, departments, self._opener, self._vault)
            opened = [(number, self._seals.open_cells(job.id, number, cells)) for number, cells in rows]
            read = [(number, cells, judge.read(cells)) for number, cells in opened]
            unsound = [judge.named_in(cells) for _, cells, row in read if not isinstance(row, RosterRow)]
            people.erased |= self._vault.destroyed(name for name in unsound if name is not None)
            self._meet(
                session, importer, judge, people, [row for *_, row in read if isinstance(row, RosterRow)]
            )
        verdicts = [
            judge.judge_person(number, row)
            if isinstance(row, RosterRow)
            else judge.unsound(number, cells, row)
            for number, cells, row in read
        ]
        return _Work(importer, judge, people, verdicts)

    def _meet(
        self, session: Session, importer: Importer, judge: RowJudge, people: People, rows: Sequence[RosterRow]
    ) -> None:
        """Make known whom these rows may meet: in the ledger, and, in a dry run, in earlier rows."""
        keys = [judge.keys_of(row) for row in rows]
        case_ids = {case_id for case_id, *_ in keys}
        number_keys = {key for _, key, _ in keys}
        id_keys = {key for *_, key in keys if key is not None}
        school = importer.actor.school_id
        found = people_of_ledger(
            session, self._vault, school, importer.import_id, case_ids, number_keys, id_keys
        )
        people.by_case.update(found.by_case)
        people.numbers.update(found.numbers)
        people.owners.update(found.owners)
        case_ids |= found.by_case.keys()
        people.erased |= self._vault.destroyed(case_ids)
        if not importer.options.dry_run:
            return
        met = col(ImportRow.case_id).in_(case_ids) | col(ImportRow.id_number_key).in_(id_keys)
        earlier = select(ImportRow.row, ImportRow.cells).where(
            ImportRow.import_id == importer.import_id, col(ImportRow.outcome).in_(("opened", "updated")), met
        )
        for number, cells in session.exec(earlier.order_by(col(ImportRow.row))).all():
            judge.judge(number, self._seals.open_cells(importer.import_id, number, cells))

    def _departments(self, session: Session, importer: Importer) -> Departments:
        school, options = importer.actor.school_id, importer.options
        query = select(Department.id, Department.name).where(Department.school_id == school)
        names = dict(session.exec(query).all())
        if not options.create_departments:
            return Departments(names, create=None)
        if options.dry_run:
            return Departments(names, create=lambda name: _department_id(school, name))
        return Departments(names, create=lambda name: self._create_department(school, name))

    def _create_department(self, school: str, name: str) -> str:
        row = Department(
            id=_department_id(school, name), school_id=school, name=name, created_at=datetime.now(UTC)
        )
        with Session(writing(self._engine)) as session:
            insert_missing(session.connection(), [row])
            session.commit()
            same = select(Department.id).where(Department.school_id == school, Department.name == name)
            return session.exec(same).one()

    async def _carry_out(self, work: _Work) -> list[Verdict]:
        settled: dict[int, Verdict] = {}
        opened: list[Opening] = []
        room = asyncio.Semaphore(_AT_ONCE)

        async def start(verdict: Verdict, opening: Opening) -> None:
            async with room:
                if await self._opener.start(opening, projected=True):
                    opened.append(opening)
                    return
                state = await self._state(opening.case_id)
                if state.source == opening.source:
                    # An earlier try started it, and may have ended before its first row was written.
                    opened.append(opening.model_copy(update={"policy": state.policy}))
                else:
                    settled[verdict.row] = await self._update(work, verdict)

        async def update_in_order(verdicts: list[Verdict]) -> None:
            async with room:
                for verdict in verdicts:
                    settled[verdict.row] = await self._update(work, verdict)

        new = [each.opening.case_id for each in work.verdicts if each.opening is not None]
        await asyncio.to_thread(self._vault.ensure, new)
        async with asyncio.TaskGroup() as starting:
            for verdict in work.verdicts:
                if verdict.opening is not None:
                    starting.create_task(start(verdict, verdict.opening))
        if opened:
            await asyncio.to_thread(self._opener.project, opened)
        waiting = [each for each in work.verdicts if each.person is not None and each.outcome == "updated"]
        updates = sorted(waiting, key=lambda each: str(each.case_id))
        async with asyncio.TaskGroup() as updating:
            for _, verdicts in groupby(updates, key=lambda each: each.case_id):
                updating.create_task(update_in_order(list(verdicts)))
        return [settled.get(verdict.row, verdict) for verdict in work.verdicts]

    async def _update(self, work: _Work, verdict: Verdict) -> Verdict:
        """Bring a row to the case that exists, judged by what the case itself says now."""
        row, case_id = verdict.person, verdict.case_id
        assert row is not None  # noqa: S101  (an update has its person and case)
        assert case_id is not None  # noqa: S101
        while True:
            try:
                state = await self._state(case_id)
                work.people.by_case[state.case_id] = self._known(state)
                again = work.judge.judge_person(verdict.row, row)
                if again.outcome in ("opened", "rejected"):
                    return again
                profile, declared = self._known(state).merged(row)
                command = UpdateFromRoster(
                    profile=profile,
                    declared=declared,
                    roster_digest=row.digest(),
                    source=work.judge.source(verdict.row),
                )
                answer = await self._commands.send(
                    state.case_id,
                    [command],
                    system(state.school_id),
                    CommandKey(f"{work.importer.import_id}:{verdict.row}"),
                    state.version,
                )
            except StaleVersion:
                continue
            except NotFound:
                problem = row_problem(roster_columns().zh("student_no"), "case_lost")
                return replace(verdict, outcome="rejected", problems=(problem,))
            except Unprocessable:
                # The key is taken: an earlier try has sent this row, seen from another version.
                return replace(verdict, outcome="updated")
            return replace(verdict, outcome="updated" if answer.events else "unchanged")

    async def _state(self, case_id: str) -> CaseState:
        """The state of a case from its workflow. Raises NotFound (`case_unknown`)."""
        try:
            handle = self._client.get_workflow_handle(case_id)
            return await handle.query(CASE_STATE, result_type=CaseState)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise case_unknown() from None
            raise

    def _known(self, state: CaseState) -> Known:
        school, profile = state.school_id, state.profile
        id_key = self._vault.index(school, "id_number", profile.id_number) if profile.id_number else None
        return known_of_state(state, self._vault.index(school, "student_no", profile.student_no), id_key)

    def _write(self, import_id: str, verdicts: list[Verdict]) -> None:
        """Write the outcomes and count them; a row that has an outcome keeps it and is not counted twice."""
        with Session(writing(self._engine)) as session:
            job = session.exec(select(ImportJob).where(ImportJob.id == import_id).with_for_update()).one()
            numbers = [verdict.row for verdict in verdicts]
            open_rows = select(ImportRow.row, ImportRow.cells).where(
                ImportRow.import_id == import_id,
                col(ImportRow.row).in_(numbers),
                col(ImportRow.outcome).is_(None),
            )
            undecided = dict(session.exec(open_rows).all())
            decided = [verdict for verdict in verdicts if verdict.row in undecided]
            if not decided:
                return
            changes = [self._columns(import_id, verdict, undecided[verdict.row]) for verdict in decided]
            session.bulk_update_mappings(inspect(ImportRow), changes)
            counted = Counter(verdict.outcome for verdict in decided)
            for outcome, count in counted.items():
                setattr(job, outcome, getattr(job, outcome) + count)
            session.commit()
        for outcome, count in counted.items():
            IMPORT_ROWS.labels(outcome).inc(count)

    def _columns(self, import_id: str, verdict: Verdict, cells: str | None) -> dict[str, str | int | None]:
        if verdict.erased:
            cells = None
        elif verdict.outcome == "rejected":
            # These go back to people after the import has ended.
            plain = self._seals.open_cells(import_id, verdict.row, cells)
            cells = self._seals.cells(import_id, verdict.row, plain, rejected=True)
        return {
            "import_id": import_id,
            "row": verdict.row,
            "outcome": verdict.outcome,
            "case_id": verdict.case_id,
            "id_number_key": verdict.id_number_key,
            "cells": cells,
            "problems": self._seals.problems(import_id, verdict.row, verdict.problems),
        }


def importer_of(job: ImportJob, settings: Settings) -> Importer:
    """Who asked for an import, and how."""
    options = ImportOptions.model_validate_json(job.options)
    actor = Actor(
        id=job.created_by, role=Role(job.role), school_id=job.school_id, department_id=job.department_id
    )
    rules = RosterRules(
        allow_test_identities=settings.allow_test_identities,
        unknown_hardship_as_other=options.unknown_hardship_as_other,
    )
    return Importer(job.id, actor, job.created_at, options, rules)


def _department_id(school_id: str, name: str) -> str:
    """The id of a college that a roster brings: the same in every try."""
    return "dept-" + hashlib.sha256(f"{school_id}\0{name}".encode()).hexdigest()[:8]
