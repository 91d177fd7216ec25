"""Indexes in the order of lists"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEW = (
    ("ix_case_updated", "case_row", ["school_id", "updated_at", "case_id"]),
    ("ix_case_proposed", "case_row", ["proposed_mentor_id"]),
    ("ix_deadline_due", "case_deadline", ["school_id", "due_at", "case_id", "key"]),
    ("ix_delivery_created", "delivery", ["school_id", "created_at", "id"]),
)
# Name, table, columns before and after.
_CHANGED = (
    (
        "ix_deadline_scope",
        "case_deadline",
        ["school_id", "department_id", "rung"],
        ["school_id", "department_id", "due_at", "case_id", "key"],
    ),
    (
        "ix_referral_scope",
        "case_referral",
        ["school_id"],
        ["school_id", "sent_at", "case_id", "referral_id"],
    ),
)


def upgrade() -> None:
    for name, table, columns in _NEW:
        op.create_index(name, table, columns)
    for name, table, _, after in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, after)


def downgrade() -> None:
    for name, table, before, _ in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, before)
    for name, table, _ in _NEW:
        op.drop_index(name, table)
