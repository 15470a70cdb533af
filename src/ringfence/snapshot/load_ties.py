"""What a load ties to its records: permissions to roles, customers to groups, groups and sites to users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, assert_never

from sqlalchemy import Connection, delete, func, insert, select

from ringfence.domain.field import Field, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.snapshot.collect import Contents, fault
from ringfence.snapshot.read import show
from ringfence.snapshot.resolve import Resolver
from ringfence.storage.bulk import insert_rows
from ringfence.storage.columns import leads_to
from ringfence.storage.grants import entries
from ringfence.storage.tables import Role, SecurityGroup

_CHUNK: Final = 500

Row = tuple[Any, ...]


def tied(kind: Kind) -> list[tuple[Field, Ties]]:
    """What entries of a kind say of what is tied to it: the rest is said at the other end."""
    return [(field, ties) for field, ties in kind.ties.values() if not ties.whole]


class TieRows:
    """What is tied to the records of one kind, resolved before the first row is written."""

    def __init__(self, to: Resolver, kind: Kind) -> None:
        self.kind = kind
        self.to = to
        self.own: list[int] = []
        self.rows: dict[str, list[Row]] = {ties.table: [] for _, ties in tied(kind)}

    def add(self, index: int, entry: Any, tenant: int, own: int) -> None:
        """Takes in what an entry says, or notes its faults."""
        self.own.append(own)
        place = (self.kind.plural, index, entry.key)
        for field, ties in tied(self.kind):
            self.rows[ties.table].extend((tenant, own, *row) for row in self._rows(place, field, ties, entry, tenant))

    def _rows(self, place: tuple[str, int, str], field: Field, ties: Ties, entry: Any, tenant: int) -> Iterable[Row]:
        value = getattr(entry, field.name)
        if not ties.kind:
            return [] if value == "all" else [(one,) for one in value]
        target = EDITED[ties.kind]
        match field.form:
            case "mapping":
                nodes: dict[int, bool] = {}
                for number, one in enumerate(value):
                    node = self.to.node(*place, f"{field.name}[{number}].customer", tenant, one.customer)
                    if node is not None:
                        nodes[node] = nodes.get(node, False) or one.nested
                return nodes.items()
            case "windows":
                return dict.fromkeys(
                    (
                        self.to.refer(*place, f"{field.name}[{number}].group", target.plural, tenant, one.group),
                        one.valid_from,
                        one.valid_until,
                    )
                    for number, one in enumerate(value)
                )
            case "set":
                return {
                    (self.to.refer(*place, f"{field.name}[{number}]", target.plural, tenant, one),)
                    for number, one in enumerate(value)
                }
            case "":
                raise TypeError(f"{field.name} is tied to nothing")
            case _:
                assert_never(field.form)

    def write(self, connection: Connection) -> None:
        """Puts them in place of what the records had."""
        for field, ties in tied(self.kind):
            mapped, rows = entries(ties.table), self.rows[ties.table]
            for start in range(0, len(self.own), _CHUNK):
                some = self.own[start : start + _CHUNK]
                connection.execute(delete(mapped).where(getattr(mapped, ties.own).in_(some)))
            more = {"mapping": ("nested",), "windows": ("valid_from", "valid_until")}.get(field.form, ())
            columns = ("tenant_id", ties.own, ties.other, *more)
            if field.form == "windows":  # moments, and ids that the database gives
                if rows:
                    connection.execute(insert(mapped), [dict(zip(columns, row, strict=True)) for row in rows])
            else:
                insert_rows(connection, mapped.__table__, columns, rows)


def tables() -> Iterator[Any]:
    """The tables that it is written into."""
    for kind in EDITED.values():
        for _, ties in tied(kind):
            yield entries(ties.table).__table__


def private_roles(connection: Connection, contents: Contents, to: Resolver) -> None:
    """Notes private roles that several security groups would use."""
    groups = select(func.count()).where(leads_to(SecurityGroup.role_id, Role))
    several = groups.correlate(Role).scalar_subquery() > 1
    query = select(SecurityGroup.tenant_id, SecurityGroup.key, Role.key)
    query = query.join(Role, leads_to(SecurityGroup.role_id, Role)).where(Role.private, several)
    listed = to.ids["security_groups"]
    found = [one for one in connection.execute(query.order_by(SecurityGroup.id)) if (one[0], one[1]) in listed]
    using = Counter((tenant, role) for tenant, _, role in found)
    found = [one for one in found if using[one[0], one[2]] > 1]
    if not found:
        return
    tenants = {own: key for key, own in to.tenants.items()}
    told = {
        name: {(entry.tenant, entry.key): index for index, entry in contents.entries[name]}
        for name in ("roles", "security_groups")
    }
    for tenant, group, role in found:
        for name, key, field in (("roles", role, "private"), ("security_groups", group, "role")):
            index = told[name].get((tenants[tenant], key))
            if index is not None:
                message = f"role {show(role)} is private, and several security groups use it"
                contents.faults.append(fault(name, index, key, field, message))
