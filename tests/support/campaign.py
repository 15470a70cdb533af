"""Editors who hold some permissions over some customers change whatever they can, by every way in, and are compared
with the oracle: they never raise themselves, and nobody gains what they could not give but for what arrives.

``PYTHONHASHSEED=0 PYTHONPATH=tests python -m support.campaign --edits 20000`` goes on until so many edits were made.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from support.databases import empty
from support.documents import AT, Sizes, make_document
from support.edits import Attempts, World, potential
from support.oracle import Node, Oracle
from support.raising import arrived, raises
from support.tree_attempts import TreeAttempts
from support.tree_edits import READING, overfull

from ringfence.domain import clock
from ringfence.domain.errors import Conflict, InvalidDocument, Refused, RingfenceError
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.services import assigning, audit, importing
from ringfence.services.editing import Edit
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database

SIZES = Sizes(tenants=1, customers=7, sites=4, devices=7, roles=2, groups=3, filters=2, users=2, exact=True)
EDITORS = 5
SAID = "there you would hold"


def with_editors(chance: Random) -> dict[str, Any]:
    """A document of the generator, its tenant called ``t``, with ``full``, who may do everything, and editors ``e0``…,
    who hold by chance: permissions, customers, levels, windows, filters, sites."""
    made: dict[str, Any] = json.loads(json.dumps(make_document(chance, SIZES)).replace('"t0"', '"t"'))
    t = {"tenant": "t"}
    nodes: list[Node] = [None, *(entry["key"] for entry in made["customers"])]

    def some(most: int = 3) -> list[dict[str, Any]]:
        chosen = chance.sample(nodes, min(len(nodes), chance.randint(1, most)))
        return [{"customer": node, "nested": chance.random() < 0.75} for node in chosen]

    def group(key: str, permissions: Any, level: str = "service_provider", *, everywhere: bool = False) -> str:
        fields = {"owner": chance.choice(nodes), "access_level": level, "permissions": permissions}
        made["roles"].append({"key": key, **t, "name": key, **fields})
        scope = {"scope": "all", "customers": []} if everywhere else {"scope": "selected", "customers": some()}
        made["security_groups"].append(
            {"key": key, **t, "name": key, "owner": chance.choice(nodes), "role": key, **scope}
        )
        return key

    def window() -> dict[str, Any]:
        day = timedelta(days=1)
        begin, end = chance.choice([(None, None)] * 5 + [(AT + day, None), (AT - day, AT + day), (None, AT - day)])
        return {"valid_from": begin and begin.isoformat(), "valid_until": end and end.isoformat()}

    full = group("full", "all", everywhere=True)
    people = made["users"]
    everything = {"home": None, "security_groups": [{"group": full}]}
    people.append({"key": "full", **t, "name": "full", "login": "full", **everything})
    sites = [entry["key"] for entry in made["sites"]]
    filters = [entry["key"] for entry in made["customer_groups"]]
    resources = {kind.resource for kind in EDITED.values()}
    for number in range(EDITORS):
        name = f"e{number}"
        moving = [*READING, *(one for one in sorted(PERMISSIONS) if one.partition(".")[0] in resources)]
        usual = (".list", ".view", ".edit", ".move", ".assign")
        kept = [one for one in moving if one.endswith(usual) or chance.random() < 0.6]
        groups = [{"group": group(f"{name}-m", kept, everywhere=chance.random() < 0.5)}]
        for more in range(chance.randint(0, 3)):
            held: Any = chance.sample(sorted(PERMISSIONS), chance.randint(1, 25))
            held = "all" if chance.random() < 0.15 else held
            level = chance.choice(["service_provider", "service_provider", "customer", "site"])
            key = group(f"{name}-{more}", held, level, everywhere=chance.random() < 0.2)
            groups.append({"group": key, **window()})
        home = None if chance.random() < 0.75 else chance.choice(nodes)
        fields: dict[str, Any] = {"home": home, "security_groups": groups}
        if chance.random() < 0.2 and filters:
            fields["customer_groups"] = chance.sample(filters, chance.randint(1, len(filters)))
        fields["sites"] = chance.sample(sites, min(len(sites), chance.randint(0, 3)))
        people.append({"key": name, **t, "name": name, "login": name, **fields})
    return made


@dataclass
class Campaign:
    """Changes by chance upon one world, one upon the other, each compared with the oracle."""

    database: Database
    path: Path | None
    chance: Random
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    compared: int = 0

    def begin(self) -> None:
        """A world of its own."""
        empty(self.database)
        self.world = World(self.database, with_editors(self.chance))
        self.access, self.tree = Attempts(self.world, self.chance), TreeAttempts(self.world, self.chance)
        self.document = self.world.document()
        self.history: list[tuple[int, str, dict[str, Any]]] = []

    def run(self, made: int, tries: int) -> None:
        """Goes on until so many edits were made, but tries no more often than that; now and then in a new world."""
        for number in range(tries):
            if number % 25 == 0:
                self.begin()
            self.step()
            if self.compared >= made:
                return

    def step(self) -> None:
        """Somebody tries something."""
        there = [user["login"] for user in self.document["users"] if user.get("active", True)]
        editors = [login for login in there if login.startswith("e") and login[1:].isdigit()]
        if not editors:
            self.begin()
            return
        editor = self.chance.choice(editors)
        ways: list[tuple[int, str, Callable[[str], None]]] = [
            (6, "form", self.form),
            (3, "move", self.move),
            (2, "assign", self.assign),
            (2, "import", self.import_),
            (1, "command", self.command),
            (3, "undo", self.undo),
        ]
        if self.chance.random() < 0.02:
            self.load()
            return
        _, name, way = self.chance.choices(ways, [weight for weight, _, _ in ways])[0]
        before, self.count = self.document, self.world.entries()
        self.former: dict[str, Any] | None = None
        try:
            way(editor)
        except (Refused, Conflict, RingfenceError) as error:
            self.refused[name] += 1
            assert self.world.entries() == self.count, (name, editor)
            if SAID in str(error) and self.former is None:
                self.refused["raising"] += 1
            return
        if self.world.entries() == self.count:
            return
        self.made[name] += 1
        self.document = self.world.document()
        self.compare(name, editor, before, self.document)
        self.history.append((self.last(), editor, before))

    def compare(self, name: str, editor: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Holds what came of it against the oracle."""
        wrong = raises(editor, before, after, self.former)
        assert wrong == [], (name, editor, wrong)
        wrong = given(editor, before, after)
        assert wrong == [], (name, editor, wrong)
        assert overfull(after) == []
        self.compared += 1

    # The ways in.

    def form(self, editor: str) -> None:
        attempts = self.access if self.chance.random() < 0.5 else self.tree
        self.save(editor, attempts.next(editor, self.document))

    def move(self, editor: str) -> None:
        """Things go elsewhere, whatever their kind, several at a time."""
        keys = {kind: self.world.ids(kind) for kind in EDITED}
        fields = {noun: kind.node.name for noun, kind in EDITED.items() if kind.moves}
        edits = {}
        for _ in range(self.chance.choice([1, 1, 1, 2, 3])):
            kind: Any = self.chance.choice([*fields, "customer", "customer", "device"])
            known = [one for key, one in keys[kind].items() if key is not None]
            if known:
                record = self.chance.choice(known)
                to = self.chance.choice(list(keys["customer"].values()))
                edits[kind, record] = self.tree.of(kind, record, **{fields[kind]: to})
                if kind == "device" and self.chance.random() < 0.4:
                    site = self.chance.choice([None, *keys["site"].values()])
                    edits[kind, record] = self.tree.of(kind, record, site=site)
        self.save(editor, list(edits.values()))

    def save(self, editor: str, edits: list[Edit]) -> None:
        try:
            self.world.save(editor, *edits)
        except Refused as refused:
            if SAID in str(refused):
                self.rightly(editor, edits)
            raise

    def rightly(self, editor: str, edits: list[Edit]) -> None:
        """Where somebody is refused for raising themselves, they would have: the same by ``full`` shows it."""
        try:
            change = self.world.save("full", *edits)
        except (Refused, Conflict):
            return
        assert raises(editor, self.document, self.world.document()) != [], (editor, edits)
        self.refused["rightly"] += 1
        audit.undo(self.world.viewer("full"), change, "test")
        assert self.world.document() == self.document
        self.count = self.world.entries()

    def assign(self, editor: str) -> None:
        viewer = self.world.viewer(editor)
        devices = list(self.world.ids("device").values())
        some = self.chance.sample(devices, min(len(devices), self.chance.randint(1, 4)))
        to = self.chance.choice(list(self.world.ids("customer").values()))
        found = assigning.edits(viewer, some, to, self.chance.choice([assigning.BY_NAME, None]))[0]
        self.save(editor, list(found))

    def import_(self, editor: str) -> None:
        columns = ["key", "customer", *self.chance.sample(["site", "notes"], self.chance.randint(0, 2))]
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([*columns, "name"])
        customers = [one["key"] for one in self.document["customers"]]
        sites = ["", *(one["key"] for one in self.document["sites"])]
        devices = self.document["devices"]
        for device in self.chance.sample(devices, min(len(devices), self.chance.randint(1, 3))):
            values = {"key": device["key"], "customer": self.chance.choice([*customers, ""])}
            values |= {"site": self.chance.choice(sites), "notes": "imported"}
            writer.writerow([*(values[one] for one in columns), device["name"]])
        if self.chance.random() < 0.3:
            writer.writerow([*("" for _ in columns), f"N{self.chance.random()}"])
        found = importing.read(self.world.viewer(editor), out.getvalue().encode(), kind="device")
        if found.edits:
            self.save(editor, list(found.edits))

    def command(self, editor: str) -> None:
        from ringfence.cli.main import run

        customers = [one["key"] for one in self.document["customers"]]
        devices = [one["key"] for one in self.document["devices"]]
        users = [one["login"] for one in self.document["users"]]
        if not customers or not devices or self.path is None:
            return
        words = self.chance.choice(
            [
                ["customers", "move", self.chance.choice(customers), "--to", self.chance.choice(customers), "--yes"],
                ["devices", "edit", self.chance.choice(devices), "--customer", self.chance.choice(customers)],
                ["users", "edit", self.chance.choice(users), "--home", self.chance.choice(customers)],
                ["undo"],
            ]
        )
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            run(["--db", str(self.path), "--as", editor, *words])
        if words == ["undo"]:
            undone = self.last("undoes")
            self.former = next((was for change, who, was in self.history if (change, who) == (undone, editor)), None)

    def undo(self, editor: str) -> None:
        """One of the last changes, mostly their own."""
        recent = self.history[-6:]
        own = [one for one in recent if one[1] == editor]
        if not recent:
            return
        change, who, document = self.chance.choice(own if own and self.chance.random() < 0.8 else recent)
        self.former = document if who == editor else None
        at_once = self.last() == change and who == editor
        try:
            audit.undo(self.world.viewer(editor), change, "test")
        except Refused as refused:
            if at_once and SAID in str(refused):
                raise AssertionError((editor, change)) from None
            raise

    def load(self) -> None:
        """Whoever owns the database may do everything; what comes after is judged by what it made."""
        document = json.loads(json.dumps(self.document))
        customers = [one["key"] for one in document["customers"]]
        if not customers or not document["devices"]:
            return
        device = self.chance.choice(document["devices"])
        device["customer"], device["site"] = self.chance.choice(customers), None
        try:
            load_document(self.database, document, "test")
        except InvalidDocument:  # a limit allows no more there
            self.refused["load"] += 1
            return
        self.document = self.world.document()
        self.made["load"] += 1

    def last(self, column: str = "change") -> int:
        """What the last entry of the audit has there; 0 where it has nothing."""
        with self.database.reading() as connection:
            query = f"SELECT {column} FROM audit_entry ORDER BY number DESC LIMIT 1"
            return int(connection.exec_driver_sql(query).scalar_one() or 0)


def given(editor: str, before: dict[str, Any], after: dict[str, Any]) -> list[Any]:
    """Who could do what after a change that neither they could before, nor came to them, nor the editor could give:
    empty when all is well."""
    if all(before[name] == after[name] for name in ("roles", "security_groups", "customer_groups", "users")):
        return []
    between = arrived(before, after)
    own = [Oracle(document, AT) for document in (before, between)]
    was = [potential(before), potential(between)]
    now = potential(after)
    found = []
    known = {user["login"] for user in between["users"]}
    for permission in sorted(PERMISSIONS):
        there = [user["login"] for user in after["users"]]
        held: set[Node] | None = None
        for login in there:
            if not _has(after, login, permission):
                continue
            wide, narrow = now.visible_nodes(login, permission)
            if login in known:
                for one in was:
                    if any(user["login"] == login for user in one.document["users"]):
                        old_wide, old_narrow = one.visible_nodes(login, permission)
                        wide, narrow = wide - old_wide, narrow - old_wide - old_narrow
            if not wide | narrow:
                continue
            if held is None:
                held = set()
                for oracle in own:
                    held |= oracle.visible_nodes(editor, permission)[0]
            if not (wide | narrow) <= held:
                found.append((login, permission, (wide | narrow) - held))
    return found


def _has(document: dict[str, Any], login: str, permission: str) -> bool:
    """Whether anything could give somebody the permission."""
    groups = {one["key"]: one.get("role") for one in document["security_groups"]}
    roles = {one["key"]: one["permissions"] for one in document["roles"]}
    user = next(one for one in document["users"] if one["login"] == login)
    held = [roles.get(groups.get(one["group"]) or "", []) for one in user.get("security_groups", [])]
    return any(one == "all" or permission in one for one in held)


def main(arguments: list[str]) -> int:
    """Goes on until so many edits were made and compared; says the figures, or the seed of what was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tries", type=int, default=60, help="so many in one world")
    wanted = parser.parse_args(arguments)
    clock.now = lambda: AT
    made, refused, compared, seed = Counter[str](), Counter[str](), 0, wanted.seed
    began = time.monotonic()

    def say() -> None:
        worlds = f"{time.monotonic() - began:,.0f} s, seeds {wanted.seed} to {seed - 1}"
        sys.stdout.write(f"{worlds}: {compared:,} made {dict(made)}, refused {dict(refused)}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "campaign.db"
        database = open_database(str(path), create=True)
        while compared < wanted.edits:
            campaign = Campaign(database, path, Random(seed))
            try:
                campaign.begin()
                for _ in range(wanted.tries):
                    campaign.step()
            except Exception as error:
                raise AssertionError(f"seed {seed}") from error
            made += campaign.made
            refused += campaign.refused
            compared += campaign.compared
            seed += 1
            if seed % 50 == 0:
                say()
        database.close()
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
