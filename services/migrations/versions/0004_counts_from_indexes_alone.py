"""Counts from indexes alone"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Table, columns before, and what comes behind them.
_WIDER = {
    "ix_case_overview": (
        "case_row",
        ["school_id", "department_id", "cohort", "stage"],
        [
            "primary_type",
            "closed_at",
            "mentor_id",
            "risk_level",
            "planned",
            "left_school",
            "services_due",
            "services_done",
            "services_confirmed",
            "destination_status",
            "destination_code",
            "settled",
            "opened_at",
            "erased_at",
            "case_id",
        ],
    ),
    "ix_deadline_scope": (
        "case_deadline",
        ["school_id", "department_id", "due_at", "case_id", "key"],
        ["clock", "rung", "paused"],
    ),
    "ix_referral_scope": (
        "case_referral",
        ["school_id", "sent_at", "case_id", "referral_id"],
        ["department_id", "status", "answered_at", "acknowledged_at"],
    ),
}

# An index answers alone for pages that were vacuumed since they were last written: sooner than after a fifth.
_VACUUM = "autovacuum_vacuum_scale_factor"


def upgrade() -> None:
    for name, (table, before, counted) in _WIDER.items():
        op.drop_index(name, table)
        op.create_index(name, table, before + counted)
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} SET ({_VACUUM} = 0.05)")


def downgrade() -> None:
    for name, (table, before, _) in _WIDER.items():
        op.drop_index(name, table)
        op.create_index(name, table, before)
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} RESET ({_VACUUM})")
