"""Imports of rosters."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, KeyDep, LimitQuery, NowDep, ServicesDep
from api.limits import limited
from api.permits import permit
from api.problems import responses
from api.uploads import file_of, uploaded_form
from models.roster.text import UNSTORABLE
from models.views.imports import ImportRowView, ImportView, Outcome
from models.views.page import Page
from services.import_judge import ImportOptions

router = APIRouter(route_class=Audited, tags=["imports"])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV (UTF-8, GB18030) or XLSX.",
                        },
                        **ImportOptions.model_json_schema()["properties"],
                    },
                }
            }
        },
    }
}


@router.post(
    "/imports",
    status_code=202,
    openapi_extra=_FORM,
    dependencies=[permit("import.run"), limited("import")],
    responses=responses(401, 403, 413, 415, 422, 503),
)
async def import_roster(
    request: Request, services: ServicesDep, actor: ActorDep, now: NowDep, key: KeyDep, response: Response
) -> ImportView:
    """Take a roster in. The file is judged as a whole at once; its rows are worked off afterwards.

    A dry run reports the same outcomes and changes nothing. `department_id` and `cohort` hold for rows that
    do not say. The same Idempotency-Key answers the same import.
    """
    imports = services.imports
    async with uploaded_form(request, imports.max_bytes, imports.too_large) as form:
        file = file_of(form, "file")
        fields = {name: value for name, value in form.items() if name != "file" and value != ""}
        try:
            options = ImportOptions.model_validate(fields)
        except ValidationError as error:
            problems = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
            raise RequestValidationError(problems, body=fields) from None
        await run_in_threadpool(imports.check, actor, options)
        shown = UNSTORABLE.sub("", file.filename or "")
        filename = shown.replace("\\", "/").rpartition("/")[2][:200] or "roster"
        view = await run_in_threadpool(imports.accept, actor, key, filename, file.file, options, now)
    await imports.start(view.id)
    response.headers["Location"] = f"/api/v1/imports/{view.id}"
    return view


@router.get("/imports", dependencies=[permit("import.read")], responses=responses(401, 403, 422, 503))
def list_imports(
    services: ServicesDep, actor: ActorDep, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[ImportView]:
    """The imports that one may see, the newest first."""
    return services.imports.list(actor, cursor=cursor, limit=limit)


@router.get(
    "/imports/{import_id}", dependencies=[permit("import.read")], responses=responses(401, 403, 404, 503)
)
def read_import(services: ServicesDep, actor: ActorDep, import_id: str) -> ImportView:
    """One import; its counts grow while it runs."""
    return services.imports.get(actor, import_id)


@router.get(
    "/imports/{import_id}/rows",
    dependencies=[permit("import.read")],
    response_model=Page[ImportRowView],
    responses=responses(401, 403, 404, 422, 503) | {200: {"content": {"text/csv": {}}}},
)
def read_rows(
    services: ServicesDep,
    actor: ActorDep,
    import_id: str,
    outcome: Outcome | None = None,
    format: Annotated[Literal["json", "csv"] | None, Query()] = None,  # noqa: A002  (the name in the address)
    accept: Annotated[str, Header()] = "",
    cursor: CursorQuery = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Page[ImportRowView] | StreamingResponse:
    """The outcome of each row that has one. As CSV (`format=csv`, or by the Accept header) it holds, for
    who sent the file, the cells of rejected rows as well, so that they can be mended and imported again."""
    if format == "csv" or (format is None and "text/csv" in accept):
        lines = services.import_rows.csv(actor, import_id, outcome=outcome)
        name = f"import-{import_id}-{outcome or 'rows'}.csv"
        return StreamingResponse(
            lines, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
    return services.import_rows.page(actor, import_id, outcome=outcome, cursor=cursor, limit=limit)
