"""Substrings of the names that devices refer to: those of customers and of sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in ("customer", "site"):
        if sqlite:
            _index_on_sqlite(table)
        else:
            _index_on_postgresql(table)


def _index_on_sqlite(table: str) -> None:
    index = f"{table}_search"
    op.execute(
        f"CREATE VIRTUAL TABLE {index} USING fts5("
        f"search_key, content='{table}', content_rowid='id', tokenize='trigram case_sensitive 1')"
    )
    op.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608 - of the names above
    forget = f"INSERT INTO {index}({index}, rowid, search_key) VALUES ('delete', old.id, old.search_key);"  # noqa: S608
    keep = f"INSERT INTO {index}(rowid, search_key) VALUES (new.id, new.search_key);"  # noqa: S608
    op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {keep} END")
    op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {forget} END")
    op.execute(
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_key ON {table} "
        f"WHEN old.search_key IS NOT new.search_key BEGIN {forget} {keep} END"
    )


def _index_on_postgresql(table: str) -> None:
    # As that of the devices: without the extension a filter reads the names.
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
        op.execute(f"CREATE INDEX ix_{table}_search ON {table} USING gin (search_key gin_trgm_ops)")
