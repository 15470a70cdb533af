"""The grants: which permissions a role holds, which customers a group names, who is a member of what.

Nothing but the visibility and snapshot rooms reads these tables; the import contracts hold it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ringfence.domain.base import Base, Id, Sorted, UtcDateTime


class RolePermission(Base):
    """A permission that a role holds."""

    __tablename__ = "role_permission"
    __table_args__ = {"sqlite_with_rowid": False}

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), primary_key=True)
    permission: Mapped[Sorted] = mapped_column(primary_key=True)


class SecurityGroupCustomer(Base):
    """A customer that a security group selects (its Accessible side), with or without those nested below it."""

    __tablename__ = "security_group_customer"
    __table_args__ = {"sqlite_with_rowid": False}

    group_id: Mapped[int] = mapped_column(ForeignKey("security_group.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, index=True)
    nested: Mapped[bool] = mapped_column(default=True)


class CustomerGroupCustomer(Base):
    """A customer of a customer group, with or without those nested below it."""

    __tablename__ = "customer_group_customer"
    __table_args__ = {"sqlite_with_rowid": False}

    group_id: Mapped[int] = mapped_column(ForeignKey("customer_group.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, index=True)
    nested: Mapped[bool] = mapped_column(default=True)


class Membership(Base):
    """A user's place in a security group, in force from ``valid_from`` up to but not at ``valid_until``."""

    __tablename__ = "membership"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("security_group.id"), index=True)
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserCustomerGroup(Base):
    """A customer group given to a user as a filter."""

    __tablename__ = "user_customer_group"
    __table_args__ = {"sqlite_with_rowid": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("customer_group.id"), primary_key=True, index=True)


class UserSite(Base):
    """A site given to a user; site-level roles reach no further."""

    __tablename__ = "user_site"
    __table_args__ = {"sqlite_with_rowid": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True, index=True)
