"""The command line as the tests call it: in this process, or as the real program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command_line import PROGRAM, Call, Said
from support.databases import forget_past
from support.powerless import bound_by_permissions
from support.programs import Program

from ringfence.cli.main import run
from ringfence.snapshot.demo import shipped


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the database or the configuration of whoever runs it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for folder in ("data", ".config", "state"):
        monkeypatch.setenv(f"XDG_{folder.upper().strip('.')}_HOME", str(home / folder))
    for name in ("RINGFENCE_DB", "RINGFENCE_TOKEN", "RINGFENCE_THEME", "RINGFENCE_COLORS", "RINGFENCE_MOUSE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")  # a line about what nobody foresaw passes for no refusal


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line in this process."""

    def calling(*arguments: str) -> Said:
        capsys.readouterr()
        status = run(arguments)
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return calling


@pytest.fixture
def program(tmp_path: Path) -> Call:
    """Runs the real program; ``shell`` is put around it, with "$@" for its command line, and ``first`` is called
    before."""

    def calling(
        *arguments: str | bytes,
        env: Mapping[str, str] | None = None,
        shell: str = '"$@"',
        first: Callable[[], None] | None = None,
    ) -> Said:
        # A status of the program inside a pipe is asked for in the shell text itself.
        found = subprocess.run(
            ["bash", "-c", shell, "bash", str(PROGRAM), *arguments],
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
            preexec_fn=first,
        )
        return Said(found.returncode, found.stdout.decode(errors="replace"), found.stderr.decode(errors="replace"))

    return calling


@pytest.fixture
def bound(tmp_path: Path) -> Call:
    """Runs a command line as the program of somebody whom the permissions of files bind."""
    return lambda *arguments: Program(arguments, folder=tmp_path, first=bound_by_permissions).end()


@pytest.fixture(scope="module")
def _demo_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copyfile(shipped(), path)
    return path


@pytest.fixture
def demo_db(_demo_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo database that a module's tests share and do not change, meant by RINGFENCE_DB."""
    monkeypatch.setenv("RINGFENCE_DB", str(_demo_copy))
    return _demo_copy


@pytest.fixture
def own_db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo database of the test's own, meant by RINGFENCE_DB."""
    path = tmp_path / "own.db"
    shutil.copyfile(shipped(), path)
    monkeypatch.setenv("RINGFENCE_DB", str(path))
    return path


@pytest.fixture
def no_past(own_db: Path) -> None:
    """That copy with nothing in its audit yet."""
    forget_past(own_db)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Writes a document to a file and returns its path."""

    def saving(document: dict[str, Any]) -> str:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return saving
