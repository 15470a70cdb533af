"""Why somebody may or may not, as lines: what is open and what is not, told by signs and words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from ringfence.console.cells.explaining import (
    besides,
    gate_lines,
    path_lines,
    permissions_of,
    question,
    rest,
    verdict,
    wall_lines,
)
from ringfence.console.cells.permissions import does_anywhere
from ringfence.console.widgets.flow import flow
from ringfence.domain.permission import KEYS
from ringfence.domain.registry import EDITED
from ringfence.services.explained import HIDDEN, NO_GROUP, UNSEEN, Entry, Fix, Gate, Named, Path, Why

CUSTOMER: Final = Named(7, "north", "North")
GATES: Final = (
    Gate("user active", True, "active"),
    Gate("window", True, "always"),
    Gate("scope", True, "selected: North"),
)
OPENS: Final = Path(
    group=Named(1, "crew", "Crew"),
    role=Named(2, "technician", "Technician"),
    level="service_provider",
    scope="selected",
    entry=Entry(CUSTOMER, False),
    home=None,
    filter=None,
    valid_from=None,
    valid_until="2026-11-19T18:00:00+00:00",
    open=True,
    deciding=True,
    only=True,
    gates=GATES,
)
SHUT: Final = replace(
    OPENS,
    group=Named(3, "cover", "Cover"),
    open=False,
    deciding=False,
    only=False,
    entry=None,
    gates=(*GATES[:2], Gate("scope", False, "does not name North")),
)
YES: Final = Why(
    True, "ann", Named(9, "ann", "Ann"), "device.list", "customer:north", "North", "", (OPENS, SHUT), False
)


def plain(line: object) -> str:
    return "".join(cell.text for cell in flow(line, 200)[0])  # type: ignore[arg-type]


def test_a_yes_says_how_and_for_how_long_and_where_the_others_end() -> None:
    assert verdict(YES).text == "yes, by one path only"
    assert [plain(line) for line in path_lines(YES.paths)] == [
        "✓ Crew   Technician · North alone · until 19 Nov 2026 18:00 UTC",
        "✗ Cover  closed at scope: does not name North (until 19 Nov 2026 18:00 UTC)",
    ]
    assert not rest(YES)


def test_a_no_says_its_walls_and_that_something_is_hidden_once() -> None:
    no = replace(YES, allowed=False, paths=(SHUT, SHUT), hidden=True)
    assert verdict(no).text == "no: closed at scope"
    assert [plain([line] if isinstance(line, tuple) else line) for line in wall_lines(no)][1:] == [
        "✗ Cover  closed at scope: does not name North (until 19 Nov 2026 18:00 UTC)",
        HIDDEN,
    ]
    alone = replace(no, paths=())
    assert [plain(line) for line in rest(alone)] == [f"✗ closed at {UNSEEN}"], "it is said besides nothing"
    assert [plain(line) for line in rest(replace(alone, allowed=True))] == [f"✓ by {UNSEEN}"]
    assert [line.text for line in wall_lines(replace(no, paths=(), hidden=False))] == [NO_GROUP]  # type: ignore[union-attr]


@pytest.mark.parametrize("width", [30, 60])
def test_what_a_gate_says_hangs_below_itself(width: int) -> None:
    gates = (Gate("scope", False, "a customer group " * 4), *GATES[:2])
    lines = ["".join(cell.text for cell in line) for line in flow(gate_lines(replace(SHUT, gates=gates))[0], width)]
    assert lines[0].startswith("✗ scope        a customer")
    assert lines[1].startswith(" " * 15 + "customer") or lines[1].startswith(" " * 15 + "group")
    assert plain(gate_lines(OPENS)[1]) == "✓ window       until 19 Nov 2026 18:00 UTC"


@pytest.mark.parametrize(
    ("permission", "noun", "asks"),
    [
        ("customer.list", "customer", "May Ann see North?"),
        ("customer.create", "customer", "May Ann create customers nested in North?"),
        ("device.list", "customer", "May Ann see devices of North?"),
        ("device.delete", "device", "May Ann delete the device North?"),
        ("device.assign", "device", "May Ann move the device North to another customer?"),
        ("alarm.list", "device", "May Ann see alarms of North?"),
        ("edge.list", "edge", "May Ann see the edge North?"),
        ("security_group.view", "security_group", "May Ann open the security group North?"),
        ("user.impersonate", "user", "May Ann see as the user North, without changing anything?"),
        ("policy.edit", "customer", "May Ann edit policies?"),
    ],
)
def test_what_is_asked_is_a_question(permission: str, noun: str, asks: str) -> None:
    assert question(replace(YES, permission=permission, record=f"{noun}:north"), EDITED[noun]) == asks


def test_every_question_is_one() -> None:
    for kind in EDITED.values():
        for permission in permissions_of(kind):
            asks = question(replace(YES, permission=permission), kind)
            assert asks.startswith("May Ann ")
            assert asks.endswith("?")
            assert not [one for one in ("{", "  ") if one in asks], asks


def test_every_permission_is_told_from_the_others_by_what_it_lets_one_do() -> None:
    said = [does_anywhere(one) for one in KEYS]
    assert len(set(said)) == len(said)
    assert not [one for one in said if " " not in one or "{" in one or "  " in one]
    assert does_anywhere("device.delete") == "Delete devices"
    assert does_anywhere("customer.view") == "View details of customers"
    assert does_anywhere("user.impersonate") == "See as another user"


@pytest.mark.parametrize(
    ("counts", "opens"),
    [
        ((0, 0, 25), "25 other rights"),
        ((1, 0, 0), "1 customer"),
        ((5, 2, 155), "5 customers and 155 other rights, for 2 others too"),
        ((0, 0, 0), "nothing"),
    ],
)
def test_what_a_change_opens_besides_is_told_without_what_was_asked(counts: tuple[int, int, int], opens: str) -> None:
    fix = Fix((), *counts, exact=True, may=True)
    assert besides(fix, EDITED["customer"]) == f"Besides what was asked it opens {opens}."
    assert besides(replace(fix, exact=False), EDITED["customer"]).startswith(
        "Besides what was asked it opens at least "
    )
