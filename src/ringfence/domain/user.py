"""A user: somebody who logs in, at home on one node of the tree."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, NodeId, Revision, Sorted, TenantId


class User(Base):
    """Somebody who logs in. ``home_id`` is the tenant's root (staff) or a customer (that customer's own people).

    ``login_key`` is the login folded: unique in the whole database, without regard to case. An id is never given out
    twice: sessions hold it.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(None, "tenant_id", "search_key", "id"),
        Index(None, "home_id", "search_key", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    home_id: Mapped[NodeId]
    key: Mapped[Sorted]
    login: Mapped[str]
    login_key: Mapped[Sorted] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]
