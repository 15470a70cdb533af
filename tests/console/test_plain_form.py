"""The form and the list that follow from a declaration, for every sort of field that one can have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import pytest
from support.command_line import small
from support.console import Console, console_on, opened
from support.scratch import declared

from ringfence.console.cells.records import cells, columns
from ringfence.console.commands.declared import editable
from ringfence.console.rooms import room
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.text import Cell
from ringfence.domain import display, limits
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, State
from ringfence.domain.registry import KINDS
from ringfence.domain.shown import Area, Display, Shown
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.rows import PlainRecord
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database


@dataclass(frozen=True, slots=True)
class MeterState(State):
    """A meter of a customer: a field of every sort that a form asks for."""

    customer: Annotated[int, Ref("customer", node=True)]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    digits: Annotated[int | None, Number()] = None
    active: Annotated[bool, Flag("idle", "counts nothing")] = True
    read: Annotated[datetime | None, Moment()] = None
    measures: Annotated[str, Choice(("warm_water", "power"), "choose what it measures")] = "power"
    place: Annotated[str, Text(limits.SHORT_TEXT)] = ""
    remarks: Annotated[str, Text(limits.LONG_TEXT, lines=True)] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


MOMENT: Final = datetime(2026, 11, 30, 18, tzinfo=UTC)
METERS: Final = Kind(MeterState, "meter", "meters", resource="ticket")


@dataclass(frozen=True, slots=True)
class OtherState(State):
    """What kinds have that are in no registry."""

    customer: Annotated[int, Ref("customer", node=True)]
    name: Annotated[str, Text(limits.NAME)]
    users: Annotated[frozenset[int], Ties("user_site", "site_id", "user_id", "user")] = frozenset()
    key: Annotated[str, Text(limits.KEY)] = ""


def other(noun: str, display: Display) -> Kind:
    return Kind(OtherState, noun, f"{noun}s", display=display)


@pytest.fixture
def meters(database: Database) -> Iterator[Database]:
    load_document(database, small())
    with declared(database, METERS):
        yield database


def rows(database: Database) -> list[Any]:
    return list(listing.export(Workspace(database).sign_in("ada").viewer, Listing(METERS.name)))


async def go(console: Console, field: str) -> PlainForm:
    form = console.app.screen
    assert isinstance(form, PlainForm), console.text
    form.form.go_to(field)
    return form


def test_what_follows_from_the_fields() -> None:
    names = ["digits", "active", "read", "measures", "place"]
    assert [one.field for one in display.columns(METERS)] == ["name", *names, "customer"]
    assert [one.title for one in columns(METERS)][:3] == ["Name", "Digits", "Active"]
    assert list(display.form(METERS)) == ["name", "customer", *names, "remarks"]
    assert display.actions(METERS) == ("activate", "history", "delete", "import")
    assert display.placeholder(METERS).startswith("Name, active, measures, place or customer · ")
    record = PlainRecord(
        *(1, "m", "M", "Customer", "c", ("m", 1)),
        {"name": "M", "digits": 1204, "active": False, "read": "2026-11-30T18:00:00+00:00", "measures": "warm_water"}
        | {"place": "Cellar", "remarks": ""},
        {},
    )
    said = cells(METERS)(record)
    assert said[:4] == ("M", "1,204", Cell("idle", "attention"), "2026-11-30 18:00")
    assert said[4:] == (Cell("warm water"), "Cellar", "Customer")


def test_the_next_numbers_are_given_until_there_are_none() -> None:
    kinds = list(KINDS.values())
    assert [(kind.name, key) for kind, _, key in display.areas(kinds)] == [
        *(("customers", "1"), ("devices", "2"), ("users", "3"), ("security-groups", "4"), ("customer-groups", "4")),
        *(("roles", "4"), ("alarms", "5"), ("audit", "8")),
    ]
    more = [other(f"other{at}", Display(Area(), tab=True)) for at in range(3)]
    assert [key for _, _, key in display.areas([*more, *kinds])][-3:] == [
        "9",
        "",
        "",
    ]  # 0 is the screen of what there is to do now
    assert [kind.name for kind in display.tabs([*kinds, more[0]])] == [
        *("devices", "users", "alarms", "other0s", "sites", "alarm-rules", "test-modes", "edges")
    ]


def test_what_is_declared_and_cannot_be_is_told_at_once() -> None:
    with pytest.raises(KeyError, match="polish"):
        editable(other("m1", Display(actions=("polish",))))
    drawn = cells(other("m2", Display(columns=(Shown("colour", 4),))))
    with pytest.raises(KeyError, match="colour"):
        drawn(PlainRecord(1, "m", "M", "", None, ("m", 1), {}, {}))
    form = PlainForm(other("m3", Display(form=("users",))), None)
    form.draft = OtherState(1, "")
    with pytest.raises(TypeError, match="users: it needs one of its own"):
        form._field("users")
    with pytest.raises(KeyError, match="m4"):
        room("m4 form", None)


async def test_every_sort_of_field_is_typed_saved_and_listed(meters: Database) -> None:
    async with opened(console_on(meters, "ada"), (160, 36)) as console:
        await console.press("9", "n")
        await console.type("Cellar meter")
        form = await go(console, "digits")
        await console.type("12x")
        assert "! a number, or empty" in console.text
        assert form.draft.digits == 12, "what it was before that"
        await console.press("backspace")
        assert "! a number, or empty" not in console.text
        await go(console, "active")
        await console.press("space")
        assert "idle: counts nothing" in console.text
        await go(console, "read")
        await console.type("2026-11-30 18:")
        assert "! write it as" in console.text
        await console.press("ctrl+s")
        assert console.app.screen is form, "what cannot be read is not saved"
        await console.type("00")
        assert form.draft.read == MOMENT
        await go(console, "measures")
        await console.press("right")
        assert form.draft.measures == "warm_water"
        await console.press("ctrl+s")
        assert console.area == "meters", console.text
        row = next(line for line in console.lines if "Cellar meter" in line)
        assert all(said in row for said in ("12", "idle", "2026-11-30 18:00", "warm water"))
        await console.press("a", "a")
        (made,) = rows(meters)
        assert (made.shown("active"), made.fields()["read"]) == (True, "2026-11-30T18:00:00+00:00")
        await console.press("enter")
        for field in ("digits", "read"):
            form = await go(console, field)
            await console.press("ctrl+u")
        await console.press("ctrl+s")
        assert [rows(meters)[0].shown(field) for field in ("digits", "read")] == [None, None]
        await console.press("u", "u")
        assert rows(meters) == [made]
