"""Tokens made, listed and revoked: by whom, and what they come to."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from support.clock import stopped_at
from support.documents import AT
from support.edits import World, provider
from support.tokens import stand_in, token_of
from support.unwritable import unwritable

from ringfence.domain.errors import Refused, RingfenceError
from ringfence.services import api_tokens, listing
from ringfence.services.bearers import bearer
from ringfence.services.records import Listing
from ringfence.storage.engine import Database


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, AT)


@pytest.fixture
def world(database: Database) -> World:
    """The provider, where Dora may manage the tokens of Acme's people."""
    document = provider()
    for role in document["roles"]:
        if role["key"] == "delegate":
            role["permissions"] = [*role["permissions"], "api_token.manage"]
    return World(database, document)


def kept(world: World) -> list[Any]:
    """All that is kept of tokens."""
    with world.database.reading() as connection:
        return list(connection.execute(text("SELECT * FROM api_token ORDER BY id")))


def told(world: World) -> list[dict[str, Any]]:
    """What the audit says, to whoever sees all."""
    return [one.fields() for one in listing.export(world.viewer("boss"), Listing("audit"))]


def test_one_is_made_used_and_revoked_by_its_user(world: World) -> None:
    rita = world.viewer("rita")
    secret = api_tokens.make(
        rita, " report ", "test", permissions=["device.list"], under=world.id("customer", "north"), lasts=timedelta(1)
    )
    assert secret.startswith("rf_")
    assert len(secret) == 46, "256 bits in base 64"
    assert secret not in repr(kept(world)), "it is kept as a hash"
    (one,) = api_tokens.of_user(rita)
    assert (one.name, one.permissions, one.under, one.by) == ("report", ["device.list"], "Acme North", "")
    assert (one.expires, one.used) == (AT + timedelta(1), None)
    found = bearer(world.database, secret)
    assert (found.login, found.token) == ("rita", "report")
    assert listing.count(found.viewer, Listing("devices")) == 3
    assert listing.count(found.viewer, Listing("customers")) == 0
    with pytest.raises(Refused, match="name already"):
        api_tokens.make(rita, "REPORT", "test")
    api_tokens.revoke(rita, ["Report"], "test")
    with pytest.raises(RingfenceError, match="holds no more"):
        bearer(world.database, secret)
    with pytest.raises(Refused, match="there is no token 'report'"):
        api_tokens.revoke(rita, ["report"], "test")
    made, revoked = told(world)[-2:]
    assert (made["actor"], made["action"], made["name"]) == ("rita", "make token", "User rita")
    assert (revoked["actor"], revoked["action"], revoked["origin"]) == ("rita", "revoke token", "test")
    with world.database.reading() as connection:
        details = str(connection.execute(text("SELECT detail FROM audit_entry")).all())
    assert "report" in details
    assert secret not in details
    assert "Acme North" not in details, "not everybody who sees Rita sees that"
    with pytest.raises(Refused, match="nothing of yours to undo"):
        world.session("rita").preview_undo()


def test_who_makes_tokens_for_others(world: World) -> None:
    """Whoever holds that right over them, and all that the token gives; others are told nothing of them."""
    dora, rita = world.viewer("dora"), world.viewer("rita")
    secret = api_tokens.make(dora, "nightly", "test", login="RITA")
    assert bearer(world.database, secret).login == "rita"
    (seen,) = api_tokens.of_user(rita)
    assert (seen.name, seen.by) == ("nightly", ""), "whom she may not list"
    assert api_tokens.of_user(dora, "rita")[0].name == "nightly"
    strangers = set()
    for viewer, login in ((rita, "dora"), (rita, "nobody"), (dora, "boss"), (dora, "bert"), (dora, "")):
        for ask in (
            partial(api_tokens.make, viewer, "x", "test", login=login),
            partial(api_tokens.revoke, viewer, ["x"], "test", login=login),
            partial(api_tokens.of_user, viewer, login),
        ):
            with pytest.raises(RingfenceError) as refused:
                ask()
            strangers.add(str(refused.value))
    assert strangers == {"there is no such user, or their tokens are not yours to manage"}
    api_tokens.revoke(rita, ["nightly"], "test")
    boss = world.viewer("boss")
    api_tokens.make(boss, "root", "test", login="boss2")
    world.save("boss", world.edit("boss", "user", "dora", home=world.id("customer", None)))
    assert len(api_tokens.of_user(world.viewer("boss"), "boss2")) == 1


def test_nobody_gives_by_a_token_what_they_do_not_hold(world: World) -> None:
    """Dora manages Staff's tokens once he belongs to Acme, and he sees more than she does."""
    held = frozenset({(world.id("security_group", "everything"), (None, None))})
    home = world.id("customer", "acme")
    world.save("boss", world.edit("boss", "user", "staff", home=home, security_groups=held))
    dora = world.viewer("dora")
    with pytest.raises(Refused, match="this token would have"):
        api_tokens.make(dora, "x", "test", login="staff")
    api_tokens.make(dora, "x", "test", login="staff", permissions=["customer.list"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "must not be empty"),
        ({"name": "a\nb"}, "control character"),
        ({"name": "x" * 401}, "longer than 400"),
        ({"name": "a\u202eb"}, "U\\+202E"),
        ({"permissions": []}, "opens nothing"),
        ({"permissions": ["device.lst"]}, "no permission 'device.lst'"),
        ({"lasts": timedelta(0)}, "no time at all"),
        ({"under": 10**6}, "not there any more"),
    ],
)
def test_what_cannot_be_is_refused_whole(world: World, given: dict[str, Any], said: str) -> None:
    more = {"name": "x", **given}
    name = more.pop("name")
    entries = world.entries()
    with pytest.raises(Refused, match=said):
        api_tokens.make(world.viewer("rita"), name, "test", **more)
    assert kept(world) == []
    assert world.entries() == entries


def test_a_hidden_customer_is_not_there(world: World) -> None:
    with pytest.raises(Refused, match=r"^this customer is not there any more$"):
        api_tokens.make(world.viewer("rita"), "x", "test", under=world.id("customer", "beta"))


def test_a_token_makes_none_and_revokes_none(world: World) -> None:
    """Not even a narrower one: whoever finds it has it no longer than that it is not revoked."""
    whole = stand_in(world.database, token_of(world.database, "boss"))
    for ask in (
        lambda: api_tokens.make(whole, "x", "test"),
        lambda: api_tokens.make(whole, "x", "test", login="rita", permissions=["device.list"]),
        lambda: api_tokens.revoke(whole, ["one"], "test"),
    ):
        with pytest.raises(Refused, match="sign in yourself"):
            ask()
    assert [one.name for one in api_tokens.of_user(whole)] == ["one"]
    narrow = stand_in(world.database, token_of(world.database, "rita", ["device.list"]))
    with pytest.raises(RingfenceError, match="not yours to manage"):
        api_tokens.of_user(narrow)


def test_use_is_written_down_once_a_minute_and_not_waited_for(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(sqlite_database, provider())
    secret = token_of(sqlite_database, "rita")

    def used() -> Any:
        bearer(sqlite_database, secret)
        return api_tokens.of_user(world.viewer("rita"))[0].used

    assert used() == AT
    stopped_at(monkeypatch, AT + timedelta(seconds=59))
    assert used() == AT
    stopped_at(monkeypatch, AT + timedelta(seconds=61))
    with sqlite_database.writing():  # somebody else, who takes their time
        assert bearer(sqlite_database, secret).login == "rita"
    assert api_tokens.of_user(world.viewer("rita"))[0].used == AT
    assert used() == AT + timedelta(seconds=61)
    with unwritable(sqlite_database) as asked:
        stopped_at(monkeypatch, AT + timedelta(hours=1))
        assert listing.count(bearer(asked, secret).viewer, Listing("devices")) > 0


@pytest.mark.parametrize("secret", ["", "rf_", "rf_" + "A" * 43, "x" * 100_000, "rf_\x00", "rf_\udcff", "rfi_x"])
def test_what_is_none_is_nobodys(sqlite_database: Database, secret: str) -> None:
    World(sqlite_database, provider())
    token_of(sqlite_database, "rita")
    with pytest.raises(RingfenceError, match=r"^this token holds no more: it was revoked, it has expired, or there "):
        bearer(sqlite_database, secret)


def test_nothing_of_it_is_in_what_is_dumped_undone_or_exported(sqlite_database: Database) -> None:
    world = World(sqlite_database, provider())
    before = world.dump()
    secret = token_of(sqlite_database, "rita", name="MARKER")
    assert world.dump() == before
    change = world.save("boss", world.delete("user", "rita"))
    assert kept(world) == []
    world.session("boss").undo(change)
    assert kept(world) == [], "what is gone does not come back"
    assert "MARKER" not in json.dumps(told(world))
    with pytest.raises(RingfenceError):
        bearer(sqlite_database, secret)
