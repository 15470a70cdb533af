"""Snapshot documents made by chance: small ones for hypothesis, large ones from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from ringfence.domain.permission import CATALOGUE
from ringfence.domain.signal import SEVERITIES

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The moment that everything is asked at."""

LISTS = (
    *("customers", "sites", "devices", "edges", "roles", "security_groups", "customer_groups", "users"),
    *("alarm_rules", "test_modes", "alarms"),
)
WORDS = (
    "Gate camera", "ÉTOILE", "e\u0301toile", "O'Hara \"quoted\"", "100%", "a_b", "a\\b", "Straße", "STRASSE", "北京",
    "x", "🦊", "ﬁx", "[b]bold[/b]", "<i>", "Gate", "--", "axb", "1000",
)  # fmt: skip
SORTS = ("camera", "camera", "Caméra", "DOOR lock", "")
SEARCHES = (
    "gate",
    "GATE C",
    "é",
    "e\u0301t",
    "étoile",
    '"',
    "'",
    '"quoted"',
    "%",
    "_",
    "a_b",
    "0%",
    "\\",
    "ss",
    "straß",
    "京",
    "🦊",
    "fix",
    "zzz",
    "u-",
    "[b]",
)

_DAY = timedelta(days=1)
_EDGES = (None, None, None, AT - _DAY, AT, AT + timedelta(microseconds=1), AT + _DAY)
_LISTING = [p.key for p in CATALOGUE if p.key.endswith(".list")]


@dataclass(frozen=True)
class Sizes:
    """The most that a tenant has of each."""

    tenants: int = 2
    customers: int = 7
    sites: int = 4
    devices: int = 7
    edges: int = 3
    alarm_rules: int = 3
    test_modes: int = 2
    alarms: int = 5
    roles: int = 3
    groups: int = 4
    filters: int = 3
    users: int = 3
    entries: int = 3
    exact: bool = False
    attributes: bool = True


def _number(chance: Random, most: int, sizes: Sizes) -> int:
    return most if sizes.exact else chance.randint(0, most)


def make_document(chance: Random, sizes: Sizes = Sizes()) -> dict[str, Any]:
    """A sound document. Every name ends in a mark of its own, such as ``<t0.customers.c3>``."""
    document: dict[str, Any] = {"ringfence": 1, "tenants": [], **{name: [] for name in LISTS}}
    for number in range(sizes.tenants):
        tenant = f"t{number}"
        document["tenants"].append({"key": tenant, "name": f"Tenant <{tenant}.root>"})
        _tenant(chance, sizes, tenant, document)
    return document


def _attributes(sizes: Sizes, number: int, value: object) -> dict[str, str]:
    """What people set on every third record."""
    if not sizes.attributes or number % 3 != 1:
        return {}
    return {"attributes": f"limit = {number}\nof = {WORDS[number % 4]} {value}"}


def _tenant(chance: Random, sizes: Sizes, tenant: str, document: dict[str, Any]) -> None:
    def add(listing: str, key: str, **fields: Any) -> dict[str, Any]:
        name = f"{chance.choice(WORDS)} <{tenant}.{listing}.{key}>"
        entry = {"key": key, "tenant": tenant, "name": name, **fields}
        document[listing].append(entry)
        return entry

    def some(of: list[Any], most: int) -> list[Any]:
        return list(dict.fromkeys(chance.choice(of) for _ in range(chance.randint(0, most)))) if of else []

    customers: list[str | None] = [None]
    for number in range(_number(chance, sizes.customers, sizes)):
        # Half of the time below the newest, so that chains come about as well as bushes.
        parent = customers[-1] if chance.randint(0, 1) else chance.choice(customers)
        add("customers", f"c{number}", parent=parent, **_attributes(sizes, number, parent))
        customers.append(f"c{number}")

    sites: list[tuple[str, str | None]] = []
    for number in range(_number(chance, sizes.sites, sizes)):
        sites.append((f"s{number}{'-É' if number % 3 == 1 else ''}", chance.choice(customers)))
        add("sites", sites[-1][0], customer=sites[-1][1], **_attributes(sizes, number, number))

    for number in range(_number(chance, sizes.devices, sizes)):
        site, customer = chance.choice(sites) if sites and chance.randint(0, 1) else (None, chance.choice(customers))
        unit = f"U-{chance.randint(0, 9)}{number:05}" if chance.randint(0, 2) else ""
        kind = SORTS[number % len(SORTS)]
        # What says whose it is does not stay behind where a file hands it over: it is another line then.
        add(
            "devices",
            f"d{number}",
            customer=customer,
            site=site,
            unit_id=unit,
            kind=kind,
            **_attributes(sizes, number, customer),
        )

    for number in range(_number(chance, sizes.edges, sizes)):
        kind, active = chance.choice(("pipe", "mqtt", "dc09")), bool(chance.randint(0, 2))
        add("edges", f"e{number}", customer=chance.choice(customers), kind=kind, active=active)

    roles: list[str | None] = [None]
    for number in range(1 + _number(chance, sizes.roles, sizes)):
        permissions: Any = "all" if chance.randint(0, 1) else some(_LISTING, 8)
        level = chance.choice(["service_provider", "customer", "site"])
        add("roles", f"r{number}", owner=chance.choice(customers), access_level=level, permissions=permissions)
        roles.append(f"r{number}")

    def entries() -> list[dict[str, Any]]:
        chosen = some(customers, sizes.entries)
        return [{"customer": customer, "nested": bool(chance.randint(0, 2))} for customer in chosen]

    groups: list[str] = []
    for number in range(_number(chance, sizes.groups, sizes)):
        role = chance.choice(roles[1:] if chance.randint(0, 3) else roles)
        scope = chance.choice(["all", "selected"])
        add(
            "security_groups", f"g{number}", owner=chance.choice(customers), role=role, scope=scope, customers=entries()
        )
        groups.append(f"g{number}")

    filters: list[str] = []
    for number in range(_number(chance, sizes.filters, sizes)):
        active = bool(chance.randint(0, 2))
        said = ("", *WORDS)[number % (1 + len(WORDS))]
        about = {"owner": chance.choice(customers), "description": said}
        add("customer_groups", f"f{number}", active=active, customers=entries(), **about)
        filters.append(f"f{number}")

    for number in range(1 + _number(chance, sizes.users, sizes)):
        memberships = []
        for group in some(groups, 3):
            begin, end = chance.choice(_EDGES), chance.choice(_EDGES)
            memberships.append(
                {
                    "group": group,
                    "valid_from": begin and begin.isoformat(),
                    "valid_until": end and end.isoformat(),
                }
            )
        add(
            "users",
            f"u{number}",
            home=chance.choice(customers) if chance.randint(0, 1) else None,
            login=f"Login-{tenant}-{number}",
            email=f"u{number}@{tenant}.example",
            active=bool(chance.randint(0, 7)),
            security_groups=memberships,
            customer_groups=some(filters, 2) if chance.randint(0, 1) else [],
            sites=some([key for key, _ in sites], 2),
        )
    _alarms(chance, sizes, document, tenant, add)


def _alarms(chance: Random, sizes: Sizes, document: dict[str, Any], tenant: str, add: Callable[..., Any]) -> None:
    """What is raised and what raises it: at customers, at sites of theirs and about devices of whomever."""

    def own(listing: str) -> list[dict[str, Any]]:
        return [one for one in document[listing] if one["tenant"] == tenant]

    def key(listing: str, likely: int = 2) -> str | None:
        found = own(listing)
        return chance.choice(found)["key"] if found and chance.randint(0, likely) else None

    def place() -> dict[str, Any]:
        site = chance.choice(own("sites")) if own("sites") and chance.randint(0, 1) else None
        return {"customer": key("customers") if site is None else site["customer"], "site": site and site["key"]}

    for number in range(_number(chance, sizes.alarm_rules, sizes)):
        about = {"raise_when": "t > 1", "times": chance.randint(1, 3), "severity": chance.choice(SEVERITIES)}
        about["held_for"] = chance.choice(("", "90s", "5m"))
        add("alarm_rules", f"w{number}", customer=key("customers"), active=bool(chance.randint(0, 3)), **about)
    for number in range(_number(chance, sizes.test_modes, sizes)):
        until = (AT + chance.choice((-1, 1)) * _DAY).isoformat()
        add("test_modes", f"m{number}", **place(), device=key("devices", 1), until=until)
    for number in range(_number(chance, sizes.alarms, sizes)):
        began = AT - chance.randint(0, 50) * _DAY / 24
        states: dict[str, Any] = {}
        if chance.randint(0, 1):
            states |= {"acked_at": (began + _DAY).isoformat(), "acked_by": key("users")}
        if chance.randint(0, 1):
            states |= {"cleared_at": AT.isoformat(), "outcome": chance.choice(("real", "false", "by_itself"))}
        states |= {"severity": chance.choice(SEVERITIES), "count": chance.randint(1, 9), "kind": f"k{number}"}
        # One that is open goes from its device when that is handed over, and does not come back with it.
        about = {
            "device": key("devices") if "outcome" in states else None,
            "rule": key("alarm_rules", 1),
            "assignee": key("users", 1),
        }
        moments = {"started_at": began.isoformat(), "last_at": AT.isoformat()}
        add("alarms", f"A-{number}", **place(), **about, **moments, **states)


def documents(sizes: Sizes = Sizes()) -> st.SearchStrategy[dict[str, Any]]:
    """Small documents; hypothesis chooses, and shrinks, every choice in them."""
    return st.randoms(use_true_random=False).map(lambda chance: make_document(chance, sizes))
