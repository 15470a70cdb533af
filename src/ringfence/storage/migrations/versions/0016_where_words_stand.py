"""On SQLite the index of substrings tells of what stands behind the first letter of a text.

What begins with a word is a range of an order already. As long as the index told of that, too, it had to go through all
of those to say which hold the word elsewhere: of fifty thousand that begin with it, twenty times what the rest of a
page takes.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

_BEHIND = "substr(search_key, 2) || char(31, 31)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in ("customer", "site", "device"):
        index, texts = f"{table}_search", f"{table}_search_text"
        for when in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER {index}_{when}")
        for made in (f"TABLE {index}_letters", f"TABLE {index}", f"VIEW {texts}"):
            op.execute(f"DROP {made}")
        op.execute(f"CREATE VIEW {texts} AS SELECT id, {_BEHIND} AS search_key FROM {table}")  # noqa: S608 - names above
        op.execute(
            f"CREATE VIRTUAL TABLE {index} USING fts5("
            f"search_key, content='{texts}', content_rowid='id', tokenize='trigram case_sensitive 1')"
        )
        op.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608 - of the names above
        op.execute(f"CREATE VIRTUAL TABLE {index}_letters USING fts5vocab({index}, 'instance')")
        old, new = (_BEHIND.replace("search_key", f"{row}.search_key") for row in ("old", "new"))
        forget = f"INSERT INTO {index}({index}, rowid, search_key) VALUES ('delete', old.id, {old});"  # noqa: S608
        keep = f"INSERT INTO {index}(rowid, search_key) VALUES (new.id, {new});"  # noqa: S608
        op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {keep} END")
        op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {forget} END")
        op.execute(
            f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_key ON {table} "
            f"WHEN old.search_key IS NOT new.search_key BEGIN {forget} {keep} END"
        )
