"""Stored scopes: what a set of grants comes to, as disjoint intervals of paths.

They are worked out from the grants and thrown away when the tenant's version moves on; nothing but the visibility
room touches them.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, Sorted, TenantId


class Scope(Base):
    """One set of customers, shared by every user whose grants come to the same ``signature`` at ``version``.

    ``intervals`` counts its intervals, ``customers`` the customers in it (the tenant's root is none), and ``devices``
    their devices when it was stored: the last is an estimate, the others stay exact for the version.
    """

    __tablename__ = "scope"
    __table_args__ = (UniqueConstraint("tenant_id", "signature", "version"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    version: Mapped[int]
    signature: Mapped[Sorted]
    whole: Mapped[bool]
    intervals: Mapped[int]
    customers: Mapped[int]
    devices: Mapped[int]


class ScopeInterval(Base):
    """Paths from ``path`` up to but not including ``path_hi``."""

    __tablename__ = "scope_interval"
    __table_args__ = {"sqlite_with_rowid": False}

    scope_id: Mapped[int] = mapped_column(ForeignKey("scope.id"), primary_key=True, autoincrement=False)
    path: Mapped[Sorted] = mapped_column(primary_key=True)
    path_hi: Mapped[Sorted]


class ScopeSite(Base):
    """A site within which a site-level grant reaches, outside the scope's intervals."""

    __tablename__ = "scope_site"
    __table_args__ = {"sqlite_with_rowid": False}

    scope_id: Mapped[int] = mapped_column(ForeignKey("scope.id"), primary_key=True, autoincrement=False)
    # No foreign keys: what a scope was worked out from may be deleted before the scope is swept away.
    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int]
