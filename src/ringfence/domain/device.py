"""A device: owned by one customer, standing on at most one site of that customer."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, NodeId, Revision, Sorted, TenantId


class Device(Base):
    """A device or another asset. ``unit_id`` is unique within the tenant where it is not empty."""

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(
            "uq_device_unit_id",
            "tenant_id",
            "unit_id",
            unique=True,
            sqlite_where=text("unit_id <> ''"),
            postgresql_where=text("unit_id <> ''"),
        ),
        Index(None, "tenant_id", "search_key", "id", "customer_id"),
        Index(None, "tenant_id", "unit_id", "id", "customer_id"),
        Index(None, "customer_id", "search_key", "id"),
        Index(None, "site_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    customer_id: Mapped[NodeId]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    key: Mapped[Sorted]
    name: Mapped[str]
    unit_id: Mapped[Sorted] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="", server_default="")
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
