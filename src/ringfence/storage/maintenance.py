"""Looking after a database: bringing its schema up, and looking for damage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import text

from ringfence.domain.errors import RingfenceError
from ringfence.storage import schema
from ringfence.storage.engine import Database, locate, require_file

_COUNTED: Final = (
    ("max_users", "count(*) FROM customer h CROSS JOIN user_account u WHERE u.home_id = h.id AND"),
    ("max_devices", "sum(h.device_count) FROM customer h WHERE"),
    ("max_customers", "count(*) - 1 FROM customer h WHERE"),
)
_EXCEEDED: Final = " OR ".join(
    f"(c.{limit} IS NOT NULL AND c.{limit} < (SELECT {counted} "
    "h.tenant_id = c.tenant_id AND h.path >= c.path AND h.path < c.path || '~'))"
    for limit, counted in _COUNTED
)
_CHECKS: Final = (
    (
        "a device stands on another customer's site",
        "SELECT count(*) FROM device d JOIN site s ON s.id = d.site_id WHERE s.customer_id <> d.customer_id",
    ),
    (
        "a customer's path does not follow its parent's",
        "SELECT count(*) FROM customer c JOIN customer p ON p.id = c.parent_id "
        "WHERE substr(c.path, 1, length(p.path)) <> p.path OR c.tenant_id <> p.tenant_id",
    ),
    (
        "a customer's count of devices is wrong",
        "SELECT count(*) FROM customer c "
        "WHERE device_count <> (SELECT count(*) FROM device d WHERE d.customer_id = c.id)",
    ),
    (
        "a customer's limit is exceeded",
        f"SELECT count(*) FROM customer c WHERE {_EXCEEDED}",  # noqa: S608 - of the lines above
    ),
    (
        "a private role is used by several security groups",
        "SELECT count(*) FROM role r "
        "WHERE r.private AND (SELECT count(*) FROM security_group g WHERE g.role_id = r.id) > 1",
    ),
    (
        "a tenant has no root or several",
        "SELECT count(*) FROM tenant t "
        "WHERE (SELECT count(*) FROM customer c WHERE c.tenant_id = t.id AND c.parent_id IS NULL) <> 1",
    ),
)


def upgrade(name: str | None, tell: Callable[[str], None] | None = None) -> str:
    """Brings the schema to this program's revision, after a backup on SQLite; says what was done. ``tell`` is told what
    is waited for."""
    url = locate(name)
    require_file(url)
    database = Database(url)
    database.patience.tell = tell
    said = ""

    def back_up() -> None:
        nonlocal said
        if not database.postgresql:
            said = f"; the backup is {schema.backup(database.engine)}"

    with database.reading() as connection:
        found = schema.state(connection)
    if found is schema.State.OLDER:
        if schema.upgrade(database.engine, back_up):
            return f"{database.name} is now of revision {schema.HEAD}{said}"
    else:
        schema.demand_current(found, database.name)
    return f"{database.name} is up to date (revision {schema.HEAD})"


def check(database: Database) -> list[str]:
    """What is wrong with a database, a few words each; nothing where it is sound."""
    problems = []
    with database.reading() as connection:
        if not database.postgresql:
            verdict = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            if verdict != "ok":
                problems.append("the file is damaged")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                problems.append("a reference leads nowhere")
        for problem, query in _CHECKS:
            if connection.execute(text(query)).scalar():
                problems.append(problem)
    if not database.postgresql:
        try:
            with database.writing() as connection:
                connection.exec_driver_sql(
                    "INSERT INTO device_search(device_search, rank) VALUES ('integrity-check', 1)"
                )
        except RingfenceError as error:
            if "malformed" not in repr(error.__cause__) and "damaged" not in str(error):
                raise
            problems.append("the search index does not agree with the devices")
    return problems
