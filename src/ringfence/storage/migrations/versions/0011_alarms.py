"""Alarm rules, alarms and test modes, how far rules are with devices, and attributes that people set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("customer", "site", "device"):
        op.add_column(table, sa.Column("attributes", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "alarm_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("device_kinds", sa.String(), nullable=False),
        sa.Column("raise_when", BINARY_TEXT, nullable=False),
        sa.Column("held_for", BINARY_TEXT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("clear_when", BINARY_TEXT, nullable=False),
        sa.Column("quiet", BINARY_TEXT, nullable=False),
        sa.Column("missing", BINARY_TEXT, nullable=False),
        sa.Column("alarm", BINARY_TEXT, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("escalate_after", BINARY_TEXT, nullable=False),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_alarm_rule_customer_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alarm_rule_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_rule")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_alarm_rule_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_alarm_rule_customer_id_search_key_id"), "alarm_rule", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_alarm_rule_tenant_id_search_key_id"), "alarm_rule", ["tenant_id", "search_key", "id"], unique=False
    )
    op.create_table(
        "test_mode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("alarms", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("out_of_service", sa.Boolean(), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=True),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_test_mode_customer_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_test_mode_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_test_mode_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_test_mode_started_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_test_mode_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_mode")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_test_mode_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_test_mode_customer_id_search_key_id"), "test_mode", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_test_mode_device_id"),
        "test_mode",
        ["device_id"],
        unique=False,
        sqlite_where=sa.text("device_id IS NOT NULL"),
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_test_mode_site_id"), "test_mode", ["site_id"], unique=False)
    op.create_index(
        op.f("ix_test_mode_started_by_id"),
        "test_mode",
        ["started_by_id"],
        unique=False,
        sqlite_where=sa.text("started_by_id IS NOT NULL"),
        postgresql_where=sa.text("started_by_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_test_mode_tenant_id_search_key_id"), "test_mode", ["tenant_id", "search_key", "id"], unique=False
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("kind", BINARY_TEXT, nullable=False),
        sa.Column("unit_id", BINARY_TEXT, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("edge_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_by_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("runaway", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("started_key", BINARY_TEXT, nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["acked_by_id"], ["user_account.id"], name=op.f("fk_alarm_acked_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user_account.id"], name=op.f("fk_alarm_assignee_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["cleared_by_id"], ["user_account.id"], name=op.f("fk_alarm_cleared_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_alarm_customer_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_alarm_device_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_alarm_edge_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rule_id"], ["alarm_rule.id"], name=op.f("fk_alarm_rule_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alarm_site_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alarm_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_alarm_tenant_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_alarm_acked_by_id"),
        "alarm",
        ["acked_by_id"],
        unique=False,
        sqlite_where=sa.text("acked_by_id IS NOT NULL"),
        postgresql_where=sa.text("acked_by_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_alarm_assignee_id"),
        "alarm",
        ["assignee_id"],
        unique=False,
        sqlite_where=sa.text("assignee_id IS NOT NULL"),
        postgresql_where=sa.text("assignee_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_alarm_cleared_by_id"),
        "alarm",
        ["cleared_by_id"],
        unique=False,
        sqlite_where=sa.text("cleared_by_id IS NOT NULL"),
        postgresql_where=sa.text("cleared_by_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_alarm_customer_id_search_key_id"), "alarm", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_alarm_customer_id_started_key_id"), "alarm", ["customer_id", "started_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_alarm_device_id"),
        "alarm",
        ["device_id"],
        unique=False,
        sqlite_where=sa.text("device_id IS NOT NULL"),
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_alarm_edge_id"),
        "alarm",
        ["edge_id"],
        unique=False,
        sqlite_where=sa.text("edge_id IS NOT NULL"),
        postgresql_where=sa.text("edge_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_alarm_rule_id"),
        "alarm",
        ["rule_id"],
        unique=False,
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_alarm_site_id"), "alarm", ["site_id"], unique=False)
    op.create_index(
        op.f("ix_alarm_tenant_id_search_key_id_customer_id"),
        "alarm",
        ["tenant_id", "search_key", "id", "customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_alarm_tenant_id_started_key_id_customer_id"),
        "alarm",
        ["tenant_id", "started_key", "id", "customer_id"],
        unique=False,
    )
    op.create_index(
        "uq_alarm_open",
        "alarm",
        ["tenant_id", "device_id", "kind"],
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL AND kind <> ''"),
        postgresql_where=sa.text("cleared_at IS NULL AND kind <> ''"),
    )
    op.create_table(
        "rule_state",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alarm_rule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alarm_rule_id"], ["alarm_rule.id"], name=op.f("fk_rule_state_alarm_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_rule_state_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rule_state_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "alarm_rule_id", name=op.f("pk_rule_state")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_rule_state_alarm_rule_id"), "rule_state", ["alarm_rule_id"], unique=False)
    op.create_index(op.f("ix_rule_state_device_id"), "rule_state", ["device_id"], unique=False)
    op.create_index(op.f("ix_rule_state_due_at"), "rule_state", ["due_at"], unique=False)
    op.create_table(
        "runaway",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", BINARY_TEXT, nullable=False),
        sa.Column("full_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_runaway_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_runaway_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "kind", name=op.f("pk_runaway")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_runaway_device_id"), "runaway", ["device_id"], unique=False)
    op.create_index(op.f("ix_runaway_due_at"), "runaway", ["due_at"], unique=False)
    op.create_table(
        "suppressed",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", BINARY_TEXT, nullable=False),
        sa.Column("alarm_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_suppressed_alarm_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_suppressed_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_suppressed_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "kind", name=op.f("pk_suppressed")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_suppressed_alarm_id"), "suppressed", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_suppressed_device_id"), "suppressed", ["device_id"], unique=False)
    op.create_index(op.f("ix_suppressed_due_at"), "suppressed", ["due_at"], unique=False)
    op.create_table(
        "escalation",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alarm_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_escalation_alarm_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_escalation_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "alarm_id", name=op.f("pk_escalation")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_escalation_alarm_id"), "escalation", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_escalation_due_at"), "escalation", ["due_at"], unique=False)
    op.create_table(
        "alarm_above",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ancestor_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_key", BINARY_TEXT, nullable=False),
        sa.Column("alarm_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_alarm_above_alarm_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alarm_above_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "ancestor_id", "started_key", "alarm_id", name=op.f("pk_alarm_above")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_alarm_above_alarm_id"), "alarm_above", ["alarm_id"], unique=False)
    op.create_table(
        "alarm_count",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alarm_count_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_alarm_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "worker_heard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_heard")),
    )
