"""``ssh authorized-keys`` and ``ssh session``: what sshd runs, before anybody is in and once they are.

They are read without the framework: whoever comes waits for both.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ringfence.cli.settings import Identity, Settings, WrongUsage, origin
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.storage.engine import Database

_THEIRS: Final = ("--db", "--at", "--as", "--see-as", "--theme", "--mouse", "--no-mouse", "--fresh", "--help")
"""What is said to the framework, which alone says why it means nothing here."""
_KEPT: Final = re.compile(
    "HOME|LOGNAME|USER|SHELL|PATH|TERM|COLORTERM|NO_COLOR|LANG|LC_[A-Z]+|TZ|SSH_(CONNECTION|CLIENT|TTY)"
)
"""The variables that stay: all others may be what somebody else has sent."""
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_LONGEST: Final = 64 * 1024


def at_once(arguments: Sequence[str]) -> int | None:
    """Runs what sshd runs; None where the command line is another."""
    words = list(arguments)
    db = words[1] if words[:1] == ["--db"] and len(words) > 1 and words[1] else None
    if db is not None:
        del words[:2]
    command, rest = words[:2], words[2:]
    if any(word.partition("=")[0] in _THEIRS for word in rest):
        return None
    if command == ["ssh", "authorized-keys"]:
        return authorized_keys(Settings(db), rest)
    if command == ["ssh", "session"] and len(rest) == 1:
        return session(Settings(db), rest[0])
    return None


def authorized_keys(chosen: Settings, given: Sequence[str]) -> int:
    """Prints for sshd what a key is let in for, where it is that of an active user; otherwise nothing, whatever is
    wrong. ``given`` are the account, and the key's type and blob."""
    try:
        line = _line(chosen, *given)
        sys.stdout.write(line)
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - whoever asks is nobody yet: nothing tells what is wrong
        return 0
    return 0


def _line(chosen: Settings, account: str, kind: str, blob: str) -> str:
    from ringfence.identity import door, keys

    if not _may_open(account):
        return ""
    keys.demand_sound(kind, blob)
    key = keys.PublicKey(kind, blob, "")
    words = [*program(), *named(chosen.db), "ssh", "session", key.fingerprint]
    command = shlex.join(words).replace('"', '\\"')
    if not command.isprintable() or not door.known(located(chosen), kind, blob):
        return ""
    return f'command="{command}",restrict,pty {kind} {blob}\n'


def _may_open(account: str) -> bool:
    """Whether this process may say who comes in as an account: for its own it may, and as root for every one."""
    import pwd

    own = os.getuid()
    return own == 0 or pwd.getpwnam(account).pw_uid == own


def program() -> list[str]:
    """How this program was run, by its whole path."""
    path = os.path.abspath(sys.argv[0])
    return [sys.executable, "-m", "ringfence"] if os.path.basename(path) == "__main__.py" else [path]


def named(db: str | None) -> list[str]:
    """The option that names the database for the session, too. Raises RingfenceError for a URL with a password in it,
    which everybody on the machine could read there."""
    if db is None:
        return []
    if "://" in db:
        userinfo, at, _ = db.partition("://")[2].partition("/")[0].rpartition("@")
        if (at and ":" in userinfo) or "password" in db:
            raise RingfenceError("--db has a password in it")
        return ["--db", db]
    return ["--db", os.path.abspath(db)]


def located(chosen: Settings) -> str:
    """The database meant: a path or a URL."""
    found = chosen.database or os.environ.get("RINGFENCE_DB")
    if found:
        return found
    from ringfence.storage import folders

    return str(folders.data() / "ringfence.db")


def session(chosen: Settings, fingerprint: str) -> int:
    """What the owner of a key gets: the console, or the command line that they sent. Returns its exit status; raises
    RingfenceError and WrongUsage where they get nothing."""
    import signal

    if not _FINGERPRINT.fullmatch(fingerprint):
        raise WrongUsage("this is no fingerprint of a key: it is SHA256: and 43 characters")
    line = os.environ.get("SSH_ORIGINAL_COMMAND")
    for name in list(os.environ):
        if not _KEPT.fullmatch(name):
            del os.environ[name]
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # there is no shell to come back from
    words = _words(line or "")

    def enter(database: Database, what: str) -> Identity:
        from ringfence.services import ssh_keys

        entered = ssh_keys.enter(database, fingerprint, origin(what))
        return Identity(entered.login, entered.viewer, "key", fingerprint, entered.sign_in)

    if not words:
        from ringfence.cli import start

        start.demand_terminal()
        start.console(chosen._replace(identity=enter(chosen.opened(), "console")))
        return 0
    return _command(chosen, words, enter)


def _command(chosen: Settings, words: Sequence[str], enter: Callable[[Database, str], Identity]) -> int:
    """Runs a command line as whoever came, in a session that ends with it."""
    from ringfence.cli.main import run
    from ringfence.services import ssh_keys

    identity = enter(chosen.opened(), "command line")
    try:
        return run(words, identity)
    finally:
        if identity.sign_in is not None:
            ssh_keys.leave(identity.viewer, identity.sign_in)


def _words(line: str) -> list[str]:
    """The words of a command line, as a shell would part them; it is given to none. Raises WrongUsage for one that has
    what nobody types."""
    if len(line) > _LONGEST:
        raise WrongUsage(f"a command line of more than {_LONGEST // 1024} KiB is none")
    if not line.isprintable():
        raise WrongUsage("a command line over ssh is one line, without control characters")
    try:
        return shlex.split(line)
    except ValueError as wrong:
        raise WrongUsage(f"this command line is not whole: {str(wrong).lower()}") from None
