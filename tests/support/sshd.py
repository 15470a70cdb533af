"""A real sshd on this machine, for the tests alone: on a port of its own, with keys that are made for it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

SECONDS: Final = 30.0
SSHD: Final = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
ACCOUNT: Final = pwd.getpwuid(os.getuid()).pw_name
"""Everybody comes to the account that runs the tests: an sshd that is not root's can let nobody in to another."""
SOURCE: Final = Path(__file__).parents[2] / "src"


def why_not() -> str:
    """Why no sshd can be run here; empty where one can."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return "there is no sshd here: openssh-server brings it"
    if pwd.getpwuid(os.getuid()).pw_shell.endswith(("nologin", "false")):
        return f"the account {ACCOUNT} has no shell: sshd could run nothing"
    return ""


def make_key(path: Path, kind: str = "ed25519", *more: str) -> Path:
    """Makes a key; returns the file with its public part."""
    words = ["ssh-keygen", "-q", "-t", kind, *more, "-N", "", "-C", "made for a test", "-f", str(path)]
    subprocess.run(words, check=True, timeout=SECONDS)
    return path.with_name(f"{path.name}.pub")


class Sshd:
    """An sshd that runs: it asks about keys in one database."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text(errors="replace")

    def words(self, key: Path, *words: str, options: Sequence[str] = ()) -> list[str]:
        """The command line of an ssh that comes with a key."""
        settled = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "20",
        }
        given = [part for name, value in settled.items() for part in ("-o", f"{name}={value}")]
        whither = ["-p", str(self._port), "-i", str(key), *given, *options, f"{ACCOUNT}@127.0.0.1"]
        return ["ssh", "-F", "/dev/null", *whither, *(["--", *words] if words else [])]

    def run(
        self, key: Path, *words: str, options: Sequence[str] = (), sent: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs a command line over ssh, as whoever has that key."""
        line = self.words(key, *words, options=options)
        return subprocess.run(line, input=sent, capture_output=True, timeout=SECONDS, check=False)


@contextmanager
def sshd(folder: Path, database: str) -> Iterator[Sshd]:
    """Runs one until the end."""
    assert SSHD is not None
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    make_key(folder / "host")
    # The program that sshd runs must be root's on the whole way to it, and that of a checkout need not be.
    program = f"/usr/bin/env PYTHONPATH={SOURCE} {sys.executable} -m ringfence --db {database.replace('%', '%%')}"
    asked = f"{program} ssh authorized-keys %u %t %k"
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host'}",
        f"PidFile {folder / 'pid'}",
        *("UsePAM no", "LogLevel VERBOSE", "StrictModes no", "PermitRootLogin prohibit-password"),
        "Subsystem sftp internal-sftp",
        f"SetEnv PYTHONPATH={SOURCE}",
        f"Match User {ACCOUNT}",
        f"AuthorizedKeysCommand {asked}",
        f"AuthorizedKeysCommandUser {ACCOUNT}",
        *("AuthorizedKeysFile none", "AuthenticationMethods publickey", "PasswordAuthentication no"),
        *("KbdInteractiveAuthentication no", "DisableForwarding yes", "PermitTTY yes", "PermitUserRC no"),
    ]
    (folder / "config").write_text("\n".join(lines) + "\n")
    running = subprocess.Popen([SSHD, "-D", "-f", str(folder / "config"), "-E", str(folder / "log")])
    try:
        until = time.monotonic() + SECONDS
        while True:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Sshd(folder, port)
    finally:
        running.terminate()
        running.wait(SECONDS)
