"""Stored scopes: what a set of grants comes to, as disjoint intervals of paths.

They are worked out from the grants and thrown away when the tenant's version moves on; nothing but the visibility room
touches them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, UniqueConstraint

from ringfence.storage.columns import BINARY_TEXT, own_id, rows, tenant_id

Scope: Final = rows(
    "scope",
    own_id(),
    tenant_id(),
    Column("version", Integer, nullable=False),
    Column("signature", BINARY_TEXT, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("intervals", Integer, nullable=False),
    Column("customers", Integer, nullable=False),
    Column("devices", Integer, nullable=False),
    UniqueConstraint("tenant_id", "signature", "version"),
)
"""One set of customers, shared by every user whose grants come to the same ``signature`` at ``version``.

``intervals`` counts its intervals, ``customers`` the customers in it (the tenant's root is none), and ``devices`` their
devices when it was stored: the last is an estimate, the others stay exact for the version."""

ScopeInterval: Final = rows(
    "scope_interval",
    Column("scope_id", Integer, ForeignKey("scope.id"), primary_key=True, autoincrement=False),
    Column("path", BINARY_TEXT, primary_key=True),
    Column("path_hi", BINARY_TEXT, nullable=False),
    tenant_id(),
    keyed=True,
)
"""Paths from ``path`` up to but not including ``path_hi``."""

ScopeSite: Final = rows(
    "scope_site",
    Column("scope_id", Integer, ForeignKey("scope.id"), primary_key=True, autoincrement=False),
    # No foreign keys: what a scope was worked out from may be deleted before the scope is swept away.
    Column("site_id", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Integer, nullable=False),
    tenant_id(),
    keyed=True,
)
"""A site within which a site-level grant reaches, outside the scope's intervals."""
