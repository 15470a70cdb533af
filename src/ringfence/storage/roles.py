"""The roles of providers on PostgreSQL: each a login that owns nothing, and that the wall keeps to its own rows."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from ringfence.domain.errors import RingfenceError
from ringfence.storage.engine import Database
from ringfence.storage.role_grants import PROVIDER_ROLE, grant, run
from ringfence.storage.second_wall import demand_owner, let_in, raise_wall

_LONGEST: Final = 63
"""Bytes of a name on PostgreSQL."""


class ProviderRole(NamedTuple):
    """The role of a provider: its name, the key of the provider, and whether it was made now."""

    name: str
    tenant: str
    made: bool


def make_roles(
    database: Database,
    tenant: str | None = None,
    name: str | None = None,
    password: str | None = None,
    *,
    strict: bool | None = None,
) -> list[ProviderRole]:
    """Raises the wall, and sees to the role of a provider, or of each; what it has had is kept. ``name`` and
    ``password`` are of one provider. All of it is done, or nothing.

    Raises RingfenceError on SQLite, for whoever does not own the tables, and as `give_role` does.
    """
    if not database.postgresql:
        raise RingfenceError(f"{database.name} is a file, which has no roles: they are PostgreSQL's")
    with database.writing() as connection:
        raise_wall(connection, strict=strict)
        keys = connection.exec_driver_sql("SELECT key FROM tenant ORDER BY key").scalars().all()
        return [
            give_role(connection, key, name or usual_name(connection, key), password)
            for key in (keys if tenant is None else [tenant])
        ]


def usual_name(connection: Connection, tenant: str) -> str:
    """What a provider's role is called where nobody says otherwise: as the one that it has or, since roles are the
    whole server's, by the name of the database first. Raises RingfenceError where that is too long."""
    query = f"SELECT p.role FROM {PROVIDER_ROLE} p JOIN tenant t ON t.id = p.tenant_id WHERE t.key = %s ORDER BY 1"  # noqa: S608
    known = connection.exec_driver_sql(query, (tenant,)).scalars().first()
    if known is not None:
        return str(known)
    database = str(connection.exec_driver_sql("SELECT current_database()").scalar_one())
    return checked(f"{database}_{tenant}")


def checked(name: str) -> str:
    """A name as a role can have it. Raises RingfenceError for any other."""
    if not name or "\0" in name or len(name.encode()) > _LONGEST:
        raise RingfenceError(f"a role's name has 1 to {_LONGEST} bytes: say another one with --role")
    return name


def give_role(connection: Connection, tenant: str, name: str, password: str | None = None) -> ProviderRole:
    """Makes the login role of a provider, or takes the one of that name, and lets it do what the services do, at the
    rows of that tenant, behind a wall that stands. With a ``password``, it signs in by that; the server is sent what it
    keeps of it, not the password.

    Raises RingfenceError where there is no such tenant, where the role may do more than a provider's may, or is
    another's, and where roles cannot be made.
    """
    demand_owner(connection)
    row = connection.exec_driver_sql("SELECT id FROM tenant WHERE key = %s", (tenant,)).one_or_none()
    if row is None:
        raise RingfenceError(f"there is no provider {tenant!r}")
    quoted = _quoted(connection, checked(name))
    made = _demand_harmless(connection, name, int(row.id))
    if made:
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        if not connection.exec_driver_sql(may).scalar_one():
            raise RingfenceError(
                f"this role may not make others: have it given CREATEROLE, or have CREATE ROLE {quoted} LOGIN run, "
                "and try again"
            )
        run(connection, f"CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
    if password is not None:
        driver: Any = connection.connection.driver_connection
        kept = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        run(connection, f"ALTER ROLE {quoted} PASSWORD '{kept}'")
    put = f"INSERT INTO {PROVIDER_ROLE} VALUES (%s, %s) ON CONFLICT DO NOTHING"  # noqa: S608 - our own
    if connection.exec_driver_sql(put, (name, row.id)).rowcount or made:
        let_in(connection, row.id)
    grant(connection, name)
    return ProviderRole(name, tenant, made)


def _demand_harmless(connection: Connection, name: str, tenant_id: int) -> bool:
    """Whether there is no such role yet. Raises RingfenceError for one that may go past the wall."""
    query = """
        SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
            EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),
            EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
                OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid)
                OR EXISTS (SELECT FROM pg_database d WHERE d.datdba = r.oid)
        FROM pg_roles r WHERE r.rolname = %s
    """
    row = connection.exec_driver_sql(query, (name,)).one_or_none()
    if row is None:
        return True
    whys = ("is a superuser", "goes past row-level security", "may make roles", "is a member of another role")
    for why, so in zip((*whys, "owns something in this database"), row, strict=True):
        if so:
            raise RingfenceError(f"the role {name} {why}: name another one with --role")
    other = f"SELECT tenant_id FROM {PROVIDER_ROLE} WHERE role = %s"  # noqa: S608 - our own
    if connection.exec_driver_sql(other, (name,)).scalar() not in (None, tenant_id):
        raise RingfenceError(f"the role {name} is another provider's: name another one with --role")
    return False


def _quoted(connection: Connection, name: str) -> str:
    return str(connection.exec_driver_sql("SELECT quote_ident(%s)", (name,)).scalar_one())
