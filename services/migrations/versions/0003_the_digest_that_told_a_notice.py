"""The digest that told a notice"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What a digest went past has been told, or never will be.
_TELL = sa.text("""
    UPDATE case_notice SET period = (
        SELECT delivery.period FROM delivery
        WHERE delivery.school_id = case_notice.school_id AND delivery.created_at >= case_notice.at
        ORDER BY delivery.created_at, delivery.id LIMIT 1
    )
""")


def upgrade() -> None:
    op.add_column("case_notice", sa.Column("period", sa.String(), nullable=True))
    op.execute(_TELL)
    op.drop_index("ix_notice_school", "case_notice")
    op.create_index("ix_notice_school", "case_notice", ["school_id", "period", "at"])


def downgrade() -> None:
    op.drop_index("ix_notice_school", "case_notice")
    op.create_index("ix_notice_school", "case_notice", ["school_id", "at"])
    with op.batch_alter_table("case_notice") as batch_op:
        batch_op.drop_column("period")
