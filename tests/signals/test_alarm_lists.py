"""Lists of alarms while signals pour in, and what people bring back meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from support.edits import World, provider
from support.signals import edge, send

from ringfence.domain import clock
from ringfence.domain.errors import InvalidDocument, Refused, RingfenceError
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database


def world_of(database: Database) -> World:
    """The small provider, whose devices have unit ids as they have keys, with an edge over all, and no alarm yet."""
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, "tenant": "t", "kind": "pipe"}]
    return World(database, made | {"alarms": [], "test_modes": []})


def alarm(unit: str, kind: str) -> dict[str, str]:
    """A line by which an alarm begins."""
    return {"unit": unit, "alarm": kind}


def test_every_order_follows_what_signals_raise_and_end(database: Database) -> None:
    world = world_of(database)
    viewer, own = world.viewer("boss"), edge(database, "e")

    def names(sort: str) -> list[str]:
        return [one.name for one in listing.export(viewer, Listing("alarms", "outcome:open", sort=sort))]

    send(database, own, alarm("acme-0", "water"))
    for sort in ("name", "device", "severity", "started_at", "kind"):
        assert names(sort) == ["water"]
    send(database, own, alarm("north-0", "fire"))
    for sort in ("name", "device", "severity", "kind"):
        assert sorted(names(sort)) == ["fire", "water"], sort
    assert names("name") == ["fire", "water"]
    send(database, own, {**alarm("acme-0", "water"), "state": "off"})
    for sort in ("name", "device", "severity", "started_at", "kind"):
        assert names(sort) == ["fire"], sort


def test_what_is_done_about_alarms_leaves_alone_what_was_worked_out_of_who_sees_what(database: Database) -> None:
    world = world_of(database)
    send(database, edge(database, "e"), alarm("acme-0", "water"))
    session = world.session("boss")
    before, with_signals = session.stamp(), session.stamp(signals=True)
    (key,) = (key for key in world.ids("alarm") if key)
    world.save("boss", world.edit("boss", "alarm", key, acked_at=clock.now()))
    after = session.stamp()
    assert (after[0], after != before) == (before[0], True), "scopes hold, and screens look again"
    world.save("boss", world.edit("boss", "device", "acme-0", notes="Anything"))
    assert session.stamp()[0] > after[0]
    known = session.stamp(), session.stamp(signals=True)
    send(database, edge(database, "e"), alarm("north-0", "fire"))
    assert session.stamp() == known[0]
    assert session.stamp(signals=True) != known[1]
    assert with_signals[2] > 0


def test_one_that_would_be_open_beside_another_is_refused_in_words(database: Database) -> None:
    """By an undo and by a file alike: a device has no two of a kind that are open."""
    world = world_of(database)
    own = edge(database, "e")
    send(database, own, alarm("acme-0", "water"))
    (key,) = (key for key in world.ids("alarm") if key)
    cleared = world.save("boss", world.edit("boss", "alarm", key, outcome="real"))
    send(database, own, alarm("acme-0", "water"))
    before = world.dump()
    with pytest.raises(Refused, match="cannot be open again by now"):
        world.session("boss").undo(cleared)
    document = world.document()
    for one in document["alarms"]:
        one |= {"outcome": "open", "cleared_at": None, "cleared_by": None}
    with pytest.raises(InvalidDocument, match="cannot be open: another alarm of this kind and device is"):
        load_document(database, document)
    assert world.dump() == before
    (newer,) = (name for name in world.ids("alarm") if name and name != key)
    world.save("boss", world.edit("boss", "alarm", newer, outcome="real"))
    world.session("boss").undo(cleared)
    assert [one["key"] for one in world.document()["alarms"] if one["outcome"] == "open"] == [key]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("raise_when", "t >", "at column"), ("clear_when", "__import__", "at column"), ("held_for", "soon", "held_for")],
)
def test_a_rule_that_nobody_understands_is_refused_with_its_file(
    database: Database, field: str, value: str, said: str
) -> None:
    """It would stop whatever is taken in of the whole tenant."""
    world = world_of(database)
    before = world.dump()
    one = {"key": "r", "tenant": "t", "name": "R", "customer": "acme", "raise_when": "t > 8", field: value}
    with pytest.raises(InvalidDocument, match=rf"alarm_rules\[0\] \"r\": {field}: .*") as caught:
        load_document(database, {"ringfence": 1, "alarm_rules": [one]})
    assert said in str(caught.value)
    assert world.dump() == before
    assert send(database, edge(database, "e"), alarm("acme-0", "water")).raised == 1


def test_of_a_user_who_is_deleted_hidden_alarms_leave_no_trace(database: Database) -> None:
    """What they acknowledged elsewhere is told by no line of the audit, not even by an empty one."""
    world = World(database, provider())

    def deleted(user: str, hidden: bool) -> tuple[str, ...]:
        if hidden:
            with database.writing() as connection:
                told = "UPDATE alarm SET acked_by_id = :user, assignee_id = :user WHERE key = 'beta-alarm'"
                connection.execute(text(told), {"user": world.id("user", user)})
        world.save("boss", world.delete("user", user))
        found = {}
        for login in ("boss", "dora"):
            entry = list(listing.export(world.viewer(login), Listing("audit")))[-1]
            found[login] = tuple(line[0] for line in world.session(login).audit_detail(entry.id).lines)
        assert ("Acknowledged" in found["boss"]) is hidden
        return found["dora"]

    assert not {"Acknowledged", "Assigned"} & set(deleted("rita", hidden=True))
    deleted("olaf", hidden=False)


def test_those_of_one_device_are_what_the_whole_list_shows_of_it(database: Database) -> None:
    world = world_of(database)
    own = edge(database, "e")
    kinds = ("fire", "water", "tamper")
    devices = [key for key in world.ids("device") if key is not None]
    send(database, own, *(alarm(key, kind) for at, key in enumerate(devices) for kind in kinds[: at % 4]))
    told = 0
    for login in ("boss", "dora", "rita"):
        viewer = world.viewer(login)
        for sort in ("started_at", "severity", "name"):
            every = list(listing.export(viewer, Listing("alarms", sort=sort)))
            for key in devices:
                about = Listing("alarms", "-tamper", sort=sort, record=("device", key))
                try:
                    found = list(listing.export(viewer, about))
                except RingfenceError:
                    continue  # they may not open it
                shown = [one for one in every if one.fields()["device"] == key and one.name != "tamper"]
                assert [one.id for one in found] == [one.id for one in shown], (login, key)
                assert listing.count(viewer, about) == len(shown)
                assert [listing.place(viewer, about, one.id) for one in shown] == list(range(len(shown)))
                told += len(shown)
    assert told
