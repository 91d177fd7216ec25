"""Certificates of erasure: what is written down of a file that is gone."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

from models.case.erasure import keeping
from models.case.state import CaseState
from models.tables import ErasureCertificate
from services.settings import Settings
from services.vault import Vault

_NUMBER_BYTES = 5
_PURPOSE = "erasure-certificate"
_UNSEALED = {"mac"}


def certificate_of(state: CaseState) -> ErasureCertificate:
    """The certificate of an erasure that was decided and is yet to be done."""
    erasure, kept = state.erasure, keeping(state)
    assert erasure is not None  # noqa: S101  (only a decided erasure of a file no longer owed service comes here)
    assert erasure.decided_at is not None  # noqa: S101
    assert kept is not None  # noqa: S101
    return ErasureCertificate(
        number=certificate_number(state.school_id, state.case_id, erasure.decided_at.strftime("%Y%m%d")),
        case_id=state.case_id,
        school_id=state.school_id,
        department_id=state.department_id,
        mentor_id=state.pairing.mentor_id,
        ground=erasure.ground,
        requested_by=erasure.requested_by,
        requested_at=erasure.requested_at,
        approved_by=erasure.approved_by or "",
        decided_at=erasure.decided_at,
        ending=kept.ending,
        kept_since=kept.since,
        retention_ends_at=kept.ends_at,
        policy_ref=state.policy.ref,
        events=state.version,
    )


def certificate_number(school_id: str, case_id: str, day: str) -> str:
    """The number of a case's certificate: the same in every try."""
    digest = hashlib.sha256(f"certificate\0{case_id}".encode()).digest()[:_NUMBER_BYTES]
    return f"{school_id}-{day}-{base64.b32encode(digest).decode()}"


class CertificateSeal:
    """Seals certificates with a key of the installation, so that a changed one is found out."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self._vault = vault
        self._backups = timedelta(days=settings.key_backup_days)

    def seal(self, certificate: ErasureCertificate) -> None:
        """State until when backups of the key store live, and seal everything."""
        assert certificate.key_destroyed_at is not None  # noqa: S101  (sealed at the end)
        certificate.backups_until = certificate.key_destroyed_at + self._backups
        certificate.mac = self._mac(certificate)

    def is_genuine(self, certificate: ErasureCertificate) -> bool:
        """True when nothing in a completed certificate was changed."""
        return certificate.mac is not None and hmac.compare_digest(certificate.mac, self._mac(certificate))

    def _mac(self, certificate: ErasureCertificate) -> str:
        fields = certificate.model_dump(mode="json", exclude=_UNSEALED)
        text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
        return hmac.new(self._vault.derive(_PURPOSE), text.encode(), hashlib.sha256).hexdigest()
