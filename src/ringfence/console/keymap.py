"""Which keys the commands have: their own, or what the user's configuration says instead.

Textual puts other keys in the place of a binding's by its id, which is here the name of the command. That two then
stand on one key it does not say, and one of them goes: it is looked for here, on each screen, and the later line of
the configuration is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from textual.binding import BindingsMap
from textual.keys import REPLACED_KEYS, Keys, _character_to_key, key_to_character

from ringfence.console.commands.command import Command
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.tree import ForestView
from ringfence.console.widgets.windowed import WindowedList
from ringfence.preferences.configuration import Fault, Placed, like
from ringfence.preferences.small_files import quoted

_NAMED: Final = frozenset(key.value for key in Keys if key.value.isalnum())
_MODIFIERS: Final = frozenset({"ctrl", "alt", "shift", "super", "meta", "hyper"})
_SENT_AS: Final = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
"""What a terminal makes of some keys, so that nobody can tell them apart."""


class Together(NamedTuple):
    """The commands that stand on one screen, and what other keys do there."""

    commands: Sequence[Command[Any]]
    keys: Mapping[str, str]


def marking() -> tuple[Command[Any], ...]:
    """The keys of tables that can be set like those of commands: their bindings that have a name."""
    return tuple(
        Command(bound.id, key, f"{bound.description.capitalize()}.", lambda _: None)
        for key, bound in BindingsMap(WindowedList.BINDINGS)
        if bound.id is not None
    )


def heard(keys: Mapping[str, Placed], screens: Sequence[Together]) -> tuple[dict[str, str], list[Fault]]:
    """The keys that hold, by command, in Textual's words, and what is wrong with the others.

    Args:
        keys: What is set, by the name of the command, in the order of the file.
        screens: What stands on every screen.
    """
    names = {command.name: command.keys for screen in screens for command in screen.commands}
    sound: dict[str, str] = {}
    faults: list[Fault] = []
    for name, placed in keys.items():
        try:
            if name not in names:
                raise ValueError(f"there is no command {quoted(name)}{like(name, sorted(names))}")
            if placed.value or names[name]:  # what has no key may be left without
                sound[name] = ",".join(dict.fromkeys(_key(one) for one in placed.value.split(",")))
        except ValueError as wrong:
            faults.append(Fault(placed.line, f"keys: {wrong}"))
    while clash := next(_clashes(sound, screens), None):
        name, other, key = max(clash, key=lambda found: keys[found[0]].line)
        faults.append(Fault(keys[name].line, f"keys: {name}: {written(key)} is “{other}” already: two on one key"))
        del sound[name]
    return sound, sorted(faults)


def every_command(screens: Sequence[Together]) -> list[tuple[str, str, str]]:
    """Name, own keys as they are written, and help of every command, by name."""
    found = {command.name: command for screen in reversed(screens) for command in screen.commands}
    return [
        (name, ",".join(map(written, command.keys.split(","))) if command.keys else "", command.help)
        for name, command in sorted(found.items())
    ]


def written(key: str) -> str:
    """A key of Textual's as people write it in the configuration."""
    *modifiers, last = key.split("+")
    character = _character(last)
    plain = character is not None and character.isprintable() and character not in ' ,"\\+'
    return "+".join((*modifiers, character if plain and character is not None else last))


def _character(key: str) -> str | None:
    """What is typed by a key, where that is a character."""
    return key_to_character(REPLACED_KEYS.get(key, key))


def _key(text: str) -> str:
    """A key in Textual's words. Raises ValueError for what is none, or what no terminal sends."""
    *modifiers, last = text.strip().split("+")
    if not last and not any(modifiers):
        modifiers, last = [], "+" if modifiers else ""
    if len(last) == 1 and last.isprintable():
        if modifiers == ["shift"]:
            modifiers, last = [], last.upper()
        last = _character_to_key(last)
    elif len(last) == 1 or (last not in _NAMED and _character(last) is None):
        raise ValueError(f"{quoted(text)} is no key")
    if not _MODIFIERS.issuperset(modifiers):
        raise ValueError(f"{quoted(text)} is no key")
    key = "+".join((*modifiers, last))
    if key in _SENT_AS:
        raise ValueError(f"{quoted(text)} is {_SENT_AS[key]} to a terminal")
    return key


def _clashes(sound: Mapping[str, str], screens: Sequence[Together]) -> Iterator[list[tuple[str, str, str]]]:
    """Where two things stand on one key that did not before: those of them that were set, each with what else is on its
    key, and the key."""
    for commands, more in screens:
        own = {command.name: _parted(command.keys) for command in commands}
        now = {name: _parted(sound[name]) if name in sound else keys for name, keys in own.items()}
        others = {**_OF_LISTS, **more}
        for name in own.keys() & sound.keys():
            for key in sorted(now[name] - own[name]):
                if key in others:
                    yield [(name, others[key], key)]
                for other in own:
                    if other != name and key in now[other]:
                        yield [(name, other, key), *([(other, name, key)] if other in sound else [])]


def _parted(keys: str) -> set[str]:
    return set(keys.split(",")) - {""}


def _list_keys() -> dict[str, str]:
    """What a key does in every list and tree, whose own keys come before the screen's."""
    found: dict[str, str] = {}
    for widget in (LineList, WindowedList, ForestView):
        for key, bound in BindingsMap(widget.BINDINGS):
            if bound.id is None:
                found.setdefault(key, bound.description.lower())
    return found


_OF_LISTS: Final = _list_keys()
