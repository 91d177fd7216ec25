"""The worker: where workflows and activities meet."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.batches import BatchActivities
from activities.command_ids import CommandIds
from activities.digest import DigestActivities
from activities.erasure import ErasureActivities
from activities.imports import ImportActivities
from activities.ledger import LedgerActivities
from activities.offboarding import OffboardingActivities
from activities.reconcile import ReconcileActivities
from activities.training import TrainingActivities
from models.calendar import Calendar
from services.attachment_names import AttachmentNames
from services.batch_run import BatchRunner
from services.cases import CaseOpener
from services.channels import Channels
from services.commands import Commands
from services.database import create_engine_from
from services.digest import DigestWriter
from services.digest_start import start_digest
from services.erasing import Eraser
from services.erasure_replay import ErasureReplay
from services.errors import Unavailable
from services.import_chunk import ChunkTaker
from services.imports import Imports
from services.ledger_metrics import LedgerNumbers
from services.messages import Deliveries
from services.metrics import serve_metrics
from services.pairing import MentorPool
from services.past_events import PastEvents
from services.policies import load_policies
from services.projection import Ledger
from services.reconcile_start import start_reconciler
from services.reconciler import Reconciler
from services.settings import Settings
from services.states import States
from services.temporal import connect
from services.training import ClassLedger
from services.trends import DayBook
from services.vault import Vault
from services.workflow_runner import workflow_runner
from workflows.batch import BatchWorkflow
from workflows.case import CaseWorkflow
from workflows.digest import DeliveryWorkflow, DigestWorkflow
from workflows.erasure import ErasureWorkflow
from workflows.import_roster import ImportWorkflow
from workflows.offboarding import OffboardingWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.training_class import TrainingClassWorkflow

log = structlog.get_logger(__name__)

WORKFLOWS: list[type] = [
    CaseWorkflow,
    BatchWorkflow,
    ImportWorkflow,
    DigestWorkflow,
    DeliveryWorkflow,
    TrainingClassWorkflow,
    OffboardingWorkflow,
    ErasureWorkflow,
    ReconcileWorkflow,
]

# Threads for activities: SQLite takes one writer at a time, PostgreSQL a pool of ten.
_ACTIVITY_THREADS = 16
_START_RETRY_SECONDS = 5


def build_worker(client: Client, settings: Settings, vault: Vault, executor: ThreadPoolExecutor) -> Worker:
    """A worker with every workflow and activity, on the settings' database and task queue."""
    engine = create_engine_from(settings)
    ledger = LedgerActivities(
        Ledger(engine, vault),
        PastEvents(engine, vault),
        MentorPool(engine),
        AttachmentNames(engine),
        ZoneInfo(Calendar().timezone),
    )
    policies = load_policies(settings.policy)
    opener = CaseOpener(client, engine, vault, policies, settings)
    imports = ImportActivities(
        Imports(engine, client, settings, vault), ChunkTaker(engine, vault, client, opener, settings)
    )
    channels = Channels.of_settings(settings)
    digest = DigestActivities(
        settings,
        policies,
        DigestWriter(engine, channels, settings.public_url),
        DayBook(engine),
        Deliveries(engine, channels, settings.delivery_at_once),
    )
    training = TrainingActivities(client, engine, ClassLedger(engine, vault))
    offboarding = OffboardingActivities(client, engine, MentorPool(engine), States(vault))
    erasure = ErasureActivities(Eraser(client, engine, vault, settings))
    batches = BatchActivities(BatchRunner(engine, vault, Commands(client)))
    reconcile = ReconcileActivities(Reconciler(engine, vault, client, settings), settings.reconcile_seconds)
    activities: list[Callable[..., Any]] = [
        ledger.project,
        ledger.reserve_mentor,
        ledger.name_attachments,
        ledger.read_events,
        batches.work_off_batch,
        imports.read_roster,
        imports.judge_chunk,
        imports.finish_import,
        digest.digest_schedule,
        digest.collect_digest,
        digest.send_deliveries,
        training.reserve_place,
        training.leave_class,
        training.tell_case,
        training.project_class,
        offboarding.leaver_cases,
        offboarding.move_case,
        offboarding.record_offboarding,
        erasure.begin_erasure,
        erasure.end_case,
        erasure.destroy_case_key,
        erasure.leave_classes,
        erasure.scrub_case,
        erasure.certify_erasure,
        reconcile.reconcile_slice,
    ]
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=activities,
        activity_executor=executor,
        interceptors=[CommandIds()],
        workflow_runner=workflow_runner(sandboxed=settings.workflow_sandbox),
        graceful_shutdown_timeout=timedelta(seconds=2),
        max_cached_workflows=settings.cached_workflows,
        max_concurrent_workflow_task_polls=10,
        max_concurrent_activities=_ACTIVITY_THREADS,
        max_concurrent_local_activities=_ACTIVITY_THREADS,
    )


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then finish what is under way."""
    vault = Vault.of(settings)
    client = await connect(settings, vault, runtime=_telling_runtime(settings))
    numbers = LedgerNumbers(create_engine_from(settings), settings.school_code)
    serve_metrics(settings.metrics_host, settings.worker_metrics_port, numbers)
    with ThreadPoolExecutor(_ACTIVITY_THREADS, thread_name_prefix="activity") as executor:
        worker = build_worker(client, settings, vault, executor)
        async with worker:
            log.info("worker started", task_queue=settings.task_queue)
            lasting = asyncio.create_task(_start_lasting(client, settings))
            replay = asyncio.create_task(_erase_again(client, settings, vault))
            await stop.wait()
            lasting.cancel()
            replay.cancel()
    log.info("worker stopped")


def _telling_runtime(settings: Settings) -> Runtime | None:
    """The SDK's runtime with metrics of its own, where the settings give them a port."""
    if not settings.temporal_metrics_port:
        return None
    host = settings.metrics_host
    address = f"{f'[{host}]' if ':' in host else host}:{settings.temporal_metrics_port}"
    metrics = PrometheusConfig(bind_address=address, durations_as_seconds=True, unit_suffix=True)
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


async def _erase_again(client: Client, settings: Settings, vault: Vault) -> None:
    """What a restored backup has brought back goes before anybody reads it."""
    engine = create_engine_from(settings)
    eraser = Eraser(client, engine, vault, settings)
    replay = ErasureReplay(engine, vault, eraser, settings.school_code)
    while True:
        try:
            found = await replay.run()
        except (RPCError, SQLAlchemyError, Unavailable) as error:
            log.warning("what was erased could not be looked at yet", kind=type(error).__name__)
            await asyncio.sleep(_START_RETRY_SECONDS)
        else:
            if again := len(found.come_back) + len(found.uncertified):
                log.warning("erased cases had come back and are erased again", cases=again)
            engine.dispose()
            return


async def _start_lasting(client: Client, settings: Settings) -> None:
    """A Temporal server that has just started may refuse for a while; the cases are served meanwhile."""
    while True:
        try:
            await start_digest(client, settings)
            await start_reconciler(client, settings)
        except RPCError as error:
            log.warning("digest and reconciler could not be started yet", status=error.status.name)
            await asyncio.sleep(_START_RETRY_SECONDS)
        else:
            return
