"""Command lines that are read without the framework: they come to the same as with it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
from typer.main import get_command

from ringfence.cli import plain, reading
from ringfence.cli.commands import app, execute
from ringfence.cli.settings import WrongUsage

PLAIN = [
    ["list", "devices"],
    ["list", "devices", "--as", "olga"],
    ["--see-as", "olga", "list", "devices", "--as", "petra"],
    ["count", "devices", "--as", "olga", "--see-as=petra"],
    ["count", "devices", "--see-as", ""],
    ["--as", "olga", "list", "devices"],
    ["--db", "a.db", "--as=olga", "--at", "2026-11-22T08:00:00+00:00", "count", "users"],
    ["--db", "a.db", "--as", "olga", "count", "--db", "b.db", "users", "--as", "petra"],
    ["list", "--under", "northwind", "devices", "--search=cold room", "--limit", "5", "--format", "csv", "--no-bom"],
    ["list", "devices", "--search", "-test", "--format=keys"],
    ["list", "devices", "--search", "--limit", "--limit", "007"],
    ["list", "devices", "--search", "--", "--under="],
    ["list", "devices", "--sort", "unit-id", "--descending", "--limit", "5"],
    ["users", "list", "--descending", "--sort="],
    ["list", "no such kind", "--as", ""],
    ["devices", "list", "--as", "olga", "--limit", "0"],
    ["security-groups", "count", "--search", "a=b"],
    ["audit", "list"],
    ["alarms", "list", "--as", "olga"],
    ["list", "alarms", "--state", "all", "--severity", "critical", "--search", "a"],
    ["count", "alarms", "--severity=minor"],
    ["list", "alarms", "--follow", "--format", "json", "--as", "olga"],
    ["list", "devices", "--state", "all"],
    ["can", "olga", "device.list"],
    ["--db", "a.db", "can", "olga", "device.list", "customer:northwind", "--at", "2026-11-22T08:00:00+00:00"],
    ["can", "--db=a.db", "olga", "device.list", "customer:"],
]
OTHERS = [
    ["--help"],
    ["list"],
    ["list", "--help"],
    ["list", "devices", "users"],
    ["list", "devices", "--as"],
    ["list", "devices", "--as", "olga", "--as", "petra"],
    ["list", "--as", "olga", "devices", "--as", "petra"],
    ["list", "devices", "--"],
    ["list", "devices", "-h"],
    ["list", "devices", "--lim", "5"],
    ["list", "devices", "--limit", "-1"],
    ["list", "devices", "--limit", "1_000"],
    ["list", "devices", "--limit", "٣"],
    ["list", "devices", "--format", "CSV"],
    ["list", "alarms", "--state", "open"],
    ["count", "alarms", "--severity", "bad"],
    ["list", "devices", "--no-bom=yes"],
    ["list", "devices", "--descending=no"],
    ["list", "alarms", "--follow=yes"],
    ["count", "devices", "--sort", "name"],
    ["list", ""],
    ["list", "devices", "--search", "a\tb"],
    ["list", "devices", "--search", "\udcff"],
    ["count", "devices", "--limit", "5"],
    ["count", "--no-bom", "devices"],
    ["devices", "can"],
    ["devices", "create", "--as", "olga"],
    ["devices", "--as", "olga", "list"],
    ["can", "olga"],
    ["can", "olga", "device.list", "customer:a", "customer:b"],
    ["--as", "olga", "can", "olga", "device.list"],
    ["can", "olga", "device.list", "--as", "olga"],
    ["--search", "a", "list", "devices"],
    ["--version"],
    ["dump"],
]
COMMANDS: dict[str, Callable[..., int]] = {
    "list": reading.list_records,
    "count": reading.count_records,
    "can": reading.can,
}

Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What the commands were called with, however they were: instead of doing what they do."""
    made: Calls = []

    def instead(name: str, command: Callable[..., int]) -> Callable[..., int]:
        def called(*words: Any, **options: Any) -> int:
            given = signature(command).bind(*words, **options)
            given.apply_defaults()
            made.append((name, given.arguments))
            return 0

        return called

    for name, command in COMMANDS.items():
        stub = instead(name, command)
        monkeypatch.setattr(reading, command.__name__, stub)
        monkeypatch.setitem(plain.COMMANDS, name, plain.COMMANDS[name]._replace(run=stub))
    return made


def _come_to(run: Callable[[list[str]], int | None], words: list[str]) -> str | None:
    try:
        run(words)
    except WrongUsage as error:
        return str(error)
    return None


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_a_plain_line_comes_to_what_the_framework_makes_of_it(calls: Calls, words: list[str]) -> None:
    said = _come_to(plain.run, words)
    read = calls.copy()
    calls.clear()
    assert _come_to(execute, words) == said
    assert read == calls
    assert len(read) == (said is None)


@pytest.mark.parametrize("words", OTHERS, ids=ascii)
def test_whatever_else_is_said_is_left_to_the_framework(calls: Calls, words: list[str]) -> None:
    assert plain.run(words) is None
    assert calls == []


@pytest.mark.parametrize("name", COMMANDS)
def test_all_that_a_command_takes_is_known(name: str) -> None:
    taken = get_command(app).get_command(None, name).params  # type: ignore[attr-defined]
    options = {spelled: one.name for one in taken if one.param_type_name == "option" for spelled in one.opts}
    assert plain.COMMANDS[name].options == options
    assert {one.name for one in taken if getattr(one, "is_flag", False)} <= set(plain.FLAGS)
    arguments = [one for one in taken if one.param_type_name == "argument"]
    assert plain.COMMANDS[name].least == sum(one.required for one in arguments)
    assert plain.COMMANDS[name].most == len(arguments)
