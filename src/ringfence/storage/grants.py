"""The grants: which permissions a role holds, which customers a group names, who is a member of what.

Nothing but the rooms visibility, changes and snapshot reads these tables; the import contracts hold it.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer

from ringfence.storage.columns import BINARY_TEXT, Rows, UtcDateTime, metadata, own_id, rows, tied

RolePermission: Final = rows(
    "role_permission",
    tied("role_id", "role"),
    Column("permission", BINARY_TEXT, primary_key=True),
    keyed=True,
)
"""A permission that a role holds."""

SecurityGroupCustomer: Final = rows(
    "security_group_customer",
    tied("group_id", "security_group"),
    tied("customer_id", "customer", index=True),
    Column("nested", Boolean, nullable=False, default=True),
    keyed=True,
)
"""A customer that a security group selects (its Accessible side), with or without those nested below it."""

CustomerGroupCustomer: Final = rows(
    "customer_group_customer",
    tied("group_id", "customer_group"),
    tied("customer_id", "customer", index=True),
    Column("nested", Boolean, nullable=False, default=True),
    keyed=True,
)
"""A customer of a customer group, with or without those nested below it."""

Membership: Final = rows(
    "membership",
    own_id(),
    Column("user_id", Integer, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("group_id", Integer, ForeignKey("security_group.id"), nullable=False, index=True),
    Column("valid_from", UtcDateTime),
    Column("valid_until", UtcDateTime),
)
"""A user's place in a security group, in force from ``valid_from`` up to but not at ``valid_until``."""

UserCustomerGroup: Final = rows(
    "user_customer_group",
    tied("user_id", "user_account"),
    tied("group_id", "customer_group", index=True),
    keyed=True,
)
"""A customer group given to a user as a filter."""

UserSite: Final = rows(
    "user_site",
    tied("user_id", "user_account"),
    tied("site_id", "site", index=True),
    keyed=True,
)
"""A site given to a user; site-level roles reach no further."""


def entries(name: str) -> Any:
    """The table that a tie is kept in, by name: one of these, or of records that refer back."""
    return Rows(metadata.tables[name])
