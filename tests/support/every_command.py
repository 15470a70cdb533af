"""Every command there is, found where they are declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typer.core import TyperGroup

from ringfence.cli.commands import _program


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    context = group.make_context("ringfence", [], resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield before + name, command


COMMANDS: Final = dict(_commands(_program()))
"""Each by its words."""


def words(name: str, **values: str) -> list[str]:
    """A call of a command, with as many arguments as it must have, and what else is given: ``values`` by their
    parameters, else ``x``."""

    def said(one: Any) -> bool:
        return bool(one.required) or (one.param_type_name == "argument" and one.name in values)

    needed = [one for one in COMMANDS[name].params if said(one)]
    found = name.split()
    for one in needed:
        value = values.get(one.name, "x")
        found += [value] if one.param_type_name == "argument" else [one.opts[0], value]
    return found
