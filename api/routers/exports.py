"""What people take away: the ledger as a workbook, and files to print."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from api.audited import Audited
from api.deps import CallerDep, NowDep, ServicesDep
from api.limits import limited
from api.permits import permit
from api.problems import responses
from models.purposes import Purpose
from services.access import demand
from services.assembly import Services
from services.caller import Caller
from services.export import Taking

router = APIRouter(route_class=Audited, tags=["exports"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PDF = "application/pdf"
_BLOCK = 256 * 1024

PurposeQuery = Annotated[Purpose, Query(description="What it is needed for; goes into the file.")]
MaskedQuery = Annotated[
    bool, Query(description="`false`: unmasked, for supervisors; a ledger then imports back unchanged.")
]
DepartmentQuery = Annotated[str | None, Query(max_length=100, description="Of this college only.")]
CohortQuery = Annotated[int | None, Query(ge=2000, le=2100, description="Of this cohort only.")]


@router.get(
    "/exports/ledger.xlsx",
    response_class=StreamingResponse,
    dependencies=[permit("ledger.export"), limited("export")],
    responses=responses(401, 403, 422, 503) | {200: {"content": {_XLSX: {}}}},
)
def export_ledger(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    purpose: PurposeQuery,
    masked: MaskedQuery = True,
    department: DepartmentQuery = None,
    cohort: CohortQuery = None,
    columns: Annotated[
        str,
        Query(
            max_length=2000,
            description="Ids of columns, by commas, in the order wanted; default: the school's own order.",
        ),
    ] = "",
) -> StreamingResponse:
    """The cases that one may read, as a workbook that says who took it away, when and what for."""
    chosen = services.export.columns(columns.replace(",", " ").split())
    taking = _taking(caller, now, purpose, masked=masked, department=department, cohort=cohort)
    case_ids = services.export.case_ids(taking)
    detail = {"cases": len(case_ids), "masked": int(masked)}
    services.audit.record_now(caller, "ledger.export", purpose=purpose, outcome="begun", detail=detail)
    services.audit.record_cases(caller, "case.exported", case_ids, purpose)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    try:
        services.export.write(taking, file, chosen)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"ledger-{now:%Y%m%d}.xlsx"
    return StreamingResponse(
        _blocks(file), media_type=_XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get(
    "/cases/{case_id}/paper",
    response_class=Response,
    dependencies=[permit("ledger.export"), limited("paper")],
    responses=responses(401, 403, 404, 410, 422, 503) | {200: {"content": {_PDF: {}}}},
)
def print_paper(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    case_id: str,
    purpose: PurposeQuery,
    masked: MaskedQuery = True,
) -> Response:
    """One person's file (一人一档) as PDF, to print, sign and put on file."""
    taking = _taking(caller, now, purpose, masked=masked)
    return _printed(services, caller, taking, services.papers.one(taking, case_id), f"paper-{case_id}")


@router.get(
    "/exports/papers",
    response_class=Response,
    dependencies=[permit("ledger.export"), limited("export")],
    responses=responses(401, 403, 404, 422, 503) | {200: {"content": {_PDF: {}}}},
)
def print_papers(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    purpose: PurposeQuery,
    masked: MaskedQuery = True,
    department: DepartmentQuery = None,
    cohort: CohortQuery = None,
    part: Annotated[
        int | None, Query(ge=1, le=1000, description="This part of more than fit into one PDF, from 1.")
    ] = None,
) -> Response:
    """The files of a college and a cohort as one PDF, each person's pages counted by themselves; more than fit into
    one are refused (`too_many_papers`) with the number of parts to ask for."""
    taking = _taking(caller, now, purpose, masked=masked, department=department, cohort=cohort)
    case_ids = services.papers.many(taking, part)
    name = f"papers-{now:%Y%m%d}" + (f"-{part}" if part else "")
    return _printed(services, caller, taking, case_ids, name)


def _taking(
    caller: Caller,
    now: datetime,
    purpose: str,
    *,
    masked: bool,
    department: str | None = None,
    cohort: int | None = None,
) -> Taking:
    if not masked:
        demand(caller, "ledger.export_plain")
    return Taking(caller.actor, now, purpose, not masked, department, cohort)


def _printed(services: Services, caller: Caller, taking: Taking, case_ids: list[str], name: str) -> Response:
    detail = {"cases": len(case_ids), "masked": int(not taking.plain)}
    services.audit.record_now(caller, "paper.print", purpose=taking.purpose, outcome="begun", detail=detail)
    services.audit.record_cases(caller, "case.exported", case_ids, taking.purpose)
    content = services.papers.pdf(taking, case_ids)
    return Response(
        content, media_type=_PDF, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
