"""Hidden and missing alike: in words, and in what is read for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import event, text
from support.databases import empty
from support.documents import AT, LISTS
from support.edits import TABLES, World, provider

from ringfence.domain.errors import Conflict, Refused, RingfenceError
from ringfence.domain.site import SiteState
from ringfence.services import audit, editing, importing, naming
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.always

REFERENCES = [
    ("device", "north-0", "customer", "beta"),
    ("edge", "acme-edge", "customer", "beta"),
    ("alarm_rule", "acme-rule", "customer", "beta"),
    ("user", "rita", "home", "beta"),
    ("user", "rita", "security_groups", "betas"),
    ("user", "rita", "customer_groups", "beta-only"),
    ("user", "rita", "sites", "roof"),
    ("security_group", "empty", "owner", "beta"),
    ("security_group", "empty", "role", "beta-role"),
    ("security_group", "empty", "customers", "beta"),
    ("security_group", "empty", "made_for", "beta"),
    ("customer_group", "prod", "owner", "beta"),
    ("customer_group", "prod", "customers", "beta"),
    ("role", "reader", "owner", "beta"),
    ("customer", "north", "parent", "beta"),
]
"""A field of a record that dora sees, and what it is to refer to again: what she does not see, or what is gone."""
TARGETS = dict.fromkeys(("customers", "owner", "home", "parent", "made_for"), "customer")
TARGETS |= {"security_groups": "security_group", "customer_groups": "customer_group", "sites": "site"}


def world_of(database: Database) -> World:
    """Dora may undo whatever her audit shows."""
    document = provider()
    document["roles"][1]["permissions"] = "all"
    return World(database, document)


@pytest.mark.parametrize(("kind", "key", "field", "target"), REFERENCES)
@pytest.mark.once(5)
def test_undo_words_a_hidden_reference_as_a_missing_one(
    sqlite_database: Database, kind: Any, key: str, field: str, target: str
) -> None:
    """Somebody who sees all took the reference away; dora takes that back, once while what it was is hidden from her,
    once when it is not there any more."""
    said = []
    for missing in (False, True):
        empty(sqlite_database)
        world = world_of(sqlite_database)
        if target == "beta" and missing:
            world.save("boss", world.delete("user", "bert"))
        if target == "beta-role":
            world.save("boss", world.blind("security_group", "betas", role=None))
        old = getattr(world.state(kind, world.id(kind, key))[0], field)
        there = shaped(field, world.id(TARGETS.get(field, field), target))
        world.save("boss", world.blind(kind, key, **{field: there}))
        change = world.save("boss", world.blind(kind, key, **{field: old}))
        if missing:
            world.save("boss", world.delete(TARGETS.get(field, field), target))
        with pytest.raises((Refused, Conflict)) as caught:
            audit.undo(Viewer.sign_in(sqlite_database, "dora", AT), change, "test")
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_hidden_change_is_not_read(sqlite_database: Database) -> None:
    """As many statements as for one that is not there, but for where its first entry belongs, and no entry whole."""
    world = world_of(sqlite_database)
    beta = world.id("customer", "beta")
    new = [Edit("site", -number, None, SiteState(beta, f"S{number}")) for number in range(1, 60)]
    hidden = world.save("boss", *new)
    viewer = world.viewer("dora")
    asked: list[str] = []

    def listen(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(sqlite_database.engine, "before_cursor_execute", listen)
    told = []
    for change in (999_999, hidden):
        asked.clear()
        with pytest.raises(Refused) as caught:
            audit.undo_edits(viewer, change)
        told.append((str(caught.value), len(asked)))
        assert not [one for one in asked if "audit_entry.detail" in one]
    event.remove(sqlite_database.engine, "before_cursor_execute", listen)
    assert told[0][0] == told[1][0]
    assert told[1][1] - told[0][1] <= 1


def test_a_sheet_tells_no_limit_that_counts_what_is_hidden(sqlite_database: Database) -> None:
    """A limit of a customer of whose devices the importer may not list all is told without its number."""
    document = provider()
    acme = document["customers"][0]
    acme["max_devices"] = 11
    document["roles"][1]["permissions"] += ["device.create", "device.view"]
    document["security_groups"].append(
        {"key": "lister", "tenant": "t", "name": "l", "owner": None, "role": "names", "scope": "all"}
    )
    document["roles"].append(
        {"key": "names", "tenant": "t", "name": "n", "owner": None, "access_level": "service_provider"}
        | {"permissions": ["customer.list", "customer.view"]}
    )
    named = next(one for one in document["security_groups"] if one["key"] == "delegates")
    named["customers"] = [{"customer": "north", "nested": True}]
    dora = next(one for one in document["users"] if one["key"] == "dora")
    dora["home"], dora["security_groups"] = None, [{"group": "delegates"}, {"group": "lister"}]
    world = World(sqlite_database, document)
    found = importing.read(world.viewer("dora"), b"name,customer\nNew,north\n", kind="device")
    assert found.faults == ("line 2: customer: there is no room for more devices here: a limit above allows no more",)
    assert "11" not in repr(found)


def test_forms_and_commands_word_hidden_missing_and_another_tenants_alike(sqlite_database: Database) -> None:
    """Whatever field refers to it, in a form by its id, in a sheet and on the command line by its key."""
    document = provider()
    other = json.loads(json.dumps({name: document[name] for name in LISTS}).replace('"t"', '"u"'))
    for name in LISTS:
        for entry in other[name]:
            entry["key"] = f"u-{entry['key']}"
            entry |= {
                field: f"u-{entry[field]}" for field in ("parent", "customer", "owner", "device") if entry.get(field)
            }
            entry |= {"customers": []} if "customers" in entry else {}
            entry |= {"role": None} if "role" in entry else {}
            if "login" in entry:
                entry |= {"login": f"u-{entry['login']}", "home": None, "security_groups": [], "sites": []}
                entry |= {"customer_groups": []}
        document[name] += other[name]
    document["tenants"].append({"key": "u", "name": "Other"})
    for entry in [*document["devices"], *document["alarms"]]:
        entry["site"] = None if entry["tenant"] == "u" else entry.get("site")
    document["roles"][1]["permissions"] = "all"
    world = World(sqlite_database, document)
    viewer = world.viewer("dora")
    for kind, key, field, target in REFERENCES:
        mapped = TARGETS.get(field, field)
        ids = [world.id(mapped, target), 999_999, foreign(sqlite_database, mapped, f"u-{target}")]
        said = set()
        for one in ids:
            changed = shaped(field, one)
            with pytest.raises((Refused, Conflict)) as caught:
                editing.save(viewer, [world.blind(kind, key, **{field: changed})], "test")
            said.add((str(caught.value), getattr(caught.value, "field", "")))
        assert len(said) == 1, (kind, field, said)
    keys = [("beta", "roof"), ("nowhere", "no-site"), ("u-beta", "u-roof")]
    sheets = [
        importing.read(viewer, f"key,customer\nnorth-0,{customer}\n".encode(), kind="device").faults
        for customer, _ in keys
    ]
    sheets += [importing.read(viewer, f"key,site\nnorth-0,{site}\n".encode(), kind="device").faults for _, site in keys]
    for told in (sheets[:3], sheets[3:]):
        words = {str(faults).replace(key, "…") for faults, pair in zip(told, keys, strict=True) for key in pair}
        assert len({one for one in words if "…" in one}) == 1, told
    for place, kind in ((0, "customers"), (1, "sites")):
        words = set()
        for pair in keys:
            with pytest.raises(RingfenceError) as refused:
                naming.record_id(viewer, kind, pair[place])
            words.add(str(refused.value).replace(pair[place], "…"))
        assert len(words) == 1


def foreign(database: Database, kind: str, key: str) -> int:
    """The id of a record of the other tenant."""
    with database.reading() as connection:
        query = text(f"SELECT id FROM {TABLES[kind]} WHERE key = :key")
        return int(connection.execute(query, {"key": key}).scalar_one())


def shaped(field: str, one: int) -> Any:
    """A reference as the field holds it."""
    if field == "security_groups":
        return frozenset({(one, (None, None))})
    if field in ("customer_groups", "sites"):
        return frozenset({one})
    return {one: True} if field == "customers" else one
