"""The demo story holds together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.story_rule import (
    DOCUMENT,
    LISTS,
    OWNED,
    Entry,
    keyed,
    limits_of,
    subtree,
    used_by,
)

from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.snapshot.story import main, story, write
from ringfence.snapshot.story_data import LIMITS, NOTES

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
    drawn = next((of.drawn for of in EDITED.values() if of.plural == kind), "")
    shape = rf"{drawn}-[0-9A-Z]{{6}}" if drawn else r"[a-z0-9]+([-.][a-z0-9]+)*"
    assert all(re.fullmatch(shape, key) for _, key in keys)


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


def test_names_try_the_screen() -> None:
    names = " ".join(customer["name"] for customer in DOCUMENT["customers"])
    assert "&" in names
    assert "'" in names
    assert re.search("[\u4e00-\u9fff]", names)
    assert "è" in names
    assert "Tunnel cam [A]" in {device["name"] for device in DOCUMENT["devices"]}


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
