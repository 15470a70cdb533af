"""The second wall: on PostgreSQL the server itself keeps each provider to its own rows, whatever this program asks.

A provider's role is a login of the server that owns nothing (`ringfence.storage.roles`). A policy on every table, for
the roles of a tenant, lets them at the rows of that tenant alone: by who is connected, and not by anything that a
session can set. Whoever owns the tables is let at all of them by a policy too.

In strict mode a look is kept to the customers that its viewer reaches as well: a setting of the transaction says which
they are (`ringfence.visibility.strict`). Whoever is connected may set it otherwise, so that is against our own mistakes
alone.
"""

# ruff: noqa: S608 - the statements are made of the names of our own tables

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from ringfence.domain.audit import AUDIT
from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import KINDS
from ringfence.domain.user import USERS
from ringfence.storage.metadata import metadata
from ringfence.storage.role_grants import PROVIDER_ROLE, grant_all, run
from ringfence.storage.signal_tables import HISTORY
from ringfence.storage.tables import Tenant
from ringfence.storage.wall_functions import functions
from ringfence.storage.wall_signs import LOOKING, STRICT, is_shared_out

SHARED: Final = frozenset({"worker_heard"})
"""Tables that hold nothing of a tenant: when a worker was heard."""
_BY_ROLE: Final = frozenset({"attempt", "attempt_key"})
"""Tables in which each role has rows of its own: who tried to sign in how often."""
_OWNER, _TENANT, _STRICT = "ringfence_owner", "ringfence_tenant", "ringfence_strict"


def raise_wall(connection: Connection, *, strict: bool | None = None) -> None:
    """Raises the wall, or brings it to this program's tables, in a transaction of whoever owns them; the roles that
    there are keep what they may. ``strict`` turns strict mode on or off; without it, that stays as it is.

    It waits for whoever is at the tables, and they for it. Raises RingfenceError for whoever owns none of them, and
    where they are shared out over servers, to which nobody writes many rows at once whom policies hold.
    """
    owner = demand_owner(connection)
    if is_shared_out(connection):
        raise RingfenceError(
            "these tables are shared out over servers, where no role of a provider can save: work as their owner"
        )
    schema = _schema(connection)
    keep_strict = is_strict(connection) if strict is None else strict
    for statement in (
        _none(schema),
        *functions(schema, owner, strict=keep_strict),
        *_policies(connection, schema, owner),
    ):
        run(connection, statement)
    # What is made beside the tables could stand for one of them.
    run(
        connection,
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.oid = "
        f"'{schema}'::regnamespace AND a.grantee = 0 AND a.privilege_type = 'CREATE') THEN "
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC; END IF; END $$",
    )
    tenants = f"SELECT DISTINCT tenant_id FROM {PROVIDER_ROLE} ORDER BY 1"
    for tenant_id in connection.exec_driver_sql(tenants).scalars().all():
        let_in(connection, tenant_id)
    grant_all(connection)


def stands(connection: Connection) -> bool:
    """Whether the wall was raised in a database of PostgreSQL."""
    if connection.dialect.name == "sqlite":
        return False
    return bool(connection.exec_driver_sql("SELECT to_regclass(%s) IS NOT NULL", (PROVIDER_ROLE,)).scalar_one())


def is_strict(connection: Connection) -> bool:
    """Whether strict mode is on: there is what it asks."""
    return bool(connection.exec_driver_sql(f"SELECT {STRICT}").scalar_one())


def demand_owner(connection: Connection) -> str:
    """The role that owns the tables, as it stands in a statement. Raises RingfenceError for whoever is not it, and no
    superuser either."""
    query = """
        SELECT quote_ident(pg_get_userbyid(c.relowner)), c.relowner = u.usesysid OR u.usesuper
        FROM pg_class c CROSS JOIN pg_user u WHERE c.oid = to_regclass(%s) AND u.usename = current_user
    """
    found = connection.exec_driver_sql(query, (Tenant.__tablename__,)).one_or_none()
    if found is None or not found[1]:
        raise RingfenceError("this takes the role that owns the tables: connect as it")
    return str(found[0])


def _schema(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one())


def _none(schema: str) -> str:
    """What takes away whatever there is of policies of ours."""
    return (
        "DO $$ DECLARE one record; BEGIN FOR one IN SELECT p.polname, p.polrelid::regclass AS of FROM pg_policy p "
        f"JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = '{schema}'::regnamespace "
        "AND p.polname ~ '^ringfence_' LOOP EXECUTE format('DROP POLICY %I ON %s', one.polname, one.of); END LOOP; "
        "END $$"
    )


def _policies(connection: Connection, schema: str, owner: str) -> Iterator[str]:
    """Row-level security on every table, for its owner too, and on the history of each day."""
    listed = (
        "SELECT quote_ident(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = "
    )
    days = connection.exec_driver_sql(f"{listed}'{schema}.{HISTORY}'::regclass").scalars().all()
    for table in (*metadata.tables, HISTORY, PROVIDER_ROLE, *days):
        name = f"{schema}.{table}"
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        yield f"CREATE POLICY {_OWNER} ON {name} TO {owner} USING (true) WITH CHECK (true)"
        if table in SHARED:
            yield f"CREATE POLICY {_TENANT} ON {name} USING (true) WITH CHECK (true)"
        elif table in _BY_ROLE:
            yield f"CREATE POLICY {_TENANT} ON {name} USING (role = current_user) WITH CHECK (role = current_user)"


def let_in(connection: Connection, tenant_id: int) -> None:
    """Lets the roles of a tenant that there are at its rows, and no others: in a transaction of whoever owns them.

    The policies are for these roles and speak of the tenant by its number, which costs nothing: whatever had to be
    looked up would be looked up for each table of each statement.
    """
    schema = _schema(connection)
    there = (
        f"SELECT quote_ident(r.rolname) FROM {PROVIDER_ROLE} p JOIN pg_roles r ON r.rolname = p.role "
        "WHERE p.tenant_id = %s ORDER BY 1"
    )
    roles = ", ".join(connection.exec_driver_sql(there, (tenant_id,)).scalars())
    strict = is_strict(connection)
    statements = []
    for table in sorted({*metadata.tables, HISTORY} - SHARED - _BY_ROLE):
        name = f"{schema}.{table}"
        policies = [(f"{_TENANT}_{tenant_id}", "", _by_tenant(table, tenant_id))]
        if strict and table in _SEEN:
            policies.append((f"{_STRICT}_{tenant_id}", "AS RESTRICTIVE FOR SELECT", f"USING ({_seen(table, schema)})"))
        for policy, kind, said in policies:
            statements.append(f"DROP POLICY IF EXISTS {policy} ON {name}")
            if roles:
                statements.append(f"CREATE POLICY {policy} ON {name} {kind} TO {roles} {said}")
    run(connection, "; ".join(statements))


def _by_tenant(table: str, tenant_id: int) -> str:
    """What is said to others than the owner: only rows of the tenant are there, and only such are written. That these
    refer to its own, the foreign keys say, which begin with the tenant (`ringfence.storage.shapes`)."""
    if table == Tenant.__tablename__:
        own = f"id = {tenant_id}"
    elif table == HISTORY or "tenant_id" in metadata.tables[table].columns:
        own = f"tenant_id = {tenant_id}"
    else:
        raise TypeError(f"nothing says whose rows of {table} are: give it a tenant, or let it be shared")
    return f"USING ({own}) WITH CHECK ({own})"


_SEEN: Final = {kind.table: kind for kind in KINDS.values() if kind not in (USERS, AUDIT)}
"""What a look is kept to in strict mode: one's own record and what one did are told wherever that is."""


def _seen(table: str, schema: str) -> str:
    """A condition: the customer is one of those that a look reaches, or nobody looks. What no set holds is 0."""
    kind = _SEEN[table]
    column = "id" if kind.is_customer else kind.node.column
    byte = f"substring((SELECT {schema}.{LOOKING}) FROM {column} / 8 + 1 FOR 1) || '\\x00'::bytea"
    seen = f"coalesce(get_bit({byte}, {column} % 8), 1) <> 0"
    return f"{seen} OR {kind.node.column} IS NULL" if kind.is_customer else seen  # its name is that of the tenant
