"""Events that a case has handed over to the ledger, read back."""

import json

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.machine import Recorded
from models.tables import CaseEvent
from services.sealed import event_place
from services.vault import Vault
from workflows.messages import EventsWanted


class PastEvents:
    """The events in the ledger of one database."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def read(self, wanted: EventsWanted) -> list[Recorded]:
        """The events in their order. Raises KeyDestroyed, KeyMissing, SealBroken."""
        place = col(CaseEvent.seq)
        query = select(CaseEvent).where(
            CaseEvent.case_id == wanted.case_id, place > wanted.last - wanted.count, place <= wanted.last
        )
        with Session(self._engine) as session:
            return [self._recorded(row) for row in session.exec(query.order_by(place)).all()]

    def all_of(self, case_id: str) -> list[Recorded]:
        """Every event that the ledger holds of a case, in their order. Raises KeyDestroyed, KeyMissing, SealBroken, and
        ValidationError where one is of no known form."""
        query = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.seq))
        with Session(self._engine) as session:
            return [self._recorded(row) for row in session.exec(query).all()]

    def _recorded(self, row: CaseEvent) -> Recorded:
        event = json.loads(self._vault.open(row.case_id, row.data, event_place(row.seq)))
        stamp = row.model_dump(include={"seq", "at", "actor_id", "actor_role"})
        return Recorded.model_validate(stamp | {"event": event})
