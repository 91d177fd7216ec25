"""The state of a case as the ledger keeps it, with the policy that it pins."""

from sqlmodel import Session

from models.case.state import CaseFacts, CaseState
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
        facts = CaseFacts.model_validate_json(
            self._vault.open(row.case_id, row.state, state_place(row.version))
        )
        return facts.under(self.policy(session, row.policy_digest))

    def has_read(self, digest: str) -> bool:
        """Whether the ledger is known to have a policy."""
        return digest in self._policies

    def policy(self, session: Session, digest: str) -> Policy:
        """The policy with this fingerprint. Raises NoResultFound where no case under it was ever written here."""
        if digest not in self._policies:
            stored = session.get_one(PolicyVersion, digest)
            self._policies[digest] = Policy.model_validate_json(stored.document)
        return self._policies[digest]
