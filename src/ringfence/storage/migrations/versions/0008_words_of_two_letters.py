"""Words of one and two letters: the index of substrings tells of those too.

On SQLite whatever three letters begin with a short word is found by its vocabulary, once the last letters of a text
begin such a three, too: the index is made of the texts with two more signs behind them. On PostgreSQL an index of its
own holds the letters of a text, and each two that stand together; and that of three letters takes what stands between
words for letters, too, which pg_trgm else knows nothing of.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    if not sqlite:
        trigrams = bind.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"))
        op.execute(
            "CREATE FUNCTION ringfence_letters(said text) RETURNS text[] IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql "
            "COST 1000 RETURN (SELECT array_agg(DISTINCT substr(said, at, long)) "
            "FROM generate_series(1, length(said)) at CROSS JOIN generate_series(1, 2) long)"
        )
    for table in ("customer", "site", "device"):
        if sqlite:
            _index_on_sqlite(table)
            continue
        op.execute(f"CREATE INDEX ix_{table}_search_letters ON {table} USING gin (ringfence_letters(search_key))")
        if trigrams:
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_search")
            joined = "translate(search_key, chr(31) || ' -_./:', 'zxqjkvw')"
            op.execute(f"CREATE INDEX ix_{table}_search ON {table} USING gin ({joined} gin_trgm_ops)")


def _index_on_sqlite(table: str) -> None:
    index, texts, longer = f"{table}_search", f"{table}_search_text", "search_key || char(31, 31)"
    for when in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER {index}_{when}")
    op.execute(f"DROP TABLE {index}")
    op.execute(f"CREATE VIEW {texts} AS SELECT id, {longer} AS search_key FROM {table}")  # noqa: S608 - names above
    op.execute(
        f"CREATE VIRTUAL TABLE {index} USING fts5("
        f"search_key, content='{texts}', content_rowid='id', tokenize='trigram case_sensitive 1')"
    )
    op.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608 - of the names above
    op.execute(f"CREATE VIRTUAL TABLE {index}_letters USING fts5vocab({index}, 'instance')")
    forget = f"INSERT INTO {index}({index}, rowid, search_key) VALUES ('delete', old.id, old.{longer});"  # noqa: S608
    keep = f"INSERT INTO {index}(rowid, search_key) VALUES (new.id, new.{longer});"  # noqa: S608
    op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {keep} END")
    op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {forget} END")
    op.execute(
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_key ON {table} "
        f"WHEN old.search_key IS NOT new.search_key BEGIN {forget} {keep} END"
    )
