"""Why, who and rights against the oracle: exact for everybody, path by path, and telling nothing that is hidden."""

from __future__ import annotations

import re

import pytest
from support.asker import ASKED
from support.documents import AT
from support.edits import World, provider
from support.explained import KINDS, Explained, Refusals, named
from support.oracle import Oracle
from support.tiers import seeds

from ringfence.domain.errors import RingfenceError
from ringfence.services import explaining
from ringfence.services.explained import Why
from ringfence.services.fixing import fixes
from ringfence.storage.engine import Database
from ringfence.visibility.owner import Owner

pytestmark = pytest.mark.always

MARK = re.compile(r"<t\d\.(\w+)(?:\.([^>]+))?>")


@pytest.mark.parametrize("seed", seeds(3))
@pytest.mark.once
def test_a_yes_is_one_where_the_rule_says_so(database: Database, seed: int) -> None:
    """For every user, record and permission: as a whole, and path by path, each with the others taken away."""
    assert Explained(database, seed).yes()


@pytest.mark.parametrize("seed", seeds(100, 103))
@pytest.mark.once
def test_who_is_everybody_who_can(database: Database, seed: int) -> None:
    """Whoever asks is told of those whom they may list, and of nobody else."""
    assert Explained(database, seed).who()


@pytest.mark.parametrize("seed", seeds(300, 303))
@pytest.mark.once
def test_nothing_smaller_opens_it(database: Database, seed: int) -> None:
    """Every single edit and every pair is tried: none opens it at less than what is reported."""
    world = Refusals(database, seed)
    assert [world.check(asked) for asked in world.some(3)]


@pytest.mark.parametrize("seed", [0, 1])
def test_who_may_make_it_is_what_saving_says(sqlite_database: Database, seed: int) -> None:
    world = Refusals(sqlite_database, seed)
    assert any(world.saved(asked) for asked in world.some(60)), "it goes on until one is saved"


@pytest.mark.parametrize("seed", seeds(200, 203))
def test_nothing_hidden_is_told(sqlite_database: Database, seed: int) -> None:
    """As every user, of every user and record: refused alike with what is missing, or without a name that they may not
    list; the verdict is right all the same."""
    world = Explained(sqlite_database, seed)
    oracle, hidden = world.oracle, 0
    for asker in world.users:
        viewer, own = world.viewer(asker["login"]), asker["login"]
        people = oracle.listed(own, "users") & oracle.visible(own, "user.view", "users")
        people |= {asker["key"]} if asker.get("active", True) else set()
        for kind, key in world.records():
            for subject in world.users:
                permission = world.chance.choice(ASKED)
                if key not in oracle.listed(own, kind) or subject["key"] not in people:
                    with pytest.raises(RingfenceError) as refused:
                        explaining.why(viewer, subject["login"], permission, named(kind, key))
                    missing = subject["login"] if subject["key"] not in people else key
                    assert str(refused.value).startswith(
                        f"there is no {'user' if missing != key else KINDS[kind].said} {missing!r}: "
                    )
                    continue
                found = explaining.why(viewer, subject["login"], permission, named(kind, key))
                assert found.allowed is (key in oracle.visible(subject["login"], permission, kind))
                told = repr(found) + repr(explaining.rights(viewer, subject["login"], named(kind, key)))
                told += repr(explaining.who(viewer, permission, named(kind, key)))
                if not found.allowed and not world.chance.randrange(4):
                    told += repr(fixes(viewer, subject["login"], permission, named(kind, key)))
                hidden += found.hidden
                for listing, mark in MARK.findall(told):
                    if listing == "root":
                        assert None in oracle.forest(own), told
                    elif (listing, mark) != ("users", asker["key"]):  # of oneself one always knows
                        assert mark in oracle.listed(own, listing.replace("_", "-")), (own, listing, mark, told)
                without_keys(oracle, own, found)
    assert hidden or seed != 200  # in the first of these worlds there is something to hide


def without_keys(oracle: Oracle, own: str, found: Why) -> None:
    """No key of what is hidden stands in what is printed, and nothing is the only path where one is hidden."""
    for path in found.fields()["paths"]:
        assert path["group"] in oracle.listed(own, "security-groups")
        assert path["role"] is None or path["role"] in oracle.listed(own, "roles")
        assert path["filter"] is None or path["filter"] in oracle.listed(own, "customer-groups")
        entry = path["entry"] or {"customer": None}
        assert {path["home"], entry["customer"]} <= {None, *oracle.listed(own, "customers")}
    assert found.hidden or all(path.only is not None for path in found.paths)


def test_a_path_and_its_walls_in_words(sqlite_database: Database) -> None:
    world = World(sqlite_database, provider())
    owner = Owner(sqlite_database, world.viewer("boss").tenant_id, AT)

    def gates(login: str, permission: str, record: str) -> dict[str, str]:
        (path,) = explaining.why(owner, login, permission, record).paths
        return {gate.name: f"{'' if gate.open else 'closed: '}{gate.said}" for gate in path.gates}

    assert gates("nora", "device.list", "device:south-0") == {
        "user active": "active",
        "home": "closed: Acme North, which does not hold Acme South",
        "filter": "closed: Filter prod does not name Acme South",
        "window": "always",
        "role": "Role reader, holds device.list",
        "scope": "selected: Acme, with those nested",
        "level": "service provider",
    }
    assert gates("olaf", "device.list", "customer:south")["filter"] == "closed: Filter off is inactive"
    assert gates("gus", "device.list", "device:north-x")["level"] == "closed: site: at none of their sites"
    assert gates("bert", "device.edit", "device:beta-0")["role"] == "closed: Role beta-role, lacks device.edit"
    assert gates("staff", "policy.edit", "customer:acme")["everywhere"].startswith("closed: only with all permissions")
    assert explaining.why(owner, "idle", "device.list", "customer:acme").paths == ()
