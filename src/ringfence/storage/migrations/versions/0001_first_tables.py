"""The first tables: tenants, the customer tree, what it owns, the grants, and the stored scopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("key", name=op.f("uq_tenant_key")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("key", BINARY_TEXT, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("path", BINARY_TEXT, nullable=False),
        sa.Column("device_count", sa.Integer(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["customer.id"], name=op.f("fk_customer_parent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_customer_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_customer_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_customer_parent_id_search_key_id"), "customer", ["parent_id", "search_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_customer_tenant_id_path_device_count"), "customer", ["tenant_id", "path", "device_count"], unique=False
    )
    op.create_index(
        op.f("ix_customer_tenant_id_search_key_id"), "customer", ["tenant_id", "search_key", "id"], unique=False
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signature", BINARY_TEXT, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("intervals", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_scope_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
        sa.UniqueConstraint("tenant_id", "signature", "version", name=op.f("uq_scope_tenant_id_signature_version")),
    )
    op.create_table(
        "customer_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["customer.id"], name=op.f("fk_customer_group_owner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_customer_group_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_group")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_customer_group_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_customer_group_owner_id_search_key_id"),
        "customer_group",
        ["owner_id", "search_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customer_group_tenant_id_search_key_id"),
        "customer_group",
        ["tenant_id", "search_key", "id"],
        unique=False,
    )
    op.create_table(
        "role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("access_level", sa.String(), nullable=False),
        sa.Column("all_permissions", sa.Boolean(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["customer.id"], name=op.f("fk_role_owner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_role_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_role_tenant_id_key")),
    )
    op.create_index(op.f("ix_role_owner_id_search_key_id"), "role", ["owner_id", "search_key", "id"], unique=False)
    op.create_index(op.f("ix_role_tenant_id_search_key_id"), "role", ["tenant_id", "search_key", "id"], unique=False)
    op.create_table(
        "scope_interval",
        sa.Column("scope_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", BINARY_TEXT, nullable=False),
        sa.Column("path_hi", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"], name=op.f("fk_scope_interval_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "path", name=op.f("pk_scope_interval")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_site_customer_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_site_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_site_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_site_customer_id_search_key_id"), "site", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(op.f("ix_site_tenant_id_search_key_id"), "site", ["tenant_id", "search_key", "id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("home_id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("login_key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["customer.id"], name=op.f("fk_user_account_home_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_user_account_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login_key", name=op.f("uq_user_account_login_key")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_user_account_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_user_account_home_id_search_key_id"), "user_account", ["home_id", "search_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_user_account_tenant_id_search_key_id"), "user_account", ["tenant_id", "search_key", "id"], unique=False
    )
    op.create_table(
        "customer_group_customer",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("nested", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_group_customer_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["customer_group.id"], name=op.f("fk_customer_group_customer_group_id")),
        sa.PrimaryKeyConstraint("group_id", "customer_id", name=op.f("pk_customer_group_customer")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_customer_group_customer_customer_id"), "customer_group_customer", ["customer_id"], unique=False
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit_id", BINARY_TEXT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_device_customer_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_device_site_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_device_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_device_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_device_customer_id_search_key_id"), "device", ["customer_id", "search_key", "id"], unique=False
    )
    op.create_index(op.f("ix_device_site_id"), "device", ["site_id"], unique=False)
    op.create_index(
        op.f("ix_device_tenant_id_search_key_id_customer_id"),
        "device",
        ["tenant_id", "search_key", "id", "customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_device_tenant_id_unit_id_id_customer_id"),
        "device",
        ["tenant_id", "unit_id", "id", "customer_id"],
        unique=False,
    )
    op.create_index(
        "uq_device_unit_id",
        "device",
        ["tenant_id", "unit_id"],
        unique=True,
        sqlite_where=sa.text("unit_id <> ''"),
        postgresql_where=sa.text("unit_id <> ''"),
    )
    op.create_table(
        "role_permission",
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("permission", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_role_permission_role_id")),
        sa.PrimaryKeyConstraint("role_id", "permission", name=op.f("pk_role_permission")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scope_site",
        sa.Column("scope_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"], name=op.f("fk_scope_site_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "site_id", name=op.f("pk_scope_site")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "security_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["customer.id"], name=op.f("fk_security_group_owner_id")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_security_group_role_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_security_group_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_group")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_security_group_tenant_id_key")),
    )
    op.create_index(
        op.f("ix_security_group_owner_id_search_key_id"),
        "security_group",
        ["owner_id", "search_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_security_group_tenant_id_search_key_id"),
        "security_group",
        ["tenant_id", "search_key", "id"],
        unique=False,
    )
    op.create_table(
        "user_customer_group",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["customer_group.id"], name=op.f("fk_user_customer_group_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_customer_group_user_id")),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_user_customer_group")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_user_customer_group_group_id"), "user_customer_group", ["group_id"], unique=False)
    op.create_table(
        "user_site",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_user_site_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_site_user_id")),
        sa.PrimaryKeyConstraint("user_id", "site_id", name=op.f("pk_user_site")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_user_site_site_id"), "user_site", ["site_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["security_group.id"], name=op.f("fk_membership_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_group_id"), "membership", ["group_id"], unique=False)
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_table(
        "security_group_customer",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("nested", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_security_group_customer_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["security_group.id"], name=op.f("fk_security_group_customer_group_id")),
        sa.PrimaryKeyConstraint("group_id", "customer_id", name=op.f("pk_security_group_customer")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_security_group_customer_customer_id"), "security_group_customer", ["customer_id"], unique=False
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_substrings_on_sqlite()
    else:
        _index_substrings_on_postgresql()


def _index_substrings_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE device_search USING fts5("
        "search_key, content='device', content_rowid='id', tokenize='trigram case_sensitive 1')"
    )
    op.execute(
        "CREATE TRIGGER device_search_insert AFTER INSERT ON device BEGIN "
        "INSERT INTO device_search(rowid, search_key) VALUES (new.id, new.search_key); END"
    )
    op.execute(
        "CREATE TRIGGER device_search_delete AFTER DELETE ON device BEGIN "
        "INSERT INTO device_search(device_search, rowid, search_key) VALUES ('delete', old.id, old.search_key); END"
    )
    op.execute(
        "CREATE TRIGGER device_search_update AFTER UPDATE OF search_key ON device "
        "WHEN old.search_key IS NOT new.search_key BEGIN "
        "INSERT INTO device_search(device_search, rowid, search_key) VALUES ('delete', old.id, old.search_key); "
        "INSERT INTO device_search(rowid, search_key) VALUES (new.id, new.search_key); END"
    )


def _index_substrings_on_postgresql() -> None:
    # Without the extension (it ships with PostgreSQL, but a package may leave it out) a search reads the table.
    bind = op.get_bind()
    if bind.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")):
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_device_search ON device USING gin (search_key gin_trgm_ops)")
