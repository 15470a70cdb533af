"""Alembic's environment: migrations run on the connection that storage.schema hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from ringfence.storage.metadata import metadata

connection = context.config.attributes["connection"]
is_postgresql = connection.dialect.name == "postgresql"
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
    # Not one further along the search path, which is another database's.
    version_table_schema=connection.scalar(text("SELECT current_schema()")) if is_postgresql else None,
)
with context.begin_transaction():
    context.run_migrations()
