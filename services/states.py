"""The state of a case as the ledger keeps it, with the policy that it pins."""

import json

from sqlmodel import Session

from models.case.state import CaseState
from models.policy import Policy
from models.tables import CaseRow, PolicyVersion
from services.sealed import state_place
from services.vault import Vault


class States:
    """Reads states; policies are few and never change, so they are kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._policies: dict[str, Policy] = {}

    def of(self, session: Session, row: CaseRow) -> CaseState:
        """The state of a ledger row. Raises KeyDestroyed, KeyMissing, SealBroken."""
        fields = json.loads(self._vault.open(row.case_id, row.state, state_place(row.version)))
        fields["policy"] = self._policy(session, row.policy_digest)
        return CaseState.model_validate(fields)

    def _policy(self, session: Session, digest: str) -> Policy:
        if digest not in self._policies:
            stored = session.get_one(PolicyVersion, digest)
            self._policies[digest] = Policy.model_validate_json(stored.document)
        return self._policies[digest]
