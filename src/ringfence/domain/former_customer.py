"""The place of a customer that is gone: what its audit is scoped by from then on."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from ringfence.domain.base import Base, Id, Sorted, TenantId


class FormerCustomer(Base):
    """A customer that was deleted, under the id that it had, which no other customer gets.

    ``path`` is that of its own time below whatever stands above it now: it moves when that does. Nobody names it any
    more, so that only a scope that takes in what is nested reaches it.
    """

    __tablename__ = "former_customer"
    __table_args__ = (Index(None, "tenant_id", "path", "id"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    path: Mapped[Sorted]
