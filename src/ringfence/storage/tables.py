"""The tables of the kinds of record, made of their declarations, and of the tenants that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
    false,
    text,
)
from sqlalchemy.sql.schema import SchemaItem

from ringfence.domain import field as declared
from ringfence.domain.alarm import ALARMS
from ringfence.domain.audit import AUDIT
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.field import Field, Ref
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.site import SITES
from ringfence.domain.user import USERS
from ringfence.storage.columns import (
    BINARY_TEXT,
    INCLUDED,
    Rows,
    UtcDateTime,
    metadata,
    of_tenant,
    own_id,
    rows,
    tenant_id,
)

# The tables of the kinds.


def _column(kind: Kind, field: Field) -> Column[Any]:
    spec = field.spec
    more: list[SchemaItem] = []
    sql_type: Any
    match spec:
        case declared.Text():
            sql_type = BINARY_TEXT if spec.exact else String()
        case declared.Choice():
            sql_type = String()
        case declared.Number():
            sql_type = Integer()
        case declared.Flag():
            sql_type = Boolean()
        case declared.Moment():
            sql_type = UtcDateTime()
        case declared.Ref():
            sql_type = Integer()
            if not spec.kept:
                more.append(ForeignKey(f"{EDITED[spec.kind].table}.id", ondelete=_GONE[spec.gone]))
        case declared.Ties():
            raise TypeError(f"{kind.noun}.{field.name} is no column")
    plain = isinstance(field.default, str | int | bool)
    return Column(
        field.column,
        sql_type,
        *more,
        nullable=field.optional or (isinstance(spec, declared.Ref | declared.Text) and spec.absent),
        default=field.default if plain and field.name != "key" else None,
        server_default=_filled_in(field.default) if field.later else None,
    )


_GONE: Final = {"": None, "null": "SET NULL", "delete": "CASCADE"}


def _filled_in(value: Any) -> Any:
    return false() if value is False else str(value)


def _of(kind: Kind, *more: SchemaItem, ever: bool = False, usual: bool = True) -> Any:
    """The table of a kind. ``ever``: an id is never given out twice. Its ``usual`` indexes are those of its key and of
    the lists of it, of the whole tenant and of each node, and what its fields ask for."""
    found = _TABLES[kind.noun] = Rows(kind.table, lambda: _made(kind, *more, ever=ever, usual=usual))
    return found


def _made(kind: Kind, *more: SchemaItem, ever: bool, usual: bool) -> Table:
    columns: list[SchemaItem] = [
        own_id(),
        tenant_id(),
    ]
    columns += [_column(kind, one) for one in kind.stored.values()]
    for field, spec in kind.ties.values():
        if spec.everything:
            columns.append(Column(spec.everything, Boolean, nullable=False, default=field.default is None))
    columns += [
        Column(spec.folded, BINARY_TEXT, nullable=False, index=spec.unique or None)
        for spec in kind.texts.values()
        if spec.folded
    ]
    columns += [
        Column(one.spec.sorted, BINARY_TEXT, nullable=False)
        for one in kind.stored.values()
        if isinstance(one.spec, declared.Moment) and one.spec.sorted
    ]
    columns.append(Column("search_key", BINARY_TEXT, nullable=False))
    if usual:
        columns += [Column("revision", Integer, nullable=False, default=1, server_default="1")]
        columns += [UniqueConstraint("tenant_id", "key"), _of_each(kind.node.column, "search_key")]
        columns += _indexes(kind)
    return Table(kind.table, metadata, *columns, *more, sqlite_autoincrement=ever)


def _indexes(kind: Kind) -> Iterator[Index | UniqueConstraint]:
    """Those of what stands on a site, and of texts that lists are sorted by, or that are unique in a tenant."""
    if kind.stands is not None:
        # Of very many those on a site, and those on none, come in their order.
        listed = ("tenant_id", kind.order, "id", kind.node.column) if kind.indexed else ()
        yield Index(None, kind.stands.column, *listed)
    for one in kind.stored.values():
        if isinstance(one.spec, Ref) and one.spec.gone and one is not kind.stands:
            # What goes with it is found by it.
            yield Index(None, one.column, sqlite_where=text(f"{one.column} IS NOT NULL"))
    for name, spec in kind.texts.items():
        if spec.sorted:
            yield Index(None, "tenant_id", *kind.indexed_orders[name], "id", kind.node.column)
        if spec.unique and not spec.folded:
            filled = text(f"{name} <> ''")
            unique = f"uq_{kind.table}_{name}"
            yield Index(unique, "tenant_id", name, unique=True, sqlite_where=filled)
        elif spec.unique:
            yield UniqueConstraint("tenant_id", spec.folded)


_TABLES: Final[dict[str, Any]] = {}
"""The tables that are made, by noun."""


def _listed(*also: str) -> Index:
    return Index(None, "tenant_id", "search_key", "id", *also)


def _of_each(node: str, order: str) -> Index:
    """The index of a list of each node. On PostgreSQL it has the tenant too: behind the second wall that is asked of
    whatever is read, and would be looked for in each row itself."""
    return Index(None, node, order, "id", info={INCLUDED: ["tenant_id"]})


Customer: Final = _of(
    CUSTOMERS,
    Column("path", BINARY_TEXT, nullable=False),
    Column("device_count", Integer, nullable=False, default=0),
    Index(None, "tenant_id", "path", "device_count"),
    _listed(),
    ever=True,
)
"""``path`` is the chain of ids from the root down (``child_path``): every node below it starts with it.
``device_count`` counts the node's own devices, not those below it. An id is never given out twice: the audit keeps
those of customers that are gone."""
Site: Final = _of(SITES, _listed())
Device: Final = _of(DEVICES, _listed("customer_id"))
Role: Final = _of(ROLES, _listed())
CustomerGroup: Final = _of(CUSTOMER_GROUPS, _listed())
SecurityGroup: Final = _of(SECURITY_GROUPS, _listed())
User: Final = _of(USERS, _listed(), ever=True)  # sessions hold ids
AuditEntry: Final = _of(
    AUDIT,
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "sort_key", "id"),
    _of_each("node_id", "sort_key"),
    Index(None, "tenant_id", "kind", "key", "number"),
    Index(
        "ix_audit_entry_tenant_id_undoes",
        "tenant_id",
        "undoes",
        sqlite_where=text("undoes IS NOT NULL"),
    ),
    usual=False,
)


Alarm: Final = _of(
    ALARMS,
    _listed("customer_id"),
    Index(None, "tenant_id", "started_key", "id", "customer_id"),
    _of_each("customer_id", "started_key"),
    Index(
        "uq_alarm_open",
        *("tenant_id", "device_id", "kind"),
        unique=True,
        sqlite_where=text("cleared_at IS NULL AND kind <> ''"),
    ),
    ever=True,
)
"""Of a device and a kind of alarm no two are open."""


def table_of(kind: Kind) -> Any:
    """The table of a kind: one that needs nothing beyond its declaration is made of it alone."""
    return _TABLES[kind.noun] if kind.noun in _TABLES else _of(kind, _listed())


for _kind in EDITED.values():
    table_of(_kind)


def is_root(tenant_id: Any) -> ColumnElement[bool]:
    """A condition: the customer is the root of the tenant."""
    # An index that begins with the tenant holds all of its tree: few have no parent.
    return and_(Customer.parent_id.is_(None), of_tenant(Customer, tenant_id))


# What is no kind of record.

Tenant: Final = rows(
    "tenant",
    own_id(),
    Column("key", BINARY_TEXT, nullable=False, unique=True),
    Column("version", Integer, nullable=False, default=1),
    Column("audit_count", Integer, nullable=False, default=0, server_default="0"),
    Column("audit_hash", String, nullable=False, default="", server_default=""),
)
"""One service provider. Nothing crosses from one to another. Its name is that of its root, the customer without
a parent.

``version`` rises in the transaction of every change of tree, group, role, membership or user: what was worked out from
an older version counts for nothing. ``audit_count`` and ``audit_hash`` are the end of its audit chain."""

FormerCustomer: Final = rows(
    "former_customer",
    own_id(),
    tenant_id(),
    Column("path", BINARY_TEXT, nullable=False),
    Index(None, "tenant_id", "path", "id"),
)
"""A customer that was deleted, under the id that it had, which no other customer gets: what its audit is scoped by.

``path`` is that of its own time below whatever stands above it now: it moves when that does. Nobody names it any more,
so that only a scope that takes in what is nested reaches it."""
