"""What the role of a provider may do on PostgreSQL: what the services do, and no more."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from ringfence.domain.registry import EDITED
from ringfence.storage.identity_tables import ApiToken, SshKey
from ringfence.storage.signal_tables import HISTORY
from ringfence.storage.wall_signs import LOOKING, STRICT

PROVIDER_ROLE: Final = "provider_role"
"""The table of the roles of providers: which tenant's each is."""
_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"
_TIED: Final = "SELECT, INSERT, DELETE"
_KEPT: Final = "SELECT, INSERT, UPDATE"
_NEW: Final = "SELECT, INSERT"
_OTHERS: Final[dict[str, str]] = {
    "alembic_version": "SELECT",
    "tenant": "SELECT, UPDATE (version, audit_count, audit_hash)",
    # The past is added to, and never changed.
    "audit_entry": _NEW,
    "former_customer": _ALL,
    # Stored scopes.
    "scope": _TIED,
    "scope_interval": _TIED,
    "scope_site": _TIED,
    # What devices say.
    HISTORY: _KEPT,
    "series": _NEW,
    "device_latest": _KEPT,
    "reported": _KEPT,
    "tenure": _NEW,
    "event": _NEW,
    "edge_heard": _KEPT,
    "unmatched": _ALL,
    "known_signal": _NEW,
    "rule_state": _ALL,
    "runaway": _KEPT,
    "suppressed": _ALL,
    "escalation": _ALL,
    "alarm_above": _TIED,
    "alarm_count": _KEPT,
    "worker_heard": "SELECT",
    "own_console": _KEPT,
    # How people prove who they are.
    "credential": _KEPT,
    "recovery_code": _TIED,
    "invitation": _TIED,
    "sign_in": _ALL,
    "attempt": _ALL,
    "attempt_key": _NEW,
}
FUNCTIONS: Final = (
    "ringfence_tenant(name)",
    "ringfence_whose(name, text, text)",
    "ringfence_holding(name, text, text[], text, integer)",
)
"""Those of the wall."""
_MAKING_DAYS: Final = "ringfence_make_day(text)"


def grants() -> dict[str, str]:
    """What a provider's role may do with each table: just what the services do, which a test holds to their statements.
    With records all, with what is tied to them all but change it. Of what row-level security lets it at, that is; what
    goes along with a row that is deleted, the server sees to itself."""
    kinds = {kind.table: _ALL for kind in EDITED.values()}
    ties = {ties.table: _TIED for kind in EDITED.values() for _, ties in kind.ties.values() if not ties.whole}
    # What proves that somebody holds one of these is asked by a function, and told to nobody.
    told = {"ssh_key": _told(SshKey, but="blob"), "api_token": _told(ApiToken, but="digest")}
    return {**ties, **kinds, **_OTHERS, **told}


def _told(table: Any, *, but: str) -> str:
    columns = ", ".join(column.name for column in table.__table__.c if column.name != but)
    return f"INSERT, UPDATE, DELETE, SELECT ({columns})"


def grant_all(connection: Connection) -> None:
    """Lets the roles that there are do what this program does, and nothing that an earlier one did."""
    there = f"SELECT p.role FROM {PROVIDER_ROLE} p JOIN pg_roles r ON r.rolname = p.role ORDER BY 1"  # noqa: S608 - ours
    for name in connection.exec_driver_sql(there).scalars().all():
        grant(connection, name)


def grant(connection: Connection, name: str) -> None:
    """Lets a role do what is said here and nothing else, with the tables and what belongs to them."""
    where = "SELECT quote_ident(%(role)s), quote_ident(current_schema()), quote_ident(current_database())"
    role, schema, database = connection.exec_driver_sql(where, {"role": name}).one()
    run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
    run(connection, f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}")
    run(connection, f"REVOKE ALL ON SCHEMA {schema} FROM {role}")
    run(connection, f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    for needed in ("CONNECT", "TEMPORARY"):
        has = "SELECT has_database_privilege(%s, current_database(), %s)"
        if not connection.exec_driver_sql(has, (name, needed)).scalar_one():
            run(connection, f"GRANT {needed} ON DATABASE {database} TO {role}")
    given = grants()
    for table, verbs in given.items():
        run(connection, f"GRANT {verbs} ON {schema}.{table} TO {role}")
    numbered = """
        SELECT d.refobjid::regclass::text, d.objid::regclass::text FROM pg_depend d JOIN pg_class s ON s.oid = d.objid
        WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') AND s.relnamespace = current_schema()::regnamespace
    """
    for table, sequence in connection.exec_driver_sql(numbered).all():
        if "INSERT" in given.get(table, ""):
            run(connection, f"GRANT USAGE ON SEQUENCE {sequence} TO {role}")
    strict = connection.exec_driver_sql(f"SELECT {STRICT}").scalar_one()
    for function in (*FUNCTIONS, _MAKING_DAYS, *([LOOKING] if strict else [])):
        run(connection, f"GRANT EXECUTE ON FUNCTION {schema}.{function} TO {role}")


def run(connection: Connection, statement: str) -> None:
    """Runs a statement as it stands: of the names of our own, and of what is quoted."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
