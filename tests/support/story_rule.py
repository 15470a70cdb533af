"""The rule of visibility once more, by sets and recursion over the plain document of the demo's story: it is checked
without any of the product's own code for it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from ringfence.snapshot.story import STORY_DAY, story

Entry = dict[str, Any]

DOCUMENT = story()
NOON = datetime.combine(STORY_DAY, time(12), UTC)
LISTS = [name for name, value in DOCUMENT.items() if isinstance(value, list)]
OWNED = [name for name in LISTS if name != "tenants"]


def keyed(kind: str, tenant: str) -> dict[str, Entry]:
    return {entry["key"]: entry for entry in DOCUMENT[kind] if entry["tenant"] == tenant}


def user(login: str) -> Entry:
    return next(entry for entry in DOCUMENT["users"] if entry["login"] == login)


def subtree(tenant: str, node: str | None) -> set[str | None]:
    below = {key for key, customer in keyed("customers", tenant).items() if customer["parent"] == node}
    return {node}.union(*(subtree(tenant, child) for child in below))


def members(tenant: str, group: Entry) -> set[str | None]:
    found: set[str | None] = set()
    for entry in group["customers"]:
        found |= subtree(tenant, entry["customer"]) if entry["nested"] else {entry["customer"]}
    return found


def in_force(membership: Entry, at: datetime) -> bool:
    begin, end = membership["valid_from"], membership["valid_until"]
    return (begin is None or datetime.fromisoformat(begin) <= at) and (end is None or at < datetime.fromisoformat(end))


def reached(login: str, permission: str, at: datetime = NOON) -> tuple[set[str | None], set[str | None]]:
    """The nodes that are in sight whole, and those of which only the user's sites are."""
    who = user(login)
    tenant = who["tenant"]
    whole: set[str | None] = set()
    by_site: set[str | None] = set()
    if not who["active"]:
        return whole, by_site
    reach = subtree(tenant, who["home"])
    groups = keyed("customer_groups", tenant)
    filtered = reach
    if who["customer_groups"]:
        filtered = set().union(
            *(members(tenant, groups[key]) for key in who["customer_groups"] if groups[key]["active"])
        )
    for membership in who["security_groups"]:
        group = keyed("security_groups", tenant)[membership["group"]]
        role = keyed("roles", tenant)[group["role"]]
        if not in_force(membership, at) or (role["permissions"] != "all" and permission not in role["permissions"]):
            continue
        nodes = reach & filtered
        if group["scope"] == "selected":
            nodes &= members(tenant, group)
        if role["access_level"] == "service_provider":
            whole |= nodes
        elif role["access_level"] == "site":
            sites = keyed("sites", tenant)
            by_site |= nodes & {sites[key]["customer"] for key in who["sites"]}
        elif group["scope"] == "selected" or who["customer_groups"] or who["home"] is not None:
            whole |= nodes
    return whole, by_site - whole


def customers(login: str, at: datetime = NOON) -> set[str]:
    whole, by_site = reached(login, "customer.list", at)
    return {node for node in whole | by_site if node is not None}


def devices(login: str, at: datetime = NOON) -> set[str]:
    who = user(login)
    whole, by_site = reached(login, "device.list", at)
    return {
        device["key"]
        for device in keyed("devices", who["tenant"]).values()
        if device["customer"] in whole or (device["customer"] in by_site and device["site"] in who["sites"])
    }


def home_of(login: str) -> str | None:
    home: str | None = user(login)["home"]
    return home


def only_group(login: str) -> tuple[Entry, Entry, Entry]:
    """The user's one membership, its group and that group's role."""
    who = user(login)
    (membership,) = who["security_groups"]
    group = keyed("security_groups", who["tenant"])[membership["group"]]
    return membership, group, keyed("roles", who["tenant"])[group["role"]]


def limits_of(customer: Entry) -> dict[str, int]:
    return {field: value for field, value in customer.items() if field.startswith("max_")}


def used_by(customer: Entry) -> dict[str, int]:
    """How many there are of what a customer's limits count."""
    tenant = customer["tenant"]
    below = subtree(tenant, customer["key"])
    return {
        "max_users": sum(one["home"] in below for one in keyed("users", tenant).values()),
        "max_devices": sum(one["customer"] in below for one in keyed("devices", tenant).values()),
        "max_customers": len(below) - 1,
    }
