"""A tenant: one service provider. Nothing crosses from one tenant to another."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, Sorted


class Tenant(Base):
    """One service provider. Its name is that of its root, the customer without a parent.

    ``version`` rises in the transaction of every change of tree, group, role, membership or user: what was worked
    out from an older version counts for nothing. ``audit_count`` and ``audit_hash`` are the end of its audit chain.
    """

    __tablename__ = "tenant"

    id: Mapped[Id]
    key: Mapped[Sorted] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)
    audit_count: Mapped[int] = mapped_column(default=0, server_default="0")
    audit_hash: Mapped[str] = mapped_column(default="", server_default="")
