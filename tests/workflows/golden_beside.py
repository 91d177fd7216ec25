"""Scenes of the golden histories: what works beside the cases."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from temporalio.api.enums.v1 import EventType

from models.training_class import CompleteClass, RecordAttendance, Result, TrainingClassState
from models.views.batch import BatchDraft
from services.batches import Batches
from services.digest_start import start_digest
from services.import_judge import ImportOptions
from services.import_seals import workflow_id
from services.imports import Imports
from services.offboarding import OffboardingDraft, Offboardings
from services.office import StaffDraft
from services.reconcile_start import start_reconciler
from services.settings import Settings
from services.training import ClassLedger, Training
from tests.imports.files import person
from tests.imports.files import roster as roster_of
from tests.product import free_port
from tests.workflows.golden_cases import NATIONAL, SECONDS
from tests.workflows.life import SCHOOL, Lives
from tests.workflows.recorder import Recorder, until, working
from workflows.batch_messages import batch_workflow_id
from workflows.class_messages import class_workflow_id
from workflows.digest_messages import DELIVERY_WORKFLOW
from workflows.messages import TRAINING_WORKFLOW

# The first slice, and the wait for the second.
_EVENTS_OF_A_SLICE = 16
# One more than are moved side by side, and one more than the successor can take.
_LEAVERS_CASES = 9


async def batch(recorder: Recorder) -> None:
    """A batch of two cases."""
    async with working(recorder.lives("batch", NATIONAL)) as lives:
        cases = [await lives.open() for _ in range(2)]
        batches = Batches(lives.client, lives.engine, lives.settings, lives.vault)
        note = {"type": "annotate", "text": "已电话通知"}
        draft = BatchDraft.model_validate({"command": note, "case_ids": cases})
        counselor = lives.actor("counselor")
        judged = batches.judge(counselor, draft)
        taken = batches.accept(counselor, "golden", draft, judged, datetime.now(UTC))
        await batches.start(taken.id)
        await recorder.save_ended(lives, batch_workflow_id(taken.id), "batch")


async def roster(recorder: Recorder) -> None:
    """An import of three rows, and one whose file is lost before it is read."""
    async with working(recorder.lives("roster", NATIONAL)) as lives:
        imports = Imports(lives.engine, lives.client, lives.settings, lives.vault)
        for name in ("import", "import-refused"):
            file = BytesIO(roster_of(*(person(f"G{number:05d}") for number in range(3))))
            options = ImportOptions(create_departments=True)
            centre = lives.actor("career-centre")
            taken = imports.accept(centre, name, "名单.csv", file, options, datetime.now(UTC))
            if name == "import-refused":
                (lives.settings.data_dir / "imports" / f"{taken.import_id}.bin").unlink()
            await imports.start(taken.import_id)
            await recorder.save_ended(lives, workflow_id(taken.import_id), name)


async def digest(recorder: Recorder) -> None:
    """A digest whose standards are read anew, one that is sent, and its delivery, which fails twice."""
    nobody = f"mailto://127.0.0.1:{free_port()}?from=zhuhang@school.test&to={{email}}"
    hurried = {"notify_urls": [nobody], "delivery_attempts": 2, "delivery_retry_seconds": 1}
    async with working(recorder.lives("digest", SECONDS, **hurried)) as lives:
        _enlist(lives, "mentor-mail", email="mentor@school.test")
        handle = lives.handle(f"digest-{SCHOOL}")

        async def waits() -> bool:
            events = (await handle.fetch_history()).events
            return any(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events)

        await start_digest(lives.client, lives.settings)
        first = (await handle.describe()).run_id
        await until(waits)
        await start_digest(lives.client, lives.settings)

        async def looked_again() -> bool:
            return (await handle.describe()).run_id != first

        await until(looked_again)
        await recorder.save(handle.id, "digest-looked-again", first)
        await _paired(lives, "mentor-mail")
        delivery = await until(lambda: _delivery_of(lives))
        await recorder.save_ended(lives, delivery, "delivery")
        begun = (await lives.handle(delivery).fetch_history()).events[0]
        parent = begun.workflow_execution_started_event_attributes.parent_workflow_execution
        await recorder.save(parent.workflow_id, "digest", parent.run_id)
        await handle.terminate()


async def training(recorder: Recorder) -> None:
    """A class with one place, which changes hands, to its end; and the case that gave it up."""
    await _taught(recorder, "enrolled", "training-class")


async def training_aside(recorder: Recorder) -> None:
    """The same since a class and a case tell each other beside what else they do."""
    await _taught(recorder, "enrolled-aside", "training-class-aside")


async def _taught(recorder: Recorder, enrolled: str, taught: str) -> None:
    async with working(recorder.lives(taught, NATIONAL)) as lives:
        ledger = ClassLedger(lives.engine, lives.vault)
        classes = Training(lives.client, lives.engine, lives.settings, ledger, lives.vault)
        owner, today = lives.actor("college"), datetime.now(UTC).date()
        class_id = await _founded(lives, owner.id, today)
        first, second = await _paired(lives, "mentor-1"), await _paired(lives, "mentor-1")
        for case_id in (first, second):
            await lives.do(case_id, "mentor-1", type="enrol_training", class_id=class_id)
        enrolment = next(iter((await lives.state(first)).trainings))
        await lives.do(first, "mentor-1", type="withdraw_training", enrolment_id=enrolment, reason="入职")

        async def promoted() -> bool:
            trainings = (await lives.state(second)).trainings.values()
            return [item.status for item in trainings] == ["enrolled"]

        await until(promoted)
        await recorder.save(first, enrolled)
        await classes.command(owner, class_id, RecordAttendance(date=today, present=[second]), "day")
        done = Result(case_id=second, score_before=60, score_after=88, certificate="HZ-1")
        await classes.command(owner, class_id, CompleteClass(results=[done]), "complete")
        await recorder.save_ended(lives, class_workflow_id(class_id), taught)


async def offboarding(recorder: Recorder) -> None:
    """A leaver of whose cases one more is left than the successor can take."""
    async with working(recorder.lives("offboarding", NATIONAL)) as lives:
        _enlist(lives, "leaver")
        _enlist(lives, "successor", capacity=_LEAVERS_CASES - 1)
        for _ in range(_LEAVERS_CASES):
            await _paired(lives, "leaver")
        moves = Offboardings(lives.client, lives.engine, lives.settings)
        draft = OffboardingDraft(successor_id="successor", reason="调离")
        await moves.start(lives.actor("college"), "leaver", draft)
        await recorder.save_ended(lives, "offboarding-leaver", "offboarding")


async def reconciler(recorder: Recorder) -> None:
    """The first slice of a round."""
    async with working(recorder.lives("reconciled", NATIONAL)) as lives:
        await lives.open()
        hurried = Settings(task_queue="reconciled", school_code=SCHOOL, reconcile_seconds=1)
        await start_reconciler(lives.client, hurried)
        handle = lives.handle(f"reconcile-{SCHOOL}")

        async def second_slice() -> bool:
            return (await handle.describe()).history_length >= _EVENTS_OF_A_SLICE

        await until(second_slice)
        await recorder.save(handle.id, "reconcile")
        await handle.terminate()


async def _founded(lives: Lives, owner_id: str, today: date) -> str:
    """A class with one place. Nobody seals what it is started with, so its key is made here."""
    founded = TrainingClassState(
        id="golden",
        school_id=SCHOOL,
        course="面试训练",
        owner_id=owner_id,
        places=1,
        starts_on=today,
        ends_on=today + timedelta(days=9),
    )
    workflow = class_workflow_id(founded.id)
    lives.vault.ensure([workflow])
    await lives.client.start_workflow(
        TRAINING_WORKFLOW, founded, id=workflow, task_queue=lives.settings.task_queue
    )
    return founded.id


def _enlist(lives: Lives, staff_id: str, capacity: int = 50, email: str | None = None) -> None:
    draft = {"id": staff_id, "name": "测试导师", "role": "mentor", "department_id": "cs"}
    lives.office.enlist(SCHOOL, StaffDraft.model_validate(draft | {"capacity": capacity, "email": email}))


async def _paired(lives: Lives, mentor: str) -> str:
    case_id = await lives.open()
    await lives.pair(case_id, mentor)
    return case_id


async def _delivery_of(lives: Lives) -> str | None:
    async for execution in lives.client.list_workflows(f"WorkflowType = '{DELIVERY_WORKFLOW}'"):
        return execution.id
    return None
