"""``security-groups``, ``customer-groups`` and ``roles`` through the command line: created, edited, deleted."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.command_line import UNDO, Call, done, made, record, small

from ringfence.cli.main import run

ADA = ("--as", "ada")
ED = ("--as", "ed")
EDS = [
    *(f"security_group.{action}" for action in ("list", "view", "create", "edit", "delete")),
    *(f"customer_group.{action}" for action in ("list", "view", "create", "edit", "delete")),
    *(f"role.{action}" for action in ("list", "view", "create", "edit", "delete")),
    *("customer.list", "customer.view", "device.list", "user.list", "user.view"),
]


def entry(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "tenant": "t", "name": key.capitalize(), **more}


WORLD = small(
    customers=[entry("inner", parent="c"), entry("east")],
    roles=[
        entry("some", access_level="service_provider", permissions=["customer.list", "device.list"]),
        entry("eds", access_level="service_provider", permissions=EDS),
        entry("keeper", owner="c", access_level="customer", permissions=["user.edit"]),
        entry("spare", access_level="site", permissions="all"),
        entry("theirs", owner="c", access_level="customer", permissions=["device.list"]),
    ],
    security_groups=[
        entry("editors", role="eds", scope="selected", customers=[{"customer": "c"}]),
        entry("keepers", role="keeper", scope="selected", customers=[{"customer": "inner"}]),
        entry("mixed", owner="c", role="theirs", scope="selected", customers=[{"customer": "c"}, {"customer": "east"}]),
    ],
    customer_groups=[entry("filter", owner="c", customers=[{"customer": "inner"}, {"customer": "east"}])],
    users=[
        entry("ed", login="ed", security_groups=[{"group": "editors"}, {"group": "keepers"}]),
        entry("bob", login="bob", home="inner"),
        entry("cy", login="cy", home="c"),
        entry("eve", login="eve", home="east"),
    ],
)


@pytest.fixture(scope="module")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "world.json").write_text(json.dumps(WORLD))
    assert run(["--db", str(folder / "world.db"), "load", str(folder / "world.json")]) == 0
    assert run(["--db", str(folder / "world.db"), "db", "backup", str(folder / "whole.db")]) == 0
    return folder / "whole.db"


@pytest.fixture
def world(_loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada may do everything; ed edits groups and roles of one customer, and the users of the one nested in it."""
    path = shutil.copyfile(_loaded, tmp_path / "world.db")
    monkeypatch.setenv("RINGFENCE_DB", str(path))


def groups_of(call: Call, login: str) -> list[str]:
    return [one["group"] for one in record(call, "users", login)["security_groups"]]


class TestSecurityGroups:
    def test_one_for_a_customer_with_its_role_and_members(self, call: Call, world: None) -> None:
        words = ("--role", "some", "--customer", "c", "--customer-only", "east", "--member", "bob", "--member", "EVE")
        key = made(call("security-groups", "create", "Night watch", *words, *ADA))
        found = record(call, "security-groups", key)
        assert (found["key"], found["role"], found["scope"]) == ("night-watch", "some", "selected")
        assert found["customers"] == [{"customer": "c", "nested": True}, {"customer": "east", "nested": False}]
        assert groups_of(call, "bob") == groups_of(call, "eve") == [key]
        assert call("list", "customers", "--as", "bob", "--format", "keys").lines == ["inner"]
        assert call("audit", "verify").status == 0

    def test_an_edit_leaves_what_it_does_not_name(self, call: Call, world: None) -> None:
        done(call("security-groups", "edit", "mixed", "--role", "some", "--member", "cy", *ADA))
        done(call("security-groups", "edit", "mixed", "--customer-only", "c", "--no-customer", "east", *ADA))
        found = record(call, "security-groups", "mixed")
        assert (found["role"], found["customers"]) == ("some", [{"customer": "c", "nested": False}])
        assert groups_of(call, "cy") == ["mixed"]
        done(call("security-groups", "edit", "mixed", "--no-member", "cy", "--no-role", "--owner", "inner", *ADA))
        assert call("security-groups", "edit", "mixed", "--no-role", *ADA).refused() == "--no-role: it has none"
        found = record(call, "security-groups", "mixed")
        assert (found["role"], found["owner"], groups_of(call, "cy")) == (None, "inner", [])

    def test_over_all_customers_none_is_selected(self, call: Call, world: None) -> None:
        done(call("security-groups", "edit", "mixed", "--scope", "all", *ADA))
        assert (found := record(call, "security-groups", "mixed"))["scope"] == "all"
        assert found["customers"] == []
        done(call("security-groups", "edit", "mixed", "--scope", "selected", "--customer", "east", *ADA))
        assert record(call, "security-groups", "mixed")["customers"] == [{"customer": "east", "nested": True}]

    def test_undoing_names_the_group_and_not_who_was_put_in(self, call: Call, world: None) -> None:
        """Whatever else the same change made or edited: what the command was about."""
        assert call("security-groups", "create", "New", "--role", "some", "--member", "bob", *ADA).status == 0
        assert call("undo", "--dry-run", *ADA).lines[0].endswith(": create security group “New” and 1 more")
        assert call("security-groups", "edit", "new", "--no-member", "bob", "--name", "Newer", *ADA).status == 0
        assert call("undo", "--dry-run", *ADA).lines[0].endswith(": edit security group “Newer” and 1 more")
        assert call("undo", *ADA).status == call("undo", *ADA).status == 0
        assert call("users", "edit", "bob", "--account-administrator", *ADA).status == 0
        assert "edit user “Bob”" in call("undo", "--dry-run", *ADA).lines[0]

    def test_members_alone_are_a_change_too(self, call: Call, world: None) -> None:
        assert done(call("security-groups", "edit", "everywhere", "--member", "bob", "--format", "text", *ADA))[1:]
        assert groups_of(call, "bob") == ["everywhere"]
        said = call("security-groups", "edit", "everywhere", "--member", "bob", *ADA).refused()
        assert said == "nothing was changed"

    def test_what_goes_with_one_that_is_deleted(self, call: Call, world: None) -> None:
        said = done(call("security-groups", "delete", "mixed", "keepers", "--yes", *ADA))
        assert said[0] == "deleted 2 security groups: “Mixed”, “Keepers”"
        assert groups_of(call, "ed") == ["editors"]


class TestCustomerGroups:
    def test_one_that_filters(self, call: Call, world: None) -> None:
        words = ("--description", "Only there", "--customer", "inner", "--member", "ed", "--inactive")
        key = made(call("customer-groups", "create", "Only inner", *words, *ADA))
        assert record(call, "customer-groups", key)["active"] is False
        assert record(call, "users", "ed")["customer_groups"] == [key]
        assert call("count", "customers", *ED).out == "0\n"
        said = done(call("customer-groups", "edit", key, "--active", "--description", "", *ADA))
        assert any(line.startswith("ed ") for line in said)
        assert call("list", "customers", *ED, "--format", "keys").lines == ["inner"]
        assert record(call, "customer-groups", key)["description"] == ""
        done(call("customer-groups", "delete", key, "--yes", *ADA))
        assert record(call, "users", "ed")["customer_groups"] == []


class TestRoles:
    def test_permissions_are_added_and_taken_away(self, call: Call, world: None) -> None:
        words = ("--permission", "device.list", "--permission", "device.view", "--access-level", "customer")
        key = made(call("roles", "create", "Reader", "--owner", "c", *words, *ADA))
        done(call("roles", "edit", key, "--permission", "site.list", "--no-permission", "device.view", *ADA))
        found = record(call, "roles", key)
        assert (found["owner"], found["access_level"]) == ("c", "customer")
        assert sorted(found["permissions"]) == ["device.list", "site.list"]
        done(call("roles", "edit", key, "--all-permissions", *ADA))
        assert record(call, "roles", key)["permissions"] == "all"
        done(call("roles", "edit", key, "--no-all-permissions", "--permission", "device.list", *ADA))
        assert record(call, "roles", key)["permissions"] == ["device.list"]
        done(call("roles", "delete", key, "--yes", *ADA))

    def test_all_of_them_from_the_start(self, call: Call, world: None) -> None:
        assert (
            record(call, "roles", made(call("roles", "create", "All of it", "--all-permissions", *ADA)))["permissions"]
            == "all"
        )


LOOKED_AT = (
    "security-groups create New --role some --customer c --member bob",
    "security-groups edit mixed --name Other --no-customer east",
    "security-groups edit mixed --member bob",
    "security-groups delete mixed",
    "customer-groups create New --customer c --member bob",
    "customer-groups edit filter --inactive",
    "customer-groups delete filter",
    "roles create New --all-permissions",
    "roles edit some --no-permission device.list --access-level site",
    "roles delete spare",
)


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(call: Call, world: None) -> None:
    before = call("dump").out
    for words in LOOKED_AT:
        said = call(*words.split(), *ADA, "--dry-run")
        assert (said.status, said.err) == (0, ""), words
        noun, verb = words.split()[:2]
        assert said.lines[0].startswith(f"would {verb} {noun.replace('-', ' ').removesuffix('s')} “"), said.out
        found = json.loads(call(*words.split(), *ADA, "--dry-run", "--format", "json").out)
        assert found["change"] is None
    assert call("dump").out == before


def test_every_change_is_taken_back_by_what_it_says(call: Call, world: None) -> None:
    for words in LOOKED_AT:
        before = call("dump").out
        said = call(*words.split(), *ADA, *(["--yes"] if " delete " in words else []))
        assert call("dump").out != before, said
        found = UNDO.search(said.err)
        assert found is not None
        assert call(*shlex.split(found[2])[1:]).status == 0
        assert call("dump").out == before, words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("security-groups edit mixed", "say what shall be changed: --help names the options"),
        ("security-groups create X --scope all --customer c", "--customer is for --scope selected"),
        ("security-groups edit mixed --scope all --no-customer c", "--no-customer is for --scope selected"),
        ("security-groups edit mixed --role some --no-role", "say one of --role and --no-role"),
        (
            "security-groups edit mixed --customer c --customer-only c",
            "--customer and --customer-only both name 'c': say one of them",
        ),
        (
            "security-groups edit mixed --customer c --no-customer c",
            "--customer and --no-customer both name 'c': say one of them",
        ),
        (
            "security-groups edit mixed --member bob --no-member bob",
            "--member and --no-member both name 'bob': say one of them",
        ),
        ("customer-groups edit filter --active --inactive", "say one of --active and --inactive"),
        (
            "roles edit some --all-permissions --permission device.list",
            "--all-permissions are all: leave --permission out",
        ),
        ("roles edit some --all-permissions --no-all-permissions", "say one of --all-permissions"),
        ("roles create X --access-level global", "'global' is not one of"),
        ("security-groups delete mixed", "nobody can be asked here: look with --dry-run, then say --yes"),
        ("security-groups delete mixed --yes --dry-run", "--dry-run changes nothing"),
    ],
)
def test_wrong_usage(call: Call, world: None, words: str, said: str) -> None:
    before = call("dump").out
    assert said in call(*words.split(), *ADA).refused(2)
    assert call("dump").out == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("security-groups edit everywhere --customer c", "--customer is for --scope selected, and it is over all"),
        ("security-groups edit mixed --no-customer inner", "--no-customer: it does not have 'inner'"),
        ("security-groups edit mixed --no-member bob", "--no-member: it does not have 'bob'"),
        ("security-groups edit mixed --name Mixed", "nothing was changed"),
        ("security-groups edit mixed --customer c", "nothing was changed"),
        ("security-groups edit mixed --role nix", "there is no role 'nix'"),
        ("security-groups edit nix --name X", "there is no security group 'nix'"),
        ("security-groups edit mixed --member BOB --member bob", "the same record is changed twice at once"),
        ("customer-groups edit filter --no-member ed", "--no-member: it does not have 'ed'"),
        ("customer-groups create X --description \x01", "description: this holds a control character"),
        ("roles edit some --no-permission site.list", "--no-permission: it does not have 'site.list'"),
        ("roles edit some --permission nix", "there is no permission 'nix'"),
        ("roles edit some --no-all-permissions --permission site.list", "--no-all-permissions: it does not have them"),
        ("roles edit all --permission site.list", "--permission: it has all there are: say --no-all-permissions too"),
        ("roles delete some editors --yes", "there is no role 'editors'"),
    ],
)
def test_refusals(call: Call, world: None, words: str, said: str) -> None:
    before = call("dump").out
    assert said in call(*words.split(" "), *ADA).refused()
    assert call("dump").out == before


class TestAnEditorOfOneCustomer:
    """Ed holds what edits groups and roles over c and inner, and may edit users of inner alone; of east he sees
    nothing."""

    def test_what_he_may(self, call: Call, world: None) -> None:
        role = made(call("roles", "create", "Ours", "--permission", "device.list", *ED))
        words = ("--role", role, "--customer", "inner", "--member", "bob")
        group = made(call("security-groups", "create", "Ours", *words, *ED))
        assert record(call, "security-groups", group)["owner"] == "c"
        assert groups_of(call, "bob") == [group]

    @pytest.mark.parametrize("verb", ["create New --owner c", "edit mixed"])
    @pytest.mark.parametrize(
        ("option", "noun", "hidden"),
        [
            ("--customer", "customer", "east"),
            ("--customer-only", "customer", "east"),
            ("--owner", "customer", "east"),
            ("--member", "user", "eve"),
            ("--role", "role", "some"),
        ],
    )
    def test_what_is_hidden_is_answered_like_what_is_missing(
        self, call: Call, world: None, verb: str, option: str, noun: str, hidden: str
    ) -> None:
        verb = verb.replace(" --owner c", "") if option == "--owner" else verb
        said = [call("security-groups", *verb.split(), option, key, *ED).refused() for key in (hidden, "nix")]
        assert said[0].replace(hidden, "nix") == said[1]
        assert said[1].startswith(f"there is no {noun} 'nix'")

    @pytest.mark.parametrize(("kind", "key"), [("security-groups", "mixed"), ("customer-groups", "filter")])
    def test_what_is_hidden_in_it_stays(self, call: Call, world: None, kind: str, key: str) -> None:
        said = [call(kind, "edit", key, "--no-customer", one, *ED).refused() for one in ("east", "nix")]
        assert said[0].replace("east", "nix") == said[1]
        before = record(call, kind, key)
        call(kind, "edit", key, "--customer-only", "inner", *ED).refused()  # it is over more than he sees
        assert record(call, kind, key) == before

    @pytest.mark.parametrize(
        "words",
        [
            "security-groups edit mixed --scope all --role theirs",  # over more than he holds
            "security-groups create New --owner c --customer c --member cy",  # somebody whom he may not edit
            "security-groups edit mixed --member cy",
            "customer-groups edit filter --member cy",
            "security-groups edit mixed --member ed",  # himself
            "roles create New --owner c --all-permissions",
            "roles edit theirs --permission script.create",
            "roles edit theirs --permission user.impersonate",
        ],
    )
    def test_he_gives_nothing_that_he_does_not_hold(self, call: Call, world: None, words: str) -> None:
        before = call("dump").out
        # A role alone gives nothing: what it would give is asked where it is given.
        given = words.startswith("roles")
        said = call(*words.split(), *ED)
        if given and said.status == 0:
            key = said.lines[0] if " create " in words else "theirs"
            said = call("security-groups", "edit", "mixed", "--role", key, "--member", "bob", *ED)
            assert groups_of(call, "bob") == []
        else:
            assert call("dump").out == before
            assert call(*words.split(), "--dry-run", *ED).refused() == said.refused()
        said.refused()

    @pytest.mark.parametrize("words", ["edit editors --name Mine", "edit editors --customer inner", "delete editors"])
    def test_he_does_not_change_what_he_stands_on(self, call: Call, world: None, words: str) -> None:
        before = call("dump").out
        yes = ["--yes"] if words.startswith("delete") else []
        call("security-groups", *words.split(), *yes, *ED).refused()
        assert call("dump").out == before

    @pytest.mark.parametrize("kind", ["security-groups", "customer-groups", "roles"])
    def test_who_may_do_nothing_is_told_so(self, call: Call, world: None, kind: str) -> None:
        said = kind.replace("-", " ").removesuffix("s")
        assert call(kind, "create", "X", "--as", "bob").refused() == (
            f"you may not create a {said} ({said.replace(' ', '_')}.create): "
            "'ringfence rights bob' says what you may do"
        )
        for verb in ("edit mixed --name X", "delete mixed --yes"):
            assert f"there is no {said} 'mixed'" in call(kind, *verb.split(), "--as", "bob").refused()
