"""Changes of access for tests: a small world with names, and edits made by chance, sound and unsound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import text
from support.databases import dumped
from support.documents import AT
from support.oracle import Eyes, Oracle

from ringfence.changes import ledger
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.kind import State, StateKind, altered, kind_of
from ringfence.domain.registry import EDITED
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Session, Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

OPEN = (None, None)
"""A validity window without end."""

KINDS: tuple[StateKind, ...] = ("role", "customer_group", "security_group", "user")
TABLES = {noun: kind.table for noun, kind in EDITED.items()}

ADMINISTRATION = [
    "customer.list",
    "customer.view",
    "device.list",
    "site.list",
    "audit.view",
    *(
        f"{kind}.{action}"
        for kind in ("role", "customer_group", "security_group", "user")
        for action in ("list", "view", "create", "edit", "delete")
    ),
]
"""What a delegated administrator holds."""


class World:
    """A database with one tenant ``t``, its workspace, and ids by key. Without a document, it is there already."""

    def __init__(self, database: Database, document: dict[str, Any] | None = None) -> None:
        self.database = database
        if document is not None:
            load_document(database, document)
        self.workspace = Workspace(database, AT, "test")

    def viewer(self, login: str) -> Viewer:
        """Whoever has the login, at the moment of the tests."""
        return Viewer.sign_in(self.database, login, AT)

    def session(self, login: str) -> Session:
        """What they can ask."""
        return self.workspace.session(self.viewer(login))

    def ids(self, kind: str) -> dict[str | None, int]:
        """The ids of a kind by key; the tenant's root is None."""
        with self.database.reading() as connection:
            query = text(
                f"SELECT k.key, k.id FROM {TABLES[kind]} k JOIN tenant t ON t.id = k.tenant_id AND t.key = 't'"
            )
            return {row.key: row.id for row in connection.execute(query)}

    def id(self, kind: str, key: str | None) -> int:
        """One of them."""
        return self.ids(kind)[key]

    def state(self, kind: StateKind, record: int) -> tuple[State, int]:
        """What a record really is, whoever sees it, and its revision."""
        with self.database.reading() as connection:
            tenant = connection.execute(text("SELECT id FROM tenant WHERE key = 't'")).scalar_one()
            found = ledger.read(connection, tenant, kind, record)
        assert found is not None
        return found

    def edit(self, login: str, kind: StateKind, key: str, /, **fields: Any) -> Edit:
        """An edit as a form makes it: of what its viewer is shown."""
        opened = self.session(login).open_record(kind, self.id(kind, key))
        return Edit(kind, opened.id, opened.state, replace(opened.state, **fields), opened.revision)

    def blind(self, kind: StateKind, key: str, /, **fields: Any) -> Edit:
        """An edit of somebody who knows more than they are shown."""
        state, revision = self.state(kind, self.id(kind, key))
        return Edit(kind, self.id(kind, key), state, altered(state, **fields), revision)

    def delete(self, kind: StateKind, key: str) -> Edit:
        """A deletion."""
        state, revision = self.state(kind, self.id(kind, key))
        return Edit(kind, self.id(kind, key), state, None, revision)

    def save(self, login: str, *edits: Edit) -> int:
        """Makes a change; returns its number."""
        return self.session(login).save(edits).change

    def dump(self) -> str:
        """All there is, as text."""
        return dumped(self.database)

    def document(self) -> dict[str, Any]:
        """All there is, as a document."""
        found: dict[str, Any] = json.loads(self.dump())
        return found

    def entries(self) -> int:
        """How many entries the audit has."""
        with self.database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one())

    def login(self, user: int) -> str:
        """The login of a user."""
        with self.database.reading() as connection:
            query = text("SELECT login FROM user_account WHERE id = :id")
            return str(connection.execute(query, {"id": user}).scalar_one())


def provider() -> dict[str, Any]:
    """A service provider with two customers, one of them with its own administrator, ``dora``."""
    t = {"tenant": "t"}

    def customers(*keys: str | None, nested: bool = True) -> list[dict[str, Any]]:
        return [{"customer": key, "nested": nested} for key in keys]

    def role(key: str, owner: str | None, permissions: Any, level: str = "service_provider") -> dict[str, Any]:
        return {
            "key": key,
            **t,
            "name": f"Role {key}",
            "owner": owner,
            "access_level": level,
            "permissions": permissions,
        }

    def group(key: str, owner: str | None, role: str | None, *named: str | None) -> dict[str, Any]:
        scope = "selected" if named else "all"
        fields = {"owner": owner, "role": role, "scope": scope, "customers": customers(*named)}
        return {"key": key, **t, "name": f"Group {key}", **fields}

    def filtering(key: str, owner: str, *named: str) -> dict[str, Any]:
        return {"key": key, **t, "name": f"Filter {key}", "owner": owner, "customers": customers(*named)}

    def user(key: str, home: str | None, *groups: str, **more: Any) -> dict[str, Any]:
        memberships = [{"group": name} for name in groups]
        return {
            "key": key,
            **t,
            "name": f"User {key}",
            "login": key,
            "home": home,
            "security_groups": memberships,
        } | more

    reading = ["customer.list", "device.list", "site.list"]
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [
            {"key": "acme", **t, "name": "Acme"},
            {"key": "north", **t, "name": "Acme North", "parent": "acme"},
            {"key": "south", **t, "name": "Acme South", "parent": "acme"},
            {"key": "deep", **t, "name": "Acme Deep", "parent": "south"},
            {"key": "beta", **t, "name": "Beta"},
            {"key": "gamma", **t, "name": "Gamma"},
        ],
        "sites": [
            {"key": "gate", **t, "name": "Gate", "customer": "north"},
            {"key": "roof", **t, "name": "Roof", "customer": "beta"},
        ],
        "devices": [
            {"key": f"{customer}-{number}", **t, "name": f"{customer} {number}", "customer": customer, "site": site}
            for customer, count, site in (
                ("acme", 1, None), ("north", 2, "gate"), ("south", 3, None), ("deep", 4, None), ("beta", 5, "roof"),
            )
            for number in range(count)
        ] + [{"key": "north-x", **t, "name": "north x", "customer": "north"}],
        "edges": [
            {"key": f"{customer}-edge", **t, "name": f"{customer} edge", "customer": customer}
            for customer in ("acme", "beta")
        ],
        "alarm_rules": [
            {"key": f"{customer}-rule", **t, "name": f"{customer} rule", "customer": customer, "raise_when": "t > 8"}
            for customer in ("acme", "beta")
        ],
        "test_modes": [
            {"key": f"{customer}-mode", **t, "name": f"{customer} mode", "customer": customer}
            | {"until": (AT + timedelta(hours=1)).isoformat()}
            for customer in ("acme", "beta")
        ],
        "alarms": [
            {"key": f"{customer}-alarm", **t, "name": f"{customer} alarm", "customer": customer, "site": site}
            | {"device": site and f"{customer}-0", "started_at": AT.isoformat(), "last_at": AT.isoformat()}
            for customer, site in (("north", "gate"), ("acme", None), ("beta", "roof"))
        ],
        "roles": [
            role("all", None, "all"),
            role("delegate", "acme", ADMINISTRATION),
            role("reader", "acme", reading),
            role("guard", "acme", reading, "site"),
            role("beta-role", "beta", [*reading, "device.delete"]),
            role("named", None, reading, "customer"),
        ],
        "security_groups": [
            group("everything", None, "all"),
            group("delegates", "acme", "delegate", "acme"),
            group("readers", "acme", "reader", "acme"),
            group("north-readers", "acme", "reader", "north"),
            group("local", "acme", "reader"),
            group("empty", "acme", None),
            group("guards", "acme", "guard", "acme"),
            group("betas", "beta", "beta-role", "beta"),
            group("both", "acme", "reader", "acme", "beta"),
        ],
        "customer_groups": [
            filtering("prod", "acme", "north"),
            filtering("off", "acme", "south") | {"active": False},
            filtering("mixed", "acme", "north", "beta"),
            filtering("beta-only", "beta", "beta"),
        ],
        "users": [
            user("boss", None, "everything"),
            user("boss2", None, "everything"),
            user("dora", "acme", "delegates"),
            user("rita", "acme", "readers"),
            user("nora", "north", "readers", customer_groups=["prod"]),
            user("olaf", "acme", "readers", customer_groups=["off"]),
            user("gus", "north", "guards", sites=["gate"]),
            user("bert", "beta", "betas"),
            user("staff", None, "local"),
            user("idle", "acme", active=False),
        ],
    }  # fmt: skip


def with_administrators(document: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A document of the generator, its tenant called ``t``, with more people who may change access, somewhere."""
    made: dict[str, Any] = json.loads(json.dumps(document).replace('"t0"', '"t"'))
    t = {"tenant": "t"}
    nodes = [None, *(entry["key"] for entry in made["customers"])]

    def some() -> list[dict[str, Any]]:
        chosen = dict.fromkeys(chance.choice(nodes) for _ in range(chance.randint(1, 3)))
        return [{"customer": node, "nested": chance.random() < 0.8} for node in chosen]

    for key, permissions in (("root-all", "all"), ("delegate", ADMINISTRATION)):
        fields: dict[str, Any] = {"owner": None, "access_level": "service_provider", "permissions": permissions}
        made["roles"].append({"key": key, **t, "name": key, **fields})
    made["security_groups"].append(
        {"key": "full", **t, "name": "full", "owner": None, "role": "root-all", "scope": "all", "customers": []}
    )
    made["users"].append(
        {"key": "full", **t, "name": "full", "login": "full", "home": None, "security_groups": [{"group": "full"}]}
    )
    for number in range(3):
        home = chance.choice(nodes)
        role = chance.choice(["root-all", "delegate", "delegate"])
        fields = {"owner": home, "role": role, "scope": chance.choice(["all", "selected"]), "customers": some()}
        made["security_groups"].append({"key": f"a{number}", **t, "name": f"a{number}", **fields})
        member = [{"group": f"a{number}"}]
        made["users"].append(
            {"key": f"a{number}", **t, "name": f"a{number}", "login": f"a{number}", "home": home}
            | {"security_groups": member, "customer_groups": []}
        )
    return made


PICKED = ("device.list", "customer.list", "site.list", "user.edit", "role.edit", "security_group.edit", "alarm.manage")


class Attempts:
    """Edits by chance upon whatever there is, by somebody who knows every id."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.number = 0

    def next(self, editor: str, document: dict[str, Any]) -> list[Edit]:
        """One change: mostly of one record, sometimes of several that belong together; mostly near the editor."""
        keys = {kind: self.world.ids(kind) for kind in TABLES}
        self.ids = {kind: list(ids.values()) for kind, ids in keys.items()}
        oracle = Oracle(document, AT)
        nodes = oracle.visible_nodes(editor, "user.edit")[0]
        self.near = {"customer": [keys["customer"][node] for node in nodes]}
        for kind in (*KINDS, "site"):
            fields = {"user": "home", "site": "customer"}
            records = oracle.records("t", f"{kind}s".replace("_", "-"))
            field = fields.get(kind, "owner")
            self.near[kind] = [keys[kind][key] for key, record in records.items() if record[field] in nodes]
        if self.chance.random() < 0.15:
            return self.together()
        if self.chance.random() < 0.2:
            return [self.one(), self.one()]
        return [self.one()]

    def together(self) -> list[Edit]:
        """A role, a group with it, a filter, and somebody who gets them."""
        owner = self.pick("customer")
        role = replace(self.role(), owner=owner, private=self.chance.random() < 0.5)
        group = replace(self.security_group(), owner=owner, role=-1)
        user = self.of("user", self.pick("user"))
        assert isinstance(user.after, UserState)
        windows = user.after.security_groups | {(-2, self.window())}
        return [
            Edit("role", -1, None, role),
            Edit("security_group", -2, None, group),
            replace(user, after=replace(user.after, security_groups=windows)),
        ]

    def one(self) -> Edit:
        kind = self.chance.choice((*KINDS, "security_group", "user", "user"))
        turn = self.chance.random()
        if turn < 0.2 or not self.ids[kind]:
            self.number += 1
            return Edit(kind, -10 - self.number, None, self.fresh(kind))
        record = self.pick(kind)
        if turn < 0.35:
            state, revision = self.world.state(kind, record)
            return Edit(kind, record, state, None, revision)
        return self.of(kind, record)

    def of(self, kind: StateKind, record: int) -> Edit:
        """An edit of some fields of a record."""
        state, revision = self.world.state(kind, record)
        fresh = self.fresh(kind)
        free = [name for name in kind_of(state).every if name not in ("key", "login", "builtin", "members", "users")]
        names = self.chance.sample(free, self.chance.choice([1, 1, 2]))
        values: dict[str, Any] = {name: getattr(fresh, name) for name in names}
        if isinstance(state, UserState) and self.chance.random() < 0.5:
            values = self.given_or_taken(state)
        return Edit(kind, record, state, altered(state, **values), revision)

    def given_or_taken(self, state: UserState) -> dict[str, Any]:
        """One more or one less of something that a user has."""
        name = self.chance.choice(["security_groups", "customer_groups", "sites"])
        now: frozenset[Any] = getattr(state, name)
        if now and self.chance.random() < 0.5:
            return {name: now - {self.chance.choice(sorted(now, key=repr))}}
        kind = {"security_groups": "security_group", "customer_groups": "customer_group", "sites": "site"}[name]
        if not self.ids[kind]:
            return {"active": not state.active}
        one: Any = self.pick(kind)
        return {name: now | {(one, self.window()) if name == "security_groups" else one}}

    def pick(self, kind: str) -> int:
        near = self.near[kind]
        return self.chance.choice(near if near and self.chance.random() < 0.85 else self.ids[kind])

    def some(self, kind: str, most: int = 2) -> frozenset[int]:
        if not self.ids[kind]:
            return frozenset()
        return frozenset(self.pick(kind) for _ in range(self.chance.randint(0, most)))

    def window(self) -> Any:
        day = timedelta(days=1)
        return self.chance.choice([OPEN, OPEN, (AT + day, None), (None, AT - day), (AT - day, AT + day)])

    def customers(self) -> Mapping[int, bool]:
        return {one: self.chance.random() < 0.7 for one in sorted(self.some("customer", 3))}

    def fresh(self, kind: StateKind) -> State:
        return {
            "role": self.role,
            "security_group": self.security_group,
            "customer_group": self.customer_group,
            "user": self.user,
        }[kind]()

    def role(self) -> RoleState:
        held = frozenset(self.chance.sample(PICKED, self.chance.randint(0, 4)))
        permissions = self.chance.choice(
            [held, held, frozenset({*held, "script.create"}), frozenset(ADMINISTRATION), None]
        )
        level = self.chance.choice(["service_provider", "service_provider", "customer", "site"])
        return RoleState(self.pick("customer"), f"R{self.chance.random()}", level, permissions)

    def security_group(self) -> SecurityGroupState:
        role = self.pick("role") if self.chance.random() < 0.8 else None
        scope = self.chance.choice(["all", "selected"])
        name = f"G{self.chance.random()}"
        return SecurityGroupState(self.pick("customer"), name, role, scope, self.customers())

    def customer_group(self) -> CustomerGroupState:
        active = self.chance.random() < 0.7
        return CustomerGroupState(self.pick("customer"), f"F{self.chance.random()}", "", active, self.customers())

    def user(self) -> UserState:
        number = self.chance.random()
        groups = frozenset((group, self.window()) for group in self.some("security_group"))
        filters, sites = self.some("customer_group", 1), self.some("site")
        active = self.chance.random() < 0.8
        return UserState(self.pick("customer"), f"l{number}", f"U{number}", "", active, groups, filters, sites)


def potential(document: dict[str, Any]) -> Oracle:
    """What everybody was handed: windows open, everything active."""
    opened = json.loads(json.dumps(document))
    for user in opened["users"]:
        user["active"] = True
        for member in user["security_groups"]:
            member["valid_from"] = member["valid_until"] = None
    for group in opened["customer_groups"]:
        group["active"] = True
    return Oracle(opened, AT)


def beyond(
    editor: str, before: dict[str, Any], after: dict[str, Any], permissions: tuple[str, ...], seen: Eyes = Oracle
) -> list[Any]:
    """Who could do what after a change that neither they could before nor the editor can: empty when all is well."""
    own, was, now = seen(before, AT), potential(before), potential(after)
    known = {user["login"] for user in before["users"]}
    found = []
    for permission in permissions:
        held = own.visible_nodes(editor, permission)[0]
        places = own.visible(editor, permission, "sites")
        for user in after["users"]:
            login = user["login"]
            wide, narrow = now.visible_nodes(login, permission)
            sites = now.visible(login, permission, "sites")
            if login in known:
                old_wide, old_narrow = was.visible_nodes(login, permission)
                wide, narrow = wide - old_wide, narrow - old_wide - old_narrow
                sites -= was.visible(login, permission, "sites")
            if not (wide | narrow) <= held or not sites <= places:
                found.append((login, permission, wide - held, narrow - held, sites - places))
    return found


def lists(document: dict[str, Any]) -> dict[str, tuple[set[str], set[str]]]:
    """The customers and devices that everybody lists, by login."""
    oracle = Oracle(document, AT)
    return {
        user["login"]: (oracle.listed(user["login"], "customers"), oracle.listed(user["login"], "devices"))
        for user in document["users"]
    }
