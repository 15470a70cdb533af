"""The functions of the second wall: what a provider's role may ask the owner of the tables, and no more.

Each does what its owner may, goes by no name that somebody else can put before another, and speaks of nothing but the
tenant of whoever calls it, whom it is told as ``current_user``: that one may be another role than the session's, but
only one that the session may be.
"""

# ruff: noqa: S608 - the statements are made of the names of our own tables

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, literal_column

from ringfence.domain.registry import KINDS
from ringfence.storage.role_grants import FUNCTIONS, PROVIDER_ROLE
from ringfence.storage.wall_signs import LOOKING

SETTING: Final = "ringfence.looking"
"""The setting that says which customers a look reaches: a bit for each id, in hexadecimal figures."""
_SAFE: Final = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_SAMPLE: Final = 5_000
"""So many records of a tenant are looked at to know how often a word is."""
_OFTEN: Final = 50
"""Where one of so many has it, enough of them are found before an index has told of all."""


def functions(schema: str, owner: str, *, strict: bool) -> Iterator[str]:
    """Statements that make them anew, so that they are this program's, with the table of who may what."""
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
    yield f"DROP FUNCTION IF EXISTS {schema}.ringfence_may_stand_below(name, integer)"  # a policy's, once
    yield _whose(schema)
    yield _holding(schema)
    if strict:
        yield (
            f"CREATE OR REPLACE FUNCTION {schema}.{LOOKING} RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE "
            f"AS $$ SELECT decode(nullif(current_setting('{SETTING}', true), ''), 'hex') $$"
        )
    else:
        yield f"DROP FUNCTION IF EXISTS {schema}.{LOOKING}"
    for function in (*FUNCTIONS, *([LOOKING] if strict else [])):
        yield f"ALTER FUNCTION {schema}.{function} OWNER TO {owner}"
        yield f"REVOKE EXECUTE ON FUNCTION {schema}.{function} FROM PUBLIC"


def _whose(schema: str) -> str:
    """Finding out who signs in: the id of what stands for somebody of the tenant, as nobody else is found."""
    found = "SELECT {0}.id FROM {1}.{2} {0} WHERE {0}.tenant_id = {1}.ringfence_tenant(whose) AND {0}.{3} = said"
    cases = " ".join(
        f"WHEN '{what}' THEN ({found.format('o', schema, table, column)})" for what, (table, column) in _PROOFS.items()
    )
    return (
        f"CREATE OR REPLACE FUNCTION {schema}.ringfence_whose(whose name, what text, said text) RETURNS integer "
        f"LANGUAGE sql STABLE {_SAFE} AS $$ SELECT CASE what {cases} END $$"
    )


_PROOFS: Final = {
    "login": ("user_account", "login_key"),
    "blob": ("ssh_key", "blob"),
    "fingerprint": ("ssh_key", "fingerprint"),
    "token": ("api_token", "digest"),
}
"""By what somebody is found, and the table and the column that it is in."""


def known_by(connection: Connection, column: Any, what: str, said: str) -> ColumnElement[bool]:
    """A condition: a row is the one that stands for somebody by what was said: a ``login``, a ``fingerprint`` or a
    ``token``, in its ``column``. Behind the wall the function alone says which that is."""
    found: ColumnElement[bool] = column == said
    if connection.info.get("ringfence_walled"):
        found = column.table.c.id == func.ringfence_whose(literal_column("current_user"), what, said)
    return found


def _holding(schema: str) -> str:
    """The records of the tenant that hold a word, as the index of substrings has them: of three letters or more, those
    that do not begin with it. A policy has PostgreSQL ask by no such index, since a condition may tell of rows.

    Of few records, and where a sample has the word often, each is looked at until there are enough.
    """
    whose = " ".join(
        f"WHEN '{kind.table}' THEN '{'id' if kind.is_customer else kind.owner}'"
        for kind in KINDS.values()
        if kind.substrings
    )
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.ringfence_holding(
            whose name, kind text, grams text[], needle text, most integer
        ) RETURNS TABLE (id integer, owner integer) LANGUAGE plpgsql STABLE {_SAFE} AS $$
        DECLARE
            tenant CONSTANT integer := {schema}.ringfence_tenant(whose);
            owning CONSTANT text := CASE kind {whose} END;
            holds CONSTANT text := CASE WHEN length(needle) < 3 THEN 'strpos(k.search_key, $2) > 0' ELSE
                'strpos(substr(k.search_key, 2), $2) > 0 AND NOT starts_with(k.search_key, $2)' END;
            known integer;
            fitting integer;
        BEGIN
            IF tenant IS NULL OR owning IS NULL THEN
                RETURN;
            END IF;
            EXECUTE format('SELECT count(*), count(*) FILTER (WHERE %s) FROM (SELECT search_key FROM {schema}.%I '
                           'WHERE tenant_id = $1 LIMIT {_SAMPLE}) k', holds, kind)
                INTO known, fitting USING tenant, needle;
            RETURN QUERY EXECUTE format('SELECT k.id, k.%I FROM {schema}.%I k WHERE k.tenant_id = $1 AND %s AND %s '
                                        'LIMIT $3', owning, kind, holds,
                CASE WHEN known = {_SAMPLE} AND fitting * {_OFTEN} < known
                     THEN '{schema}.ringfence_grams(k.search_key) @> $4' ELSE 'true' END)
                USING tenant, needle, most, grams;
        END $$
    """
