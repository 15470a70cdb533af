"""How a machine is set up for coming in over SSH, and what is wrong with that on this one."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from pwd import struct_passwd
from typing import Final

from ringfence.cli.settings import WrongUsage
from ringfence.domain.errors import RingfenceError

_ACCOUNT: Final = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_SECONDS: Final = 20
_NOBODYS: Final = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""A key that nobody has the other half of."""
_WANTED: Final = (
    ("pubkeyauthentication", "yes", "PubkeyAuthentication yes"),
    ("authorizedkeysfile", "none", "AuthorizedKeysFile none: other keys would open a shell"),
    ("authenticationmethods", "publickey", "AuthenticationMethods publickey"),
    ("passwordauthentication", "no", "PasswordAuthentication no"),
    ("kbdinteractiveauthentication", "no", "KbdInteractiveAuthentication no"),
    ("disableforwarding", "yes", "DisableForwarding yes"),
    ("permittty", "yes", "PermitTTY yes: the console needs a terminal"),
    ("permituserrc", "no", "PermitUserRC no"),
    ("permituserenvironment", "no", "PermitUserEnvironment no, before every Match"),
)
"""What must be set for the account: how sshd names it, its value, and what to say."""


def demand_account(account: str) -> None:
    """Raises WrongUsage for what is no name of an account: it is printed among lines for root."""
    if not _ACCOUNT.fullmatch(account):
        raise WrongUsage("--account is a name of small letters, digits, - and _")


def steps(account: str, program: str) -> Iterator[str]:
    """What root does, as comments, and the lines of sshd_config. ``program`` is how this one is run."""
    home = f"/var/lib/{account}"
    yield "# 1. The account, with a shell that runs this program alone, and no password (which is not locked):"
    yield f"#    useradd --system --create-home --home-dir {home} --shell /bin/sh --password '*' {account}"
    yield "# 2. Its home is its own; the database lies there, or --db names it, or .config/ringfence/config.toml there:"
    yield f"#    chmod 700 {home}"
    yield f"#    runuser -u {account} -- {program} init"
    yield "#    (on PostgreSQL it is let in by its name, as a provider's role, which 'ringfence db roles' makes)"
    yield f"# 3. This program, and every folder on the way to it, are root's, and nobody else writes there: {program}"
    yield "# 4. These lines, as /etc/ssh/sshd_config.d/ringfence.conf, or at the end of sshd_config (root, 0644);"
    yield f"#    then: sshd -t && systemctl restart ssh, and '{program} ssh check'"
    yield ""
    yield f"Match User {account}"
    for line in (
        f"AuthorizedKeysCommand {program.replace('%', '%%')} ssh authorized-keys %u %t %k",  # sshd reads % itself
        f"AuthorizedKeysCommandUser {account}",
        *("AuthorizedKeysFile none", "AuthenticationMethods publickey", "PubkeyAuthentication yes"),
        *("PasswordAuthentication no", "KbdInteractiveAuthentication no"),
        *("DisableForwarding yes", "PermitTTY yes", "PermitUserRC no"),
    ):
        yield f"    {line}"
    yield "Match all"


def faults(account: str, database: str | None, config: str | None) -> list[str]:
    """What is wrong on this machine, a line each. The database is the one that is named, or that sshd's lines name, or
    the account's own."""
    said = [*_of_account(account)]
    command: list[str] = []
    said += _of_sshd(account, config, command)
    try:
        own = pwd.getpwnam(account)
    except KeyError:
        return said
    if os.getuid() not in (0, own.pw_uid):
        return [*said, f"what {account} finds of the database, only root can tell: run this as root"]
    named = database or next((db for word, db in pairwise(command) if word == "--db"), None)
    return [*said, *_as_account(own, lambda: [*_of_command(account, command), *_of_database(named)])]


def _as_account(own: struct_passwd, look: Callable[[], list[str]]) -> list[str]:
    """What is wrong as an account sees it, in a process of its own, with no more variables than sshd gives it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = ["it was not found what is wrong with the database"]
        try:
            if os.getuid() != own.pw_uid:
                os.initgroups(own.pw_name, own.pw_gid)
                os.setgid(own.pw_gid)
                os.setuid(own.pw_uid)
            os.environ.clear()
            os.environ.update(HOME=own.pw_dir, USER=own.pw_name, LOGNAME=own.pw_name, PATH="/usr/bin:/bin")
            os.chdir("/")
            said = look()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
            said = [str(error) or type(error).__name__]
        finally:
            with os.fdopen(writing, "w", encoding="utf-8", errors="replace") as told:
                told.write("\0".join(said))
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as heard:
        found = heard.read()
    os.waitpid(child, 0)
    return [" ".join(one.split()) for one in found.split("\0") if one]


def _of_account(account: str) -> Iterator[str]:
    try:
        found = pwd.getpwnam(account)
    except KeyError:
        yield f"there is no account {account}: 'ringfence ssh setup' says how it is made"
        return
    if found.pw_uid == 0:
        yield f"{account} is root: let people come to an account that may do nothing else"
    if not os.access(found.pw_shell or "/bin/sh", os.X_OK) or Path(found.pw_shell).name in ("nologin", "false"):
        yield f"the shell of {account} is {found.pw_shell}, which runs nothing: usermod --shell /bin/sh {account}"
    if not Path(found.pw_dir).is_dir():
        yield f"the home of {account}, {found.pw_dir}, is not there"
    elif stat.S_IMODE(os.stat(found.pw_dir).st_mode) & 0o022:
        yield f"others may write in {found.pw_dir}: chmod 700 {found.pw_dir}"
    locked = _locked(account)
    if locked is None:
        yield "whether the account is locked, only root can tell: run this as root"
    elif locked:
        yield f"{account} is locked, and sshd lets nobody in: usermod --password '*' {account}"


def _locked(account: str) -> bool | None:
    """Whether an account is locked; None where that cannot be read."""
    try:
        lines = Path("/etc/shadow").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return any(line.startswith((f"{account}:!", f"{account}:*LK*")) for line in lines)


def _of_sshd(account: str, config: str | None, command: list[str]) -> Iterator[str]:
    """What is wrong with what sshd is told; ``command`` takes the words by which it asks about a key."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None:
        yield "there is no sshd here: install openssh-server"
        return
    found, wrong = _settings(sshd, config, account)
    if wrong:
        yield f"sshd does not take its configuration: {wrong}"
        return
    for name, value, said in _WANTED:
        if found.get(name) != value:
            yield f"sshd: for {account} there is to be {said}"
    asked = found.get("authorizedkeyscommand", "none")
    words = shlex.split(asked) if asked != "none" else []
    if words[-5:] != ["ssh", "authorized-keys", "%u", "%t", "%k"]:
        yield f"sshd: for {account} there is to be AuthorizedKeysCommand … ssh authorized-keys %u %t %k"
    else:
        command += (word.replace("%%", "%") for word in words)
        yield from _of_path(Path(words[0]))
    user = found.get("authorizedkeyscommanduser", "none")
    if user != account:
        yield f"sshd: for {account} there is to be AuthorizedKeysCommandUser {account}, not {user}"
    if words and account != "root":
        others, _ = _settings(sshd, config, "root")
        if others.get("authorizedkeyscommand") == asked:
            yield f"sshd: the lines hold for root too: put them below Match User {account}"


def _settings(sshd: str, config: str | None, account: str) -> tuple[Mapping[str, str], str]:
    """What holds for an account, by the names that sshd gives it; or why that cannot be said."""
    words = [sshd, "-T", *(["-f", config] if config else []), "-C", f"user={account},host=localhost,addr=127.0.0.1"]
    try:
        said = subprocess.run(  # noqa: S603 - the system's own sshd
            words, capture_output=True, text=True, timeout=_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {}, str(error)
    if said.returncode:
        lines = said.stderr.strip().splitlines()
        return {}, lines[-1] if lines else f"it ended with status {said.returncode}"
    pairs = (line.partition(" ") for line in said.stdout.splitlines())
    return {name.lower(): value for name, _, value in pairs}, ""


def _of_path(path: Path) -> Iterator[str]:
    """What sshd minds about a program that it is to run."""
    if not path.is_absolute():
        yield f"sshd: AuthorizedKeysCommand is to be a whole path, not {path}"
        return
    real = Path(os.path.realpath(path))
    if not os.access(real, os.X_OK) or not real.is_file():
        yield f"{path} is no program that can be run"
        return
    for part in (real, *real.parents):
        found = os.stat(part)
        if found.st_uid != 0 or stat.S_IMODE(found.st_mode) & 0o022:
            yield f"{part} is to be root's, and nobody else's to write: sshd runs nothing there otherwise"


def _of_command(account: str, command: Sequence[str]) -> list[str]:
    """Whether what sshd runs can be run, as the account: of a key that nobody has it says nothing."""
    if not command:
        return []
    words = [*command[:-3], account, "ssh-ed25519", _NOBODYS]
    try:
        ran = subprocess.run(words, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - root's own lines
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"{account} cannot run what sshd runs: {error}"]
    lines = ran.stderr.decode(errors="replace").strip().splitlines()
    return [f"what sshd runs fails: {lines[-1] if lines else ran.returncode}"] if ran.returncode or lines else []


def _of_database(named: str | None) -> list[str]:
    """What is wrong with the database, as the account finds it."""
    from sqlalchemy import select

    from ringfence.cli.door import located
    from ringfence.cli.settings import Settings
    from ringfence.storage.engine import open_database
    from ringfence.storage.identity_tables import SshKey

    said, where = [], located(Settings(named))
    if "://" not in where or where.startswith("sqlite"):
        path = Path(where.partition(":///")[2] if "://" in where else where)
        try:
            found = os.stat(path)
        except OSError as error:
            return [f"{path}: {error.strerror}: make it as the account, or name another with --db"]
        if found.st_uid != os.getuid():
            said.append(f"{path} is not the account's: chown it to that, and whatever lies beside it")
        if stat.S_IMODE(found.st_mode) & 0o077:
            said.append(f"others may read {path}: chmod 600 {path}")
    try:
        database = open_database(where)
    except RingfenceError as error:
        return [*said, str(error)]
    if database.postgresql and database.owned():
        said.append("the account is let in as who owns the tables: make it a provider's role, by 'ringfence db roles'")
    with database.reading() as connection:
        if connection.execute(select(SshKey.id).limit(1)).first() is None:
            said.append("nobody has a key: add the first one by 'ringfence keys add FILE --as LOGIN'")
    database.close()
    return said
