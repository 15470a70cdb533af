"""Edges, and what devices say: series with their latest value, history by day, attributes, where devices stood."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "edge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("lines_a_minute", sa.Integer(), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_edge_customer_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_edge_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edge")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_edge_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_edge_customer_id_search_key_id"), "edge", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(op.f("ix_edge_tenant_id_search_key_id"), "edge", ["tenant_id", "search_key", "id"], unique=False)
    op.create_table(
        "edge_heard",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("allowance", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_edge_heard_edge_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_edge_heard_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "edge_id", name=op.f("pk_edge_heard")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_edge_heard_edge_id"), "edge_heard", ["edge_id"], unique=False)
    op.create_table(
        "known_signal",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signal", BINARY_TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_known_signal_edge_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_known_signal_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "edge_id", "signal", name=op.f("pk_known_signal")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_known_signal_at"), "known_signal", ["at"], unique=False)
    op.create_index(op.f("ix_known_signal_edge_id"), "known_signal", ["edge_id"], unique=False)
    op.create_table(
        "unmatched",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", BINARY_TEXT, nullable=False),
        sa.Column("first_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_unmatched_edge_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_unmatched_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "edge_id", "unit_id", name=op.f("pk_unmatched")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_unmatched_edge_id"), "unmatched", ["edge_id"], unique=False)
    op.create_table(
        "reported",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", BINARY_TEXT, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_reported_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_reported_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "name", name=op.f("pk_reported")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_reported_device_id"), "reported", ["device_id"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", BINARY_TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_series_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_series_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("tenant_id", "device_id", "name", name=op.f("uq_series_tenant_id_device_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_series_device_id"), "series", ["device_id"], unique=False)
    op.create_table(
        "tenure",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_tenure_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_tenure_site_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_tenure_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "until", name=op.f("pk_tenure")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tenure_device_id"), "tenure", ["device_id"], unique=False)
    op.create_index(op.f("ix_tenure_site_id"), "tenure", ["site_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", BINARY_TEXT, nullable=False),
        sa.Column("name", BINARY_TEXT, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_event_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_event_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
    op.create_index(op.f("ix_event_device_id_at_id"), "event", ["device_id", "at", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # Its partitions, one a day, are made as they are needed. On SQLite those are tables by themselves.
        op.execute(
            "CREATE TABLE point (tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, at BIGINT NOT NULL, "
            "number DOUBLE PRECISION NOT NULL, PRIMARY KEY (tenant_id, series_id, at)) PARTITION BY RANGE (at)"
        )
