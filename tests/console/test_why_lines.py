"""Why somebody may or may not, as lines: what is open and what is not, told by signs and words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from ringfence.console.cells.explaining import gate_lines, path_lines, rest, verdict, wall_lines
from ringfence.console.widgets.flow import flow
from ringfence.services.explained import HIDDEN, NO_GROUP, Entry, Gate, Named, Path, Why

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
    assert [line.text for line in wall_lines(replace(no, paths=(), hidden=False))] == [NO_GROUP]  # type: ignore[union-attr]


@pytest.mark.parametrize("width", [30, 60])
def test_what_a_gate_says_hangs_below_itself(width: int) -> None:
    gates = (Gate("scope", False, "a customer group " * 4), *GATES[:2])
    lines = ["".join(cell.text for cell in line) for line in flow(gate_lines(replace(SHUT, gates=gates))[0], width)]
    assert lines[0].startswith("✗ scope        a customer")
    assert lines[1].startswith(" " * 15 + "customer") or lines[1].startswith(" " * 15 + "group")
    assert plain(gate_lines(OPENS)[1]) == "✓ window       until 19 Nov 2026 18:00 UTC"
