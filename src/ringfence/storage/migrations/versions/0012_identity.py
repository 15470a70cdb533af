"""How people prove who they are: passwords, codes, invitations, sessions, keys and tokens; and where they left the
console."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("role", sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("role", sa.Column("idle_minutes", sa.Integer(), nullable=True))
    op.create_table(
        "attempt",
        sa.Column("role", BINARY_TEXT, nullable=False),
        sa.Column("digest", BINARY_TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("role", "digest", name=op.f("pk_attempt")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_attempt_role_at"), "attempt", ["role", "at"], unique=False)
    op.create_table(
        "attempt_key",
        sa.Column("role", BINARY_TEXT, nullable=False),
        sa.Column("secret", BINARY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_attempt_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_by", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", BINARY_TEXT, nullable=False),
        sa.Column("permissions", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_api_token_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["user_account.id"], name=op.f("fk_api_token_made_by"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_token_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
        sa.UniqueConstraint("tenant_id", "user_id", "name", name=op.f("uq_api_token_tenant_id_user_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_token_customer_id"), "api_token", ["customer_id"], unique=False)
    op.create_index(op.f("ix_api_token_made_by"), "api_token", ["made_by"], unique=False)
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("password_at", sa.BigInteger(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("code_secret", sa.Text(), nullable=True),
        sa.Column("code_step", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_from", sa.String(), nullable=True),
        sa.Column("last_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_credential_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_credential_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_credential")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_credential_user_id"), "credential", ["user_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", BINARY_TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_invitation_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_invitation_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitation_digest")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_invitation_user_id"), "invitation", ["user_id"], unique=False)
    op.create_table(
        "own_console",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("layout", sa.Text(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_own_console_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_own_console_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_own_console")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_own_console_user_id"), "own_console", ["user_id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recovery_code_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "digest", name=op.f("pk_recovery_code")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("fingerprint", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_sign_in_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sign_in_user_id"), "sign_in", ["user_id"], unique=False)
    op.create_table(
        "ssh_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", BINARY_TEXT, nullable=False),
        sa.Column("blob", BINARY_TEXT, nullable=False),
        sa.Column("fingerprint", BINARY_TEXT, nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_ssh_key_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_ssh_key_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ssh_key")),
        sa.UniqueConstraint("blob", name=op.f("uq_ssh_key_blob")),
        sa.UniqueConstraint("tenant_id", "fingerprint", name=op.f("uq_ssh_key_tenant_id_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ssh_key_user_id"), "ssh_key", ["user_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _let_others_make_days()


def _let_others_make_days() -> None:
    """A function that makes the partition of a day as the owner, for whoever takes signals in. Attached, it keeps
    nobody from reading or writing the other days. How many there are is bounded."""
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    op.get_bind().exec_driver_sql(
        f"""
        CREATE FUNCTION ringfence_make_day(day text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            name text := 'point_' || day;
            low bigint;
        BEGIN
            IF day !~ '^[0-9]{{8}}$' OR to_char(to_date(day, 'YYYYMMDD'), 'YYYYMMDD') <> day THEN
                RAISE EXCEPTION '% is no day', quote_literal(day);
            END IF;
            PERFORM pg_advisory_xact_lock({0x52464E57});
            IF to_regclass('{schema}.' || name) IS NOT NULL THEN
                RETURN;
            END IF;
            IF (SELECT count(*) FROM pg_inherits WHERE inhparent = '{schema}.point'::regclass) >= 400 THEN
                RAISE EXCEPTION 'there is history of too many days';
            END IF;
            low := extract(epoch FROM to_date(day, 'YYYYMMDD'))::bigint * 1000;
            EXECUTE format('CREATE TABLE {schema}.%I (LIKE {schema}.point INCLUDING INDEXES)', name);
            EXECUTE format('ALTER TABLE {schema}.point ATTACH PARTITION {schema}.%I FOR VALUES FROM (%s) TO (%s)',
                           name, low, low + 86400000);
            IF (SELECT relrowsecurity FROM pg_class WHERE oid = '{schema}.point'::regclass) THEN
                EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY ringfence_owner ON {schema}.%I TO current_user USING (true)', name);
            END IF;
        END $$
        """,  # noqa: S608 - of the name of the schema
        execution_options={"no_parameters": True},
    )
    op.execute("REVOKE EXECUTE ON FUNCTION ringfence_make_day(text) FROM PUBLIC")
