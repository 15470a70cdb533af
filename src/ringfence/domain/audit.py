"""The audit: every change, in the transaction that made it, each entry chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, NodeId, Sorted, TenantId, UtcDateTime


class AuditEntry(Base):
    """One record changed. ``change`` is the ``number`` of the first entry of the transaction, which all of its entries
    share; ``undoes`` the change that this one takes back.

    ``owner_id`` is the node that the record belonged to then: it may be gone. By ``node_id`` the entry is scoped: it is
    that node, or the nearest one above it that is left. ``detail`` is JSON in the snapshot's words: references are
    keys, so that they outlive renames. ``hash`` covers ``previous`` and everything but the ids and ``node_id``.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "sort_key", "id"),
        Index(None, "node_id", "sort_key", "id"),
        Index(None, "tenant_id", "kind", "key", "number"),
        Index(
            "ix_audit_entry_tenant_id_undoes",
            "tenant_id",
            "undoes",
            sqlite_where=text("undoes IS NOT NULL"),
            postgresql_where=text("undoes IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    number: Mapped[int]
    change: Mapped[int]
    undoes: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_key: Mapped[Sorted | None]
    actor_login: Mapped[str]
    origin: Mapped[str]
    action: Mapped[str]
    kind: Mapped[str]
    key: Mapped[Sorted]
    name: Mapped[str]
    owner_id: Mapped[int]
    node_id: Mapped[NodeId]
    detail: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]
    sort_key: Mapped[Sorted]
    search_key: Mapped[Sorted]
