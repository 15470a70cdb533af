"""Names that look like other ones, or hide a part of themselves: refused by every way in, kept where they are."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from precis_i18n import get_profile
from sqlalchemy import text
from support.databases import dumped
from support.documents import AT
from support.edits import TABLES, World, provider

from ringfence.console.text import literal
from ringfence.domain import test_mode
from ringfence.domain.alarm import AlarmState
from ringfence.domain.alarm_rule import AlarmRuleState
from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.edge import EdgeState
from ringfence.domain.errors import Refused
from ringfence.domain.kind import State, StateKind, altered, kind_of
from ringfence.domain.login import login_fault
from ringfence.domain.registry import EDITED
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.text import character, fold, trimmed, unseen
from ringfence.domain.user import UserState
from ringfence.services import importing, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

HIDDEN = ("\u202e", "\u200b", "\u061c", "\u2066", "\u00ad", "\ufeff", "\u3164", "\U000e0041", "\U000e0100\U000e01ff")
"""Each of a kind of its own: an override, a space without width, a mark, an isolate, a hyphen that is not there, a byte
order mark, a letter without ink, a tag, and what has no meaning yet."""
OTHERWISE = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x17B4, 0x17B5, 0x034F})
"""Ignorable too; the library refuses them for other reasons first."""
SOUND = (
    *("olga", "Olga", "o.brandt@harbor-1", "ölga", "\u043e\u043b\u044c\u0433\u0430", "ｏｌｇａ"),
    *("北京", "東京tower", "とうきょう3", "서울x", "\u05d0\u05d1"),
)
BESIDE = ("dora ", " DORA", "dora\u3000", "ｄｏｒａ", "do\u202era", "d\u043era", "do\u00adra")
"""Logins that would stand beside dora's."""
KEPT = ("\u200d", "\u200c", "\ufe0f", "\U000e0100")
"""Without which some words and pictures are not themselves."""
SPACES = (" ", "\u00a0", "\u3000", "\u2028")


def character_id(text: str) -> str:
    return f"U+{ord(text[0]):04X}"


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, provider())


def states(world: World) -> Iterator[tuple[StateKind, State]]:
    """A sound new record of every kind, with every text that is typed."""
    acme = world.ids("customer")["acme"]
    filled: list[State] = [
        CustomerState(acme, "New", email="new@acme.example", phone="+31 10 123 4567"),
        SiteState(acme, "New"),
        DeviceState(acme, "New", unit_id="N-1", kind="camera"),
        EdgeState(acme, "New"),
        AlarmRuleState(acme, "New", raise_when="t > 1"),
        test_mode.TestModeState(acme, "New", until=AT + timedelta(hours=1)),
        AlarmState(acme, "New"),
        RoleState(acme, "New"),
        CustomerGroupState(acme, "New"),
        SecurityGroupState(acme, "New"),
        UserState(acme, "new", "New", email="new@acme.example"),
    ]
    assert {type(one) for one in filled} == {kind.state for kind in EDITED.values()}, "of every kind"
    yield from ((kind_of(one).noun, one) for one in filled)


SPOKEN = ("CONDITION", "DURATION", "ALARM")
"""What texts take that have words of their own."""


def fields(state: State) -> list[str]:
    """The texts of one line that hold whatever is typed, or an address."""
    texts = kind_of(state).texts.items()
    return [name for name, text in texts if not text.lines and text.takes not in SPOKEN and name != "alarms"]


class TestCharacters:
    def test_those_that_are_refused_are_those_of_the_standard(self) -> None:
        """Stated a second time: by what another library takes from the Unicode database, over every character."""
        profile = get_profile("UsernameCaseMapped")
        selecting = {0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
        for code in (*range(0xD800), *range(0xE000, 0x20000), *range(0xDFF00, 0xE1100)):
            one = chr(code)
            try:
                profile.enforce(one)
                reason = ""
            except UnicodeEncodeError as error:
                reason = error.reason
            nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
            selects = code in selecting
            ignorable = reason.endswith("/precis_ignorable_properties") and not nothing and not selects
            others = code in OTHERWISE
            reserved = code == 0x2065 or 0xFFF0 <= code <= 0xFFF8 or 0xE0000 <= code <= 0xE0FFF
            expected = ignorable or others or (reserved and not selects)
            assert bool(unseen(one)) == expected, (character(one), reason)
            if expected:
                assert literal(f"a{one}b") != f"a{one}b", "where one is stored, it is seen"

    def test_a_login_is_compared_as_the_profile_prepares_it(self) -> None:
        profile = get_profile("UsernameCaseMapped")
        compared = 0
        for code in (*range(0x21, 0xD800), *range(0xE000, 0x20000)):
            for one in (chr(code), f"a{chr(code)}"):
                try:
                    prepared = profile.enforce(one)
                except UnicodeEncodeError:
                    continue
                compared += 1
                assert fold(one) == unicodedata.normalize("NFC", prepared.casefold()), ascii(one)
        assert compared > 100_000

    @pytest.mark.parametrize("login", SOUND)
    def test_logins_of_one_script_are_sound(self, login: str) -> None:
        assert login_fault(login) == ""

    @pytest.mark.parametrize(
        ("login", "said"),
        [
            ("", "must not be empty"),
            ("olga brandt", "no spaces"),
            ("ol\u00a0ga", "U+00A0 NO-BREAK SPACE"),
            ("ol\u202ega", "U+202E RIGHT-TO-LEFT OVERRIDE"),
            ("olga\u200d", "U+200D ZERO WIDTH JOINER"),
            ("\u043elga", "mixes Cyrillic and Latin"),
            ("olg\u03b1", "mixes Greek and Latin"),
            ("\u0661\u09e7", "right"),
            ("a\u09e6", "mixes Bengali and Latin"),
            ("a\u05d0", "right"),
            ("ﬁx", "U+FB01 LATIN SMALL LIGATURE FI"),
            ("a🦊", "U+1F98A FOX FACE"),
            ("a\x00", "U+0000"),
        ],
    )
    def test_what_is_no_login(self, login: str, said: str) -> None:
        assert said in login_fault(login)


class TestTyped:
    @pytest.mark.parametrize("hidden", HIDDEN, ids=character_id)
    def test_no_text_of_any_new_record_hides_anything(self, world: World, hidden: str) -> None:
        session = world.session("boss")
        before = dumped(world.database)
        for kind, state in states(world):
            for field in fields(state):
                sound = getattr(state, field)
                odd = altered(state, **{field: sound[:1] + hidden + sound[1:]})
                with pytest.raises(Refused) as refused:
                    session.save([Edit(kind, -1, None, odd)])
                assert refused.value.field == field
                said = str(refused.value)
                assert character(hidden[-1]) in said or character(hidden[0]) in said, (kind, field, said)
        assert dumped(world.database) == before

    def test_no_text_of_any_record_is_changed_to_hide_anything(self, world: World) -> None:
        session = world.session("boss")
        for kind, state in states(world):
            (own,) = session.save([Edit(kind, -1, None, state)]).created.values()
            opened = session.open_record(kind, own)
            for field in fields(state):
                odd = replace(opened.state, **{field: getattr(state, field)[:1] + "\u202e"})
                with pytest.raises(Refused) as refused:
                    session.save([Edit(kind, own, opened.state, odd, opened.revision)])
                assert "U+202E RIGHT-TO-LEFT OVERRIDE" in str(refused.value)
                assert refused.value.field == field

    @pytest.mark.parametrize("kept", KEPT, ids=character_id)
    def test_what_belongs_to_words_stays(self, world: World, kept: str) -> None:
        session = world.session("boss")
        for kind, state in states(world):
            name = f"A{kept}b"
            (own,) = session.save([Edit(kind, -1, None, altered(state, name=name))]).created.values()
            assert session.open_record(kind, own).state.name == name

    @pytest.mark.parametrize("space", SPACES, ids=character_id)
    def test_spaces_around_what_is_typed_are_not_kept(self, world: World, space: str) -> None:
        session = world.session("boss")
        for kind, state in states(world):
            padded = altered(state, **{field: f"{space}{getattr(state, field)}{space} " for field in fields(state)})
            (own,) = session.save([Edit(kind, -1, None, padded)]).created.values()
            opened = session.open_record(kind, own)
            assert [getattr(opened.state, field) for field in fields(state)] == [
                getattr(state, field) for field in fields(state)
            ]
            again = replace(opened.state, **{field: f" {getattr(state, field)}" for field in fields(state)})
            with pytest.raises(Refused, match="nothing was changed"):
                session.save([Edit(kind, own, opened.state, again, opened.revision)])

    @pytest.mark.parametrize("login", BESIDE)
    def test_nobody_comes_to_stand_beside_another(self, world: World, login: str) -> None:
        session = world.session("boss")
        acme = world.ids("customer")["acme"]
        with pytest.raises(Refused) as refused:
            session.save([Edit("user", -1, None, UserState(acme, login, "Dora too"))])
        assert refused.value.field == "login"
        rita = world.ids("user")["rita"]
        opened = session.open_record("user", rita)
        edit = Edit("user", rita, opened.state, replace(opened.state, login=login), opened.revision)
        with pytest.raises(Refused) as refused:
            session.save([edit])
        assert refused.value.field == "login"

    def test_a_sheet_is_held_to_the_same(self, world: World) -> None:
        viewer = world.viewer("boss")
        for column in ("name", "unit_id", "kind"):
            cells = {"name": "Lamp", "unit_id": "L-1", "kind": "lamp", "customer": "acme"}
            cells[column] = cells[column][:1] + "\u202e" + cells[column][1:]
            source = ",".join(cells) + "\n" + ",".join(cells.values()) + "\n"
            found = importing.read(viewer, source.encode(), kind="device")
            assert [fault for fault in found.faults if "U+202E RIGHT-TO-LEFT OVERRIDE" in fault], (column, found.faults)


def odd_document() -> dict[str, Any]:
    """A database of before, in which everything was let in."""
    document = provider()
    for name, entries in document.items():
        if isinstance(entries, list):
            for entry in entries:
                entry["name"] = f"\u202e{entry['name']} "
                if "login" in entry and entry["login"] != "boss":
                    entry["login"] = f"{entry['login']}\u200b "
                if name == "devices":
                    entry["unit_id"], entry["kind"] = f" {entry['key']}\u00ad", "\ufeffkind"
    return document


class TestStored:
    def test_what_is_stored_loads_is_found_and_dumped_as_it_is(self, world: World, tmp_path: Any) -> None:
        from support.databases import empty

        empty(world.database)
        load_document(world.database, odd_document())
        whole = dumped(world.database)
        load_document(world.database, json.loads(whole))
        assert dumped(world.database) == whole, "upon itself"
        empty(world.database)
        load_document(world.database, json.loads(whole))
        assert dumped(world.database) == whole, "into an empty one"
        assert world.viewer("dora\u200b ").user_id == world.ids("user")["dora"]
        viewer = world.viewer("boss")
        for kind in (one.name for one in EDITED.values()):
            names = {one.name for one in listing.export(viewer, Listing(kind, "\u202e"))}
            assert names, kind
            assert all(name.startswith("\u202e") and name.endswith(" ") for name in names)

    def test_everything_else_of_it_is_edited_and_undone(self, world: World) -> None:
        from support.databases import empty

        empty(world.database)
        load_document(world.database, odd_document())
        world = World(world.database)
        session = world.session("boss")
        whole = dumped(world.database)
        for kind, key, changes in (
            ("customer", "gamma", {"address": "Somewhere"}),
            ("device", "beta-0", {"notes": "Something"}),
            ("customer_group", "prod", {"description": "Something"}),
            ("user", "dora", {"active": False}),
            ("user", "dora", {"login": "dora", "name": "Dora"}),
            ("device", "beta-0", {"unit_id": "B-0", "name": "Beta", "kind": ""}),
            ("customer", "gamma", {"name": "Gamma"}),
            ("device", "beta-0", None),
            ("site", "gate", {"name": "Gate"}),
        ):
            own = world.ids(kind)[key]
            opened = session.open_record(kind, own)
            after = replace(opened.state, **changes) if changes is not None else None
            saved = session.save([Edit(kind, own, opened.state, after, opened.revision)])
            assert dumped(world.database) != whole
            session.undo(saved.change)
            assert dumped(world.database) == whole, (kind, key, changes)

    def test_whatever_else_is_broken_stays_out_of_the_way(self, world: World) -> None:
        """A control character that came with a file of old, in any text of a record: its others are edited still, and
        the broken one is, too."""
        session = world.session("boss")
        for kind, new in states(world):
            (own,) = session.save([Edit(kind, -1, None, new)]).created.values()

            def put(changes: dict[str, str], kind: StateKind = kind, own: int = own) -> None:
                opened = session.open_record(kind, own)
                edit = Edit(kind, own, opened.state, altered(opened.state, **changes), opened.revision)
                session.save([edit])

            texts = fields(new) + [one for one in ("notes", "address", "description") if hasattr(new, one)]
            for place, broken in enumerate(texts):
                with world.database.writing() as connection:
                    query = f"UPDATE {TABLES[kind]} SET {broken} = 'a' || :escape || 'b' WHERE id = :id"
                    connection.execute(text(query), {"escape": "\x1b", "id": own})
                for field in texts:
                    if field != broken:
                        put({field: f"o{place}@x.example" if field != "phone" else f"+31 20 765 {place + 20}"})
                with pytest.raises(Refused, match="control character"):
                    put({broken: "a\x07b"})
                put({broken: getattr(new, broken) or "mended"})


def test_trimming() -> None:
    assert trimmed(" \u3000a b\u00a0") == "a b"
    assert trimmed("\ta") == "\ta", "a control character is to be refused, not lost"
    assert trimmed("   ") == ""
