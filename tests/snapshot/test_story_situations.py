"""The demo story shows what it says it shows."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from support.story_rule import (
    DOCUMENT,
    NOON,
    customers,
    devices,
    home_of,
    keyed,
    only_group,
    reached,
    subtree,
    used_by,
    user,
)

from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.domain.permission import PERMISSIONS
from ringfence.snapshot.story import STORY_DAY, WHO_SHOWS_WHAT

SEES_NOTHING = {"p.nowak", "f.hoekstra", "d.ionescu", "b.janssens", "l.petit"}

NORTHWIND = {
    *("northwind", "north-antwerp", "north-kallo", "north-rotterdam", "north-maasvlakte", "north-coldstore"),
    *("north-pharma", "north-waalhaven", "north-zeebrugge"),
}
POLDER = {"polder", "polder-north", "polder-south", "polder-merwede-lock"}
DEKKER = {
    *("dekker", "dekker-garage", "dekker-linde", "dekker-linde-north", "dekker-linde-gym", "dekker-linde-annexe"),
    *("de-linde-zuid", "dekker-pharmacy", "dekker-marina"),
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
