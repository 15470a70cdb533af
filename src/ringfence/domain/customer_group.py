"""A customer group: a named, reusable set of customers, given to users as a filter."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, NodeId, Revision, Sorted, TenantId


class CustomerGroup(Base):
    """A set of customers used as a filter. An inactive one gives nothing."""

    __tablename__ = "customer_group"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(None, "tenant_id", "search_key", "id"),
        Index(None, "owner_id", "search_key", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    owner_id: Mapped[NodeId]
    key: Mapped[Sorted]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
