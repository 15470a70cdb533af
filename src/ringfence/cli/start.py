"""``ringfence`` and ``ringfence demo``: opening the console."""

from __future__ import annotations

import codecs
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ringfence.cli.bearing import Bearing
from ringfence.cli.settings import Identity, Settings, WrongUsage, checked, origin, ssh_address
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.console.opening import Awaited
    from ringfence.services.workspace import Workspace

_TRY_NEXT: Final = """\
To try in the demo: F2 (another's view), F3 (two side by side), ? (every key).
To try after it: 'ringfence demo | cat', 'ringfence --db my.db load FILE'.
"""
"""What whoever leaves the demo for the first time is told."""


def at_once(arguments: Sequence[str], identity: Identity | Bearing | None = None) -> bool:
    """Opens the console where the command line says no more than that (for whom, and whether the demo is quiet);
    returns whether it did.

    The common ways in need no parser of options, which would take longer than the first paint.
    """
    words = list(arguments)
    if identity is not None:
        if not words:
            console(Settings(identity=identity))
        return not words
    wants_demo = words[:1] == ["demo"]
    if wants_demo:
        del words[0]
    quiet = wants_demo and words[:1] == ["--quiet"]
    if quiet:
        del words[0]
    login = None
    if len(words) == 2 and words[0] == "--as" and not words[1].startswith("-"):
        login = checked(words[1])
        words = []
    if words:
        return False
    if wants_demo:
        demo(Settings(login=login), quiet=quiet)
    else:
        console(Settings(login=login))
    return True


def demand_terminal() -> None:
    """Raises RingfenceError where there is none."""
    if not _on_terminal():
        raise RingfenceError(
            "the console needs a terminal: use 'ringfence list' and its like, or see 'ringfence --help'"
        )


def console(chosen: Settings) -> None:
    """The console on the database of ``--db``, which asks who you are unless ``--as`` says so; of whoever was proven to
    be somebody, theirs. Raises RingfenceError for whoever comes by a token, which is for programs."""
    if chosen.identity is not None and chosen.identity.how == "token":
        raise RingfenceError("the console is for people, and a token for programs: unset RINGFENCE_TOKEN to sign in")
    demand_terminal()
    chosen = _configured(chosen)

    def connect(awaited: Awaited) -> Workspace:
        from ringfence.services.workspace import Workspace
        from ringfence.storage.engine import locate, whereabouts

        identity = chosen.proven
        if identity is None:
            awaited.what = f"waiting for the database at {whereabouts(locate(chosen.database))}"
            # Whoever says who they are owns the database; whoever does not is asked to prove it.
            database = chosen.open() if chosen.login is not None else chosen.opened()
            return Workspace(database, origin=origin("console"), address=ssh_address())
        whence = origin("console", identity)
        return Workspace(identity.viewer.database, origin=whence, proven=identity.viewer, sign_in=identity.sign_in)

    _run(connect, chosen, demo=False, confined=chosen.identity is not None and chosen.identity.confined)


def demo(chosen: Settings, *, quiet: bool = False) -> None:
    """The console on a scratch copy of the demo database, to which signals come in unless it is ``quiet``; where output
    is no terminal, who sees what."""
    if not _on_terminal():
        options = {"--as": chosen.login, "--theme": chosen.theme, "--mouse": chosen.mouse, "--quiet": quiet or None}
        for option, given in options.items():
            if given is not None:
                raise WrongUsage(f"{option} is for the console: where output is no terminal, all users are told of")
        _print_story()
        return
    from contextlib import ExitStack

    with ExitStack() as stack:

        def connect(awaited: Awaited) -> Workspace:
            from ringfence.services.workspace import Workspace
            from ringfence.snapshot.demo import scratch_copy
            from ringfence.snapshot.demo_feed import fed

            awaited.what = "copying the demo"
            database, later = stack.enter_context(scratch_copy())
            if not quiet:
                stack.enter_context(fed(database, later))
            return Workspace(database, origin=origin("console"))

        _run(connect, _configured(chosen), demo=True)
    if _first_time():
        sys.stdout.write(_TRY_NEXT)


def _first_time() -> bool:
    """Whether this user has not left the demo before, as far as that could be kept."""
    from ringfence.storage import files, folders

    left = folders.state() / "demo-left"
    try:
        left.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return files.make(left)
    except OSError:
        return True


def _configured(chosen: Settings) -> Settings:
    """The settings with what the user has configured. Its theme, its colours and its mouse become what holds here and
    now: an option goes before the environment, and that before the file. Raises WrongUsage for an option or variable
    that means nothing."""
    from ringfence.console.depth import depth_of
    from ringfence.preferences.configuration import Placed, load, parse

    found = load()
    if chosen.proven is not None and chosen.proven.confined:
        from ringfence.services.own_console import settings

        # Of those who share the account each has set what is theirs; whoever has not finds what is set there.
        own = settings(chosen.proven.viewer)
        found = parse(own.encode()) if own else found
    theme, mouse = _theme(chosen), _mouse(chosen)
    try:
        depth = depth_of(os.environ, found.colors)
    except ValueError as wrong:
        raise WrongUsage(str(wrong)) from None
    worn = found.theme_for(os.environ) if theme is None else Placed(theme, 0)
    found = found._replace(
        theme=worn.value,
        colors=depth.value,
        mouse=found.mouse if mouse is None else mouse,
        lines={**found.lines, "theme": worn.line},
    )
    return chosen._replace(configuration=found)


def _theme(chosen: Settings) -> str | None:
    """The theme of the option, else of the environment; None for neither."""
    for where, name in (("--theme", chosen.theme), ("RINGFENCE_THEME", os.environ.get("RINGFENCE_THEME"))):
        if name is not None and (name or where == "--theme"):
            from ringfence.console.themes import load_theme, load_themes

            if load_theme(name) is None:
                names = ", ".join(theme.name for theme in load_themes()[0])
                raise WrongUsage(f"{where}: there is no theme {name!r}, but {names}")
            return name
    return None


def _mouse(chosen: Settings) -> bool | None:
    """Whether the mouse is on by the option, else by the environment; None for neither."""
    said = os.environ.get("RINGFENCE_MOUSE")
    if chosen.mouse is not None or not said:
        return chosen.mouse
    if said not in ("0", "1"):
        raise WrongUsage(f"RINGFENCE_MOUSE is 1 or 0, not {said!r}")
    return said == "1"


def _run(connect: Callable[[Awaited], Workspace], chosen: Settings, *, demo: bool, confined: bool = False) -> None:
    assert chosen.configuration is not None
    if os.environ.get("TERM") in (None, "", "dumb"):
        raise RingfenceError(
            "this terminal cannot place a cursor (TERM is dumb or unset): set TERM, such as xterm-256color"
        )
    if codecs.lookup(sys.stdout.encoding).name != "utf-8":
        raise RingfenceError(
            f"this terminal's encoding is {sys.stdout.encoding}, in which no frames can be drawn: "
            "set LC_ALL, such as LC_ALL=C.UTF-8, and the terminal to UTF-8"
        )

    def connect_at_once() -> Workspace:
        for name in _LATER:
            _put_off(name)
        return connect(awaited)

    # Until the first data are there, hardly anything but modules comes into being, and none of them ever goes: looking
    # for garbage among them would take a fifth of the time to the first paint. The console looks again after them.
    gc.disable()
    try:
        with _spared():
            from ringfence.console.opening import Awaited
            from ringfence.console.start import DEMO_LOGIN, run_console

        login = chosen.whose or (DEMO_LOGIN if demo else None)
        memory = None
        if chosen.configuration.remember and not demo:
            from ringfence.preferences.layout import Memory

            memory = Memory(fresh=bool(chosen.fresh))
        awaited = Awaited()
        run_console(
            connect_at_once,
            login,
            demo=demo,
            configuration=chosen.configuration,
            memory=memory,
            awaited=awaited,
            confined=confined,
        )
    finally:
        gc.enable()


_LATER: Final = (
    "importlib.metadata",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.dialects.sqlite.pysqlcipher",
)
"""What SQLAlchemy imports, with all that it takes, for plugins and drivers that nobody may ever ask for."""


@contextmanager
def _spared() -> Iterator[None]:
    """What is imported meanwhile does without four modules that take a tenth of the time to the first paint, and are
    imported for nothing: ``ssl``, as on a Python that was built without it, for connections of which the console makes
    none; ``textual.types``, of which Textual itself only needs an alias, with all the widgets that it names types of;
    ``textual.command``, Textual's own palette, in the place of which the console has one, with what that is made of;
    and ``rich.table``, in which Textual would show what colours there are. All are there for whoever imports them
    later."""
    stand_ins: dict[str, ModuleType | None] = {
        "ssl": None,
        "textual.types": _Types("textual.types"),
        "textual.command": _Palette("textual.command"),
        "rich.table": _Table("rich.table"),
    }
    taken = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(taken)  # type: ignore[arg-type]  # None: there is no such module
    try:
        yield
    finally:
        for name, module in taken.items():
            if sys.modules.get(name) is module:
                sys.modules.pop(name, None)


class _Later(ModuleType):
    """Stands in for a module of that name until something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _put_off(name: str) -> None:
    if name not in sys.modules:
        package, _, own = name.rpartition(".")
        sys.modules[name] = module = _Later(name)
        if package in sys.modules:  # as if it had been imported
            setattr(sys.modules[package], own, module)


class _Types(_Later):
    IgnoreReturnCallbackType: Final = object


class _Palette(_Later):
    """What Textual's application and themes name of it, who use that for nothing but to show it."""

    CommandPalette = CommandListItem = Provider = SimpleProvider = DiscoveryHit = Hit = Hits = object


class _Table(_Later):
    Table: Final = object


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _print_story() -> None:
    from ringfence.services.workspace import Workspace
    from ringfence.snapshot.demo import scratch_copy
    from ringfence.snapshot.story import WHO_SHOWS_WHAT

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    with scratch_copy() as (database, _):
        workspace = Workspace(database)
        say("Who sees what in the demo:\n")
        for login, situation in WHO_SHOWS_WHAT:
            profile = workspace.profile_of(login)
            seen = (
                f"{profile.customers} of {profile.total_customers} customers, "
                f"{profile.devices} of {profile.total_devices} devices"
            )
            say(f"{login:<14} {profile.name:<20} {seen}")
            say(f"{'':<14} {situation}")
            if profile.reason:
                say(f"{'':<14} Sees nothing: {profile.reason}.")
