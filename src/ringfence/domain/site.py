"""A site: a place of one customer, on which devices stand."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from ringfence.domain.base import Base, Id, NodeId, Revision, Sorted, TenantId


class Site(Base):
    """A place of one customer."""

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(None, "tenant_id", "search_key", "id"),
        Index(None, "customer_id", "search_key", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    customer_id: Mapped[NodeId]
    key: Mapped[Sorted]
    name: Mapped[str]
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
