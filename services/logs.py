"""Logging: structlog and the standard library's loggers end in the same lines, free of personal data."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import nullcontext, suppress
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor
from temporalio import activity, workflow

from services.settings import Settings
from services.tracing import trace_id
from services.vault import CASE_PREFIX

_PERSONAL_FIELDS = frozenset(
    {
        "name",
        "full_name",
        "id_number",
        "phone",
        "email",
        "address",
        "home_address",
        "hardship_type",
        "hardship_types",
        "student_number",
        "content",
        "notes",
    }
)
# An ID number (18 characters, GB 11643) or a mobile number, wherever it stands in a text.
_PERSONAL_TEXT = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1\d{10})(?![0-9A-Za-z])")
_HIDDEN = "***"


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (default: standard error).

    Context bound with `structlog.contextvars` (request id, command id) goes into every line, and so does where it
    is written: the case, the activity, the trace.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        tell_where,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        tell_exception,
        hide_personal_data,
    ]
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # `tell_where` says it in fields of their own.
    workflow.logger.workflow_info_on_message = workflow.logger.workflow_info_on_extra = False
    activity.logger.activity_info_on_message = activity.logger.activity_info_on_extra = False
    # These tell each request, with addresses and query strings, which may hold what people searched for.
    for chatty in ("httpx", "httpcore", "apprise"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Our own lines go straight out: through the standard library's records each takes twice as long.
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _Lines(handler, *names),
        cache_logger_on_first_use=True,
    )


class _Lines:
    """Writes the lines of one logger. What cannot be written is lost, as with the standard library's handlers: no act
    fails for a line in the log because a disk is full."""

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str = "") -> None:
        self._handler = handler
        self.name = name

    def msg(self, line: str) -> None:
        with self._handler.lock or nullcontext(), suppress(OSError, ValueError):
            self._handler.stream.write(f"{line}\n")
            self._handler.flush()

    debug = info = warning = error = critical = exception = msg


def tell_where(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Name the workflow and the command or the activity in which a line is written, and the trace. What a workflow
    says while it is replayed was said before and is dropped."""
    if workflow.in_workflow():
        if workflow.unsafe.is_replaying():
            raise structlog.DropEvent
        event.update(_workflow(workflow.info().workflow_id))
        if (update := workflow.current_update_info()) is not None:
            event["command_id"] = update.id
    elif activity.in_activity():
        info = activity.info()
        event.update(_workflow(info.workflow_id), activity=info.activity_type, attempt=info.attempt)
    if (trace := trace_id()) is not None:
        event["trace_id"] = trace
    return event


def _workflow(workflow_id: str | None) -> dict[str, str]:
    if workflow_id is None:
        return {}
    return {"case_id" if workflow_id.startswith(CASE_PREFIX) else "workflow_id": workflow_id}


def tell_exception(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Say of an exception its kind, its code and where it came about, but not its message: those of libraries
    repeat the values that they stumbled over."""
    error = _exception(event.pop("exc_info", None))
    lines: list[str] = []
    while error is not None:
        code = getattr(error, "code", None)
        lines.append(f"{type(error).__qualname__}{f' [{code}]' if isinstance(code, str) else ''}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if lines:
        event["exception"] = "\n".join(lines)
    return event


def _exception(given: object) -> BaseException | None:
    """What is given as `exc_info`: an exception, `sys.exc_info()`, or true for the one at hand."""
    if isinstance(given, tuple):
        given = cast("tuple[object, ...]", given)[1]
    if given is None or isinstance(given, BaseException):
        return given
    return sys.exc_info()[1] if given else None


def hide_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Blank out fields that hold personal data and ID or mobile numbers inside any text.

    A net under the rule that nobody logs them, not a leave to do so.
    """
    for key, value in event.items():
        if key in _PERSONAL_FIELDS:
            event[key] = _HIDDEN
        elif isinstance(value, str):
            event[key] = _PERSONAL_TEXT.sub(_HIDDEN, value)
    return event
