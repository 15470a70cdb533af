"""What may stand before a command: each of its options is honoured there, or wrong usage; none is ever ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.command_line import AT, Call, Save, small
from support.every_command import COMMANDS, words

from ringfence.cli.options import SHARED
from ringfence.domain.registry import LISTED

pytestmark = pytest.mark.always

OWNERS = (
    *("init", "load", "ingest", "worker", "listen dc09", "schema", "help", "audit verify"),
    *("ssh authorized-keys", "ssh session", "ssh setup", "ssh check"),
    *("db upgrade", "db check", "db backup", "db roles", "config edit", "config check"),
)
"""By nobody's rights: they are for whoever owns the database."""
LOOKING = (
    "list",
    "count",
    "can",
    *("why", "who", "rights"),
    "coverage",
    "now",
    "what-if",
    "dump",
    *(f"{kind} {verb}" for kind in LISTED for verb in ("list", "count")),
    *("edges status", "attributes list", "alarm-rules test"),
    *(f"telemetry {verb}" for verb in ("latest", "history", "events")),
    *("ingest", "worker"),  # by nobody's rights: it is when the lines came, and what is due by then
)
"""Whatever looks does so as of another moment, too; nothing else does: writing is judged now."""
SEEING = (*(name for name in LOOKING if name not in ("can", "ingest", "worker")), "sign-ins list", "tokens list")
"""Whatever looks by somebody's rights does so through another's eyes, too; nothing is changed through them."""
NO_DATABASE = ("demo", "schema", "help", "config edit", "config check")
"""What needs no database of one's own."""
FORBIDDEN: dict[str, Callable[[str], bool]] = {"--at": lambda name: name not in LOOKING,
             "--as": lambda name: name in (*OWNERS, "can"),
             "--see-as": lambda name: name not in SEEING,
             "--db": lambda name: name in NO_DATABASE,
             "--theme": lambda name: name != "demo",
             "--mouse": lambda name: name != "demo",
             "--fresh": lambda name: True}  # fmt: skip
GIVEN: dict[str, tuple[str, ...]] = {
    "--at": ("--at", AT),
    "--as": ("--as", "olga"),
    "--see-as": ("--see-as", "olga"),
    "--db": ("--db", "nowhere.db"),
    "--theme": ("--theme", "dusk"),
    "--mouse": ("--mouse",),
    "--fresh": ("--fresh",),
}


CASES = [(name, option) for name in COMMANDS for option in SHARED]


def options_of(command: Any) -> set[str]:
    """The options of a command."""
    return {option for one in command.params for option in one.opts}


@pytest.mark.parametrize(("name", "option"), CASES)
def test_an_option_means_something_or_is_wrong_usage(call: Call, name: str, option: str) -> None:
    """Before the command and behind it alike, and in the same words but for what the framework says."""
    takes = any(option in one.opts for one in COMMANDS[name].params)
    assert takes is not FORBIDDEN[option](name), "declared otherwise than in the table above"
    if takes:
        return  # what it means there, the tests of the command say
    before = call(*GIVEN[option], *words(name)).refused(2)
    behind = call(*words(name), *GIVEN[option]).refused(2)
    assert before == behind
    assert before.startswith(f"{option} ")
    assert before.endswith(f"it means nothing to 'ringfence {name}'")


def test_what_is_refused_does_nothing(call: Call, save: Save) -> None:
    """Nor is the command run, be it with full power: a load with somebody's name before it loads nothing."""
    file = save(small())
    assert call("--as", "lim", "--db", "my.db", "load", file).status == 2
    assert call("--db", "my.db", "dump").refused() == call("--db", "my.db", "dump", "--as", "ada").refused()


@pytest.mark.parametrize("option", ["group", "filter", "site"])
def test_one_cannot_be_given_and_taken_at_once(call: Call, demo_db: object, option: str) -> None:
    both = [f"--{option}", "k", f"--no-{option}", "k"]
    said = call("users", "edit", "olga", "--as", "h.devries", *both).refused(2)
    assert said == f"--{option} and --no-{option} both name 'k': say one of them"


@pytest.mark.parametrize(
    ("option", "key"), [("group", "technicians"), ("filter", "production-only"), ("site", "north-maasvlakte-gate")]
)
@pytest.mark.usefixtures("no_past")
def test_what_is_not_there_is_not_taken_away(call: Call, own_db: object, option: str, key: str) -> None:
    """Nor is the rest done then."""
    words = ["users", "edit", "h.devries", "--name", "Other", "--as", "h.devries"]
    assert call(*words, f"--no-{option}", key).refused() == f"--no-{option}: they do not have {key!r}"
    assert "there is nothing of yours to undo" in call("undo", "--as", "h.devries").refused()
    assert call("users", "edit", "h.devries", "--name", "Other", "--as", "h.devries").status == 0


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if "--yes" in options_of(one)])
def test_there_is_nothing_to_confirm_in_a_dry_run(call: Call, name: str) -> None:
    more = ("--to", "x") if name == "customers move" else ()
    said = call(*words(name), *more, "--dry-run", "--yes").refused(2)
    assert said == "--dry-run changes nothing, so there is nothing for --yes to say: leave one of them out"


def test_a_moment_for_nobody_is_wrong_usage(call: Call, demo_db: object) -> None:
    call("dump", "--at", AT).refused(2)
    call("--at", AT, "dump").refused(2)
    assert call("dump", "--at", AT, "--as", "olga").status == 0


def test_what_the_help_says_of_a_moment(call: Call) -> None:
    assert "Judge validity windows at" in call("list", "--help").out
