"""The first schema"""

import sqlalchemy as sa
from alembic import op

from services.migrations.append_only import guard, unguard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("one_time_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp", sa.String(), nullable=True),
        sa.Column("totp_pending", sa.String(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("recovery", sa.Text(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("password_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("school_id", "login"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_school_id"), ["school_id"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_token_school_id"), ["school_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index("ix_attachment_case", ["case_id", "uploaded_at", "id"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        info={"append_only": True},
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_actor", ["actor_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_case", ["case_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_school", ["school_id", "seq"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("ix_batch_created", ["created_by", "created_at", "id"], unique=False)

    op.create_table(
        "batch_item",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "number"),
    )
    with op.batch_alter_table("batch_item", schema=None) as batch_op:
        batch_op.create_index("ix_batch_item_case", ["case_id"], unique=False)
        batch_op.create_index("ix_batch_item_outcome", ["batch_id", "outcome", "number"], unique=False)

    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("break_glass", schema=None) as batch_op:
        batch_op.create_index("ix_break_glass_actor", ["actor_id", "until"], unique=False)
        batch_op.create_index(batch_op.f("ix_break_glass_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_break_glass_school", ["school_id", "opened_at", "id"], unique=False)

    op.create_table(
        "case_deadline",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=True),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung", sa.String(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "key"),
    )
    with op.batch_alter_table("case_deadline", schema=None) as batch_op:
        batch_op.create_index("ix_deadline_mentor", ["mentor_id", "due_at"], unique=False)
        batch_op.create_index("ix_deadline_owner", ["owner", "due_at"], unique=False)
        batch_op.create_index("ix_deadline_scope", ["school_id", "department_id", "rung"], unique=False)

    op.create_table(
        "case_event",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_role", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq"),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index("ix_event_type", ["type", "at"], unique=False)

    op.create_table(
        "case_hardship",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "type"),
    )
    with op.batch_alter_table("case_hardship", schema=None) as batch_op:
        batch_op.create_index("ix_hardship_type", ["type", "case_id"], unique=False)

    op.create_table(
        "case_notice",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq", "audience"),
    )
    with op.batch_alter_table("case_notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_audience", ["audience", "at"], unique=False)
        batch_op.create_index("ix_notice_school", ["school_id", "at"], unique=False)

    op.create_table(
        "case_referral",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "referral_id"),
    )
    with op.batch_alter_table("case_referral", schema=None) as batch_op:
        batch_op.create_index("ix_referral_receiver", ["receiver", "status"], unique=False)
        batch_op.create_index("ix_referral_scope", ["school_id"], unique=False)

    op.create_table(
        "case_row",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("cohort", sa.Integer(), nullable=False),
        sa.Column("student_no", sa.Text(), nullable=False),
        sa.Column("student_no_key", sa.String(), nullable=False),
        sa.Column("id_number_key", sa.String(), nullable=True),
        sa.Column("phone_key", sa.String(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("primary_type", sa.String(), nullable=True),
        sa.Column("mentor_id", sa.String(), nullable=True),
        sa.Column("proposed_mentor_id", sa.String(), nullable=True),
        sa.Column("risk_level", sa.String(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("left_school", sa.Boolean(), nullable=False),
        sa.Column("services_due", sa.Integer(), nullable=False),
        sa.Column("services_done", sa.Integer(), nullable=False),
        sa.Column("services_confirmed", sa.Integer(), nullable=False),
        sa.Column("destination_code", sa.String(), nullable=True),
        sa.Column("destination_status", sa.String(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("closure_reason", sa.String(), nullable=True),
        sa.Column("closure_requested", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("legal_hold_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erasure_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retention_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_clock", sa.String(), nullable=True),
        sa.Column("policy_ref", sa.String(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
    )
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.create_index("ix_case_due", ["school_id", "next_due_at", "case_id"], unique=False)
        batch_op.create_index("ix_case_id_number", ["id_number_key"], unique=False)
        batch_op.create_index("ix_case_mentor", ["mentor_id", "next_due_at", "case_id"], unique=False)
        batch_op.create_index("ix_case_name", ["name_key"], unique=False)
        batch_op.create_index("ix_case_opened", ["school_id", "opened_at", "case_id"], unique=False)
        batch_op.create_index(
            "ix_case_overview", ["school_id", "department_id", "cohort", "stage"], unique=False
        )
        batch_op.create_index("ix_case_phone", ["phone_key"], unique=False)
        batch_op.create_index(
            "ix_case_retention", ["school_id", "retention_ends_at", "case_id"], unique=False
        )
        batch_op.create_index(
            "ix_case_scope_due", ["school_id", "department_id", "next_due_at", "case_id"], unique=False
        )
        batch_op.create_index("ix_case_student", ["student_no_key"], unique=False)
        batch_op.create_index("ix_case_written", ["written"], unique=False)

    op.create_table(
        "daily_count",
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("figure", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "day", "department_id", "figure"),
    )
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=True),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index("ix_delegation_school", ["school_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_delegation_to", ["to_id", "until_on"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("staff_id", "period", "channel"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_status", ["school_id", "status"], unique=False)

    op.create_table(
        "department",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("school_id", "name"),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_school_id"), ["school_id"], unique=False)

    op.create_table(
        "erasure_certificate",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=True),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("kept_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retention_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_ref", sa.String(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("key_destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backups_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mac", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("case_id"),
    )
    with op.batch_alter_table("erasure_certificate", schema=None) as batch_op:
        batch_op.create_index("ix_erasure_school", ["school_id", "decided_at", "number"], unique=False)

    op.create_table(
        "import_job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("import_job", schema=None) as batch_op:
        batch_op.create_index("ix_import_created", ["school_id", "created_at", "id"], unique=False)

    op.create_table(
        "import_row",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("id_number_key", sa.String(), nullable=True),
        sa.Column("problems", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "row"),
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index("ix_import_row_case", ["case_id", "import_id"], unique=False)
        batch_op.create_index("ix_import_row_id_number", ["import_id", "id_number_key"], unique=False)
        batch_op.create_index("ix_import_row_outcome", ["import_id", "outcome", "row"], unique=False)

    op.create_table(
        "offboarding",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id"),
    )
    op.create_table(
        "policy_version",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("policy_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_version_ref"), ["ref"], unique=False)

    op.create_table(
        "reservation",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
    )
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservation_mentor_id"), ["mentor_id"], unique=False)

    op.create_table(
        "school",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sign_on_session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ticket_hash", sa.String(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    with op.batch_alter_table("sign_on_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_on_session_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_on_session_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_on_session_ticket_hash"), ["ticket_hash"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("experienced", sa.Boolean(), nullable=False),
        sa.Column("absent_from", sa.Date(), nullable=True),
        sa.Column("absent_until", sa.Date(), nullable=True),
        sa.Column("departed_on", sa.Date(), nullable=True),
        sa.Column("uncovered_told_on", sa.Date(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("notify_url", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index("ix_staff_department", ["school_id", "department_id", "role"], unique=False)

    op.create_table(
        "training_class",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("school_id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_class_school_id"), ["school_id"], unique=False)

    guard("audit_entry")


def downgrade() -> None:
    unguard("audit_entry")
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_class_school_id"))

    op.drop_table("training_class")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_department")

    op.drop_table("staff")
    with op.batch_alter_table("sign_on_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_on_session_ticket_hash"))
        batch_op.drop_index(batch_op.f("ix_sign_on_session_ends_at"))
        batch_op.drop_index(batch_op.f("ix_sign_on_session_actor_id"))

    op.drop_table("sign_on_session")
    op.drop_table("school")
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reservation_mentor_id"))

    op.drop_table("reservation")
    with op.batch_alter_table("policy_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_version_ref"))

    op.drop_table("policy_version")
    op.drop_table("offboarding")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index("ix_import_row_outcome")
        batch_op.drop_index("ix_import_row_id_number")
        batch_op.drop_index("ix_import_row_case")

    op.drop_table("import_row")
    with op.batch_alter_table("import_job", schema=None) as batch_op:
        batch_op.drop_index("ix_import_created")

    op.drop_table("import_job")
    with op.batch_alter_table("erasure_certificate", schema=None) as batch_op:
        batch_op.drop_index("ix_erasure_school")

    op.drop_table("erasure_certificate")
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_school_id"))

    op.drop_table("department")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_status")

    op.drop_table("delivery")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index("ix_delegation_to")
        batch_op.drop_index("ix_delegation_school")

    op.drop_table("delegation")
    op.drop_table("daily_count")
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.drop_index("ix_case_written")
        batch_op.drop_index("ix_case_student")
        batch_op.drop_index("ix_case_scope_due")
        batch_op.drop_index("ix_case_retention")
        batch_op.drop_index("ix_case_phone")
        batch_op.drop_index("ix_case_overview")
        batch_op.drop_index("ix_case_opened")
        batch_op.drop_index("ix_case_name")
        batch_op.drop_index("ix_case_mentor")
        batch_op.drop_index("ix_case_id_number")
        batch_op.drop_index("ix_case_due")

    op.drop_table("case_row")
    with op.batch_alter_table("case_referral", schema=None) as batch_op:
        batch_op.drop_index("ix_referral_scope")
        batch_op.drop_index("ix_referral_receiver")

    op.drop_table("case_referral")
    with op.batch_alter_table("case_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_school")
        batch_op.drop_index("ix_notice_audience")

    op.drop_table("case_notice")
    with op.batch_alter_table("case_hardship", schema=None) as batch_op:
        batch_op.drop_index("ix_hardship_type")

    op.drop_table("case_hardship")
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_type")

    op.drop_table("case_event")
    with op.batch_alter_table("case_deadline", schema=None) as batch_op:
        batch_op.drop_index("ix_deadline_scope")
        batch_op.drop_index("ix_deadline_owner")
        batch_op.drop_index("ix_deadline_mentor")

    op.drop_table("case_deadline")
    with op.batch_alter_table("break_glass", schema=None) as batch_op:
        batch_op.drop_index("ix_break_glass_school")
        batch_op.drop_index(batch_op.f("ix_break_glass_case_id"))
        batch_op.drop_index("ix_break_glass_actor")

    op.drop_table("break_glass")
    with op.batch_alter_table("batch_item", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_item_outcome")
        batch_op.drop_index("ix_batch_item_case")

    op.drop_table("batch_item")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_created")

    op.drop_table("batch")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_school")
        batch_op.drop_index("ix_audit_case")
        batch_op.drop_index("ix_audit_at")
        batch_op.drop_index("ix_audit_actor")

    op.drop_table("audit_entry")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index("ix_attachment_case")

    op.drop_table("attachment")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_school_id"))
        batch_op.drop_index(batch_op.f("ix_api_token_owner_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_school_id"))

    op.drop_table("account")
