"""Why not, slowly: every single edit and every pair of edits of the language is made in a document, and what the oracle
sees before and after is compared. Shares no code with the product but the names of the permissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from support.oracle import EVERYWHERE, OWNERS, STANDING, Node, Oracle, at_sites

from ringfence.domain.permission import KEYS

LEVELS = ("service_provider", "customer", "site")
UNCHANGED = ("customers", "sites", "devices", "edges", "alarms", "alarm-rules", "test-modes")


class Edit(NamedTuple):
    """One edit, in the words of ``ringfence why --format json``; of an entry with all that is nested in it, the value
    says so."""

    edit: str
    of: str
    value: Any = None


class Cost(NamedTuple):
    """What it opens besides what was asked for."""

    rights: int
    records: int
    users: int


Seen = dict[tuple[str, str], tuple[frozenset[Node], frozenset[str]]]
"""By user and representative of a class of permissions: customers, and single sites."""


class Question:
    """One user, one permission and one record of a document."""

    def __init__(
        self, document: dict[str, Any], at: datetime, login: str, permission: str, kind: str, key: str
    ) -> None:
        self.document, self.at = document, at
        self.login, self.permission, self.kind, self.key = login, permission, kind, key
        self.base = Oracle(document, at)
        self.user = self.base.user(login)
        self.tenant = self.user["tenant"]
        self._costs: dict[frozenset[Edit], Cost | None] = {}

    # The language.

    def singles(self) -> list[Edit]:
        """Every single edit, but for rights of which nobody asked."""
        return list(self._singles())

    def _singles(self) -> Iterator[Edit]:
        user, of = self.user, f"user:{self.user['key']}"
        nodes = sorted(self.base.nodes(self.tenant), key=str)
        if not user.get("active", True):
            yield Edit("activate", of)
        for member in user.get("security_groups", ()):
            if not self.base.in_force(member):
                yield Edit("open-window", of, tuple(sorted((name, value) for name, value in member.items())))
        mine = {member["group"] for member in user.get("security_groups", ())}
        yield from (Edit("join", of, key) for key in self._records("security-groups") if key not in mine)
        yield from (Edit("give-site", of, key) for key in self._records("sites") if key not in user.get("sites", ()))
        given = user.get("customer_groups", ())
        yield from (Edit("give-filter", of, key) for key in self._records("customer-groups") if key not in given)
        yield from (Edit("take-filter", of, key) for key in given)
        yield from (Edit("home", of, node) for node in nodes if node != user.get("home"))
        for key, group in self._records("customer-groups").items():
            if not group.get("active", True):
                yield Edit("activate-filter", f"customer-group:{key}")
            yield from self._entries("filter-add", f"customer-group:{key}", nodes)
        for key, group in self._records("security-groups").items():
            if group["scope"] == "selected":
                yield from self._entries("group-add", f"security-group:{key}", nodes)
                yield Edit("group-all", f"security-group:{key}")
        for key, role in self._records("roles").items():
            if role["permissions"] != "all" and self.permission not in role["permissions"]:
                yield Edit("role-add", f"role:{key}", self.permission)
            yield from (Edit("role-level", f"role:{key}", one) for one in LEVELS if one != role["access_level"])

    def _entries(self, edit: str, of: str, nodes: list[Node]) -> Iterator[Edit]:
        for node in nodes:
            yield Edit(edit, of, node)
            yield Edit(edit, of, ("nested", node))

    def _records(self, kind: str) -> dict[str, dict[str, Any]]:
        return self.base.records(self.tenant, kind)

    def told(self, fields: dict[str, Any]) -> Edit:
        """An edit that was printed."""
        value = fields["value"]
        if fields["edit"] == "open-window":
            value = tuple(sorted(value.items()))
        elif isinstance(value, dict):
            value = "nested", value["customer"]
        return Edit(fields["edit"], fields["of"], value)

    # What they come to.

    def after(self, edits: frozenset[Edit]) -> Oracle:
        """The document with these edits made."""
        document = dict(self.document)
        for edit in sorted(edits, key=lambda one: (one.edit, one.of, str(one.value))):
            noun, _, key = edit.of.partition(":")
            listing = f"{noun.replace('-', '_')}s"
            document[listing] = [
                self._made(one, edit) if (one["tenant"], one["key"]) == (self.tenant, key) else one
                for one in document[listing]
            ]
        found = Oracle(document, self.at)
        found.below = self.base.below  # the tree is as it was
        found.known.update({one: known for one, known in self.base.known.items() if one[1] in UNCHANGED})
        return found

    def _made(self, record: dict[str, Any], edit: Edit) -> dict[str, Any]:
        value = edit.value
        match edit.edit:
            case "activate" | "activate-filter":
                return record | {"active": True}
            case "join":
                return record | {"security_groups": [*record.get("security_groups", ()), {"group": value}]}
            case "open-window":
                members, was = list(record["security_groups"]), dict(value)
                members.remove(next(one for one in members if _window(one) == _window(was)))
                begin, end = was.get("valid_from"), was.get("valid_until")
                begin = None if begin and datetime.fromisoformat(begin) > self.at else begin
                end = None if end and datetime.fromisoformat(end) <= self.at else end
                members.append({"group": was["group"], "valid_from": begin, "valid_until": end})
                return record | {"security_groups": members}
            case "give-site":
                return record | {"sites": [*record.get("sites", ()), value]}
            case "give-filter":
                return record | {"customer_groups": [*record.get("customer_groups", ()), value]}
            case "take-filter":
                return record | {"customer_groups": [one for one in record["customer_groups"] if one != value]}
            case "home":
                return record | {"home": value}
            case "filter-add" | "group-add":
                nested, node = (True, value[1]) if isinstance(value, tuple) else (False, value)
                rest = [one for one in record.get("customers", ()) if one["customer"] != node]
                was_nested = any(one["nested"] for one in record.get("customers", ()) if one["customer"] == node)
                return record | {"customers": [*rest, {"customer": node, "nested": nested or was_nested}]}
            case "group-all":
                return record | {"scope": "all", "customers": []}
            case "role-add":
                return record | {"permissions": [*record["permissions"], value]}
            case "role-level":
                return record | {"access_level": value}
        raise AssertionError(edit)

    def opens(self, edits: frozenset[Edit]) -> bool:
        """Whether the record is open then."""
        return self.key in self.records(self.after(edits), self.login)

    def records(self, oracle: Oracle, login: str) -> frozenset[str]:
        """The records of the asked kind that somebody reaches under the asked permission, where they are now: whoever
        is at home elsewhere afterwards is counted where they were."""
        wide, narrow = oracle.visible_nodes(login, self.permission)
        own, found = oracle.site_keys(login), set()
        for key, record in self._records(self.kind).items():
            owner = record.get(OWNERS[self.kind])
            standing = key if self.kind == "sites" else record.get("site") if self.kind in STANDING else None
            if owner in wide or (owner in narrow and (self.kind == "customers" or standing in own)):
                found.add(key)
        return frozenset(found)

    @cached_property
    def classes(self) -> dict[str, int]:
        """Of permissions that go together whatever is edited, one with how many they are."""
        found: dict[object, list[str]] = {}
        roles = [one for one in self.document["roles"] if one["tenant"] == self.tenant]
        for one in KEYS:
            held = tuple(role["permissions"] == "all" or one in role["permissions"] for role in roles)
            own = one if one in (*EVERYWHERE, self.permission) else ""
            found.setdefault((held, own, at_sites(one)), []).append(one)
        return {some[0]: len(some) for some in found.values()}

    def seen(self, oracle: Oracle) -> Seen:
        """What everybody reaches with each of them."""
        found: Seen = {}
        sites = oracle.records(self.tenant, "sites")
        for user in oracle.document["users"]:
            if user["tenant"] == self.tenant:
                for one in self.classes:
                    wide, narrow = self._nodes(oracle, user["login"], one)
                    own = {key for key in user.get("sites", ()) if sites[key].get("customer") in narrow}
                    found[user["login"], one] = frozenset(wide), frozenset(own)
        return found

    def _nodes(self, oracle: Oracle, login: str, permission: str) -> tuple[set[Node], set[Node]]:
        """As the oracle has it; what cannot be scoped is asked of one permission of each class alone."""
        if permission not in EVERYWHERE:
            return oracle.visible_nodes(login, permission)
        needed = self.classes if permission == "policy.edit" else (permission,)
        if oracle.user(login).get("home") is None and all(oracle.reaches_all(login, one) for one in needed):
            return oracle.nodes(self.tenant), set()
        return set(), set()

    @cached_property
    def before(self) -> Seen:
        return self.seen(self.base)

    def cost(self, edits: frozenset[Edit]) -> Cost | None:
        """What edits that open the record open besides; None where they take something from somebody."""
        if edits not in self._costs:
            self._costs[edits] = self._cost(self.after(edits))
        return self._costs[edits]

    def _cost(self, oracle: Oracle) -> Cost | None:
        rights, users = -1, set[str]()
        sites = oracle.records(self.tenant, "sites")
        for (login, permission), (wide, own) in self.seen(oracle).items():
            old, old_own = self.before[login, permission]
            if old - wide or any(sites[one].get("customer") not in wide for one in old_own - own):
                return None
            gained = len(wide - old) + sum(sites[one].get("customer") not in old for one in own - old_own)
            rights += gained * self.classes[permission]
            users.update({login} if gained else ())
        records = -1
        for user in oracle.document["users"]:
            if user["tenant"] == self.tenant:
                records += len(self.records(oracle, user["login"]) - self.records(self.base, user["login"]))
        return Cost(rights, records, len(users - {self.user["login"]}))

    def fixes(self, size: int) -> dict[frozenset[Edit], Cost]:
        """Every set of one or two edits that opens the record, of which no part does, and which takes nothing."""
        singles = self.singles()
        opening = [one for one in singles if self.opens(frozenset({one}))]
        if size == 1:
            sets = [frozenset({one}) for one in opening]
        else:
            rest = [one for one in singles if one not in opening]
            pairs = (frozenset(pair) for pair in combinations(rest, 2) if _sound(pair))
            sets = [one for one in pairs if self.opens(one)]
        costs = {one: self.cost(one) for one in sets}
        return {one: cost for one, cost in costs.items() if cost is not None}


def _window(member: dict[str, Any]) -> tuple[Any, ...]:
    moments = (member.get("valid_from"), member.get("valid_until"))
    return member["group"], *(one and datetime.fromisoformat(one) for one in moments)


def _sound(pair: tuple[Edit, Edit]) -> bool:
    """Whether two edits are two: not the same item twice."""
    one, other = pair
    once = ("home", "role-level", "group-all")
    return not (one.edit == other.edit and one.of == other.of and one.edit in once)
