"""What changing access costs at 100,000 customers: reading the choices, previewing and saving 5,000 of them.

Saving is held against the bare INSERT of the same 5,000 rows, durable too, in the same run.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Report
from ringfence.domain.security_group import SecurityGroupState
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import open_database

COUNT = 5_000
ROUNDS = 5
SAVE_SECONDS = 1.0


def run(database: Path) -> Report:
    """Takes a copy of the large database."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "edits.db"
        shutil.copy(database, copy)
        return _measure(copy)


def _measure(copy: Path) -> Report:
    opened = open_database(str(copy))
    workspace = Workspace(opened)
    session = workspace.sign_in("all")
    steps: dict[str, list[float]] = {}

    def took(name: str, step: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = step()
        steps.setdefault(name, []).append(time.perf_counter() - began)
        return result

    role = session.rows(Listing("roles"), Part(1))[0]
    home = session.home_of_new("security_group.create")
    assert home is not None
    member = next(row for row in session.rows(Listing("users"), Part(10)) if row.name == "none")
    for number in range(ROUNDS):
        choices = took("read every customer to choose from", lambda: session.customer_choices())
        state = SecurityGroupState(home[0], f"Bench {number}", role.id)
        made = session.save([Edit("security_group", -1, None, state)])
        user = session.open_record("user", member.id)
        given = frozenset({(made.created[-1], (None, None))})
        into = replace(user.state, security_groups=given)
        session.save([Edit("user", user.id, user.state, into, user.revision)])
        group = session.open_record("security_group", made.created[-1])
        first = number * COUNT
        chosen = dict.fromkeys(choices.ids[first : first + COUNT], True)
        edit = Edit("security_group", group.id, group.state, replace(group.state, customers=chosen), group.revision)
        found = took(f"preview {COUNT:,} customers added, for a user", partial(session.preview, [edit]))
        assert found.users[0].now.customers_gained >= COUNT
        saved = took(f"save {COUNT:,} customers added", partial(session.save, [edit]))
        rows = [(group.id, customer, 1) for customer in chosen]
        took(f"undo the {COUNT:,}", partial(session.undo, saved.change))
        took(f"bare INSERT of {COUNT:,}", partial(_insert, copy, rows))
    opened.close()
    report = Report(f"  {name:<46}{1000 * statistics.median(times):7.0f} ms" for name, times in steps.items())
    save, bare = (
        statistics.median(steps[name]) for name in (f"save {COUNT:,} customers added", f"bare INSERT of {COUNT:,}")
    )
    report.lines.append(f"  saving is {save / bare:.1f} times the bare INSERT")
    report.judge(f"saving {COUNT:,} customers of a group", save, SAVE_SECONDS, "s")
    return report


def _insert(database: Path, rows: list[tuple[int, int, int]]) -> None:
    connection = sqlite3.connect(database)
    with connection:
        own = connection.execute("SELECT tenant_id FROM security_group WHERE id = ?", rows[0][:1]).fetchone()
        into = "INSERT INTO security_group_customer (group_id, customer_id, nested, tenant_id) VALUES (?, ?, ?, ?)"
        connection.executemany(into, [(*row, *own) for row in rows])
        connection.execute("DELETE FROM security_group_customer WHERE group_id = ?", (rows[0][0],))
    connection.close()
