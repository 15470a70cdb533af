"""A security group: where and for whom. A role, over all customers or over selected ones."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, NodeId, Revision, Sorted, TenantId

ALL: Final = "all"
SELECTED: Final = "selected"


class SecurityGroup(Base):
    """A role and a scope; users are members of any number of groups. Without a role it gives nothing.

    ``made_for_id`` is the customer for whose single-customer users the group was generated, if it was.
    """

    __tablename__ = "security_group"
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
    role_id: Mapped[int | None] = mapped_column(ForeignKey("role.id"))
    scope: Mapped[str]
    made_for_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
