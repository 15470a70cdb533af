"""The words of commands: either order of them, and what a kind's fields are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command_line import Call

from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS

HANNA = ("--as", "h.devries")


@pytest.mark.parametrize("kind", KINDS)
class TestEitherOrder:
    def test_a_list(self, call: Call, demo_db: Path, kind: str) -> None:
        for words in ((), ("--limit", "2", "--format", "json"), ("--format", "keys"), ("--search", "nor")):
            assert call(kind, "list", *words, *HANNA) == (said := call("list", kind, *words, *HANNA)), words
            assert said.status == 0
        assert call(*HANNA, kind, "list").out == call("list", kind, *HANNA).out

    def test_a_count(self, call: Call, demo_db: Path, kind: str) -> None:
        for words in ((), ("--search", "nor"), ("--at", "2026-11-18T08:00:00+00:00")):
            assert call(kind, "count", *words, *HANNA) == (said := call("count", kind, *words, *HANNA)), words
            assert said.out.strip().isdigit()

    def test_the_same_is_wrong_usage(self, call: Call, demo_db: Path, kind: str) -> None:
        for words in (("list", "--no-bom", *HANNA), ("list", "sites", *HANNA), ("count", "--limit", "1", *HANNA)):
            call(kind, *words).refused(2)
        assert call(kind, "list", "--under", "nix", *HANNA) == call("list", kind, "--under", "nix", *HANNA)


@pytest.mark.parametrize("kind", EDITED.values(), ids=lambda kind: kind.name)
def test_help_says_every_field_with_what_it_may_hold(call: Call, kind: Kind) -> None:
    said = call("help", kind.name)
    assert (said.status, said.err) == (0, "")
    told = {line.split()[0]: line for line in said.lines}
    assert set(told) == set(kind.fields) - kind.whole
    assert all(line.endswith(".") for field, line in told.items() if field != "key")
    assert "required" in told["name"]


def test_help_of_devices(call: Call) -> None:
    assert [re.split("  +", line) for line in call("help", "devices").lines] == [
        ["key", "text, at most 400 characters"],
        ["customer", "customer, required", "Whose it is."],
        ["name", "text, at most 400 characters, required", "Its name."],
        ["unit_id", "text, at most 200 characters", "Its unit id."],
        ["kind", "text, at most 200 characters", "What it is, such as camera."],
        ["site", "site, or none", "The site that it stands on."],
        ["notes", "lines of text, at most 4,000 characters", "What else there is to know."],
        [
            "attributes",
            "lines of text, at most 4,000 characters",
            "What rules ask for as attr.NAME: name = value, one a line.",
        ],
    ]


def test_there_is_no_help_of_anything_else(call: Call) -> None:
    assert call("help", "nix").refused().startswith("there is no kind 'nix': choose one of customers, sites")
    assert call("help", "audit").refused() == "nobody fills the audit in: 'ringfence list audit' lists it"
    call("help").refused(2)
