"""The second wall: on PostgreSQL the server itself keeps each provider to its own rows, whatever this program asks.

A provider's role is a login of the server that owns nothing (`ringfence.storage.roles`). Which tenant's it is stands in
a table that it cannot read; a policy on every table lets it at the rows of that tenant alone, by who is connected and
not by anything that a session can set. Whoever owns the tables is let at all of them by a policy too.

In strict mode a look is kept to the customers that its viewer reaches as well: a setting of the transaction says which
they are (`ringfence.visibility.strict`). Whoever is connected may set it otherwise, so that is against our own mistakes
alone.
"""

# ruff: noqa: S608 - the statements are made of the names of our own tables

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Table

from ringfence.domain.audit import AUDIT
from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import KINDS
from ringfence.domain.user import USERS
from ringfence.storage.metadata import metadata
from ringfence.storage.role_grants import PROVIDER_ROLE, grant_all, run
from ringfence.storage.signal_tables import HISTORY
from ringfence.storage.tables import Customer, Tenant

SHARED: Final = frozenset({"worker_heard"})
"""Tables that hold nothing of a tenant: when a worker was heard."""
_BY_ROLE: Final = frozenset({"attempt", "attempt_key"})
"""Tables in which each role has rows of its own: who tried to sign in how often."""
_OWNER, _TENANT, _STRICT = "ringfence_owner", "ringfence_tenant", "ringfence_strict"
SETTING: Final = "ringfence.looking"
"""The setting that says which customers a look reaches: a bit for each id, in hexadecimal figures."""
_MINE: Final = "(SELECT {schema}.ringfence_tenant(current_user))"


def raise_wall(connection: Connection, *, strict: bool | None = None) -> None:
    """Raises the wall, or brings it to this program's tables, in a transaction of whoever owns them; the roles that
    there are keep what they may. ``strict`` turns strict mode on or off; without it, that stays as it is.

    It waits for whoever is at the tables, and they for it. Raises RingfenceError for whoever owns none of them.
    """
    owner = demand_owner(connection)
    schema = _schema(connection)
    keep_strict = is_strict(connection) if strict is None else strict
    for statement in (*_functions(schema, owner), *_policies(connection, schema, owner, strict=keep_strict)):
        run(connection, statement)
    grant_all(connection)


def stands(connection: Connection) -> bool:
    """Whether the wall was raised in a database of PostgreSQL."""
    if connection.dialect.name == "sqlite":
        return False
    return bool(connection.exec_driver_sql("SELECT to_regclass(%s) IS NOT NULL", (PROVIDER_ROLE,)).scalar_one())


def is_strict(connection: Connection) -> bool:
    """Whether strict mode is on."""
    query = "SELECT EXISTS (SELECT FROM pg_policy WHERE polname = %s AND polrelid = to_regclass(%s))"
    return bool(connection.exec_driver_sql(query, (_STRICT, Customer.__tablename__)).scalar_one())


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


_SAFE: Final = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
"""Such a function does what its owner may, and goes by no name that somebody else can put before another."""


def _functions(schema: str, owner: str) -> Iterator[str]:
    """What policies ask: made anew, so that they are this program's."""
    roles = f"{schema}.{PROVIDER_ROLE}"
    yield f"CREATE TABLE IF NOT EXISTS {roles} (role name PRIMARY KEY, tenant_id integer NOT NULL)"
    yield f"ALTER TABLE {roles} OWNER TO {owner}"
    yield f"REVOKE ALL ON {roles} FROM PUBLIC"
    # Nobody is told whose a role is that they may not be.
    yield (
        f"CREATE OR REPLACE FUNCTION {schema}.ringfence_tenant(whose name) RETURNS integer LANGUAGE sql STABLE "
        f"PARALLEL SAFE {_SAFE} AS $$ SELECT p.tenant_id FROM {roles} p "
        "WHERE p.role = whose AND pg_has_role(session_user, whose, 'MEMBER') $$"
    )
    # A customer cannot be below another tenant's, which a foreign key alone would let it. One that the same statement
    # has written before is seen by what is volatile alone.
    yield (
        f"CREATE OR REPLACE FUNCTION {schema}.ringfence_may_stand_below(whose name, parent integer) RETURNS boolean "
        f"LANGUAGE sql VOLATILE {_SAFE} AS $$ SELECT EXISTS (SELECT FROM {schema}.customer c "
        f"WHERE c.id = parent AND c.tenant_id = {schema}.ringfence_tenant(whose)) $$"
    )
    yield (
        f"CREATE OR REPLACE FUNCTION {schema}.ringfence_looking() RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE "
        f"AS $$ SELECT decode(nullif(current_setting('{SETTING}', true), ''), 'hex') $$"
    )
    for function in ("ringfence_tenant(name)", "ringfence_may_stand_below(name, integer)", "ringfence_looking()"):
        yield f"ALTER FUNCTION {schema}.{function} OWNER TO {owner}"
        yield f"REVOKE EXECUTE ON FUNCTION {schema}.{function} FROM PUBLIC"
    # What is made beside the tables could stand for one of them.
    yield (
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.oid = "
        f"'{schema}'::regnamespace AND a.grantee = 0 AND a.privilege_type = 'CREATE') THEN "
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC; END IF; END $$"
    )


def _policies(connection: Connection, schema: str, owner: str, *, strict: bool) -> Iterator[str]:
    """Row-level security on every table, for its owner too, and on the history of each day."""
    mine = _MINE.format(schema=schema)
    listed = (
        "SELECT quote_ident(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = "
    )
    days = connection.exec_driver_sql(f"{listed}'{schema}.{HISTORY}'::regclass").scalars().all()
    for table in (*metadata.tables, HISTORY, PROVIDER_ROLE, *days):
        name = f"{schema}.{table}"
        for policy in (_OWNER, _TENANT, _STRICT):
            yield f"DROP POLICY IF EXISTS {policy} ON {name}"
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        yield f"CREATE POLICY {_OWNER} ON {name} TO {owner} USING (true) WITH CHECK (true)"
        if table in SHARED:
            yield f"CREATE POLICY {_TENANT} ON {name} USING (true) WITH CHECK (true)"
        elif table in _BY_ROLE:
            yield f"CREATE POLICY {_TENANT} ON {name} USING (role = current_user) WITH CHECK (role = current_user)"
        elif table == HISTORY:
            yield f"CREATE POLICY {_TENANT} ON {name} USING (tenant_id = {mine})"
        elif table in metadata.tables:
            yield _by_tenant(metadata.tables[table], schema, mine)
    if strict:
        for kind in KINDS.values():
            if kind not in (USERS, AUDIT):  # one's own record and what one did are told wherever that is
                seen = _seen("id" if kind.is_customer else kind.node.column, schema)
                seen += f" OR {kind.node.column} IS NULL" if kind.is_customer else ""  # its name is that of the tenant
                yield f"CREATE POLICY {_STRICT} ON {schema}.{kind.table} AS RESTRICTIVE FOR SELECT USING ({seen})"


def _by_tenant(table: Table, schema: str, mine: str) -> str:
    """Only rows of the tenant are there for others than the owner; and only such are written as refer to its own."""
    refers = [
        (key.parent, key.column.table.name)
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if key.column.table.name != Tenant.__tablename__
    ]
    parts = []
    for column, to in refers:
        if to == table.name:
            there = f"{schema}.ringfence_may_stand_below(current_user, {column.name})"
        else:
            there = f"EXISTS (SELECT FROM {schema}.{to} o WHERE o.id = {table.name}.{column.name})"
        parts.append(f"({column.name} IS NULL OR {there})" if column.nullable else there)
    if table.name == Tenant.__tablename__:
        own = f"id = {mine}"
    elif "tenant_id" in table.columns:
        own = f"tenant_id = {mine}"
        parts.insert(0, own)
    elif parts:
        own = parts[0]  # a tie is the tenant's whose its first end is
    else:
        raise TypeError(f"nothing says whose rows of {table.name} are: give it a tenant, or let it be shared")
    return f"CREATE POLICY {_TENANT} ON {schema}.{table.name} USING ({own}) WITH CHECK ({' AND '.join(parts) or own})"


def _seen(column: str, schema: str) -> str:
    """A condition: the customer is one of those that a look reaches, or nobody looks. What no set holds is 0."""
    byte = f"substring((SELECT {schema}.ringfence_looking()) FROM {column} / 8 + 1 FOR 1) || '\\x00'::bytea"
    return f"coalesce(get_bit({byte}, {column} % 8), 1) <> 0"
