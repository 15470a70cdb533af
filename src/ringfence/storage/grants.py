"""The grants: which permissions a role holds, which customers a group names, who is a member of what.

Their tables are made of the ties that the kinds declare. Nothing but the rooms visibility, changes and snapshot reads
them; the import contracts hold it.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer

from ringfence.domain.field import Field, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.storage.columns import BINARY_TEXT, EVERY, UtcDateTime, own_id, rows, tenant_id


def _make(kind: Kind, field: Field, ties: Ties) -> None:
    """Makes the table of a tie: a row for each pair or, with validity windows, for each time that one is in force."""
    windows = field.form == "windows"
    columns: list[Column[Any]] = [_end(ties.own, kind, keyed=not windows, index=windows)]
    if ties.kind:
        columns.append(_end(ties.other, EDITED[ties.kind], keyed=not windows, index=True))
    else:
        columns.append(Column(ties.other, BINARY_TEXT, primary_key=True))
    if windows:
        columns = [own_id(), *columns, Column("valid_from", UtcDateTime), Column("valid_until", UtcDateTime)]
    if field.form == "mapping":
        columns.append(Column("nested", Boolean, nullable=False, default=True))
    rows(ties.table, *columns, tenant_id(), keyed=not windows)


def _end(name: str, to: Kind, *, keyed: bool, index: bool) -> Column[Any]:
    return Column(name, Integer, ForeignKey(f"{to.table}.id"), primary_key=keyed, nullable=False, index=index)


def entries(name: str) -> Any:
    """The table that a tie is kept in, by name: one of these, or of records that refer back."""
    return EVERY[name]


for _kind in EDITED.values():
    for _field, _ties in _kind.ties.values():
        if not _ties.whole:  # told at its other end
            _make(_kind, _field, _ties)

RolePermission: Final = entries("role_permission")
"""A permission that a role holds."""
SecurityGroupCustomer: Final = entries("security_group_customer")
"""A customer that a security group selects (its Accessible side), with or without those nested below it."""
CustomerGroupCustomer: Final = entries("customer_group_customer")
"""A customer of a customer group, with or without those nested below it."""
Membership: Final = entries("membership")
"""A user's place in a security group, in force from ``valid_from`` up to but not at ``valid_until``."""
UserCustomerGroup: Final = entries("user_customer_group")
"""A customer group given to a user as a filter."""
UserSite: Final = entries("user_site")
"""A site given to a user; site-level roles reach no further."""
