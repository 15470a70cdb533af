"""On PostgreSQL whatever is unique is so in its tenant, and a row refers to one of its own tenant alone.

Primary keys, unique constraints and foreign keys begin with the tenant: so the tables can be spread over many servers
by it, and a row of one tenant cannot refer to another's, whoever writes it. SQLite keeps its integer keys.

A key for SSH is one user's in their provider, as a login is.
"""

# ruff: noqa: S608 - the statements are made of names that the server itself quotes

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from ringfence.domain.errors import RingfenceError

revision = "0018"
down_revision = "0017"

_OURS = """
    SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
    AND c.relname NOT IN ('provider_role')
"""
_COLUMNS = """
    (SELECT array_agg(quote_ident(a.attname) ORDER BY k.place) FROM unnest(o.{}) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = o.{} AND a.attnum = k.number)
"""
_KEYS = f"""
    SELECT o.conrelid::regclass::text, quote_ident(o.conname), o.contype::text, {_COLUMNS.format("conkey", "conrelid")}
    FROM pg_constraint o WHERE o.conrelid IN ({_OURS}) AND o.contype IN ('p', 'u') ORDER BY 1, 2
"""
_REFERENCES = f"""
    SELECT o.conrelid::regclass::text, quote_ident(o.conname), {_COLUMNS.format("conkey", "conrelid")},
    o.confrelid::regclass::text, o.confdeltype::text
    FROM pg_constraint o WHERE o.conrelid IN ({_OURS}) AND o.contype = 'f' AND o.confrelid IN ({_OURS}) ORDER BY 1, 2
"""
_GONE = {"a": "", "c": "ON DELETE CASCADE", "n": "ON DELETE SET NULL ({})"}
_SINCE = 150_000
"""Since then a server empties one column of a reference of two."""


class _Reference(NamedTuple):
    table: str
    name: str
    columns: list[str]
    to: str
    gone: str


def upgrade() -> None:
    _keys_of_providers()
    if op.get_bind().dialect.name != "sqlite":
        _tenants_first()


def _keys_of_providers() -> None:
    """A key for SSH is known by its fingerprint in its provider."""
    # A table of SQLite is made anew for that, and an id must not be given out again.
    sqlite = op.get_bind().dialect.name == "sqlite"
    last = "SELECT seq FROM sqlite_sequence WHERE name = 'ssh_key'"
    given_out = op.get_bind().execute(sa.text(last)).scalar() if sqlite else None
    with op.batch_alter_table("ssh_key", table_kwargs={"sqlite_autoincrement": True}) as keys:
        keys.drop_constraint(op.f("uq_ssh_key_blob"), type_="unique")
    op.create_index(op.f("ix_ssh_key_blob"), "ssh_key", ["blob"], unique=False)
    if given_out is not None:
        keep = "UPDATE sqlite_sequence SET seq = :last WHERE name = 'ssh_key'"
        op.get_bind().execute(sa.text(keep), {"last": given_out})
    elif sqlite:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'ssh_key'")


def _tenants_first() -> None:
    if int(op.get_bind().execute(sa.text("SHOW server_version_num")).scalar_one()) < _SINCE:
        raise RingfenceError("this takes PostgreSQL 15 or later: upgrade the server, then run it again")
    references = [_Reference(*row) for row in op.get_bind().execute(sa.text(_REFERENCES))]
    for one in references:
        op.execute(f"ALTER TABLE {one.table} DROP CONSTRAINT {one.name}")
    for table, name, kind, columns in op.get_bind().execute(sa.text(_KEYS)).all():
        if columns[0] == "tenant_id":
            continue
        led = ", ".join(("tenant_id", *(column for column in columns if column != "tenant_id")))
        key = "PRIMARY KEY" if kind == "p" else "UNIQUE"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {key} ({led})")
        if len(columns) == 1:  # it is looked for by itself, too, and an id is one row's whatever tenants there are
            unique = "UNIQUE " if columns == ["id"] else ""
            op.execute(f"CREATE {unique}INDEX ix_{table}_own_{columns[0]} ON {table} ({columns[0]})")
    for one in references:
        (column,) = one.columns
        op.execute(
            f"ALTER TABLE {one.table} ADD CONSTRAINT {one.name} FOREIGN KEY (tenant_id, {column}) "
            f"REFERENCES {one.to} (tenant_id, id) {_GONE[one.gone].format(column)}"
        )
