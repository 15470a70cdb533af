"""What it costs to explain access on the large database, with 10,000 users and 5,000 security groups: why, who, and why
not with the smallest changes, each against one ``can`` beside it, on both engines."""

from __future__ import annotations

import random
import shutil
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Table, select

from benchmarks.copies import kept_for, note, on_postgresql
from benchmarks.report import Report
from ringfence.domain.permission import KEYS
from ringfence.services import access, explaining, fixing
from ringfence.storage import grants, tables
from ringfence.storage.bulk import insert_rows
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.owner import Owner
from ringfence.visibility.viewer import Viewer

USERS, GROUPS, FILTERS, ROLES = 10_000, 5_000, 1_000, 60
BARS = {"why": (2.0, None), "who": (60.0, None), "why not": (60.0, 250.0)}
"""So many times one ``can`` each may take: at the median, and at the 95th percentile."""
_ASKED = {"why": 300, "who": 40, "why not": 100}
_PERMISSION = "device.list"
_OFFSET = 1000
"""Ids above those that are there already."""


def run(path: Path) -> Report:
    """Asks on SQLite and on PostgreSQL, of a copy of the large database."""
    people = peopled(path, path.with_name("explained.db"))
    report = Report([f"  {'':<22} {'can, ms':>8} {'ms':>8} {'p95':>8} {'times':>7} {'p95':>7}"])
    database = open_database(str(people))
    measure(report, "SQLite", database)
    database.close()
    with on_postgresql(people) as (server,):
        measure(report, "PostgreSQL", server)
    return report


def peopled(source: Path, path: Path) -> Path:
    """A copy with very many users and groups, made where there is none of this source."""
    if kept_for(path, [source]):
        return path
    shutil.copy(source, path)
    database = open_database(str(path))
    with database.writing() as connection:
        customers = list(connection.execute(select(tables.Customer.id).order_by(tables.Customer.id)).scalars())
        for table, rows in _people(random.Random(11), customers):
            told = [{"tenant_id": 1, **row} for row in rows]
            names = list(told[0])
            insert_rows(connection, table, names, [tuple(row[name] for name in names) for row in told])
    with database.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()
    note(path, [source])
    return path


def _people(chance: random.Random, customers: list[int]) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    root, below = customers[0], customers[1:]

    def own(kind: Any, number: int, **given: Any) -> dict[str, Any]:
        """A record with what it must have."""
        found = {"id": _OFFSET + number, "tenant_id": 1, "key": f"x{number}", "name": f"X {number}"}
        found |= {"search_key": f"x {number}", **given}
        for column in kind.__table__.columns:
            if column.name not in found:
                blank = "" if column.type.python_type is str else 0
                found[column.name] = None if column.nullable else blank
        return found

    def entries(kind: Any, group: int, many: int) -> list[dict[str, Any]]:
        named = chance.sample(below, min(many, len(below)))
        return [{"group_id": _OFFSET + group, "customer_id": one, "nested": chance.random() < 0.7} for one in named]

    levels = ("service_provider", "service_provider", "customer", "site")
    roles = [own(tables.Role, one, owner_id=root, access_level=levels[one % 4]) for one in range(ROLES)]
    yield tables.Role.__table__, roles
    held = [(role, one) for role in roles for one in {_PERMISSION, *chance.sample(KEYS, chance.randint(3, 25))}]
    yield grants.RolePermission.__table__, [{"role_id": role["id"], "permission": one} for role, one in held]
    groups = [
        own(
            tables.SecurityGroup,
            one,
            owner_id=root,
            role_id=_OFFSET + chance.randrange(ROLES),
            scope="all" if one < GROUPS * 3 // 100 else "selected",
        )
        for one in range(GROUPS)
    ]
    yield tables.SecurityGroup.__table__, groups
    named = [
        entry
        for number, group in enumerate(groups)
        if group["scope"] == "selected"
        for entry in entries(grants.SecurityGroupCustomer, number, min(200, 1 + int(chance.paretovariate(0.9))))
    ]
    yield grants.SecurityGroupCustomer.__table__, named
    filters = [
        own(tables.CustomerGroup, one, owner_id=root, active=chance.random() < 0.9, description="")
        for one in range(FILTERS)
    ]
    yield tables.CustomerGroup.__table__, filters
    let = [entry for one in range(FILTERS) for entry in entries(grants.CustomerGroupCustomer, one, 20)]
    yield grants.CustomerGroupCustomer.__table__, let
    users = [
        own(
            tables.User,
            one,
            home_id=root if chance.random() < 0.4 else chance.choice(below),
            login=f"x{one}",
            login_key=f"x{one}",
            active=chance.random() < 0.95,
        )
        for one in range(USERS)
    ]
    yield tables.User.__table__, users
    members = [
        {"user_id": user["id"], "group_id": _OFFSET + group, "valid_from": None, "valid_until": None}
        for user in users
        for group in chance.sample(range(GROUPS), chance.choice((0, 1, 1, 2, 2, 3, 5)))
    ]
    yield grants.Membership.__table__, members
    given = [
        {"user_id": user["id"], "group_id": _OFFSET + chance.randrange(FILTERS)}
        for user in users
        if chance.random() < 0.3
    ]
    yield grants.UserCustomerGroup.__table__, given


def measure(report: Report, engine: str, database: Database) -> None:
    """Asks about users and devices by chance; beside each question one ``can``, by a viewer who has just signed in."""
    chance = random.Random(5)
    with database.reading() as connection:
        keys = list(connection.execute(select(tables.Device.key).limit(50_000)).scalars())
    owner = Owner(database, 1)
    questions: dict[str, Callable[[str, str], object]] = {
        "why": lambda login, record: explaining.why(owner, login, _PERMISSION, record),
        "who": lambda _, record: explaining.who(owner, _PERMISSION, record),
        "why not": lambda login, record: fixing.fixes(owner, login, _PERMISSION, record),
    }
    for name, ask in questions.items():
        cans: list[float] = []
        asked: list[float] = []
        while len(asked) < _ASKED[name]:
            login, record = f"x{chance.randrange(USERS)}", f"device:{chance.choice(keys)}"
            began = perf_counter()
            may = access.can(Viewer.sign_in(database, login), _PERMISSION, record)
            between = perf_counter()
            if name == "why not" and may:
                continue
            ask(login, record)
            asked.append(perf_counter() - between)
            cans.append(between - began)
        _judge(report, engine, name, cans, asked)


def _judge(report: Report, engine: str, name: str, cans: list[float], asked: list[float]) -> None:
    one, middle, late = statistics.median(cans), statistics.median(asked), sorted(asked)[int(len(asked) * 0.95) - 1]
    figures = f"{one * 1000:>8.2f} {middle * 1000:>8.2f} {late * 1000:>8.2f} {middle / one:>7.1f} {late / one:>7.1f}"
    report.lines.append(f"  {f'{name}, {engine}':<22} {figures}")
    most, at_most = BARS[name]
    report.judge(f"{name} on {engine}", middle / one, most, "times")
    if at_most is not None:
        report.judge(f"{name} on {engine}, p95", late / one, at_most, "times")
