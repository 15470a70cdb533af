"""One index of substrings on PostgreSQL, for words of every length, where there were two.

It holds the one, two and three letters that follow each other in a text, but for the first three: what begins with a
word is a range of an order, and so the index says at once who has it elsewhere. Nothing that it finds is looked at
again by what it is made of, which took most of the time; and it needs no extension.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute(
        "CREATE FUNCTION ringfence_grams(said text) RETURNS text[] IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql "
        "COST 1000 RETURN (SELECT array_agg(substr(said, at, long)) FROM generate_series(1, length(said)) at "
        "CROSS JOIN generate_series(1, 3) long WHERE at > 1 OR long < 3)"
    )
    for table in ("customer", "site", "device"):
        for index in (f"ix_{table}_search", f"ix_{table}_search_letters"):
            op.execute(f"DROP INDEX IF EXISTS {index}")
        op.execute(f"CREATE INDEX ix_{table}_search ON {table} USING gin (ringfence_grams(search_key))")
        op.execute(f"ANALYZE {table}")  # by which the planner knows how often letters stand in them
    op.execute("DROP FUNCTION ringfence_letters(text)")
