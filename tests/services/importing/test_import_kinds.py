"""Sheets of every kind that comes from them, in both formats: what an export writes is taken again and changes nothing,
and each row is about what the declaration says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint
from support.databases import made as database_made
from support.documents import make_document
from support.edits import World, with_administrators
from support.scratch import ORDERS, declared
from support.sheets import SIZES, document, numbers, sheet

from ringfence.domain import limits
from ringfence.domain.field import Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS
from ringfence.services import exporting, importing, listing
from ringfence.services.importing import Import, Share
from ringfence.services.records import Listing
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

IMPORTED = [kind for kind in EDITED.values() if kind.imported]
FORMATS = exporting.FORMATS


def read(world: World, kind: str, *lines: str, login: str = "boss", customer: str | None = None) -> Import:
    own = None if customer is None else world.id("customer", customer)
    return importing.read(world.viewer(login), sheet(*lines), own, kind=kind)


def load(world: World, kind: str, *lines: str, login: str = "boss") -> dict[str, dict[str, Any]]:
    """What the rows come to, as a document has it."""
    found = read(world, kind, *lines, login=login)
    assert found.faults == ()
    world.save(login, *found.edits)
    return {one["key"]: one for one in world.document()[EDITED[kind].plural]}


def faults(world: World, kind: str, *lines: str, login: str = "boss") -> list[str]:
    return list(read(world, kind, *lines, login=login).faults)


def exported(viewer: Viewer, kind: Kind, form: exporting.Format) -> tuple[bytes, int]:
    """What an export writes, and of how many."""
    records = list(listing.export(viewer, Listing(kind.name)))
    assert all(tuple(one.fields()) == kind.exported for one in records)
    out = io.StringIO()
    exporting.write(out, records, form)
    return out.getvalue().encode(), len(records)


@pytest.fixture
def orders(world: World) -> Iterator[World]:
    """The world, with a kind that no room names."""
    with declared(world.database):
        yield world


class TestDeclared:
    def test_what_comes_from_sheets_says_all_it_means_in_plain_fields(self) -> None:
        imported = {"customer", "site", "device", "edge", "user", "alarm_rule"}
        assert {kind.noun for kind in KINDS.values() if kind.imported} == imported
        for kind in IMPORTED:
            assert {*kind.exported} <= {*kind.stored}
            assert not any(isinstance(kind.fields[name].spec, Ties) for name in kind.exported)
            assert kind.node.name in kind.exported

    @pytest.mark.parametrize("kind", IMPORTED, ids=lambda kind: kind.noun)
    def test_what_is_unique_is_so_in_the_table(self, kind: Kind) -> None:
        from ringfence.storage.tables import table_of

        table = table_of(kind).__table__
        own = kind.texts[kind.unique].folded or kind.unique if kind.unique else ""
        alone = [one for one in table.columns if one.unique]
        alone += [index.columns[index.columns.keys()[-1]] for index in table.indexes if index.unique]
        unique = [[*one.columns.keys()] for one in table.constraints if isinstance(one, UniqueConstraint)]
        names = [one.name for one in alone] + [names[-1] for names in unique if names != ["tenant_id", "key"]]
        assert names == ([own] if own else [])


class TestBackAgain:
    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("kind", IMPORTED, ids=lambda kind: kind.noun)
    def test_an_export_changes_nothing(self, world: World, kind: Kind, form: exporting.Format) -> None:
        for login in ("boss", "dora", "rita", "gus", "staff"):
            source, count = exported(world.viewer(login), kind, form)
            if count:
                found = importing.read(world.viewer(login), source, kind=kind.noun)
                assert (found.edits, found.faults, found.unchanged) == ((), (), count), login

    @pytest.mark.parametrize("form", FORMATS)
    def test_nor_does_one_of_a_kind_that_no_room_names(self, orders: World, form: exporting.Format) -> None:
        lines = (
            "name,customer,site,urgency,worker,notes",
            "Mend,north,Gate,high,DORA,'=1+1",
            "Look,acme,,,boss,",
        )
        found = read(orders, "work_order", *lines)
        assert (found.faults, found.new) == ((), 2)
        orders.save("boss", *found.edits)
        for login, seen in (("boss", 2), ("gus", 0)):
            source, count = exported(orders.viewer(login), ORDERS, form)
            assert count == seen
            if count:
                again = importing.read(orders.viewer(login), source, kind="work_order")
                assert (again.edits, again.faults, again.unchanged) == ((), (), count)

    @pytest.mark.parametrize("form", FORMATS)
    def test_for_nobody_of_a_world_by_chance(self, sqlite_database: Database, form: exporting.Format) -> None:
        chance = Random(7)
        made = with_administrators(make_document(chance, SIZES), chance)
        for one in made["customers"]:
            one["address"] = chance.choice(["", " spaced\nlines ", "=1+1", "-5"])
        world = World(sqlite_database, made)
        for user in made["users"]:
            if user.get("active", True):
                for kind in IMPORTED:
                    source, count = exported(world.viewer(user["login"]), kind, form)
                    found = importing.read(world.viewer(user["login"]), source, kind=kind.noun)
                    if count:
                        assert (found.edits, found.faults) == ((), ()), (user["login"], kind)


class TestKinds:
    def test_sites(self, world: World) -> None:
        now = load(world, "site", "key,customer,name", "gate,,North gate", ",acme south,Yard")
        assert now["gate"]["name"] == "North gate"
        assert (now["yard"]["customer"], now["yard"]["name"]) == ("south", "Yard")
        assert faults(world, "site", "key,customer", "gate,acme") == [
            "line 2: customer: a site stays with its customer: make one at the other customer"
        ]
        assert faults(world, "site", "customer", "acme") == [
            "the header names none of key, name: say which sites are meant"
        ]

    def test_users_by_their_login(self, world: World) -> None:
        lines = (
            "login,name,home,email,active",
            "ANN,Ann,acme,ann@acme.example,no",
            "Dora,Dora D.,,,",
            "rita,User rita,,,no",
        )
        found = read(world, "user", *lines)
        assert numbers(found) == (1, 2, 0, 0)
        now = load(world, "user", *lines)
        assert (now["ann"]["login"], now["ann"]["home"], now["ann"]["active"]) == ("ANN", "acme", False)
        assert now["ann"].get("security_groups", []) == []
        assert (now["dora"]["name"], now["dora"]["login"], now["dora"]["active"]) == ("Dora D.", "Dora", True)
        assert now["dora"]["security_groups"] == [{"group": "delegates", "valid_from": None, "valid_until": None}]
        assert now["rita"]["active"] is False
        said = faults(world, "user", "login,name,email,active", "a b,A,,", "c,C,nix,", "d,D,,perhaps", "ann,,,")
        assert [one.partition(": an email")[0] for one in said] == [
            "line 2: login: a login has no spaces: write it in one word, like o.brandt",
            "line 3: email: this is no e-mail address",
            "line 4: active: say yes or no",
            "line 5: name: this must not be empty",
        ]
        assert faults(world, "user", "login,password", "x,y")[0].startswith("line 1: there is no column “password”")

    def test_no_two_users_have_one_login(self, world: World) -> None:
        assert faults(world, "user", "login,name", "new,A", "NEW,B") == [
            "line 2: login: line 3 has the login 'new' too",
            "line 3: login: line 2 has the login 'NEW' too",
        ]
        # A login is never free for a moment: who has it now keeps it from others, whatever becomes of theirs.
        assert faults(world, "user", "key,login", "dora,rita", "rita,dora") == [
            "line 2: login: another user has the login 'rita'",
            "line 3: login: another user has the login 'dora'",
        ]

    def test_customers_nest_in_what_the_sheet_makes(self, world: World) -> None:
        lines = (
            "key,parent,name,phone",
            "leaf,branch,Leaf,",
            "branch,tree,Branch,+31 10 123 4567",
            "tree,,Tree,",
            "south,leaf,Acme South,",
        )
        found = read(world, "customer", *lines)
        assert found.customers == (
            Share("Branch", 1, 0), Share("Leaf", 0, 1), Share("Tenant", 1, 0), Share("Tree", 1, 0),
        )  # fmt: skip
        now = load(world, "customer", *lines)
        assert [now[key]["parent"] for key in ("leaf", "branch", "tree", "south")] == ["branch", "tree", None, "leaf"]
        assert now["branch"]["phone"] == "+31 10 123 4567"

    def test_what_would_belong_to_itself_is_refused_by_line(self, world: World) -> None:
        below = "{}: parent: a customer cannot be put below itself"
        assert faults(world, "customer", "key,parent", "acme,deep") == [below.format("line 2")]
        assert faults(world, "customer", "key,parent", "acme,acme") == [below.format("line 2")]
        assert faults(world, "customer", "key,parent", "beta,gamma", "gamma,beta", "north,gamma") == [
            below.format("line 2"), below.format("line 3"),
        ]  # fmt: skip
        assert faults(world, "customer", "key,parent,name", "a,b,A", "b,a,B", "c,a,C") == [
            below.format("line 2"),
            below.format("line 3"),
            "line 4: parent: line 2 would make what it belongs to, and is not taken",
        ]
        # What goes first makes way, unless it cannot go.
        assert faults(world, "customer", "key,parent", "south,", "acme,south") == [below.format("line 3")]
        assert faults(world, "customer", "key,parent,name", "south,beta,S", "acme,south,A") == []
        assert faults(world, "customer", "key,parent,name", "south,beta,", "acme,south,A") == [
            "line 2: name: this must not be empty",
            below.format("line 3"),
        ]

    def test_who_hangs_on_a_bad_row_is_bad(self, world: World) -> None:
        said = faults(
            world, "customer", "key,parent,name,email", "a,b,A,", "b,c,B,", "c,,C,nix", "d,,D,", "e,d,E,", "d,,D2,"
        )
        assert [one.partition(": this is no e")[0] for one in said] == [
            "line 2: parent: line 3 would make what it belongs to, and is not taken",
            "line 3: parent: line 4 would make what it belongs to, and is not taken",
            "line 4: email",
            "line 5: key: line 7 has the key 'd' too",
            "line 6: parent: line 5 would make what it belongs to, and is not taken",
            "line 7: key: line 5 has the key 'd' too",
        ]

    def test_what_is_refused_as_it_is_tried_is_told_of_who_is_to_blame(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(limits.PATH, "sqlite", 21)  # /1/2/a/b/…
        lines = [f"k{n},{f'k{n - 1}' if n else 'acme'},N{n}" for n in range(12)]
        said = faults(world, "customer", "key,parent,name", *lines, "x,,X", "y,x,Y")
        assert said[0] == "line 10: parent: customers are nested no deeper than this: choose one nearer to the top"
        assert said[1:] == [
            f"line {n}: parent: line {n - 1} would make what it belongs to, and is not taken" for n in (11, 12, 13)
        ]

    def test_a_deep_sheet_takes_no_longer_than_a_flat_one(self, world: World) -> None:
        lines = [f"k{n},{f'k{n - 1}' if n else ''},N{n},{'nix' if not n else ''}" for n in range(3000)]
        said = faults(world, "customer", "key,parent,name,email", *lines)
        assert len(said) == 3000
        assert said[-1] == "line 3001: parent: line 3000 would make what it belongs to, and is not taken"

    def test_a_kind_that_no_room_names(self, orders: World) -> None:
        assert faults(
            orders,
            "work_order",
            "name,customer,site,urgency,worker",
            "A,north,roof,low,",
            "B,acme,gate,low,",
            "C,acme,,huge,",
            "D,acme,,low,nobody",
            "E,acme,,low,User dora",
        ) == [
            "line 2: site: there is no site 'roof' at this customer",
            "line 3: site: there is no site 'gate' at this customer",
            "line 4: urgency: choose low or high",
            "line 5: worker: there is no user 'nobody'",
            "line 6: worker: there is no user 'User dora'",
        ]
        assert faults(orders, "work_order", "key,name", "nix,N") == ["line 2: key: there is no work order 'nix'"]


class TestLimits:
    def test_of_users_and_of_customers(self, world: World) -> None:
        limits = {"max_users": 7, "max_customers": 6}
        world.save("boss", world.blind("customer", "acme", **limits))
        full = "{}: there is no room for it: “Acme” may have at most {}"
        users = [f"u{n},U{n},north" for n in range(3)]
        below = "7 users, with those nested in it"
        said = faults(world, "user", "login,name,home", *users)
        assert said == [full.format(f"line {n}: home", below) for n in (3, 4)]
        said = faults(world, "customer", "key,name,parent", "a,A,acme", "b,B,a", "beta,Beta,north", "gamma,Gamma,b")
        assert said == [full.format(f"line {n}: parent", "6 nested customers") for n in (3, 4, 5)]

    def test_what_moves_takes_all_along(self, world: World) -> None:
        for key, most in (("beta", 9), ("gamma", 3)):
            world.save("boss", world.blind("customer", key, max_devices=most))
        full = "{}: parent: there is no room for it: “{}” may have at most {} devices, with those nested in it"
        # Beta has five of its own: north brings three, deep four.
        assert faults(world, "customer", "key,parent", "north,beta") == []
        assert faults(world, "customer", "key,parent", "north,beta", "deep,beta") == [full.format("line 3", "Beta", 9)]
        # What leaves first is not brought along.
        assert faults(world, "customer", "key,parent", "south,gamma") == [full.format("line 2", "Gamma", 3)]
        assert faults(world, "customer", "key,parent", "deep,beta", "south,gamma") == []
        assert faults(world, "customer", "key,parent", "south,gamma", "deep,beta") == []


class TestJson:
    """Lists of objects, as exports write them."""

    def read(self, world: World, kind: str, source: str | list[Any]) -> Import:
        text = source if isinstance(source, str) else json.dumps(source, indent=1)
        return importing.read(world.viewer("boss"), text.encode(), kind=kind)

    def test_rows_have_what_they_have(self, world: World) -> None:
        found = self.read(
            world,
            "user",
            [
                {"login": "ann", "name": "Ann", "home": "acme", "active": False},
                {"key": "dora", "email": None},
                {"key": "rita", "name": "  Rita  "},
            ],
        )
        assert (found.faults, numbers(found)) == ((), (1, 1, 1, 0))
        assert [edit.id > 0 for edit in found.edits] == [False, True]

    def test_faults_say_which_element(self, world: World) -> None:
        said = self.read(
            world,
            "user",
            '[{"login": "ann", "name": "A", "home": "nix"},\n {"login": 5},\n {"key": "dora", "active": "yes"},\n'
            ' {"key": "dora", "colour": "red", "pass\\u001b": 1}, "x", {"key": "rita", "key": "dora"},\n'
            f' {{"key": "rita", "name": "{"n" * 4001}"}}, {{"login": "\\ud800"}}, {{}}]',
        ).faults
        listed = "the fields are key, home, login, name, email, active"
        assert said == (
            "element 1, line 1: home: there is no customer 'nix'",
            "element 2, line 2: login: this is a number, and should be text",
            "element 3, line 3: active: this is text, and should be yes or no",
            f"element 4, line 4: there is no field “colour”, “pass?”; {listed}",
            "element 5, line 4: write an object, in braces, with a field for each column",
            "element 6, line 4: the field key is there twice",
            "element 7, line 5: name is 4,001 characters long, and may have 4,000",
            "element 8, line 5: login: this holds a NUL character or half a character, which no text has",
            "element 9, line 5: key: say which user is meant",
        )

    def test_the_same_is_wrong_as_in_csv(self, world: World) -> None:
        rows = [{"key": "acme-0", "unit_id": "U-2"}, {"key": "acme-0", "name": ""}, {"unit_id": "U-50", "notes": "\b"}]
        said = self.read(world, "device", rows).faults
        assert said == (
            "element 1, line 2: element 2, line 6 is about the same device",
            "element 1, line 2: unit_id: another device has the unit id 'U-2'",
            "element 2, line 6: name: this must not be empty",
            "element 2, line 6: element 1, line 2 is about the same device",
            "element 3, line 10: unit_id: there is no device 'U-50'",
            "element 3, line 10: notes: this holds a control character",
        )

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("[]", "line 1: there is nothing in the list: a sheet has an object for each record"),
            ('[{"customer": "c"}]', "no object names any of key, name: say which sites are meant"),
            ("{}", "line 1: this is no JSON: write a list of objects, in brackets"),
            ('[{"key": "a"},\n]', "line 2: this is no JSON: expecting value"),
            ('[{"key": "a"}\n{"key": "b"}]', "line 2: this is no JSON: expecting ',' delimiter"),
            ('[{"key": "a"}]\nx', "line 1: this is no JSON: there is something behind the list"),
            ('[{"key": "a"}', "line 1: this is no JSON: expecting ',' delimiter"),
            ('[{"key": "a]', "line 1: this is no JSON: unterminated string starting at"),
            ("[" * 100_000, "line 1: behind this is JSON that no export writes"),
            (f'[{{"key": {"9" * 5000}}}]', "line 1: behind this is JSON that no export writes"),
            ('[{"key": NaN}]', "element 1, line 1: key: this is a number, and should be text"),
            ('[{"key": ["a"]}, {"key": {"a": 1}}]', "element 1, line 1: key: this is a list, and should be text"),
        ],
    )
    def test_what_is_no_sheet(self, world: World, source: str, said: str) -> None:
        found = self.read(world, "site", source)
        assert (found.edits, found.faults[0]) == ((), said)

    def test_with_a_mark_and_in_no_other_encoding(self, world: World) -> None:
        text = '\ufeff [{"key": "gate", "name": "Ä"}]'
        assert importing.read(world.viewer("boss"), text.encode(), kind="site").changed == 1
        said = importing.read(world.viewer("boss"), b'[{"name": "\xe9"}]', kind="site").faults[0]
        assert said.startswith("line 1: this is not UTF-8 text")


def test_no_document_is_changed_by_looking(tmp_path: Any) -> None:
    world = World(database_made(tmp_path / "x.db"), document())
    before = world.dump()
    for kind in IMPORTED:
        read(world, kind.noun, "key,name", "acme,x", "gate,y", "dora,z", "acme-0,w")
    assert world.dump() == before
    world.database.close()
