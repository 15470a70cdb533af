"""Tries at the doors that must not succeed, made by chance: at what sshd asks and what it runs, at keys that are added,
and at tokens."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from support.command_line import Said
from support.tokens import token_of

from ringfence.cli.main import run
from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.identity import keys
from ringfence.identity.keys import PublicKey, WrongKey
from ringfence.services import api_tokens, ssh_keys
from ringfence.services.editing import Edit, open_record, save
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database
from ringfence.visibility.standing_in import ENDED
from ringfence.visibility.viewer import Viewer

ACCOUNT: Final = "root" if os.getuid() == 0 else os.environ.get("USER", "")
_TABLES: Final = ("customer", "site", "device", "user_account", "security_group", "membership", "role")
_WORDS: Final = re.compile(r"[\w-]+")
PIECES: Final[Sequence[str]] = (
    *("list", "count", "dump", "devices", "customers", "users", "--format", "json", "keys", "can", "what-if", "-"),
    *("help", "sign-ins", "load", "ingest", "worker", "listen", "config", "edit", "db", "backup", "upgrade", "init"),
    *("demo", "ssh", "session", "authorized-keys", "made", "h.devries"),
    *("--db", "--db=made", "--as", "--as=h.devries", "--at", "2026-11-16T12:00:00+00:00", "--see-as", "--theme"),
    *(";", "&&", "|", ">", "< /etc/passwd", "`touch made`", "$(touch made)", "\n", "\r", "\x1b[2J", "\\", "'", '"'),
    *("scp -t made", "internal-sftp", "rsync --server . made", "sh -c 'touch made'", "--install-completion"),
    *("--", "*", "~", "/etc/passwd", "../made", "\udcff", "é", "\u202e", "_RINGFENCE_COMPLETE=complete_bash"),
)
"""What command lines are made of: what there is, what is not for everybody, and what a shell would obey."""
STARTS: Final[Sequence[str]] = (
    *("list devices", "list customers --format json", "list users", "list audit", "count devices", "customers list"),
    *("dump", "profile show", "profile settings", "keys list", "tokens list", "sign-ins list"),
    *("can olga device.list", "can h.devries user.edit", "devices edit", "devices delete", "users edit olga --name x"),
    *("users invite h.devries", "users reset-second-factor h.devries", "sign-ins end 1", "keys remove SHA256:x"),
    *(
        "undo",
        "telemetry latest",
        "now",
        "help devices",
        "what-if -",
        "devices import -",
        "--see-as h.devries list users",
    ),
)
"""What more of them begin with than by chance."""


def made(seed: str) -> bytes:
    """A key of ed25519, another one for each seed, as it stands in a file."""
    inner = b"".join(len(one).to_bytes(4) + one for one in (b"ssh-ed25519", sha256(seed.encode()).digest()))
    return b"ssh-ed25519 " + base64.b64encode(inner) + f" {seed}\n".encode()


def call(words: Sequence[str], environment: Mapping[str, str]) -> Said:
    """Runs a command line in this process, with some variables besides; all of them are as they were afterwards."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", "replace", newline="") for _ in range(2)]
    kept, before, stopping = dict(os.environ), (sys.stdout, sys.stderr), signal.getsignal(signal.SIGTSTP)
    os.environ.update(environment)
    sys.stdout, sys.stderr = streams
    try:
        status = run(words)
        for one in streams:
            one.flush()
    finally:
        sys.stdout, sys.stderr = before
        os.environ.clear()
        os.environ.update(kept)
        signal.signal(signal.SIGTSTP, stopping)
    out, error = (one.buffer.getvalue().decode(errors="replace") for one in streams)
    return Said(status, out, error)


class Doors:
    """A copy of the demo's database in a folder of its own. Olga has a key and a token that is for devices alone; of
    other keys and tokens none is to let anybody in: ``gone`` are keys that were removed and a deactivated user's,
    ``over`` tokens that were revoked, have expired, or are a deactivated user's."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self.folder, self.chance = folder, chance
        self.path = folder / "doors.db"
        shutil.copyfile(shipped(), self.path)
        self.database = open_database(str(self.path))
        self.olga, admin = (Viewer.sign_in(self.database, login) for login in ("olga", "h.devries"))
        known = self._add(self.olga, "olga")
        removed, theirs = self._add(self.olga, "removed"), self._add(admin, "theirs")
        inactive = self._add(Viewer.sign_in(self.database, "l.petit"), "inactive")
        ssh_keys.remove(self.olga, removed.fingerprint, "test")
        self.known, self.gone = known, (removed, inactive, keys.parse(made("nobody's")))
        self.theirs = theirs
        self.token = token_of(self.database, "olga", {"device.list"})
        revoked = token_of(self.database, "olga", name="revoked")
        api_tokens.revoke(self.olga, ["revoked"], "test")
        expired = token_of(self.database, "olga", name="expired", expires=clock.now() - timedelta(seconds=1))
        self.over = (revoked, expired, token_of(self.database, "l.petit"))
        user = open_record(admin, "user", Viewer.sign_in(self.database, "l.petit").user_id)
        after = replace(user.state, active=False)
        save(admin, [Edit("user", user.id, user.state, after, user.revision)], "test")
        with self.database.reading() as connection:
            every = set(connection.exec_driver_sql("SELECT key FROM customer WHERE parent_id IS NOT NULL").scalars())
            kept = connection.exec_driver_sql("SELECT digest FROM api_token").scalars()
            self.digests = tuple(map(str, kept))
        self.hidden = every - set(self.session("list customers --format keys").out.split())
        assert len(self.hidden) > 5
        self.before, self.there = self.everything(), self.files()

    def _add(self, viewer: Viewer, seed: str) -> PublicKey:
        ssh_keys.add(viewer, made(seed), "test")
        return keys.parse(made(seed))

    def session(self, line: str) -> Said:
        """Runs a command line as sshd does for the owner of Olga's key."""
        words = ["--db", str(self.path), "ssh", "session", self.known.fingerprint]
        return call(words, {"SSH_ORIGINAL_COMMAND": line})

    def everything(self) -> str:
        """All that there is to be changed."""
        with self.database.reading() as connection:
            rows = [connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2").all() for name in _TABLES]
            ways = [
                connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
                for name in ("ssh_key", "api_token", "invitation", "recovery_code")
            ]
        return repr((rows, ways))

    def files(self) -> list[str]:
        """What lies there, but for what the database itself has beside it."""
        return sorted(one.name for one in self.folder.iterdir() if not one.name.startswith("doors.db"))

    def line(self) -> str:
        """A command line by chance."""
        begin = [self.chance.choice(STARTS)] if self.chance.random() < 0.6 else []
        more = self.chance.choice((0, 1, 1, 2, 4)) if begin else self.chance.randint(1, 7)
        return " ".join([*begin, *(self.chance.choice(PIECES) for _ in range(more))])

    # One try of each kind: what came of it, in a word. All raise AssertionError where anybody gets further.

    def ask(self) -> str:
        """Asks as sshd does, of anything but the key that is known; or adds what is no key."""
        if self.chance.random() < 0.4:
            return self._add_wrong()
        chance, blob = self.chance, self.known.blob
        at = chance.randrange(len(blob))
        kind = chance.choice([self.known.kind] * 4 + ["ssh-rsa", "ssh-dss", "", "restrict ssh-ed25519", "' OR 1=1 --"])
        ways: list[Callable[[], str]] = [
            lambda: chance.choice(self.gone).blob,
            lambda: blob[:at] + chance.choice("Aa0+/=\n\r\x00 ") + blob[at + 1 :],
            lambda: blob[:at],
            lambda: blob + chance.choice(("=", "\n" + blob, " ", "\r", "A" * 65536, "' OR 1=1 --", "\udcff")),
            lambda: chance.choice(("", "%", "_", "*", "A" * 65536, "' OR blob <> '", self.known.fingerprint)),
        ]
        words = [ACCOUNT, kind, chance.choice(ways)()]
        if chance.random() < 0.3:
            words = [chance.choice((*words, "", "-x", "\udcff", "%k", "made")) for _ in range(chance.randint(0, 5))]
        if words[1:] == [self.known.kind, blob]:
            return "left out"
        said = call(["--db", str(self.path), "ssh", "authorized-keys", *words], {})
        assert (said.status, said.out, said.err) == (0, "", ""), (words, said)
        return "nothing"

    def _add_wrong(self) -> str:
        """Adds what is no key, or somebody's already, or one that is changed somewhere: then it is just that one."""
        chance, written = self.chance, bytearray(made(f"comment {self.chance.randrange(9)}"))
        sign = chance.choice((b"\r", b"\n", b"\0", b"\x1b[2J", "\u202e".encode(), b"\xff", b"x" * 65536))
        for _ in range(chance.randint(0, 2)):
            written[chance.randrange(len(written))] = chance.choice((chance.randrange(256), ord("="), 10, 13))
        option = chance.choice((b'command="sh" ', b"restrict ", b'from="*",pty ', b"cert-authority ", b"@revoked "))
        data = chance.choice(
            [
                bytes(written),
                option + bytes(written),
                bytes(written).replace(b"comment", b"com" + sign + b"ment"),
                bytes(written) * 2,
                f"{self.theirs.kind} {self.theirs.blob} mine".encode(),
            ]
        )
        try:
            fingerprint, said = ssh_keys.add(self.olga, data, "attack"), ""
        except (WrongKey, Refused) as error:
            fingerprint, said = "", str(error)
        if not fingerprint:
            assert said.isprintable(), data
            return "refused"
        found = keys.parse(data)
        assert f"{found.kind} {found.blob}".encode() == b" ".join(data.split()[:2]), data
        assert found.fingerprint == fingerprint != self.theirs.fingerprint
        line = call(["--db", str(self.path), "ssh", "authorized-keys", ACCOUNT, found.kind, found.blob], {}).out
        assert line.endswith(f'",restrict,pty {found.kind} {found.blob}\n'), line
        assert line.count("\n") == 1
        ssh_keys.remove(self.olga, fingerprint, "attack")
        return "another key"

    def command(self) -> str:
        """Sends a command line over ssh."""
        line = self.line()
        return self._told(self.session(line), line)

    def bear(self) -> str:
        """Comes with a token that is none, or with one that is for devices alone."""
        chance, token = self.chance, self.token
        at = chance.randrange(len(token))
        if chance.random() < 0.5:
            line = self.line().replace("demo", "made")  # that one is everybody's
            environment = {"RINGFENCE_TOKEN": token, "RINGFENCE_DB": str(self.path), "EDITOR": "false"}
            said = call(line.split(" "), environment)
            assert token not in said.out + said.err, line
            return self._told(said, line, self.hidden)
        ways: list[Callable[[], str]] = [
            lambda: chance.choice(self.over),
            lambda: chance.choice(self.digests),
            lambda: token[:at] + chance.choice("Aa0-_\n\r\x7f") + token[at + 1 :],
            lambda: token[:at],
            lambda: token + chance.choice(("=", "\n" + token, "A" * 65536, "' OR 1=1 --", "\udcff")),
            lambda: chance.choice((token.swapcase(), token.removeprefix("rf_"), f"rfi_{token[3:]}", "rf_", "%")),
        ]
        wrong = chance.choice(ways)()
        if wrong.strip() in (token, ""):
            return "left out"
        words = ["--db", str(self.path), *chance.choice((["count", "devices"], ["list", "customers"], ["dump"]))]
        said = call(words, {"RINGFENCE_TOKEN": wrong, "RINGFENCE_DEBUG": "1"})
        assert said == Said(1, "", f"ringfence: error: {ENDED}\n"), (wrong, said)
        return "refused"

    def _told(self, said: Said, line: str, hidden: set[str] | None = None) -> str:
        assert said.status in (0, 1, 2), line
        assert "Traceback" not in said.err, line
        assert "should not happen" not in said.err, line
        found = self.hidden if hidden is None else hidden
        assert found.isdisjoint(_WORDS.findall(said.out + said.err)), line
        assert not said.status or said.err.startswith("ringfence: error: ") or said.out == "no\n", (line, said)
        return "refused" if said.status else "told what it may"

    def look(self) -> None:
        """Raises AssertionError where anything is otherwise than it was, or lies there that did not."""
        assert self.everything() == self.before
        assert self.files() == self.there

    def close(self) -> None:
        """Closes the database."""
        with suppress(RingfenceError):
            self.database.close()
