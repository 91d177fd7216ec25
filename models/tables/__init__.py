"""The SQL tables of the ledger: the read model that the events of the cases build, and the office's own data."""

from models.tables.access import BreakGlass, Delegation
from models.tables.accounts import Account, ApiToken, SignOnSession
from models.tables.attachments import Attachment
from models.tables.audit import AuditEntry
from models.tables.batches import Batch, BatchItem
from models.tables.erasure import ErasureCertificate
from models.tables.imports import ImportJob, ImportRow
from models.tables.ledger import CaseDeadline, CaseEvent, CaseHardship, CaseNotice, CaseReferral, CaseRow
from models.tables.messages import Delivery
from models.tables.office import Department, Offboarding, PolicyVersion, Reservation, School, Staff
from models.tables.training import TrainingClass
from models.tables.trends import DailyCount

__all__ = [
    "Account",
    "ApiToken",
    "Attachment",
    "AuditEntry",
    "Batch",
    "BatchItem",
    "BreakGlass",
    "CaseDeadline",
    "CaseEvent",
    "CaseHardship",
    "CaseNotice",
    "CaseReferral",
    "CaseRow",
    "DailyCount",
    "Delegation",
    "Delivery",
    "Department",
    "ErasureCertificate",
    "ImportJob",
    "ImportRow",
    "Offboarding",
    "PolicyVersion",
    "Reservation",
    "School",
    "SignOnSession",
    "Staff",
    "TrainingClass",
]
