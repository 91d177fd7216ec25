"""What a batch keeps, sealed. Two keys: the batch's own, which is also its workflow's, and one for the command alone,
which is destroyed when the batch ends: what was said of so many people then stands in their files only."""

import json

from pydantic import TypeAdapter

from models.case.machine import AnyCommand, PublicCommand
from models.tables import BatchItem
from services.errors import Unprocessable
from services.vault import Vault
from workflows.batch_messages import batch_workflow_id

_COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
_COMMAND_PLACE = "batch.command"


class BatchSeals:
    """Seals and opens what belongs to batches."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def begin(self, batch_id: str) -> None:
        """Make the keys of a batch. Raises Unprocessable (`idempotency_key_reused`) where there was one of this id,
        which is gone."""
        if self._vault.ensure([batch_workflow_id(batch_id), _order(batch_id)]):
            raise key_reused()

    def end(self, batch_id: str) -> None:
        """Make the command unreadable, wherever copies of it are."""
        self._vault.destroy(_order(batch_id))

    def forget(self, batch_id: str) -> None:
        """Make all of it unreadable."""
        self.end(batch_id)
        self._vault.destroy(batch_workflow_id(batch_id))

    def command(self, batch_id: str, command: PublicCommand) -> str:
        """The sealed command."""
        return self._vault.seal(_order(batch_id), command.model_dump_json(), _COMMAND_PLACE)

    def open_command(self, batch_id: str, sealed: str) -> AnyCommand:
        """The command. Raises KeyDestroyed once the batch has ended."""
        return _COMMAND.validate_json(self._vault.open(_order(batch_id), sealed, _COMMAND_PLACE))

    def refusal(self, batch_id: str, number: int, zh: str, en: str) -> str:
        """The sealed sentences of a refusal."""
        text = json.dumps([zh, en], ensure_ascii=False)
        return self._vault.seal(batch_workflow_id(batch_id), text, _refusal_place(number))

    def open_refusal(self, item: BatchItem) -> tuple[str, str] | tuple[None, None]:
        """The sentences of a refusal, where it was one."""
        if item.refusal is None:
            return None, None
        subject = batch_workflow_id(item.batch_id)
        zh, en = json.loads(self._vault.open(subject, item.refusal, _refusal_place(item.number)))
        return zh, en


def key_reused() -> Unprocessable:
    """The key of the request belongs to another one."""
    return Unprocessable(
        "idempotency_key_reused",
        "该 Idempotency-Key 已用于另一次批量办理，请换一个新的。",
        "This Idempotency-Key belongs to another batch; use a new one.",
    )


def _order(batch_id: str) -> str:
    return f"order-{batch_id}"


def _refusal_place(number: int) -> str:
    return f"batch_item.refusal:{number}"
