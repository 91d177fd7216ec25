"""Cases: opening, listing, reading, and the commands that advance them."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Discriminator, Field, Tag
from sqlalchemy.exc import SQLAlchemyError

from api.audited import Audited
from api.deps import (
    ActedOnDep,
    ActorDep,
    CallerDep,
    CursorQuery,
    KeyDep,
    LimitQuery,
    NowDep,
    ServicesDep,
    VersionDep,
)
from api.examples import CASE_EXAMPLES, COMMAND_EXAMPLES
from api.permits import permit
from api.problems import responses
from models.case.machine import PublicCommand
from models.views.case import CaseLine, CaseView, CommandResult, CommandsView, TimelineEntry
from models.views.page import Page
from services.case_filter import CaseFilter
from services.cases import CaseDraft
from services.commands import key_of_person
from services.data_key import KeyDestroyed
from services.errors import CaseErased, NotFound
from services.ledger import shown_case, timeline_entry
from services.masking import entry_for
from services.status import WorkflowStatus
from services.unmask import UnmaskDraft, Unmasked, unmasked

router = APIRouter(route_class=Audited, tags=["cases"])

Commands = Annotated[list[PublicCommand], Field(min_length=1, max_length=20)]


def _how_many(body: object) -> str:
    return "several" if isinstance(body, list) else "one"


CommandBody = Annotated[
    # Told apart by their shape, so that what is wrong is said of the one that was sent.
    Annotated[PublicCommand, Tag("one")] | Annotated[Commands, Tag("several")],
    Discriminator(_how_many),
    Body(openapi_examples=COMMAND_EXAMPLES),
]


@router.post(
    "/cases",
    dependencies=[permit("case.open")],
    status_code=201,
    responses=responses(403, 409, 413, 503)
    | {202: {"model": CaseView, "description": "Not in the ledger yet"}},
)
async def open_case(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    key: KeyDep,
    draft: Annotated[CaseDraft, Body(openapi_examples=CASE_EXAMPLES)],
    response: Response,
) -> CaseView:
    """Open one graduate's file. A person who has one already is answered with 409 `case_exists`.

    201: opened. 202: durable, and in the ledger as soon as the database is back.
    """
    actor = caller.actor
    case_id = services.vault.case_id(actor.school_id, draft.student_no)
    await services.audit.record(
        caller, "case.open", case_id=case_id, outcome="begun", detail={"key": services.audit.digest(key)}
    )
    opened = await services.opener.open_once(actor, draft, now, key)
    if not opened.projected:
        response.status_code = 202
    response.headers["ETag"] = f'"{opened.state.version}"'
    services.last_states.keep(opened.state)
    return shown_case(actor, opened.state, now)


@router.get("/cases", dependencies=[permit("case.list")], responses=responses(401, 422, 503))
def list_cases(
    services: ServicesDep, actor: ActorDep, now: NowDep, wanted: Annotated[CaseFilter, Query()]
) -> Page[CaseLine]:
    """The ledger, within what the actor may read."""
    return services.ledger.cases(actor, wanted, now)


@router.get("/cases/{case_id}", dependencies=[permit("case.read")], responses=responses(401, 404, 410, 503))
def read_case(
    services: ServicesDep, actor: ActorDep, now: NowDep, case_id: str, response: Response
) -> CaseView:
    """One whole file, with its version as ETag."""
    view = services.ledger.case(actor, case_id, now)
    response.headers["ETag"] = f'"{view.version}"'
    return view


@router.get(
    "/cases/{case_id}/timeline",
    dependencies=[permit("case.read")],
    responses=responses(401, 404, 410, 422, 503),
)
def read_timeline(
    services: ServicesDep, actor: ActorDep, case_id: str, cursor: CursorQuery = None, limit: LimitQuery = 100
) -> Page[TimelineEntry]:
    """What happened, oldest first."""
    return services.ledger.timeline(actor, case_id, cursor=cursor, limit=limit)


@router.post(
    "/cases/{case_id}/unmask",
    dependencies=[permit("case.unmask")],
    responses=responses(401, 404, 410, 413, 422, 503),
)
def unmask_field(
    services: ServicesDep, caller: CallerDep, now: NowDep, case_id: str, draft: UnmaskDraft
) -> Unmasked:
    """One masked field, plain, for a purpose. Each time is recorded, and the graduate sees it."""
    found = unmasked(services.ledger, caller.actor, case_id, draft.field, now)
    detail = {"field": draft.field} | ({"note": services.audit.digest(draft.note)} if draft.note else {})
    services.audit.record_now(caller, "case.unmask", case_id=case_id, purpose=draft.purpose, detail=detail)
    return found


@router.get(
    "/cases/{case_id}/workflow",
    dependencies=[permit("case.workflow")],
    responses=responses(401, 403, 404, 410, 503),
)
async def read_workflow(services: ServicesDep, actor: ActorDep, case_id: str) -> WorkflowStatus:
    """The live status of the case's workflow in Temporal."""
    await run_in_threadpool(services.ledger.plain, actor, case_id)
    return await services.status.of(case_id)


@router.get(
    "/cases/{case_id}/commands", dependencies=[permit("case.read")], responses=responses(401, 404, 410, 503)
)
def list_commands(services: ServicesDep, actor: ActorDep, now: NowDep, case_id: str) -> CommandsView:
    """Which commands are possible now, and why not for the others."""
    return services.ledger.commands(actor, case_id, now)


@router.post(
    "/cases/{case_id}/commands",
    dependencies=[permit("case.command")],
    responses=responses(400, 404, 409, 410, 412, 413, 503) | {202: {"model": CommandResult}},
)
async def send_command(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    key: KeyDep,
    version: VersionDep,
    case_id: ActedOnDep,
    body: CommandBody,
    response: Response,
) -> CommandResult:
    """Advance the case by one command, or by a list that is decided in order, all or nothing.

    200: done and in the ledger. 202: durable, and in the ledger as soon as the database is back.
    """
    actor = caller.actor
    given = body if isinstance(body, list) else [body]
    detail = {"types": [item.type for item in given], "key": services.audit.digest(key)}
    await services.audit.record(caller, "case.command", case_id=case_id, outcome="begun", detail=detail)
    commands = await services.completed(actor, given)
    await services.check_corrections(actor, case_id, commands)
    try:
        answer = await services.commands.send(case_id, commands, actor, key_of_person(actor, key), version)
    except (NotFound, KeyDestroyed):
        # An erased case is said to be so, to those who could read it.
        await run_in_threadpool(services.ledger.plain, actor, case_id)
        raise
    entries = [timeline_entry(item) for item in answer.events]
    result = CommandResult(
        case_id=case_id,
        version=answer.version,
        projected=answer.projected,
        # What this person sees plain is known with the file itself.
        events=[entry_for(frozenset(), item) for item in entries],
    )
    response.headers["ETag"] = f'"{answer.version}"'
    if not answer.projected:
        response.status_code = 202
        return result
    try:
        view, plain = await services.last_states.shown_after(actor, case_id, answer, now)
    except SQLAlchemyError:
        response.status_code = 202
        return result
    except (NotFound, CaseErased):
        # The act itself may have ended what the actor may see, as declining does.
        return result
    return result.model_copy(update={"case": view, "events": [entry_for(plain, item) for item in entries]})
