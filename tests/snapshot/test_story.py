"""The demo story holds together, and shows what it says it shows.

The rule of visibility is stated here once more, by sets and recursion over the plain document, so that the story is
checked without any of the product's own code for it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.domain.permission import PERMISSIONS
from ringfence.snapshot.story import STORY_DAY, WHO_SHOWS_WHAT, main, story, write
from ringfence.snapshot.story_data import LIMITS, NOTES

Entry = dict[str, Any]

DOCUMENT = story()
NOON = datetime.combine(STORY_DAY, time(12), UTC)
LISTS = [name for name, value in DOCUMENT.items() if isinstance(value, list)]
OWNED = [name for name in LISTS if name != "tenants"]


def keyed(kind: str, tenant: str) -> dict[str, Entry]:
    return {entry["key"]: entry for entry in DOCUMENT[kind] if entry["tenant"] == tenant}


def user(login: str) -> Entry:
    return next(entry for entry in DOCUMENT["users"] if entry["login"] == login)


# -- the rule, slowly ------------------------------------------------------------------------------------------------


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


# -- the document ----------------------------------------------------------------------------------------------------


def test_it_is_the_same_at_every_call_and_nobody_can_spoil_it() -> None:
    first = story()
    first["customers"].clear()
    first["users"][0]["security_groups"].append("x")
    assert story() == DOCUMENT


def test_counts() -> None:
    counts = {name: len(DOCUMENT[name]) for name in LISTS}
    assert counts["tenants"] == 2
    assert counts["customers"] == 60
    assert counts["sites"] == 40
    assert counts["devices"] == 600
    assert counts["users"] == 16
    assert len({device["kind"] for device in DOCUMENT["devices"]}) >= 9
    assert {device["site"] is None for device in DOCUMENT["devices"]} == {True, False}


@pytest.mark.parametrize("kind", LISTS)
def test_keys_are_unique_and_readable_and_sorted(kind: str) -> None:
    keys = [(entry.get("tenant", ""), entry["key"]) for entry in DOCUMENT[kind]]
    assert keys == sorted(set(keys))
    assert all(re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", key) for _, key in keys)


def test_logins_are_unique_whatever_their_case() -> None:
    assert len({entry["login"].casefold() for entry in DOCUMENT["users"]}) == 16


def test_unit_ids_are_unique_and_no_customer_has_two_devices_of_one_name() -> None:
    assert len({device["unit_id"] for device in DOCUMENT["devices"]}) == 600
    names = Counter((device["tenant"], device["customer"], device["name"]) for device in DOCUMENT["devices"])
    assert set(names.values()) == {1}
    assert not any("#" in device["name"] for device in DOCUMENT["devices"])


def references(entry: Entry) -> Iterable[tuple[str, str | None]]:
    """Every reference that an entry of any list makes: the list it points into, and the key."""
    lists = {
        **dict.fromkeys(("parent", "customer", "home", "owner", "made_for"), "customers"),
        "site": "sites",
        "role": "roles",
        "group": "security_groups",
    }
    for field, value in entry.items():
        if field in lists:
            yield lists[field], value
        elif field == "customers":
            for member in value:
                yield "customers", member["customer"]
        elif field == "security_groups":
            for membership in value:
                yield "security_groups", membership["group"]
        elif field in ("customer_groups", "sites"):
            for key in value:
                yield field, key


@pytest.mark.parametrize("kind", OWNED)
def test_references_stay_in_the_tenant(kind: str) -> None:
    tenants = {tenant["key"] for tenant in DOCUMENT["tenants"]}
    for entry in DOCUMENT[kind]:
        assert entry["tenant"] in tenants
        for target, key in references(entry):
            assert key is None or key in keyed(target, entry["tenant"]), (entry["key"], target, key)


def test_a_device_stands_on_a_site_of_its_own_customer() -> None:
    for device in DOCUMENT["devices"]:
        if device["site"] is not None:
            assert keyed("sites", device["tenant"])[device["site"]]["customer"] == device["customer"]
    used = {device["site"] for device in DOCUMENT["devices"]}
    assert all(site["key"] in used for site in DOCUMENT["sites"])


def depth(customer: Entry) -> int:
    parent = customer["parent"]
    return 1 if parent is None else 1 + depth(keyed("customers", customer["tenant"])[parent])


def test_customers_nest_five_deep_and_no_deeper() -> None:
    assert max(map(depth, DOCUMENT["customers"])) == 5


def test_every_customer_has_devices_to_look_at_below_it() -> None:
    owners = {(device["tenant"], device["customer"]) for device in DOCUMENT["devices"]}
    for customer in DOCUMENT["customers"]:
        tenant = customer["tenant"]
        assert any((tenant, node) in owners for node in subtree(tenant, customer["key"])), customer["key"]


def test_permissions_are_in_the_catalogue() -> None:
    for role in DOCUMENT["roles"]:
        if role["permissions"] != "all":
            assert len(set(role["permissions"])) == len(role["permissions"])
            assert set(role["permissions"]) <= PERMISSIONS, role["name"]


def test_roles_do_what_their_names_say() -> None:
    for role in DOCUMENT["roles"]:
        actions = {key.partition(".")[2] for key in role["permissions"]} if role["permissions"] != "all" else set()
        if role["key"] in ("viewer", "customer-user"):
            assert actions <= {"list", "view"}
        staff = role["key"] in ("administrator", "operator", "technician", "dispatcher", "viewer", "sint-jans-hospital")
        assert staff == (role["access_level"] == "service_provider")
    operator = set(keyed("roles", "harbor")["operator"]["permissions"])
    assert operator >= {"customer.list", "customer.view", "device.list", "device.view", "site.list", "user.list"}
    assert operator >= {"alarm.list", "alarm.manage"}


def test_addresses_on_the_net_are_nobodys_and_telephones_ring_nowhere() -> None:
    address = r"[a-z.]+@[a-z-]+\.example"
    kept_for_fiction = r"\+3[12] 00 555 01\d\d|\+353 20 91\d \d{4}|\+33 1 99 00 \d\d \d\d|\+46 31 390 06 \d\d"
    kept_for_fiction += r"|\+46 40 628 04 \d\d|\+46 980 319 2\d\d|\+46 8 465 004 \d\d"
    for entry in (*DOCUMENT["customers"], *DOCUMENT["users"]):
        assert entry["email"] == "" or re.fullmatch(address, entry["email"])
        phone = entry.get("phone", "")
        assert phone == "" or re.fullmatch(kept_for_fiction, phone), phone
    for device in DOCUMENT["devices"]:
        notes = device.get("notes", "")
        assert len(re.findall(r"\S+@\S+", notes)) == len(re.findall(address, notes)), notes
        assert len(re.findall(r"\+\d\d", notes)) == len(re.findall(kept_for_fiction, notes)), notes


def test_a_few_devices_have_notes_and_a_few_customers_limits() -> None:
    assert {device["key"] for device in DOCUMENT["devices"] if "notes" in device} == set(NOTES)
    limited = {customer["key"]: customer for customer in DOCUMENT["customers"] if limits_of(customer)}
    assert set(limited) == set(LIMITS)
    for customer in limited.values():
        used = used_by(customer)
        assert all(used[limit] <= most for limit, most in limits_of(customer).items()), customer["key"]


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


def test_names_try_the_screen() -> None:
    names = " ".join(customer["name"] for customer in DOCUMENT["customers"])
    assert "&" in names
    assert "'" in names
    assert re.search("[\u4e00-\u9fff]", names)
    assert "è" in names
    assert "Tunnel cam [A]" in {device["name"] for device in DOCUMENT["devices"]}


# -- the situations --------------------------------------------------------------------------------------------------

SEES_NOTHING = {"p.nowak", "f.hoekstra", "d.ionescu", "b.janssens", "l.petit"}

NORTHWIND = {
    *("northwind", "north-antwerp", "north-kallo", "north-rotterdam", "north-maasvlakte", "north-coldstore"),
    *("north-pharma", "north-waalhaven", "north-zeebrugge"),
}
POLDER = {"polder", "polder-north", "polder-south", "polder-merwede-lock"}
DEKKER = {
    *("dekker", "dekker-garage", "dekker-linde", "dekker-linde-north", "dekker-linde-gym", "dekker-linde-annexe"),
    *("dekker-linde-south", "dekker-pharmacy", "dekker-marina"),
}
TEST_SITES = {"internal", "lab-rack-1", "lab-rack-2", "staging", "staging-rehearsal", "academy"}


def test_everybody_is_told_of_once_in_one_line() -> None:
    assert sorted(login for login, _ in WHO_SHOWS_WHAT) == sorted(entry["login"] for entry in DOCUMENT["users"])
    assert all(line and "\n" not in line and line.endswith(".") for _, line in WHO_SHOWS_WHAT)


@pytest.mark.parametrize("login", [login for login, _ in WHO_SHOWS_WHAT])
def test_sees_something_or_nothing(login: str) -> None:
    assert (not customers(login), not devices(login)) == (login in SEES_NOTHING, login in SEES_NOTHING)


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("j.peeters", TEST_SITES),
        ("r.dekker", DEKKER),
        ("m.claes", {"sintjans", "sintjans-main", "sintjans-lab", "sintjans-children", "sintjans-carpark"}),
        (
            "t.okafor",
            {
                *("polder-south", "polder-merwede-lock", "north-rotterdam", "veldkamp", "veldkamp-breda"),
                "zuiderpark",
            },
        ),
        ("anneke", {"veldkamp", "veldkamp-breda"}),
        ("g.moreau", {"north-maasvlakte", "north-waalhaven"}),
        ("k.adeyemi", NORTHWIND | POLDER),
        ("n.eriksen", {"havsbris", "havsbris-terminal", "havsbris-reefers", "granhult", "granhult-tankers"}),
    ],
)
def test_exact_customers(login: str, expected: set[str]) -> None:
    assert customers(login) == expected


@pytest.mark.parametrize(
    ("login", "customer_count", "device_count"),
    [
        ("h.devries", 46, 498),
        ("olga", 40, 437),
        ("j.peeters", 6, 51),
        ("r.dekker", 9, 60),
        ("m.claes", 5, 83),
        ("t.okafor", 6, 80),
        ("anneke", 2, 20),
        ("g.moreau", 2, 28),
        ("k.adeyemi", 13, 190),
        ("astrid", 14, 102),
        ("n.eriksen", 5, 44),
    ],
)
def test_how_many(login: str, customer_count: int, device_count: int) -> None:
    assert (len(customers(login)), len(devices(login))) == (customer_count, device_count)


def test_each_administrator_has_one_tenant_and_all_of_it() -> None:
    for login in ("h.devries", "astrid"):
        _, group, role = only_group(login)
        assert (group["scope"], role["permissions"], home_of(login)) == ("all", "all", None)
        tenant = user(login)["tenant"]
        assert customers(login) == set(keyed("customers", tenant))
        assert devices(login) == set(keyed("devices", tenant))
    assert user("h.devries")["tenant"] != user("astrid")["tenant"]


def test_production_and_test_share_nothing_and_are_everything() -> None:
    production, test = customers("olga"), customers("j.peeters")
    assert not production & test
    assert production | test == set(keyed("customers", "harbor"))


def test_the_single_customer_group_bears_the_customers_name() -> None:
    _, group, role = only_group("m.claes")
    ((member,),) = (group["customers"],)
    assert keyed("customers", "harbor")[member["customer"]]["name"] == group["name"] == role["name"]
    assert group["made_for"] == member["customer"]
    assert [entry["key"] for entry in DOCUMENT["security_groups"] if "made_for" in entry] == [group["key"]]
    assert role["permissions"] == keyed("roles", "harbor")["technician"]["permissions"]


def test_the_one_private_role_is_that_groups() -> None:
    assert [role["key"] for role in DOCUMENT["roles"] if role.get("private")] == ["sint-jans-hospital"]
    users = [group["key"] for group in DOCUMENT["security_groups"] if group["role"] == "sint-jans-hospital"]
    assert users == ["sint-jans-hospital"]


def test_the_built_in_roles_are_harbors() -> None:
    built_in = {role["key"]: role for role in DOCUMENT["roles"] if role.get("builtin")}
    assert {role["tenant"] for role in built_in.values()} == {"harbor"}
    assert sorted(built_in) == sorted(role.key for role in BUILTIN_ROLES)
    for role in BUILTIN_ROLES:
        told = built_in[role.key]
        held = None if told["permissions"] == "all" else frozenset(told["permissions"])
        assert (told["name"], told["access_level"], held) == (role.name, role.access_level, role.permissions)


def test_the_selected_technician_has_an_entry_without_nested_customers() -> None:
    groups = [keyed("security_groups", "harbor")[entry["group"]] for entry in user("t.okafor")["security_groups"]]
    entries = [entry for group in groups for entry in group["customers"]]
    assert len(entries) >= 3
    (alone,) = (entry["customer"] for entry in entries if not entry["nested"])
    assert subtree("harbor", alone) - {alone}
    assert customers("t.okafor") & subtree("harbor", alone) == {alone}


def test_a_reseller_sees_down_and_never_up() -> None:
    _, group, role = only_group("r.dekker")
    assert (group["scope"], role["access_level"], home_of("r.dekker")) == ("all", "customer", "dekker")
    assert reached("r.dekker", "user.create")[0] == subtree("harbor", "dekker")


def test_the_reseller_has_nearly_as_many_devices_as_it_may() -> None:
    dekker = keyed("customers", "harbor")["dekker"]
    used, most = used_by(dekker)["max_devices"], dekker["max_devices"]
    assert (used, most) == (60, 62)
    assert f"{used} of the {most} devices" in dict(WHO_SHOWS_WHAT)["r.dekker"]
    assert reached("r.dekker", "device.create")[0] == subtree("harbor", "dekker")


def test_the_guard_sees_only_what_stands_on_the_two_sites() -> None:
    found = {key: keyed("devices", "harbor")[key] for key in devices("g.moreau")}
    assert {device["site"] for device in found.values()} == set(user("g.moreau")["sites"])
    owners = {device["customer"] for device in found.values()}
    beside = [
        device
        for device in keyed("devices", "harbor").values()
        if device["customer"] in owners and device["key"] not in found
    ]
    assert beside


def test_full_here_and_read_only_there() -> None:
    assert reached("k.adeyemi", "device.edit")[0] == NORTHWIND
    assert reached("k.adeyemi", "device.view")[0] == NORTHWIND | POLDER


def test_the_customers_own_user_changes_nothing() -> None:
    changes = {permission for permission in PERMISSIONS if not permission.endswith((".list", ".view"))}
    assert not any(reached("anneke", permission)[0] for permission in changes)


def test_windows_lie_around_the_day() -> None:
    day = timedelta(days=1)
    assert customers("f.hoekstra", NOON - day) == customers("olga")
    assert not customers("f.hoekstra", datetime.combine(STORY_DAY, time(0), UTC))
    assert not customers("d.ionescu", datetime.combine(STORY_DAY, time(23, 59), UTC))
    assert customers("d.ionescu", NOON + day) == set(keyed("customers", "harbor"))
    assert "zuiderpark" in customers("t.okafor", NOON + 3 * day)
    assert customers("t.okafor") - customers("t.okafor", NOON + 4 * day) == {"zuiderpark"}
    assert user("f.hoekstra")["security_groups"][0]["valid_until"] == "2026-11-15T18:00:00+00:00"
    assert user("d.ionescu")["security_groups"][0]["valid_from"] == "2026-11-17T08:00:00+00:00"


def test_who_sees_nothing_sees_it_for_the_reason_told() -> None:
    groups = keyed("customer_groups", "harbor")
    assert [groups[key]["active"] for key in user("p.nowak")["customer_groups"]] == [False]
    assert user("p.nowak")["security_groups"]
    assert user("l.petit")["security_groups"] == []
    assert [entry["login"] for entry in DOCUMENT["users"] if not entry["active"]] == ["b.janssens"]
    assert user("b.janssens")["security_groups"]


# -- writing ---------------------------------------------------------------------------------------------------------


def test_main_writes_the_document(tmp_path: Path) -> None:
    path = tmp_path / "story.json"
    assert main([str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == DOCUMENT
    assert "青波海運" in text
    write(path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("arguments", [[], ["a.json", "b.json"]])
def test_main_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: ")
