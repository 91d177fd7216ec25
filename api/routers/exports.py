"""The ledger to take away."""

import tempfile
from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.deps import ActorDep, NowDep, ServicesDep
from api.limits import limited
from api.permits import permit
from api.problems import responses

router = APIRouter(tags=["exports"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BLOCK = 256 * 1024


@router.get(
    "/exports/ledger.xlsx",
    response_class=StreamingResponse,
    dependencies=[permit("ledger.export"), limited("export")],
    responses=responses(401, 403, 503) | {200: {"content": {_XLSX: {}}}},
)
def export_ledger(services: ServicesDep, actor: ActorDep, now: NowDep) -> StreamingResponse:
    """The cases that one may read, as a workbook that imports back unchanged."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    try:
        services.export.write(actor, file)
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
