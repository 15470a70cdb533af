"""Devices in the order of their kinds, and on each site, or on none, in the order of their names."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("device", sa.Column("kind_key", BINARY_TEXT, nullable=False, server_default=""))
    bind = op.get_bind()
    kinds = [str(row[0]) for row in bind.execute(sa.text("SELECT DISTINCT kind FROM device WHERE kind <> ''"))]
    if kinds:
        folded = sa.table("folded", sa.column("kind", sa.Text()), sa.column("kind_key", sa.Text()))
        bind.execute(sa.text("CREATE TEMPORARY TABLE folded (kind TEXT PRIMARY KEY, kind_key TEXT NOT NULL)"))
        bind.execute(sa.insert(folded), [{"kind": kind, "kind_key": _fold(kind)} for kind in kinds])
        bind.execute(
            sa.text(
                "UPDATE device SET kind_key = (SELECT f.kind_key FROM folded f WHERE f.kind = device.kind) "
                "WHERE kind <> ''"
            )
        )
        bind.execute(sa.text("DROP TABLE folded"))
    op.create_index(
        op.f("ix_device_tenant_id_kind_key_search_key_id_customer_id"),
        "device",
        ["tenant_id", "kind_key", "search_key", "id", "customer_id"],
        unique=False,
    )
    op.drop_index(op.f("ix_device_site_id"), table_name="device")
    op.create_index(
        op.f("ix_device_site_id_tenant_id_search_key_id_customer_id"),
        "device",
        ["site_id", "tenant_id", "search_key", "id", "customer_id"],
        unique=False,
    )


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
