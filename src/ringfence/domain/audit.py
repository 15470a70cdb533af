"""The audit: every change, in the transaction that made it, each entry chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, Sorted, TenantId, UtcDateTime


class AuditEntry(Base):
    """One record changed. ``change`` is the ``number`` of the first entry of the transaction, which all of its entries
    share; ``undoes`` the change that this one takes back.

    ``node_id`` is the node that the record belonged to then, a customer or a former one: by it the entry is scoped.
    ``detail`` is JSON in the snapshot's words: references are keys, so that they outlive renames. ``origin`` says where
    the change was made, and over SSH from which address as the environment claims; ``os_user`` which user of the
    operating system made it, as that knows (empty in entries from before it was kept). ``hash`` covers, by the
    ``formula`` of that number, everything but itself and the id. Nothing of an entry is ever changed.
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
    os_user: Mapped[str] = mapped_column(default="", server_default="")
    action: Mapped[str]
    kind: Mapped[str]
    key: Mapped[Sorted]
    name: Mapped[str]
    node_id: Mapped[int]
    detail: Mapped[str]
    formula: Mapped[int] = mapped_column(default=1, server_default="1")
    previous: Mapped[str]
    hash: Mapped[str]
    sort_key: Mapped[Sorted]
    search_key: Mapped[Sorted]
