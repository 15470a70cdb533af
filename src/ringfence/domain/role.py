"""A role: the what of access, a named set of permissions with an access level."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Flag, Id, NodeId, Revision, Sorted, TenantId

SERVICE_PROVIDER: Final = "service_provider"
CUSTOMER: Final = "customer"
SITE: Final = "site"


class Role(Base):
    """A named set of permissions. ``all_permissions`` stands for the whole catalogue, now and later.

    A ``private`` role belongs to the one security group that uses it; a ``builtin`` one is copied, never changed.
    """

    __tablename__ = "role"
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
    access_level: Mapped[str]
    all_permissions: Mapped[bool] = mapped_column(default=False)
    private: Mapped[Flag]
    builtin: Mapped[Flag]
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
