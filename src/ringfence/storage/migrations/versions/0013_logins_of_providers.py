"""A login is unique in its provider, and no more in the whole database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # A table of SQLite is made anew for that, and an id of a user must not be given out again.
    sqlite = op.get_bind().dialect.name == "sqlite"
    last = "SELECT seq FROM sqlite_sequence WHERE name = 'user_account'"
    given_out = op.get_bind().execute(sa.text(last)).scalar() if sqlite else None
    with op.batch_alter_table("user_account", table_kwargs={"sqlite_autoincrement": True}) as users:
        users.drop_constraint(op.f("uq_user_account_login_key"), type_="unique")
        users.create_unique_constraint(op.f("uq_user_account_tenant_id_login_key"), ["tenant_id", "login_key"])
    op.create_index(op.f("ix_user_account_login_key"), "user_account", ["login_key"], unique=False)
    if given_out is not None:
        keep = "UPDATE sqlite_sequence SET seq = :last WHERE name = 'user_account'"
        op.get_bind().execute(sa.text(keep), {"last": given_out})
