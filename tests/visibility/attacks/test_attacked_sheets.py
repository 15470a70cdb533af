"""Attacks by sheets: records taken over by their keys and logins, put where somebody may not, found out about by what
is refused. A sheet does no more than forms do, and says no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.edits import TABLES, World
from support.scratch import ORDERS, OrderState, declared

from ringfence.domain.errors import Refused
from ringfence.domain.kind import StateKind, altered
from ringfence.services import importing
from ringfence.services.editing import Edit
from ringfence.services.importing import Import, said
from ringfence.services.records import Listing, Part

EDITORS = ("dora", "nick", "wim", "sam", "gus", "rita", "bert", "idle")


def read(world: World, login: str, kind: StateKind, *lines: str) -> Import:
    return importing.read(world.viewer(login), "\n".join(lines).encode(), kind=kind)


def faults(world: World, login: str, kind: StateKind, *lines: str) -> list[str]:
    return list(read(world, login, kind, *lines).faults)


def told(found: Import) -> str:
    """All that is told of a sheet."""
    return "\n".join((said(found), *importing.said_where(found), *found.faults, *found.warnings))


@pytest.mark.parametrize(
    ("kind", "column", "hidden", "missing"),
    [
        ("user", "key", "bert", "zora"),
        ("user", "home", "beta", "zeta"),
        ("user", "home", "Beta", "Zeta"),
        ("site", "key", "roof", "rook"),
        ("site", "customer", "beta", "zeta"),
        ("customer", "key", "beta", "zeta"),
        ("customer", "parent", "beta", "zeta"),
        ("customer", "parent", "Gamma", "Delta"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_hidden_and_missing_are_told_alike(
    world: World, kind: StateKind, column: str, hidden: str, missing: str, form: str
) -> None:
    for more in ({}, {"name": "Name"}, {"name": "Name", "login": "newcomer"}):
        cells = {name: value for name, value in more.items() if kind == "user" or name != "login"}
        for login in ("dora", "nick"):
            answers = []
            for value in (hidden, missing):
                row = {**cells, column: value}
                csv = f"{','.join(row)}\n{','.join(row.values())}"
                found = read(world, login, kind, json.dumps([row]) if form == "json" else csv)
                answers.append((told(found).replace(value, missing), len(found.edits)))
            assert answers[0] == answers[1], (login, cells)


def test_a_hidden_login_is_told_as_a_form_tells_it(world: World) -> None:
    for taken in ("bert", "BERT"):
        assert faults(world, "dora", "user", "login,name", f"{taken},X") == [
            f"line 2: login: another user has the login '{taken}'"
        ]
        assert faults(world, "dora", "user", "login,email", f"{taken},x@x.example") == [
            f"line 2: login: there is no user '{taken.lower()}'"
        ]


def test_who_has_a_login_or_a_unit_id_is_not_told_to_whoever_may_give_none(world: World) -> None:
    """They would be refused by a form before that is looked at: a sheet finds no login out for them either."""
    world.save("boss", world.blind("device", "beta-0", unit_id="U-9"))
    role: Any = world.blind("role", "reader").after
    world.save("boss", world.blind("role", "reader", permissions=role.permissions | {"user.list"}))
    for kind, header, hidden, missing in (
        ("user", "login,name", "bert,X", "nobody,X"),
        ("user", "login,name,home", "other-dora,X,acme", "nobody,X,acme"),
        ("user", "key,login", "nora,boss", "nora,nobody"),
        ("device", "unit_id,name", "U-9,X", "U-0,X"),
        ("device", "key,unit_id", "south-0,U-9", "south-0,U-0"),
    ):
        for login in ("rita", "olaf"):
            answers = [faults(world, login, kind, header, row) for row in (hidden, missing)]
            assert answers[0] == answers[1] != [], (login, header)


def test_nothing_hidden_is_taken_over(world: World) -> None:
    before = world.document()
    attempts: list[tuple[StateKind, tuple[str, ...]]] = [
        ("user", ("key,login,name,home", "bert,bert2,Mine,acme", "other-dora,x,Mine,acme")),
        ("user", ("login,name,home", "bert,Mine,acme")),
        ("site", ("key,name", "roof,Mine")),
        ("customer", ("key,parent", "beta,acme", "gamma,acme")),
        ("customer", ("key,email", "beta,mine@mine.example")),
    ]
    for kind, lines in attempts:
        for login in ("dora", "nick"):
            found = read(world, login, kind, *lines)
            assert found.edits == (), (kind, lines)
    # A key that is somebody's, seen or not, makes a new customer at most, whose key is its own.
    found = read(world, "dora", "customer", "key,name,parent", "beta,Mine,acme", "x,Below,beta")
    world.save("dora", *found.edits)
    after = world.document()
    assert [one for one in after["customers"] if one in before["customers"]] == before["customers"]
    made = {one["key"]: one["parent"] for one in after["customers"] if one not in before["customers"]}
    assert made == {"mine": "acme", "below": "mine"}


def test_a_new_record_has_no_key_of_its_makers_choice(world: World) -> None:
    """By the key of one that is gone, whoever makes another one would have its history."""
    world.save("boss", world.delete("customer", "gamma"))
    found = read(world, "boss", "customer", "key,name", "gamma,Another")
    world.save("boss", *found.edits)
    keys = {one["key"] for one in world.document()["customers"] if one["tenant"] == "t"}
    assert "gamma" not in keys
    assert "another" in keys


def test_of_whom_only_the_name_is_seen_nothing_else_is_told_or_taken_away(world: World) -> None:
    """Whoever reaches a customer for a site of it alone sees no address: an export says none, and a sheet nothing."""
    world.save("boss", world.blind("customer", "north", email="n@north.example", address="Secret street 1"))
    (row,) = world.session("gus").rows(Listing("customers"), Part(9))
    assert (row.key, row.fields()["email"], row.fields()["address"]) == ("north", "", "")
    for cells, unchanged in (
        ("north,Acme North,,", 1),
        ("north,Acme North,n@north.example,", 0),
        ("north,Acme North,x@x.example,", 0),
    ):
        found = read(world, "gus", "customer", "key,name,email,address", cells)
        assert (found.unchanged, found.edits) == (unchanged, ())
    answers = [
        faults(world, "gus", "customer", "key,email", f"north,{one}") for one in ("n@north.example", "x@x.example")
    ]
    assert answers[0] == answers[1]


def test_which_records_share_a_customer_that_is_hidden_is_not_told(world: World) -> None:
    """Somebody who lists devices, and no customers, is told neither how many these are nor what belongs together."""
    permissions = frozenset({"device.list", "device.edit"})
    world.save("boss", world.blind("role", "reader", permissions=permissions))
    answers = []
    for one, other in (("south-0", "south-1"), ("south-0", "deep-0"), ("acme-0", "north-0")):
        found = read(world, "rita", "device", "key,name", f"{one},X", f"{other},X")
        assert len(found.edits) == 2
        answers.append((told(found), found.customers))
    assert answers[0] == answers[1] == answers[2]
    assert importing.said_where(found) == ["customers that you do not see  2 changed"]


class TestPlaces:
    def test_nobody_is_made_where_the_editor_may_not(self, world: World) -> None:
        assert faults(world, "nick", "user", "login,name,home", "x,X,acme", "y,Y,south", "z,Z,north") == [
            "line 2: home: there is no customer 'acme'",
            "line 3: home: there is no customer 'south'",
        ]
        assert len(faults(world, "rita", "user", "login,name,home", "x,X,acme")) == 1
        # Whoever looks after a customer alone makes nothing that would be below it, by however many steps.
        outside = "line {}: it would fall outside of what you may change"
        said = faults(world, "sam", "customer", "key,name,parent", "a,A,acme", "b,B,a")
        assert said[0] == outside.format(2)
        assert len(said) == 2
        with pytest.raises(Refused, match="choose a customer that you may see"):
            importing.read(world.viewer("nick"), b"name\nx", world.id("customer", "beta"), kind="site")

    def test_moving_takes_what_a_form_takes(self, world: World) -> None:
        assert faults(world, "dora", "customer", "key,parent", "north,beta") == [
            "line 2: parent: there is no customer 'beta'"
        ]
        assert read(world, "dora", "customer", "key,parent", "north,south").changed == 1
        for login in ("nick", "sam", "gus", "rita"):
            assert read(world, login, "customer", "key,parent", "deep,north", "north,south").edits == (), login
        for login, row in (("dora", "rita,beta"), ("nick", "nora,acme"), ("rita", "nora,acme"), ("dora", "boss,acme")):
            assert read(world, login, "user", "key,home", row).edits == (), (login, row)
        assert read(world, "dora", "user", "key,home", "rita,north").changed == 1

    def test_what_a_sheet_does_is_what_the_same_edits_do(self, world: World) -> None:
        """Whatever is refused when it is saved is refused by line before; with nothing else told of."""
        rows: list[tuple[StateKind, str, list[str]]] = [
            ("user", "key,home,name,active", [f"{u},{h},N,{a}" for u in ("dora", "nora", "boss", "gus", "nick", "staff")
                                               for h in ("acme", "north", "beta", "") for a in ("yes", "no", "")]),
            ("customer", "key,parent,name", [f"{c},{p},N" for c in ("acme", "north", "deep", "beta", "new")
                                             for p in ("acme", "south", "gamma", "deep", "")]),
            ("site", "key,customer,name", [f"{s},{c},N" for s in ("gate", "roof", "")
                                           for c in ("acme", "north", "beta", "")]),
        ]  # fmt: skip
        for login in EDITORS[:-1]:
            for kind, header, lines in rows:
                for line in lines:
                    found = read(world, login, kind, header, line)
                    assert bool(found.faults) != bool(found.good), (login, line)
                    for edit in found.edits:
                        preview = world.session(login).preview([edit])
                        assert not preview.refusal, (login, line)


class TestRaising:
    def test_nobody_gives_themselves_anything(self, world: World) -> None:
        for row in ("dora,north,Dora,yes", "dora,acme,Dora,no"):
            assert faults(world, "dora", "user", "key,home,name,active", row) == [
                "line 2: this is you: somebody else must change what you may see and do"
            ]
        assert read(world, "dora", "user", "key,name", "dora,Dora D").changed == 1, "their profile is their own"
        assert read(world, "rita", "user", "login,email", "rita,r@r.example").changed <= 1

    def test_nor_moves_what_they_stand_on(self, world: World) -> None:
        """Somebody with rights over two places brings the customers of one where they may do more."""
        state: Any = world.blind("role", "beta-role").after
        more = state.permissions | {"customer.move", "customer.edit", "customer.list", "customer.create"}
        world.save("boss", world.blind("role", "beta-role", permissions=more))
        wim: Any = world.blind("user", "wim").before
        groups = wim.security_groups | {(world.id("security_group", "betas"), (None, None))}
        world.save("boss", world.blind("user", "wim", security_groups=groups))
        found = read(world, "wim", "customer", "key,parent", "beta,north")
        assert found.edits == ()
        with pytest.raises(Refused):
            world.save("wim", world.blind("customer", "beta", parent=world.id("customer", "north")))

    def test_whoever_has_more_than_the_editor_is_not_changed(self, world: World) -> None:
        boss: Any = world.blind("user", "boss").before
        world.save("boss", world.blind("user", "rita", security_groups=boss.security_groups))
        for cells in ("rita,north,R,", "rita,,R,no"):
            assert read(world, "dora", "user", "key,home,name,active", cells).edits == ()

    def test_and_nobody_else_is_taken_for_one_of_them(self, world: World) -> None:
        """However many of them a sheet holds, and whoever may not change anybody is told nothing of what they have."""
        boss: Any = world.blind("user", "boss").before
        nora: Any = world.blind("user", "nora").before
        count = 200
        for number in range(count):
            state = altered(nora, key="", login=f"n{number}", name="N", customer_groups=frozenset())
            groups = boss.security_groups if number % 2 else frozenset()
            world.save("boss", Edit("user", -1, None, altered(state, security_groups=groups)))
        lines = "key,name", *(f"n{number},M" for number in range(count))
        found = read(world, "dora", "user", *lines)
        assert {int(fault.split()[1].rstrip(":")) for fault in found.faults} == set(range(3, count + 2, 2))
        assert all("this user already has" in fault for fault in found.faults)
        assert len(found.edits) == count / 2
        assert not world.session("dora").preview(found.edits).refusal
        delegate: Any = world.blind("role", "delegate").after
        world.save("boss", world.blind("role", "delegate", permissions=delegate.permissions - {"user.edit"}))
        assert faults(world, "dora", "user", *lines) == [
            f"line {line}: home: you may not edit a user there (user.edit)" for line in range(2, count + 2)
        ]

    def test_a_user_that_a_sheet_made_has_nothing(self, world: World) -> None:
        found = read(world, "dora", "user", "login,name,home", "new,New,acme")
        world.save("dora", *found.edits)
        made = next(one for one in world.document()["users"] if one["key"] == "new")
        assert [made.get(name) for name in ("security_groups", "customer_groups", "sites")] == [[], [], []]


class TestLimits:
    def test_what_a_hidden_limit_is_is_not_said(self, world: World) -> None:
        """A sheet tells of a limit what a form does: no number that hidden records are part of."""
        root = world.id("customer", None)
        with world.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE customer SET max_users = 11, max_customers = 7 WHERE id = {root}")
        alike = "there is no room for more {}s here: a limit above allows no more"
        assert faults(world, "dora", "user", "login,name", *(f"u{n},U" for n in range(3)))[-1] == (
            f"line 4: home: {alike.format('user')}"
        )
        assert faults(world, "dora", "customer", "name,parent", *(f"u{n},acme" for n in range(3)))[-1] == (
            f"line 4: parent: {alike.format('customer')}"
        )

    def test_whether_what_is_moved_holds_hidden_ones_is_not_said(self, world: World) -> None:
        state: Any = world.blind("role", "delegate").after
        permissions = state.permissions - {one for one in state.permissions if one.startswith("device.")}
        world.save("boss", world.blind("role", "delegate", permissions=permissions))
        world.save("boss", world.blind("customer", "north", max_devices=3))
        said = faults(world, "dora", "customer", "key,parent", "south,north")
        assert said == ["line 2: parent: there is no room for more devices here: a limit above allows no more"]
        with pytest.raises(Refused, match="there is no room for more devices here: a limit above allows no more"):
            world.save("dora", world.blind("customer", "south", parent=world.id("customer", "north")))


class TestAnyKind:
    """A kind that no room names is as safe, from its declaration alone."""

    @pytest.fixture
    def orders(self, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
        monkeypatch.setitem(TABLES, ORDERS.noun, ORDERS.table)
        with declared(world.database):
            state: Any = world.blind("role", "delegate").after
            more = {f"ticket.{one}" for one in ("list", "view", "create", "edit")}
            world.save("boss", world.blind("role", "delegate", permissions=state.permissions | more))
            world.save("boss", Edit(ORDERS.noun, -1, None, OrderState(world.id("customer", "beta"), "Hidden")))
            world.save("boss", Edit(ORDERS.noun, -1, None, OrderState(world.id("customer", "acme"), "Seen")))
            yield world

    def test_hidden_and_missing(self, orders: World) -> None:
        for column, hidden, missing in (
            ("key", "hidden", "nix"), ("customer", "beta", "zeta"), ("site", "roof", "rook"),
            ("worker", "bert", "zora"),
        ):  # fmt: skip
            answers = [faults(orders, "dora", ORDERS.noun, f"name,{column}", f"N,{one}") for one in (hidden, missing)]
            assert len(answers[0]) == 1
            assert answers[0] == [answers[1][0].replace(missing, hidden)]

    def test_what_is_hidden_stays(self, orders: World) -> None:
        seen = orders.id(ORDERS.noun, "seen")
        before, revision = orders.state(ORDERS.noun, seen)
        boss = altered(before, worker=orders.id("user", "boss"))
        orders.save("boss", Edit(ORDERS.noun, seen, before, boss, revision))
        assert read(orders, "dora", ORDERS.noun, "key,name,worker", "seen,Seen,").unchanged == 1
        found = read(orders, "dora", ORDERS.noun, "key,name,worker,notes", "seen,Seen,,More")
        orders.save("dora", *found.edits)
        assert orders.state(ORDERS.noun, seen)[0] == altered(boss, notes="More")

    def test_places(self, orders: World) -> None:
        assert faults(orders, "nick", ORDERS.noun, "key,name", "seen,Mine") == [
            "line 2: key: there is no work order 'seen'"
        ]
        found = read(orders, "dora", ORDERS.noun, "key,customer,name", "seen,north,Moved", ",acme,New")
        assert (found.faults, found.new, found.changed) == ((), 1, 1)
        assert faults(orders, "rita", ORDERS.noun, "name,customer", "N,acme") == [
            "line 2: customer: choose a customer that you may see"
        ]

    def test_whether_it_stands_on_a_site_that_is_hidden_is_not_told_by_moving_it(self, orders: World) -> None:
        """Nor has whoever does not see the site to take it off there first: it stays behind."""
        role: Any = orders.blind("role", "delegate").after
        orders.save("boss", orders.blind("role", "delegate", permissions=role.permissions - {"site.list"}))
        state = OrderState(orders.id("customer", "north"), "On", site=orders.id("site", "gate"))
        orders.save(
            "boss",
            Edit(ORDERS.noun, -1, None, state),
            Edit(ORDERS.noun, -2, None, altered(state, name="Off", site=None)),
        )
        for key in ("on", "off"):
            edit = orders.edit("dora", ORDERS.noun, key, customer=orders.id("customer", "south"))
            shown: Any = edit.before
            assert (shown.site, orders.session("dora").preview([edit]).refusal) == (None, "")
        found = read(orders, "dora", ORDERS.noun, "key,customer", "on,south", "off,south")
        assert (found.faults, found.changed) == ((), 2)
        orders.save("dora", *found.edits)
        for key in ("on", "off"):
            moved: Any = orders.blind(ORDERS.noun, key).after
            assert (moved.customer, moved.site) == (orders.id("customer", "south"), None)
