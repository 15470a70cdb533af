"""How a machine is set up for coming in over SSH, and what is wrong with that on this one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ringfence.cli.settings import WrongUsage

_ACCOUNT: Final = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_SECONDS: Final = 20
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
    yield f"#    useradd --system --create-home --home-dir {home} --shell /bin/sh {account}"
    yield f"#    usermod --password '*' {account}"
    yield "# 2. Its home is its own; the database lies there, or is named in .config/ringfence/config.toml there:"
    yield f"#    chmod 700 {home}"
    yield f"#    runuser -u {account} -- {program} init"
    yield f"# 3. This program, and every folder on the way to it, are root's, and nobody else writes there: {program}"
    yield "# 4. These lines, as /etc/ssh/sshd_config.d/ringfence.conf, or at the end of sshd_config (root, 0644);"
    yield f"#    then: sshd -t && systemctl reload ssh, and '{program} ssh check'"
    yield ""
    yield f"Match User {account}"
    for line in (
        f"AuthorizedKeysCommand {program} ssh authorized-keys %u %t %k",
        f"AuthorizedKeysCommandUser {account}",
        *("AuthorizedKeysFile none", "AuthenticationMethods publickey", "PubkeyAuthentication yes"),
        *("PasswordAuthentication no", "KbdInteractiveAuthentication no"),
        *("DisableForwarding yes", "PermitTTY yes", "PermitUserRC no"),
    ):
        yield f"    {line}"
    yield "Match all"


def faults(account: str, database: str, config: str | None) -> list[str]:
    """What is wrong on this machine, a line each."""
    return [*_of_account(account), *_of_sshd(account, config), *_of_database(account, database)]


def _of_account(account: str) -> Iterator[str]:
    import pwd

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


def _of_sshd(account: str, config: str | None) -> Iterator[str]:
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
    command = found.get("authorizedkeyscommand", "none")
    words = shlex.split(command) if command != "none" else []
    if words[-5:] != ["ssh", "authorized-keys", "%u", "%t", "%k"]:
        yield f"sshd: for {account} there is to be AuthorizedKeysCommand … ssh authorized-keys %u %t %k"
    else:
        yield from _of_path(Path(words[0]))
    user = found.get("authorizedkeyscommanduser", "none")
    if user != account:
        yield f"sshd: for {account} there is to be AuthorizedKeysCommandUser {account}, not {user}"
    if words and account != "root":
        others, _ = _settings(sshd, config, "root")
        if others.get("authorizedkeyscommand") == command:
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


def _of_database(account: str, database: str) -> Sequence[str]:
    import pwd

    if "://" in database and not database.startswith("sqlite"):
        return []
    path = Path(database.partition(":///")[2] if "://" in database else database)
    try:
        own, found = pwd.getpwnam(account), os.stat(path)
    except KeyError:
        return []
    except OSError as error:
        return [f"{path}: {error.strerror}: make it as {account}, or name another with --db"]
    said = []
    if found.st_uid != own.pw_uid:
        said.append(f"{path} is not {account}'s: chown {account} {path}, and whatever lies beside it")
    if stat.S_IMODE(found.st_mode) & 0o077:
        said.append(f"others may read {path}: chmod 600 {path}")
    return said
