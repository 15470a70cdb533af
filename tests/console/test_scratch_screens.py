"""A kind of record that no screen names has its list, its form, its tab and its keys from its declaration: driven by
keys alone, on both engines, and scoped as any."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import small
from support.console import Console, console_on, opened
from support.scratch import ORDERS, OrderState, declared

from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.help import HelpScreen
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.screens.record_list import RecordList
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.domain.kind import altered
from ringfence.domain.shown import Display
from ringfence.services import listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

WIDE = (120, 36)
LOOKING = ["customer.list", "ticket.list", "ticket.view"]
WORKING = [*LOOKING, "site.list", "user.list", *(f"ticket.{one}" for one in ("create", "edit", "delete"))]


def one_customer(key: str, permissions: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Somebody who holds these permissions at the customer ``c`` and nowhere else."""
    group = {"key": key, "tenant": "t", "name": key.upper()}
    return {
        "roles": [{**group, "access_level": "customer", "permissions": permissions}],
        "security_groups": [{**group, "role": key, "scope": "selected", "customers": [{"customer": "c"}]}],
        "users": [{**group, "login": key, "security_groups": [{"group": key}]}],
    }


PEOPLE = [one_customer("ed", WORKING), one_customer("lo", LOOKING), one_customer("no", ["customer.list"])]
WORLD = small(
    customers=[{"key": "east", "tenant": "t", "name": "East"}],
    sites=[
        {"key": "hq", "tenant": "t", "customer": "c", "name": "Head office"},
        {"key": "far", "tenant": "t", "customer": "east", "name": "Far away"},
    ],
    roles=[one for person in PEOPLE for one in person["roles"]],
    security_groups=[one for person in PEOPLE for one in person["security_groups"]],
    users=[
        *(one for person in PEOPLE for one in person["users"]),
        {"key": "bo", "tenant": "t", "home": "c", "login": "bo", "name": "Bo Worker"},
        {"key": "far", "tenant": "t", "home": "east", "login": "far", "name": "Farida"},
    ],
)


@pytest.fixture(params=["declared", "silent"])
def orders(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Two orders at the customer ``c`` and one at another; the kind says how it is shown, or nothing of that."""
    monkeypatch.setenv("HOME", str(tmp_path))
    if request.param == "silent":
        monkeypatch.setattr(ORDERS, "display", Display())
    load_document(database, WORLD)
    with declared(database):
        session = Workspace(database).sign_in("ada")
        ids = {
            kind: {row.key: row.id for row in listing.export(session.viewer, Listing(kind))}
            for kind in ("customers", "sites", "users")
        }
        c, east = ids["customers"]["c"], ids["customers"]["east"]
        states = (
            OrderState(c, "Mend the fence", "high", ids["sites"]["hq"], ids["users"]["bo"], "First\nsecond"),
            OrderState(c, "Sweep"),
            OrderState(east, "Guard", site=ids["sites"]["far"]),
        )
        session.save([Edit(ORDERS.noun, -at, None, state) for at, state in enumerate(states, 1)])
        yield database


def found(database: Database, login: str = "ada") -> dict[str, dict[str, Any]]:
    """What somebody may list, by name."""
    viewer = Workspace(database).sign_in(login).viewer
    return {one.name: one.fields() for one in listing.export(viewer, Listing(ORDERS.name))}


def names(console: Console) -> list[str]:
    """What the list that is up shows."""
    table = console.app.screen.query_one(RecordList)
    return [table.row_at(at).name for at in range(table.count)]  # type: ignore[union-attr]


async def to(console: Console, field: str) -> None:
    """Goes down a form to a field."""
    form = console.app.screen
    assert isinstance(form, PlainForm), console.text
    await console.press("ctrl+home")
    for _ in range(12):
        if form.form.current[0] == field:
            return
        await console.press("down")
    raise AssertionError(console.text)


async def test_it_has_a_number_a_line_in_the_help_and_a_place_in_the_palette(orders: Database) -> None:
    label = "Orders" if ORDERS.display.tab else "Work orders"
    async with opened(console_on(orders, "ed"), (120, 70)) as console:
        assert f"  9 {label}" in console.lines[1]
        await console.press("9")
        assert console.area == "work-orders"
        assert names(console) == ["Mend the fence", "Sweep"]
        shown = {key.action for key in console.app.screen.query_one(KeyBar).keys}
        assert {"filter", "actions", "open", "new", "undo", "delete", "export"} <= shown
        assert "history" not in shown, "ed may not view the audit"
        await console.press("question_mark")
        assert isinstance(console.app.screen, HelpScreen)
        assert "Go to the work orders." in console.text
        await console.press("escape", "1", "ctrl+p")
        await console.type("go to the work")
        await console.press("enter")
        assert console.area == "work-orders"


async def test_it_is_made_by_keys(orders: Database) -> None:
    async with opened(console_on(orders, "ed"), WIDE) as console:
        await console.press("9", "n")
        assert "New work order" in console.text
        await console.type("Paint the gate")
        await to(console, "urgency")
        await console.press("right")
        await to(console, "site")
        await console.press("enter")
        assert "Head office" in console.text
        assert "Far away" not in console.text, "a site of another customer"
        await console.type("head")
        await console.press("enter")
        await to(console, "worker")
        await console.press("enter")
        await console.type("bo")
        assert "Farida" not in console.text, "somebody whom they may not list"
        await console.press("enter")
        await to(console, "notes")
        await console.type("Green")
        await console.press("ctrl+j")
        await console.type("not blue")
        assert "Nobody gains or loses anything." in console.text
        await console.press("ctrl+s")
        assert console.area == "work-orders", console.text
        table = console.app.screen.query_one(RecordList)
        assert table.row.name == "Paint the gate", "the cursor is on what was made"
        made = found(orders)["Paint the gate"]
        assert made == {
            "key": "paint-the-gate",
            "customer": "c",
            "site": "hq",
            "name": "Paint the gate",
            "urgency": "high",
            "worker": "bo",
            "notes": "Green\nnot blue",
        }
        row = next(line for line in console.lines if "Paint the gate" in line)
        assert all(said in row for said in ("high", "Head office", "Bo Worker", "Customer"))
        await console.press("u", "u")
    assert "Paint the gate" not in found(orders)


async def test_it_is_filtered_opened_edited_deleted_and_undone(orders: Database) -> None:
    before = found(orders)
    async with opened(console_on(orders, "ed"), WIDE) as console:
        await console.press("9", "slash")
        await console.type("mend")
        await console.press("enter")
        assert names(console) == ["Mend the fence"]
        assert "1 of 2" in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, PlainForm)
        assert "Bo Worker" in console.text
        assert "Head office" in console.text
        await console.press("end")
        await console.type(" today")
        await to(console, "site")
        await console.press("enter", "up", "enter")
        await to(console, "worker")
        await console.press("enter", "ctrl+home", "enter")
        await console.press("ctrl+s")
        now = found(orders)["Mend the fence today"]
        assert (now["site"], now["worker"], now["notes"]) == (None, None, "First\nsecond")
        await console.press("u", "u")
        assert found(orders) == before
        await console.press("escape", "home", "space", "space", "D")
        assert "Delete 2 work orders?" in console.text
        await console.press("d")
        assert found(orders).keys() == {"Guard"}
        assert "No work orders here that ED may see." in console.text
        await console.press("u", "u")
        assert found(orders) == before


async def test_it_is_exported_as_it_is_listed(orders: Database, tmp_path: Path) -> None:
    async with opened(console_on(orders, "ed"), WIDE) as console:
        await console.press("9", "o")
        assert "2 work orders" in console.text
        await console.press("enter")
        (path,) = tmp_path.glob("ringfence-work-orders-*.csv")
        assert f"Wrote 2 rows to {path}" in console.toasts
    with path.open(newline="", encoding="utf-8-sig") as opened_again:
        rows = {row["name"]: row for row in csv.DictReader(opened_again)}
    assert rows["Mend the fence"] == {
        name: "" if value is None else value for name, value in found(orders)["Mend the fence"].items()
    }


async def test_another_user_sees_it_scoped_and_what_is_off_says_why(orders: Database) -> None:
    async with opened(console_on(orders, "lo"), WIDE) as console:
        await console.press("9")
        assert names(console) == ["Mend the fence", "Sweep"]
        for hidden in ("Head office", "Bo Worker", "Guard", "East"):
            assert hidden not in console.text
        for key, said in (
            ("n", "new: you may not create work orders (ticket.create): w says why"),
            ("D", "delete: you may not delete work orders (ticket.delete): w says why"),
            ("H", "history: you may not view the audit (audit.view): w says why"),
        ):
            console.forget_toasts()
            await console.press(key)
            assert console.toasts == [said]
        await console.press("m")
        assert isinstance(console.app.screen, Dialog)
        assert "Delete  — you may not delete work orders (ticket.delete)" in console.text
        await console.press("escape", "enter")
        form = console.app.screen
        assert isinstance(form, PlainForm)
        assert form.read_only == "you may view this work order, but not change it (ticket.edit)"
        assert (form.draft.site, form.draft.worker) == (None, None)
        assert "Head office" not in console.text
        await console.press("escape")
        await console.switch("no")
        assert console.area == "customers"
        console.forget_toasts()
        await console.press("9")
        assert [toast.partition(": ")[2] for toast in console.toasts] == ["NO may not list work orders (ticket.list)"]
        await console.switch("ada")
        await console.press("9")
        assert names(console) == ["Guard", "Mend the fence", "Sweep"]


async def test_it_goes_where_one_may_put_it_and_leaves_its_site_behind(orders: Database) -> None:
    async with opened(console_on(orders, "ada"), WIDE) as console:
        await console.press("9", "down", "enter")
        await to(console, "customer")
        await console.press("enter")
        await console.type("east")
        await console.press("enter", "ctrl+s")
        assert console.area == "work-orders", console.text
        now = found(orders)["Mend the fence"]
        assert (now["customer"], now["site"], now["worker"]) == ("east", None, "bo")
        await console.switch("ed")
        assert names(console) == ["Sweep"]


async def test_another_operator_s_change_is_shown_beside_one_s_own(orders: Database) -> None:
    async with opened(console_on(orders, "ed"), WIDE) as console:
        await console.press("9", "enter", "end")
        await console.type(" soon")
        session = Workspace(orders).sign_in("ada")
        own = next(one.id for one in listing.export(session.viewer, Listing(ORDERS.name, "mend")))
        state = session.open_record(ORDERS.noun, own)
        changed = altered(state.state, name="Mend it", worker=None)
        session.save([Edit(ORDERS.noun, own, state.state, changed, state.revision)])
        await console.press("ctrl+s")
        assert "This work order was changed meanwhile" in console.text
        assert "Mend it" in console.text


async def test_it_is_a_tab_of_its_customer_where_it_says_so(orders: Database) -> None:
    async with opened(console_on(orders, "ada"), WIDE) as console:
        await console.press("down")
        tabs = ["details", "devices", "users", "alarms", *(["work-orders"] if ORDERS.display.tab else [])]
        tabs += ["sites", "alarm-rules", "test-modes", "edges", "events", "who"]
        assert list(console.app.screen.detail.tabs) == tabs  # type: ignore[attr-defined]
        if not ORDERS.display.tab:
            return
        await console.press(*["right_square_bracket"] * 3)
        assert "Work orders 2" in console.text
        await console.press("enter", "n")
        form = console.app.screen
        assert isinstance(form, PlainForm)
        assert form.place_name() == "Customer"
        await console.type("Anew")
        await console.press("ctrl+s")
        assert "Work orders 3" in console.text
        assert found(orders)["Anew"]["customer"] == "c"
