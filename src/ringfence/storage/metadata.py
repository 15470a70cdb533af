"""Every table in one place, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from ringfence.storage import grants, identity_tables, scopes, signal_tables, tables
from ringfence.storage.columns import EVERY, INCLUDED, metadata

__all__ = ["grants", "identity_tables", "metadata", "scopes", "signal_tables", "tables"]

# What an index on PostgreSQL leaves out, and has besides, is said here only: saying it loads all of SQLAlchemy's
# PostgreSQL, and whoever only reads and writes has no need of it.
for _rows in EVERY.values():
    for _index in _rows.__table__.indexes:
        if (_where := _index.dialect_options["sqlite"]["where"]) is not None:
            _index.dialect_kwargs["postgresql_where"] = _where
        if INCLUDED in _index.info:
            _index.dialect_kwargs["postgresql_include"] = _index.info[INCLUDED]
