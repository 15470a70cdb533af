"""``customers``, ``sites``, ``devices`` and ``users`` through the command line: created, edited, moved, deleted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from support.command_line import DOORS, HANNA, UNDO, Call, Save, done, made, record, small

COMMANDS = (
    *("customers", "customers create", "customers edit", "customers move", "customers delete"),
    *("sites", "sites create", "sites edit", "sites delete"),
    *("devices", "devices create", "devices edit", "devices delete"),
    *("users", "users create", "users edit", "users activate", "users deactivate", "users delete"),
)


class TestNestedCustomers:
    """A customer of their own, their devices, and somebody who runs it: wholly by commands."""

    def test_from_nothing_to_an_administrator(self, call: Call, own_db: Path) -> None:
        a = made(call("customers", "create", "Nested A", "--under", "northwind", *HANNA))
        b = made(call("customers", "create", "Nested B", "--under", "northwind", *HANNA))
        assert (a, b) == ("nested-a", "nested-b")
        done(call("devices", "edit", *DOORS, "--customer", a, *HANNA))
        for customer in (a, b):
            words = ("--name", f"Admin of {customer}", "--home", customer, "--account-administrator")
            assert made(call("users", "create", f"admin.{customer}", *words, *HANNA)) == f"admin.{customer}"
        assert call("list", "devices", "--as", "admin.nested-a", "--format", "keys").lines == list(DOORS)
        assert call("list", "customers", "--as", "admin.nested-a", "--format", "keys").lines == [a]
        assert call("list", "devices", "--as", "admin.nested-b", "--format", "keys").lines == []
        assert call("list", "users", "--as", "admin.nested-a", "--format", "keys").lines == ["admin.nested-a"]
        assert call("count", "devices", "--as", "k.adeyemi", "--under", a).out == "2\n"  # who runs Northwind sees both

        # They run it by themselves from here on, within it.
        own = ("--as", "admin.nested-a")
        assert made(call("customers", "create", "Inner", *own)) == "inner"
        assert record(call, "customers", "inner")["parent"] == a
        assert made(call("devices", "create", "Lamp", "--customer", "inner", *own)) == "lamp"
        assert made(call("users", "create", "ann", "--name", "Ann", "--account-administrator", *own)) == "ann"
        assert record(call, "users", "ann")["home"] == a
        groups = {one["group"] for one in record(call, "users", "ann")["security_groups"]}
        assert groups == {one["group"] for one in record(call, "users", "admin.nested-a")["security_groups"]}
        assert call("list", "devices", "--as", "ann", "--format", "keys").lines == ["lamp", *DOORS]
        assert "there is no customer" in call("customers", "edit", b, "--name", "Mine", *own).refused()
        assert call("audit", "verify").status == 0

    def test_every_step_is_taken_back_by_what_it_says(self, call: Call, own_db: Path) -> None:
        before = call("dump").out
        hints = [call("customers", "create", "Nested A", "--under", "northwind", *HANNA).err]
        hints.append(call("devices", "edit", *DOORS, "--customer", "nested-a", *HANNA).err)
        words = ("--name", "A", "--home", "nested-a", "--account-administrator")
        hints.append(call("users", "create", "a", *words, *HANNA).err)
        hints.append(call("customers", "delete", "nested-a", "--yes", *HANNA).err)
        assert call("dump").out != before
        for hint in reversed(hints):
            found = UNDO.match(hint)
            assert found is not None, hint
            assert call(*shlex.split(found[2])[1:]).status == 0
        assert call("dump").out == before


class TestCustomers:
    def test_every_field(self, call: Call, own_db: Path) -> None:
        fields = ("--email", "a@a.example", "--phone", "+31 10 123 4567", "--address", "Quay 1\nRotterdam")
        limits = ("--max-users", "1", "--max-devices", "2", "--max-customers", "none")
        key = made(call("customers", "create", "Åkesson", *fields, *limits, *HANNA))
        assert record(call, "customers", key) == {
            "key": "akesson",
            "tenant": "harbor",
            "name": "Åkesson",
            "parent": None,
            "email": "a@a.example",
            "phone": "+31 10 123 4567",
            "address": "Quay 1\nRotterdam",
            "max_users": 1,
            "max_devices": 2,
        }
        more = ("--max-devices", "none", "--max-users", "0", "--max-customers", "5", "--email", "")
        done(call("customers", "edit", key, "--name", "Other", *more, *HANNA))
        found = record(call, "customers", key)
        assert (found["name"], found["email"], found["phone"]) == ("Other", "", "+31 10 123 4567")
        assert (found["max_users"], found.get("max_devices"), found["max_customers"]) == (0, None, 5)
        assert "at most 0 users" in call("users", "create", "u", "--name", "U", "--home", key, *HANNA).refused()

    def test_moves(self, call: Call, own_db: Path) -> None:
        full = call("customers", "move", "north-rotterdam", "--to", "dekker", "--yes", *HANNA).refused()
        assert full == "“Dekker Security Installers” may have at most 10 nested customers: this would make 13"
        done(call("customers", "edit", "dekker", "--max-customers", "none", "--max-devices", "none", *HANNA))
        done(call("customers", "move", "north-rotterdam", "--to", "dekker", "--yes", *HANNA))
        assert record(call, "customers", "north-rotterdam")["parent"] == "dekker"
        assert call("list", "customers", "--as", "r.dekker", "--search", "rotterdam", "--format", "keys").lines
        done(call("customers", "move", "north-rotterdam", "--to-top", "--yes", *HANNA))
        assert record(call, "customers", "north-rotterdam")["parent"] is None
        again = call("customers", "move", "north-rotterdam", "--to-top", "--yes", *HANNA)
        assert again.refused() == "nothing was changed"
        assert call("customers", "move", "dekker", "--to", "dekker-marina", "--yes", *HANNA).refused()
        # The top of what one may move is not everybody's.
        done(call("customers", "create", "Deep", "--under", "dekker-marina", "--as", "r.dekker"))
        done(call("customers", "move", "deep", "--to-top", "--yes", "--as", "r.dekker"))
        assert record(call, "customers", "deep")["parent"] == "dekker"

    def test_where_a_new_one_comes_without_a_word(self, call: Call, save: Save, tmp_path: Path) -> None:
        document = small(
            customers=[{"key": "c2", "tenant": "t", "name": "Second"}],
            roles=[_role("maker", "customer.list", "customer.create", "device.create")],
            security_groups=[_group("one", "maker", "c"), _group("two", "maker", "c", "c2")],
            users=[_user("uno", "one"), _user("duo", "two"), _user("nemo")],
        )
        database = ("--db", str(tmp_path / "own.db"))
        assert call(*database, "load", save(document)).status == 0
        create = (*database, "customers", "create", "New")
        assert "in “Customer”" in call(*create, "--as", "uno", "--dry-run").lines[0]
        assert "in “Tenant”" in call(*create, "--as", "ada", "--dry-run").lines[0]
        assert call(*create, "--as", "duo").refused() == (
            "say where, with --under: you may create a customer in more than one place"
        )
        assert call(*create, "--as", "nemo").refused() == (
            "you may not create a customer (customer.create): 'ringfence rights nemo' says what you may do"
        )
        assert call(*database, "users", "create", "x", "--name", "X", "--as", "duo").refused() == (
            "you may not create a user (user.create): 'ringfence rights duo' says what you may do"
        )
        # Who may make devices without listing any is told the key of what they made.
        assert made(call(*database, "devices", "create", "Lamp", "--customer", "c2", "--as", "duo")) == "lamp"


class TestSitesAndDevices:
    def test_sites(self, call: Call, own_db: Path) -> None:
        key = made(call("sites", "create", "Roof", "--customer", "north-coldstore", *HANNA))
        done(call("sites", "edit", key, "--name", "Attic", *HANNA))
        assert record(call, "sites", key)["name"] == "Attic"
        done(call("devices", "edit", *DOORS, "--site", key, *HANNA))
        assert record(call, "devices", DOORS[1])["site"] == key
        done(call("sites", "delete", key, "--yes", *HANNA))
        assert record(call, "devices", DOORS[1])["site"] is None
        assert call("sites", "edit", key, "--name", "", *HANNA).refused().startswith("there is no site")
        assert call("sites", "edit", "dekker-marina", "--name", "x", *HANNA).status == 1

    def test_a_device(self, call: Call, own_db: Path) -> None:
        site = made(call("sites", "create", "Roof", "--customer", "north-coldstore", *HANNA))
        words = (
            "--customer",
            "north-coldstore",
            "--unit-id",
            "L 1",
            "--kind",
            "lamp",
            "--site",
            site,
            "--notes",
            "a\nb",
        )
        key = made(call("devices", "create", "Lamp", *words, *HANNA))
        found = record(call, "devices", key)
        assert (key, found["customer"], found["site"]) == ("l-1", "north-coldstore", site)
        assert (found["name"], found["unit_id"], found["kind"], found["notes"]) == ("Lamp", "L 1", "lamp", "a\nb")
        done(call("devices", "edit", key, "--name", "Lantern", "--unit-id", "", "--no-site", "--notes", "", *HANNA))
        found = record(call, "devices", key)
        assert (found["name"], found["unit_id"], found["site"], found.get("notes")) == ("Lantern", "", None, None)
        taken = call("devices", "edit", key, "--unit-id", "U-00521", *HANNA).refused()
        assert taken == "unit id: another device has the unit id 'U-00521'"
        elsewhere = call("devices", "edit", key, "--site", "north-maasvlakte-gate", *HANNA).refused()
        assert "another customer's" in elsewhere

    def test_many_devices(self, call: Call, own_db: Path) -> None:
        said = done(call("devices", "edit", *DOORS, DOORS[0], "--kind", "door", "--notes", "new", *HANNA))
        assert said[0] == "edited 2 devices: “Airlock door 1”, “Airlock door 2”"
        assert {record(call, "devices", door)["kind"] for door in DOORS} == {"door"}
        said = done(call("devices", "edit", *DOORS, "--customer", "north-rotterdam", *HANNA))
        assert said[0] == "assigned 2 devices: “Airlock door 1”, “Airlock door 2” to “Rotterdam”"
        assert any("stays with the customer they leave" in line for line in said)
        for wrong in (("--name", "x"), ("--unit-id", "x"), (), ("--site", "x", "--no-site")):
            call("devices", "edit", *DOORS, *wrong, *HANNA).refused(2)
        audit = call("count", "audit", *HANNA).out
        assert call("devices", "delete", *DOORS, "nowhere", "--yes", *HANNA).refused().startswith("there is no device")
        assert call("count", "audit", *HANNA).out == audit
        done(call("devices", "delete", *DOORS, "--yes", *HANNA))
        assert call("list", "devices", *HANNA, "--search", "airlock door 1", "--format", "keys").lines != []
        assert not set(DOORS) & set(call("list", "devices", *HANNA, "--format", "keys").lines)


class TestUsers:
    def test_groups_filters_and_sites(self, call: Call, own_db: Path) -> None:
        words = (
            "--name",
            "New One",
            "--email",
            "new@harbor.example",
            "--group",
            "operations",
            "--group",
            "technicians",
        )
        key = made(call("users", "create", "New.One", *words, "--filter", "production-only", *HANNA))
        found = record(call, "users", key)
        assert (key, found["login"], found["home"]) == ("new.one", "New.One", None)
        assert [one["group"] for one in found["security_groups"]] == ["operations", "technicians"]
        assert found["customer_groups"] == ["production-only"]
        assert call("count", "customers", "--as", "new.one").out == "40\n"
        more = ("--no-group", "technicians", "--group", "site-guards", "--site", "north-maasvlakte-gate")
        done(call("users", "edit", "NEW.ONE", *more, "--no-filter", "production-only", "--name", "N", *HANNA))
        found = record(call, "users", key)
        assert [one["group"] for one in found["security_groups"]] == ["operations", "site-guards"]
        assert (found["customer_groups"], found["sites"]) == ([], ["north-maasvlakte-gate"])
        done(call("users", "edit", "new.one", "--no-site", "north-maasvlakte-gate", "--login", "n", *HANNA))
        assert record(call, "users", key)["login"] == "n"
        assert "another user has this login" in call("users", "edit", "n", "--login", "OLGA", *HANNA).refused()

    def test_a_group_that_ended_is_given_anew(self, call: Call, own_db: Path) -> None:
        (before,) = record(call, "users", "f.hoekstra")["security_groups"]
        assert before["valid_until"]
        done(call("users", "edit", "f.hoekstra", "--group", before["group"], *HANNA))
        (after,) = record(call, "users", "f.hoekstra")["security_groups"]
        assert (after["group"], after.get("valid_until")) == (before["group"], None)

    def test_account_administrators(self, call: Call, own_db: Path) -> None:
        made(call("users", "create", "ann", "--name", "Ann", "--home", "polder", *HANNA))
        assert call("count", "devices", "--as", "ann").out == "0\n"
        said = done(call("users", "edit", "ann", "--account-administrator", *HANNA))
        assert re.match(r"This makes the security group “Account administrators, .*”\.", said[1])
        polder = call("count", "devices", *HANNA, "--under", "polder").out
        assert call("count", "devices", "--as", "ann").out == polder != "0\n"
        # At another home they run that one, and no longer the former.
        done(call("users", "edit", "ann", "--home", "dekker-marina", *HANNA))
        assert call("count", "devices", "--as", "ann").out == "11\n"
        (group,) = record(call, "users", "ann")["security_groups"]
        assert record(call, "security-groups", group["group"])["owner"] == "dekker-marina"
        done(call("users", "edit", "ann", "--no-account-administrator", *HANNA))
        assert call("count", "devices", "--as", "ann").out == "0\n"
        said_of_staff = call("users", "create", "x", "--name", "X", "--account-administrator", *HANNA)
        assert "no account administrator is at home with the provider" in said_of_staff.refused()

    def test_switching_off_and_on(self, call: Call, own_db: Path) -> None:
        done(call("users", "deactivate", "olga", "l.petit", *HANNA))
        assert call("count", "customers", "--as", "olga").out == "0\n"
        assert call("users", "deactivate", "olga", *HANNA).refused() == "nothing was changed"
        assert done(call("users", "activate", "olga", "h.devries", *HANNA))[0] == "activated user “Olga Brandt”"
        assert call("count", "customers", "--as", "olga").out == "40\n"
        assert "this is you" in call("users", "deactivate", *HANNA[1:], *HANNA).refused()
        assert "this is you" in call("users", "delete", *HANNA[1:], *HANNA, "--yes").refused()
        gone = call("customers", "create", "x", "--under", "dekker", "--as", "b.janssens").refused()
        assert gone.startswith("there is no customer 'dekker'")  # an inactive user sees nothing, and does nothing

    def test_deleting(self, call: Call, own_db: Path) -> None:
        assert done(call("users", "delete", "olga", "l.petit", "--yes", *HANNA))[0].startswith("deleted 2 users: ")
        assert call("list", "users", *HANNA, "--search", "olga", "--format", "keys").lines == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("customers edit northwind --name X --as olga", "you may not edit a customer there"),
            ("customers create X --under northwind --as olga", "you may not create a customer there"),
            ("customers delete northwind --yes --as olga", "you may not delete a customer there"),
            ("customers move northwind --to dekker --yes --as olga", "you may not move a customer there"),
            ("sites create X --customer northwind --as olga", "you may not create a site there"),
            (f"devices edit {DOORS[0]} --kind x --as olga", "you may not edit a device there"),
            (f"devices edit {DOORS[0]} --customer polder --as k.adeyemi", "you may not assign a device there"),
            ("users deactivate r.dekker --as olga", "you may not edit a user there"),
            ("users create x --name X --home northwind --as olga", "you may not create a user there"),
            ("customers create X --email nobody --as h.devries", "e-mail: this is no e-mail address"),
            ("users edit olga --email x@ --as h.devries", "e-mail: this is no e-mail address"),
        ],
    )
    def test_of_the_services(self, call: Call, demo_db: Path, words: str, reason: str) -> None:
        said = call(*words.split()).refused()
        assert said.startswith(reason)
        assert call(*words.replace(" --yes", "").split(), "--dry-run").refused() == said

    @pytest.mark.parametrize(
        "words",
        [
            "customers",
            "customers create --as h.devries",
            "customers create X",
            "customers edit northwind --as h.devries",
            "customers edit northwind --max-users many --as h.devries",
            "customers edit northwind --max-users -1 --as h.devries",
            "customers edit northwind --max-users 99999999999999999999 --as h.devries",
            "customers move northwind --yes --as h.devries",
            "customers move northwind --to dekker --to-top --yes --as h.devries",
            "sites create X --as h.devries",
            "sites edit north-maasvlakte-gate --as h.devries",
            "devices delete --yes --as h.devries",
            "users create x --as h.devries",
            "users edit olga --as h.devries",
            "users activate --as h.devries",
            "users delete olga --format xml --as h.devries",
        ],
    )
    def test_wrong_usage(self, call: Call, demo_db: Path, words: str) -> None:
        call(*words.split()).refused(2)

    @pytest.mark.parametrize(
        ("words", "hidden"),
        [
            ("customers edit @ --name X", "internal"),
            ("customers create X --under @", "internal"),
            ("customers delete @ --yes", "internal"),
            ("customers move @ --to-top --yes", "internal"),
            ("customers move dekker-marina --to @ --yes", "internal"),
            ("sites create X --customer @", "northwind"),
            ("sites edit @ --name X", "north-maasvlakte-gate"),
            ("sites delete @ --yes", "north-maasvlakte-gate"),
            ("devices create X --customer @", "northwind"),
            ("devices create X --customer dekker --site @", "north-maasvlakte-gate"),
            ("devices edit dekker-marina-jetty-gate-1 @ --kind X", DOORS[0]),
            ("devices edit dekker-marina-jetty-gate-1 --customer @", "northwind"),
            ("devices edit dekker-marina-jetty-gate-1 --site @", "north-maasvlakte-gate"),
            ("devices delete @ --yes", DOORS[0]),
            ("users create x --name X --home @ --account-administrator", "northwind"),
            ("users create x --name X --group @", "operations"),
            ("users create x --name X --filter @", "production-only"),
            ("users create x --name X --site @", "north-maasvlakte-gate"),
            ("users edit @ --name X", "olga"),
            ("users edit b.janssens --home @", "northwind"),
            ("users edit b.janssens --no-group @", "operations"),
            ("users deactivate b.janssens @", "olga"),
            ("users delete @ --yes", "olga"),
        ],
    )
    def test_hidden_and_missing_alike(self, call: Call, demo_db: Path, words: str, hidden: str) -> None:
        missing = f"{hidden[:-1]}_"
        found, not_there = (
            call(*words.replace("@", name).split(), "--as", "r.dekker").refused() for name in (hidden, missing)
        )
        assert re.match(r"there is no [a-z ]+ '.*': 'ringfence list [a-z-]+' shows those there are$", found)
        assert found.replace(hidden, "…") == not_there.replace(missing, "…")

    @pytest.mark.parametrize("nasty", ["\ud800", "a\x1b[31mb", ""], ids=ascii)
    def test_hostile_arguments(self, call: Call, demo_db: Path, nasty: str) -> None:
        for words in (
            ("customers", "edit", "@", "--name", "x"),
            ("customers", "create", "x", "--under", "@"),
            ("devices", "delete", "@", "--yes"),
            ("users", "activate", "@"),
            ("users", "edit", "olga", "--group", "@"),
            ("customers", "edit", "northwind", "--max-users", "@"),
        ):
            said = call(*(nasty if word == "@" else word for word in words), *HANNA)
            assert said.refused(said.status).isprintable()
        for words in (
            ("customers", "create", nasty),
            ("devices", "create", nasty),
            ("users", "create", nasty, "--name", "x"),
        ):
            assert call(*words, *HANNA).refused().isprintable()


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_explains_itself(self, call: Call, command: str) -> None:
        said = call(*command.split(), "--help")
        assert (said.status, said.err) == (0, "")
        assert said.lines[0].startswith(f"Usage: ringfence {command} ")
        assert not [line for line in said.lines if len(line) > 100]

    def test_the_help_names_them(self, call: Call) -> None:
        said = call("--help").out
        for name in ("customers", "sites", "devices", "users"):
            assert f"\n  {name} " in said


def _role(key: str, *permissions: str) -> dict[str, Any]:
    level = {"access_level": "service_provider", "permissions": list(permissions)}
    return {"key": key, "tenant": "t", "name": key, **level}


def _group(key: str, role: str, *customers: str) -> dict[str, Any]:
    named = [{"customer": customer} for customer in customers]
    return {"key": key, "tenant": "t", "name": key, "role": role, "scope": "selected", "customers": named}


def _user(login: str, *groups: str) -> dict[str, Any]:
    memberships = [{"group": group} for group in groups]
    return {"key": login, "tenant": "t", "login": login, "name": login, "security_groups": memberships}
