"""Command lines that are read without the framework, which takes longer to load than they take to answer.

Those are ``list``, ``count`` and ``can`` with nothing in them but what they take. Whatever else is said, and whatever
is wrong, is left to the framework: it alone has help, and says what a line should be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, get_args

from ringfence.cli import reading
from ringfence.cli.bearing import Bearing
from ringfence.cli.settings import Identity, Settings, settings
from ringfence.cli.terminal import drawn
from ringfence.domain.signal import Severity

_OUTER: Final = {"--db": "db", "--at": "at", "--as": "login", "--see-as": "see_as"}
_NARROWING: Final = {
    "--under": "under",
    "--device": "device",
    "--search": "search",
    "--state": "state",
    "--severity": "severity",
}
_MOST_DIGITS: Final = 9


class Command(NamedTuple):
    """A command, and what it takes: so many arguments, and options by how they are spelled."""

    run: Callable[..., int]
    least: int
    most: int
    options: dict[str, str]


COMMANDS: Final = {
    "list": Command(
        reading.list_records,
        1,
        1,
        {
            **_OUTER,
            **_NARROWING,
            "--sort": "sort",
            "--descending": "descending",
            "--limit": "limit",
            "--format": "output",
            "--no-bom": "no_bom",
            "--follow": "follow",
        },
    ),
    "count": Command(reading.count_records, 1, 1, {**_OUTER, **_NARROWING}),
    "can": Command(reading.can, 2, 3, {"--db": "db", "--at": "at"}),
}
_CHOICES: Final = {"output": reading.Format, "state": reading.State, "severity": Severity}
FLAGS: Final = ("no_bom", "descending", "follow")
"""The options that take nothing."""
_WORDS_FIRST: Final = ("list", "count")
"""The commands that may stand behind the kind that they are about."""


class _Otherwise(Exception):  # noqa: N818 - no error: the line is only not a plain one
    """The line is for the framework."""


def run(arguments: Sequence[str], identity: Identity | Bearing | None = None) -> int | None:
    """Runs a command line, if it is a plain one. Returns its exit status; None where it is not, and nothing was done.

    Raises what the command raises.
    """
    try:
        command, outer, words, own = _read(list(arguments))
    except _Otherwise:
        return None
    with drawn():
        chosen = settings(Settings(identity=identity), **{name: outer.get(name) for name in _OUTER.values()})
        chosen = settings(chosen, **{name: own.pop(name, None) for name in _OUTER.values()})
        return command.run(chosen, *words, **own)


def _read(left: list[str]) -> tuple[Command, dict[str, Any], list[str], dict[str, Any]]:
    """The command that is meant, what stands before it, its arguments, and the options behind it."""
    if not all(word.isprintable() for word in left):
        raise _Otherwise
    outer = _options(left, _OUTER)
    first = left.pop(0) if left else ""
    words = []
    if first not in COMMANDS and left and left[0] in _WORDS_FIRST:
        from ringfence.domain.registry import LISTED

        if first not in LISTED:
            raise _Otherwise
        words, first = [first], left.pop(0)
    command = COMMANDS.get(first)
    if command is None or not outer.keys() <= set(command.options.values()):
        raise _Otherwise
    own = _options(left, command.options)
    while left:
        words.append(left.pop(0))
        more = _options(left, command.options)
        if more.keys() & own.keys():
            raise _Otherwise
        own |= more
    if not (command.least <= len(words) <= command.most and all(words)):
        raise _Otherwise
    return command, outer, words, own


def _options(left: list[str], known: dict[str, str]) -> dict[str, Any]:
    """Takes the options off that come next, each no more than once."""
    found: dict[str, Any] = {}
    while left and left[0].startswith("-"):
        spelled, given, value = left.pop(0).partition("=")
        name = known.get(spelled)
        if name is None or name in found or (name in FLAGS and given):
            raise _Otherwise
        if name not in FLAGS and not given:
            if not left:
                raise _Otherwise
            value = left.pop(0)
        found[name] = _value(name, value)
    return found


def _value(name: str, given: str) -> Any:
    if name in FLAGS:
        return True
    if name == "limit":
        if not (given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS):
            raise _Otherwise
        return int(given)
    if name in _CHOICES and given not in get_args(_CHOICES[name]):
        raise _Otherwise
    return given
