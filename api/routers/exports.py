"""The ledger to take away."""

import tempfile
from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.audited import Audited
from api.deps import CallerDep, NowDep, ServicesDep
from api.limits import limited
from api.permits import permit
from api.problems import responses
from models.purposes import Purpose
from services.access import demand
from services.export import Taking

router = APIRouter(route_class=Audited, tags=["exports"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BLOCK = 256 * 1024


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
    purpose: Annotated[Purpose, Query(description="What it is needed for; goes into the file.")],
    masked: Annotated[
        bool, Query(description="`false`: unmasked, for supervisors; then it imports back unchanged.")
    ] = True,
) -> StreamingResponse:
    """The cases that one may read, as a workbook that says who took it away, when and what for."""
    if not masked:
        demand(caller, "ledger.export_plain")
    taking = Taking(caller.actor, now, purpose, plain=not masked)
    case_ids = services.export.case_ids(taking)
    detail = {"cases": len(case_ids), "masked": int(masked)}
    services.audit.record_now(caller, "ledger.export", purpose=purpose, outcome="begun", detail=detail)
    services.audit.record_cases(caller, "case.exported", case_ids, purpose)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    try:
        services.export.write(taking, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"ledger-{now:%Y%m%d}.xlsx"
    return StreamingResponse(
        _blocks(file), media_type=_XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
