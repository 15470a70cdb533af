"""Keys by command: what is no key, no command, or two on one is told, and the others hold."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import ringfence.console
from ringfence.console.commands.command import Command
from ringfence.console.keymap import _key, every_command, heard, written
from ringfence.console.rooms import together
from ringfence.preferences.configuration import Fault, parse

pytestmark = pytest.mark.always

SCREENS = together()


def hear(text: str) -> tuple[dict[str, str], list[str]]:
    sound, faults = heard(parse(f"[keys]\n{text}".encode()).keys, SCREENS)
    return sound, [str(fault).removeprefix("config.toml ") for fault in faults]


def test_every_command_that_there_is_can_be_set() -> None:
    modules = [import_module(one.name) for one in walk_packages(ringfence.console.__path__, "ringfence.console.")]
    stated = [value for module in modules for value in vars(module).values()]
    listed = [one for value in stated for one in (value if isinstance(value, tuple | list) else [value])]
    names = {one.name for one in listed if isinstance(one, Command)}
    assert len(names) > 40
    assert names <= {name for name, _, _ in every_command(SCREENS)}


def test_the_commands_own_keys_are_keys_and_clash_nowhere() -> None:
    own = {name: keys for name, keys, _ in every_command(SCREENS) if keys}
    assert all(written(_key(key)) == key for keys in own.values() for key in keys.split(","))
    text = "".join(f'"{name}" = "{keys}"\n' for name, keys in own.items())
    sound, faults = hear(text)
    assert faults == []
    assert sound.keys() == own.keys()


def test_the_keys_in_the_readme_clash_with_nothing() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").partition("```toml\n")[2]
    keys = parse(text.partition("```")[0].encode()).keys
    sound, faults = heard(keys, SCREENS)
    assert faults == []
    assert sound.keys() == keys.keys() != set()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('undoo = "z"', 'line 2: keys: there is no command "undoo": did you mean undo?'),
        ('undo = ""', 'line 2: keys: "" is no key'),
        ('undo = "ctrl+"', 'line 2: keys: "ctrl+" is no key'),
        ('undo = "f5,nokey"', 'line 2: keys: "nokey" is no key'),
        ('undo = "\\u001b"', 'line 2: keys: "\\u001b" is no key'),
        ('undo = "ctrl+m"', 'line 2: keys: "ctrl+m" is enter to a terminal'),
        ('undo = "e"', "line 2: keys: undo: e is “open” already: two on one key"),
        ('undo = "j"', "line 2: keys: undo: j is “down” already: two on one key"),
        ('undo = "/"', "line 2: keys: undo: / is “filter” already: two on one key"),
        ('undo = "2"', "line 2: keys: undo: 2 is “devices” already: two on one key"),
        ('undo = "N"', "line 2: keys: undo: N is “sort by Why” already: two on one key"),
        ('undo = "f7"\nnew = "f7"', "line 3: keys: new: f7 is “undo” already: two on one key"),
        ('save = "ctrl+l"', "line 2: keys: save: ctrl+l is “leave_field” already: two on one key"),
    ],
)
def test_what_cannot_be(line: str, said: str) -> None:
    sound, faults = hear(line + '\nhelp = "f12"')
    assert faults == [said]
    assert sound.pop("help") == "f12"
    assert len(sound) == line.count("\n")


def test_what_has_no_key_may_be_given_one_or_none() -> None:
    assert hear('profile = ""') == ({}, [])
    assert hear('profile = "f8"') == ({"profile": "f8"}, [])


def test_two_may_change_places_and_one_name_may_stand_on_several_screens() -> None:
    assert hear('undo = "e"\nopen = "u"') == ({"undo": "e", "open": "u"}, [])
    assert hear('swap = "u"') == ({"swap": "u"}, [])


def test_what_falls_back_on_its_own_key_may_be_in_the_way() -> None:
    sound, faults = hear('undo = "e"\nopen = "nokey"')
    assert sound == {}
    assert [said.partition(":")[0] for said in faults] == ["line 2", "line 3"]


def test_a_letter_with_shift_is_the_capital() -> None:
    assert _key("shift+x") == _key("X") == "X"
    assert Fault(3, "x") < Fault(4, "a")
