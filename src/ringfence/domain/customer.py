"""A customer: a node of the tenant's tree, nested to any depth."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, Revision, Sorted, TenantId

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Customer(Base):
    """A node of the tree. The tenant's root is the one without a parent and without a key.

    ``path`` is the chain of ids from the root down, in base 36: ``/1/2s/``. Every node below it starts with it.
    ``device_count`` counts the node's own devices, not those below it. ``max_users``, ``max_devices`` and
    ``max_customers`` limit how many there may be at the node and below it (customers: below it); None is no limit.
    An id is never given out twice: the audit keeps those of customers that are gone.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(None, "tenant_id", "path", "device_count"),
        Index(None, "tenant_id", "search_key", "id"),
        Index(None, "parent_id", "search_key", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    key: Mapped[Sorted | None]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    path: Mapped[Sorted]
    device_count: Mapped[int] = mapped_column(default=0)
    max_users: Mapped[int | None]
    max_devices: Mapped[int | None]
    max_customers: Mapped[int | None]
    revision: Mapped[Revision]
    search_key: Mapped[Sorted]


def is_root(tenant_id: int) -> ColumnElement[bool]:
    """A condition: the customer is the root of the tenant."""
    # The sum keeps SQLite to the few that have no parent: an index that begins with the tenant holds all of its tree.
    return and_(Customer.parent_id.is_(None), Customer.tenant_id + 0 == tenant_id)


def child_path(parent: str, customer_id: int) -> str:
    """The path of a customer below ``parent`` (the empty string for a tenant's root)."""
    digits = ""
    while customer_id:
        customer_id, digit = divmod(customer_id, 36)
        digits = _DIGITS[digit] + digits
    return f"{parent or '/'}{digits}/"
