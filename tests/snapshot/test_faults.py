"""A bad file changes nothing and says every error it has, with the list, the index, the key and the field."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.databases import dumped, rows
from support.documents import Sizes, make_document

from ringfence.domain.errors import InvalidDocument, RingfenceError
from ringfence.snapshot.load import load_document, load_file
from ringfence.storage.engine import Database

T = {"tenant": "t"}


def document(**lists: list[Any]) -> dict[str, Any]:
    """Two tenants, a little tree, and what a test adds."""
    found: dict[str, Any] = {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}, {"key": "other", "name": "Other"}],
        "customers": [
            {"key": "a", **T, "name": "A"},
            {"key": "b", **T, "name": "B"},
            {"key": "x", "tenant": "other", "name": "X"},
        ],
        "sites": [{"key": "at-a", **T, "customer": "a", "name": "At A"}],
        "roles": [{"key": "r", **T, "name": "R", "access_level": "site", "permissions": []}],
        "security_groups": [{"key": "g", **T, "name": "G", "role": "r", "scope": "all"}],
        "customer_groups": [{"key": "f", **T, "name": "F"}],
        "users": [{"key": "u", **T, "name": "U", "login": "u"}],
    }
    for name, entries in lists.items():
        found[name] = [*found.get(name, []), *entries]
    return found


def text_of(found: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(found).encode())


def faults(database: Database, found: dict[str, Any]) -> list[str]:
    """What is said about it, read from a file and from memory alike."""
    before = rows(database)
    with pytest.raises(InvalidDocument) as caught:
        load_document(database, found)
    with pytest.raises(InvalidDocument) as again:
        load_file(database, text_of(found))
    assert again.value.faults == caught.value.faults
    assert rows(database) == before
    for line in caught.value.faults:
        assert "\n" not in line
        assert line.isprintable()
    assert str(caught.value) == "\n".join(caught.value.faults)
    return list(caught.value.faults)


def device(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, **fields}


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("a parent that is not there", {"customers": [{"key": "c", **T, "name": "C", "parent": "nix"}]},
     'customers[3] "c": parent: there is no customer "nix"'),
    ("a parent of another tenant", {"customers": [{"key": "c", **T, "name": "C", "parent": "x"}]},
     'customers[3] "c": parent: customer "x" belongs to another tenant'),
    ("a tenant that is not there", {"users": [{"key": "v", "tenant": "nix", "name": "V", "login": "v"}]},
     'users[1] "v": tenant: there is no tenant "nix"'),
    ("a cycle of one", {"customers": [{"key": "c", **T, "name": "C", "parent": "c"}]},
     'customers[3] "c": parent: a cycle: "c" > "c"'),
    ("a site of another customer", {"devices": [device("d", customer="b", site="at-a")]},
     'devices[0] "d": site: "at-a" is a site of another customer'),
    ("a site of a customer, a device of the root", {"devices": [device("d", site="at-a")]},
     'devices[0] "d": site: "at-a" is a site of another customer'),
    ("a device's customer", {"devices": [device("d", customer="nix")]},
     'devices[0] "d": customer: there is no customer "nix"'),
    ("a device's customer of another tenant", {"devices": [device("d", customer="x")]},
     'devices[0] "d": customer: customer "x" belongs to another tenant'),
    ("a device's site", {"devices": [device("d", customer="a", site="nix")]},
     'devices[0] "d": site: there is no site "nix"'),
    ("a device's tenant", {"devices": [{"key": "d", "tenant": "nix", "name": "D"}]},
     'devices[0] "d": tenant: there is no tenant "nix"'),
    ("a duplicate customer", {"customers": [{"key": "a", **T, "name": "A"}]},
     'customers[3] "a": key: is there twice'),
    ("a duplicate device", {"devices": [device("d"), device("d")]}, 'devices[1] "d": key: is there twice'),
    ("a duplicate tenant", {"tenants": [{"key": "t", "name": "T"}]}, 'tenants[2] "t": key: is there twice'),
    ("a unit id of two", {"devices": [device("d", unit_id="U"), device("e", unit_id="U")]},
     'devices[1] "e": unit_id: "U" is the unit id of device "d" too'),
    ("a login of two", {"users": [{"key": "v", **T, "name": "V", "login": "U"}]},
     'users[1] "v": login: "U" is another user\'s login'),
    ("an unknown permission",
     {"roles": [{"key": "s", **T, "name": "S", "access_level": "site", "permissions": ["device.list", "fly"]}]},
     'roles[1] "s": permissions: unknown permission "fly"'),
    ("very many unknown permissions",
     {"roles": [{"key": "s", **T, "name": "S", "access_level": "site", "permissions": ["x" * 5000] * 9}]},
     'roles[1] "s": permissions: unknown permission ' + ", ".join(['"' + "x" * 78 + "…"] * 5) + " and 4 more"),
    ("an access level", {"roles": [{"key": "s", **T, "name": "S", "access_level": "god"}]},
     "roles[1] \"s\": access_level: must be 'service_provider', 'customer' or 'site', not \"god\""),
    ("a scope", {"security_groups": [{"key": "h", **T, "name": "H", "role": None, "scope": "some"}]},
     "security_groups[1] \"h\": scope: must be 'all' or 'selected', not \"some\""),
    ("a group's role", {"security_groups": [{"key": "h", **T, "name": "H", "role": "nix", "scope": "all"}]},
     'security_groups[1] "h": role: there is no role "nix"'),
    ("a group's customer",
     {"customer_groups": [{"key": "h", **T, "name": "H", "customers": [{"customer": "a"}, {"customer": "x"}]}]},
     'customer_groups[1] "h": customers[1].customer: customer "x" belongs to another tenant'),
    ("a user's group",
     {"users": [{"key": "v", **T, "name": "V", "login": "v", "security_groups": [{"group": "nix"}]}]},
     'users[1] "v": security_groups[0].group: there is no security group "nix"'),
    ("a user's filter", {"users": [{"key": "v", **T, "name": "V", "login": "v", "customer_groups": ["f", "nix"]}]},
     'users[1] "v": customer_groups[1]: there is no customer group "nix"'),
    ("a user's site", {"users": [{"key": "v", **T, "name": "V", "login": "v", "sites": ["nix"]}]},
     'users[1] "v": sites[0]: there is no site "nix"'),
    ("a user's home", {"users": [{"key": "v", **T, "name": "V", "login": "v", "home": "nix"}]},
     'users[1] "v": home: there is no customer "nix"'),
    ("an owner", {"roles": [{"key": "s", **T, "name": "S", "access_level": "site", "owner": "nix"}]},
     'roles[1] "s": owner: there is no customer "nix"'),
    ("an empty name", {"customers": [{"key": "c", **T, "name": ""}]}, 'customers[3] "c": name: is empty'),
    ("a blank name", {"customers": [{"key": "c", **T, "name": " \u3000"}]}, 'customers[3] "c": name: is empty'),
    ("a name with a control character", {"customers": [{"key": "c", **T, "name": "a\x1b[31m"}]},
     'customers[3] "c": name: holds control characters'),
    ("a name with a C1 control character", {"customers": [{"key": "c", **T, "name": "a\x9b31m"}]},
     'customers[3] "c": name: holds control characters'),
    ("a name with a line break", {"devices": [device("d", kind="a\nb")]},
     'devices[0] "d": kind: holds control characters'),
    ("a lone surrogate", {"customers": [{"key": "c", **T, "name": "a\ud800"}]},
     'customers[3] "c": name: holds half a character'),
    ("a name too long", {"customers": [{"key": "c", **T, "name": "n" * 401}]},
     'customers[3] "c": name: is longer than 400 characters'),
    ("a name that is too long once folded", {"customers": [{"key": "c", **T, "name": "\ufdfa" * 400}]},
     'customers[3] "c": name: is too long to be searched by'),
    ("a number for a name", {"customers": [{"key": "c", **T, "name": 7}]},
     'customers[3] "c": name: must be text, not a number'),
    ("a number for a truth", {"users": [{"key": "v", **T, "name": "V", "login": "v", "active": 1}]},
     'users[1] "v": active: must be true or false, not a number'),
    ("an object for a list", {"users": [{"key": "v", **T, "name": "V", "login": "v", "sites": {}}]},
     'users[1] "v": sites: must be a list, not an object'),
    ("text for an entry", {"customers": ["c"]}, "customers[3] (no key): entry: must be an object, not text"),
    ("null for an entry", {"customers": [None]}, "customers[3] (no key): entry: must be an object, not null"),
    ("a key that is not there", {"sites": [{**T, "name": "S"}]}, "sites[1] (no key): key: is missing"),
    ("an unknown field", {"sites": [{"key": "s", **T, "name": "S", "colour": "red"}]},
     'sites[1] "s": colour: unknown field; there are key, tenant, name, customer, attributes'),
    ("an unknown list", {"sensors": [{}]}, '"sensors": unknown field'),
    ("a time without an offset",
     {"users": [{"key": "v", **T, "name": "V", "login": "v",
                 "security_groups": [{"group": "g", "valid_from": "2026-11-22T08:00:00"}]}]},
     'users[1] "v": security_groups[0].valid_from: '
     "a time is ISO 8601 with an offset, such as 2026-11-22T08:00:00+00:00"),
    ("a time that is a number",
     {"users": [{"key": "v", **T, "name": "V", "login": "v", "security_groups": [{"group": "g", "valid_until": 7}]}]},
     'users[1] "v": security_groups[0].valid_until: a time is text such as 2026-11-22T08:00:00+00:00'),
]  # fmt: skip


@pytest.mark.parametrize(("lists", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_fault(sqlite_database: Database, lists: dict[str, Any], said: str) -> None:
    assert faults(sqlite_database, document(**lists)) == [said]


def test_every_fault_at_once(database: Database) -> None:
    """All of a file's faults in one go, and the database as it was, entry by entry and row by row."""
    load_document(database, make_document(Random(1), Sizes(exact=True)))
    load_document(database, document(devices=[device("taken", unit_id="U-9", customer="a", site="at-a")]))
    before = dumped(database)
    cycle = [{"key": key, **T, "name": key, "parent": parent} for key, parent in (("p", "q"), ("q", "p"), ("r", "q"))]
    every = [case for case in CASES if "duplicate" not in case[0] and "unknown list" not in case[0]]
    wrong = document(customers=cycle, devices=[device("thief", unit_id="U-9")], sensors=[])
    wanted = ['devices[0] "thief": unit_id: "U-9" is the unit id of device "taken"', '"sensors": unknown field']
    wanted += [
        'customers[3] "p": parent: a cycle: "q" > "p" > "q"',
        'customers[4] "q": parent: a cycle: "q" > "p" > "q"',
    ]
    for number, (_, lists, said) in enumerate(every):
        for name, entries in lists.items():
            start = len(wrong.setdefault(name, []))
            old = len(document().get(name, []))
            for place, entry in enumerate(entries):
                found = dict(entry) if isinstance(entry, dict) else entry
                for field in ("key", "login", "unit_id"):
                    if isinstance(found, dict) and field in found and found[field] not in ("U", "u"):
                        found[field] = f"{found[field]}-{number}"
                wrong[name].append(found)
                said = said.replace(f"{name}[{old + place}]", f"{name}[{start + place}]")
                if isinstance(entry, dict) and "key" in entry:
                    said = said.replace(f'] "{entry["key"]}":', f'] "{entry["key"]}-{number}":')
        wanted.append(said)
    found = faults(database, wrong)
    some = [line for line in wanted if "another user" not in line and "unit id of" not in line and '"c" >' not in line]
    assert [line for line in some if line not in found] == []
    assert 'devices[0] "thief": unit_id: "U-9" is the unit id of device "taken"' in found
    assert len(found) == len(set(found))
    assert dumped(database) == before


def test_a_bad_entry_is_not_told_of_again_by_those_that_refer_to_it(sqlite_database: Database) -> None:
    lists = {"customers": [{"key": "c", **T, "name": ""}], "devices": [device("d", customer="c")]}
    assert faults(sqlite_database, document(**lists)) == ['customers[3] "c": name: is empty']


def test_a_site_that_leaves_its_devices_behind(database: Database) -> None:
    load_document(database, document(devices=[device("d", customer="a", site="at-a")]))
    moved = {"ringfence": 1, "sites": [{"key": "at-a", **T, "customer": "b", "name": "At B"}]}
    said = 'sites[0] "at-a": customer: device "d", which is not in the file, stands on it'
    assert faults(database, moved) == [said]
    load_document(database, {**moved, "devices": [device("d", customer="b", site="at-a")]})


def test_a_long_cycle_is_told_shortly(sqlite_database: Database) -> None:
    ring = [{"key": f"k{n}", **T, "name": "K", "parent": f"k{(n + 1) % 3000}"} for n in range(3000)]
    found = faults(sqlite_database, document(customers=ring))
    assert len(found) == 3000
    assert max(map(len, found)) < 200


def test_a_chain_without_end(sqlite_database: Database) -> None:
    chain = [{"key": f"k{n}", **T, "name": "K", "parent": f"k{n - 1}" if n else None} for n in range(30_000)]
    found = faults(sqlite_database, document(customers=chain))
    assert len(found) == 1
    assert found[0].endswith("parent: the tree is too deep here for this database")


TOP = [
    (b"", "a snapshot is an object"),
    (b"   \n", "a snapshot is an object"),
    (b"[]", "a snapshot is an object"),
    (b"null", "a snapshot is an object"),
    (b"{}", 'ringfence: is missing: a snapshot begins with "ringfence": 1'),
    (b'{"ringfence": 2}', "ringfence: this program reads format 1, the file says 2"),
    (b'{"ringfence": true}', "the file says true"),
    (b'{"ringfence": 1.0}', "the file says 1.0"),
    (b'{"ringfence": "1"}', 'the file says "1"'),
    (b'{"ringfence": null}', "the file says null"),
    (b'{"ringfence": 1, "ringfence": 1}', '"ringfence": is there twice'),
    (b'{"ringfence": 1, "sites": [], "sites": []}', '"sites": is there twice'),
    (b'{"ringfence": 1, "sites": {}}', "sites: must be a list, not an object"),
    (b'{"ringfence": 1, "sites": null}', "sites: must be a list, not null"),
    (b'{"ringfence": 1, "tenants": [{"key": "a", "key": "t", "name": "T"}]}', 'tenants[0] "t": key: is there twice'),
    (b'{"ringfence": 1, "tenants": [{"key": "a", "name": "T",}]}', "line 1, column"),
    (b'{"ringfence": 1} x', "line 1, column 18: there is something after the document's end"),
    (b'{"ringfence": 1,\n\n"tenants": [1 2]}', "line 3, column 15: expected , or ], found 2"),
    (b'{"ringfence": 1, 5: 6}', "a field's name is text"),
    (b'{"ringfence": 1, "sites": [' + b"[" * 100_000, "nests too deeply"),
    (b'{"ringfence": ' + b"9" * 5000 + b"}", "a number in here is too long"),
    (b'{"ringfence": 1, "tenants": "\xff"}', "the file is not UTF-8 text"),
    (b'{"ringfence": NaN}', "the file says nan"),
    (b'{"ringfence": 1, "tenants": [NaN]}', "must be an object, not a number"),
    (b'{"ringfence": 1, "tenants": [{"key": "t", "name": "T", "\\ud800": 1}]}', "holds half a character"),
    (b'{"ringfence": 1, "\\ud800\\u0000": 1}', "unknown field"),
    (b"\x00\x01\x02", ""),
    ('{"ringfence": 1}'.encode("utf-16"), ""),
]


@pytest.mark.parametrize(("data", "said"), TOP, ids=[str(number) for number in range(len(TOP))])
def test_what_is_no_document(sqlite_database: Database, data: bytes, said: str) -> None:
    before = rows(sqlite_database)
    with pytest.raises(InvalidDocument) as caught:
        load_file(sqlite_database, io.BytesIO(data))
    assert said in str(caught.value)
    assert str(caught.value).replace("\n", "").isprintable()
    assert rows(sqlite_database) == before


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "ringfence: 0b_",
        "!!int x",
        "!!timestamp x",
        "ringfence: 1\nringfence: 1",
        "? [a]\n: b",
        "a: !!bool x",
        "[" * 5000,
        "a: &a [*a]",
        "ringfence: &a {b: *a}",
        "ringfence: 2026-01-01",
        "!!python/object:os.system {}",
        "ringfence: 1\nsites:\n- key: a\n  key: b",
    ],
)
def test_yaml_that_is_no_document(sqlite_database: Database, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InvalidDocument) as caught:
        load_file(sqlite_database, path)
    assert str(caught.value)


def test_yaml_that_grows_out_of_little(sqlite_database: Database, tmp_path: Path) -> None:
    lines = ["a: &a0 [x, x]", *(f"b{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    path = tmp_path / "laughs.yaml"
    path.write_text("\n".join(lines) + "\nringfence: *a59\nsites: [*a59]\ntenants: *a59\n")
    with pytest.raises(InvalidDocument):
        load_file(sqlite_database, path)


def test_truncated_anywhere(sqlite_database: Database) -> None:
    """Whatever part of a file arrives, the answer is a line for people, and nothing is changed."""
    data = json.dumps(make_document(Random(2), Sizes(customers=2, devices=2, users=1)), ensure_ascii=False).encode()
    before = rows(sqlite_database)
    for length in range(0, len(data), 7):
        with pytest.raises(InvalidDocument):
            load_file(sqlite_database, io.BytesIO(data[:length]))
    assert rows(sqlite_database) == before
    load_file(sqlite_database, io.BytesIO(data))


def test_damaged_anywhere(sqlite_database: Database) -> None:
    chance = Random(5)
    data = json.dumps(make_document(Random(2), Sizes(customers=2, devices=2, users=1))).encode()
    for _ in range(300):
        place = chance.randrange(len(data))
        damaged = data[:place] + bytes([chance.randrange(256)]) + data[place + chance.randint(0, 3) :]
        with suppress(RingfenceError):
            load_file(sqlite_database, io.BytesIO(damaged))


def test_a_file_that_is_not_there(sqlite_database: Database, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(RingfenceError, match="cannot read"):
            load_file(sqlite_database, path)
