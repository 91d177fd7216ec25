"""The one way of every command: type → validator → id → result."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NewType

import structlog
from temporalio.client import (
    Client,
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from models.base import Model
from models.case.kernel import Actor
from models.case.machine import AnyCommand
from services.data_key import KeyMissing
from services.errors import Conflict, ServiceError, StaleVersion, Unavailable, Unprocessable, case_unknown
from services.metrics import COMMAND_SECONDS, COMMANDS, REFUSALS
from workflows.messages import CASE_COMMAND, CommandAnswer, CommandRequest

log = structlog.get_logger(__name__)

# How long (seconds) a command may take before the caller is told to ask again with the same key.
_PATIENCE = 15.0

CommandKey = NewType("CommandKey", str)
"""Under which a command acts once: one of the product's own, or `key_of_person`."""


class RefusalDetail(Model):
    """The first detail of a refused Update."""

    code: str
    zh: str
    en: str
    details: dict[str, object]


class Commands:
    """Sends commands to the workflows of cases."""

    def __init__(self, client: Client, patience: float = _PATIENCE) -> None:
        self._client = client
        self._patience = patience

    async def send(
        self,
        case_id: str,
        commands: Sequence[AnyCommand],
        actor: Actor,
        key: CommandKey,
        expected_version: int | None = None,
    ) -> CommandAnswer:
        """Send the commands as one Update whose id comes from `key`; the same key never acts twice.

        Raises NotFound (`case_unknown`), Conflict with the refusal's code, StaleVersion (`version_conflict`),
        Unprocessable (`idempotency_key_reused`), Unavailable (`temporal_unavailable`, `command_pending`): then
        nobody knows yet, and the same request with the same key may be sent again.
        """
        began = time.perf_counter()
        types = [command.type for command in commands]
        with structlog.contextvars.bound_contextvars(case_id=case_id, command_id=update_id(key)):
            try:
                answer = await self._send(case_id, commands, actor, key, expected_version)
            except ServiceError as error:
                _tell(types, _outcome_of(error), error.code, began)
                raise
            _tell(types, "done" if answer.projected else "accepted", None, began)
        return answer

    async def _send(
        self,
        case_id: str,
        commands: Sequence[AnyCommand],
        actor: Actor,
        key: CommandKey,
        expected_version: int | None,
    ) -> CommandAnswer:
        # What is open for reading only is nothing to act on.
        actor = actor.model_copy(update={"reading": ()})
        request = CommandRequest(actor=actor, commands=list(commands), expected_version=expected_version)
        handle = self._client.get_workflow_handle(case_id)
        try:
            async with asyncio.timeout(self._patience):
                answer = await handle.execute_update(
                    CASE_COMMAND,
                    request,
                    id=update_id(key),
                    result_type=CommandAnswer,
                    rpc_timeout=timedelta(seconds=self._patience),
                )
        except WorkflowUpdateFailedError as failure:
            raise _as_service_error(failure) from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise Unavailable(
                "command_pending",
                "办理尚未完成，请稍后用同一 Idempotency-Key 重试，不会重复办理。",
                "The command is still under way; send it again with the same Idempotency-Key, it will not act twice.",
            ) from None
        except RPCError as error:
            raise _unreachable(error) from None
        except KeyMissing:
            # The request could not even be sealed: no case of that id was ever opened here.
            raise case_unknown() from None
        if answer.request_digest != request.digest:
            raise Unprocessable(
                "idempotency_key_reused",
                "该 Idempotency-Key 已用于另一项办理，请换一个新的。",
                "This Idempotency-Key belongs to another request; use a new one.",
            )
        return answer


def key_of_person(actor: Actor, key: str) -> CommandKey:
    """The key of what a person asks with this Idempotency-Key. No other person's is the same, and none of the
    product's own, which can be guessed."""
    return CommandKey(f"http\0{actor.id}\0{key}")


def update_id(key: CommandKey) -> str:
    """The id of an Update under a key. Temporal keeps ids in plaintext, and a key may say anything."""
    return hashlib.sha256(key.encode()).hexdigest()


def _outcome_of(error: ServiceError) -> str:
    match error:
        case StaleVersion():
            return "stale"
        case Unavailable():
            return "failed"
        case _:
            return "refused"


def _tell(types: Sequence[str], outcome: str, code: str | None, began: float) -> None:
    seconds = time.perf_counter() - began
    COMMAND_SECONDS.observe(seconds)
    for type_ in types:
        COMMANDS.labels(type_, outcome).inc()
    if code is not None:
        REFUSALS.labels(code).inc()
    log.info("command answered", types=types, outcome=outcome, code=code, ms=round(seconds * 1000, 1))


def _as_service_error(failure: WorkflowUpdateFailedError) -> ServiceError:
    cause = failure.cause
    if not isinstance(cause, ApplicationError) or not cause.details:
        log.error("an update failed for a reason that is no refusal", kind=type(cause).__name__)
        return Unavailable(
            "command_failed",
            "办理未成功，请稍后重试。",
            "The command did not succeed; try again later.",
        )
    detail = RefusalDetail.model_validate(cause.details[0])
    if detail.code == "case_unknown":
        return case_unknown()
    kind = StaleVersion if detail.code == "version_conflict" else Conflict
    return kind(detail.code, detail.zh, detail.en, **detail.details)


def _unreachable(error: RPCError) -> ServiceError:
    if error.status == RPCStatusCode.NOT_FOUND:
        return case_unknown()
    return temporal_away()


def temporal_away() -> Unavailable:
    """Temporal does not answer; what was not acknowledged may be sent again."""
    return Unavailable(
        "temporal_unavailable",
        "流程服务暂时不可用，请稍后用同一 Idempotency-Key 重试。",
        "Temporal is not available for the moment; send the request again with the same Idempotency-Key.",
    )
