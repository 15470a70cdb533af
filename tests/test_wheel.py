"""The wheel: built, looked into, installed where nothing else of the repository is, and run from there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ringfence import __version__

TOP = Path(__file__).parents[1]


def _run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RINGFENCE"))}
    environment["HOME"] = str(cwd)
    found = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    return found.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the working tree."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=TOP,
        check=True,
        capture_output=True,
    )
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel, and finds its dependencies in this one's."""
    place = tmp_path_factory.mktemp("place")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, capture_output=True)
    scheme = {"base": str(place), "platbase": str(place)}
    packages = Path(sysconfig.get_path("purelib", "venv", scheme))
    # A path file only adds the folder: the path files in it, this repository's own among them, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--no-deps"]
    command += ["--no-index", "--quiet", "--disable-pip-version-check", "--ignore-installed", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    assert (packages / "ringfence" / "__init__.py").is_file()
    return place / "bin"


def test_the_wheel_holds_what_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        metadata = opened.read(f"ringfence-{__version__}.dist-info/METADATA").decode()
        scripts = opened.read(f"ringfence-{__version__}.dist-info/entry_points.txt").decode()
        demo = opened.getinfo("ringfence/demo.db").file_size
    sources = {
        f"ringfence/{path.relative_to(TOP / 'src/ringfence')}"
        for path in (TOP / "src/ringfence").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    themes = {f"ringfence/themes/{path.name}" for path in (TOP / "themes").glob("*.toml")}
    assert themes
    assert sources | themes | {"ringfence/demo.db"} <= names
    assert {"ringfence/py.typed", "ringfence/console/app.tcss", "ringfence/storage/migrations/env.py"} <= names
    assert f"ringfence-{__version__}.dist-info/licenses/LICENSE" in names
    manual = f"ringfence-{__version__}.data/data/share/man/man1/ringfence.1"
    assert manual in names
    names.remove(manual)
    strangers = {name for name in names if not name.startswith(("ringfence/", f"ringfence-{__version__}.dist-info/"))}
    assert not strangers
    assert not {name for name in names - sources if name.endswith(".pyc") or "test" in name}
    assert demo == (TOP / "demo.db").stat().st_size
    assert "License-Expression: Apache-2.0" in metadata
    assert "# Ringfence" in metadata
    assert "ringfence = ringfence.__main__:main" in scripts


def test_it_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    program = installed / "ringfence"
    where = _run(installed / "python", "-c", "import ringfence; print(ringfence.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed.parent))
    assert _run(program, "--version", cwd=tmp_path) == f"ringfence {__version__}\n"
    said = _run(program, "demo", cwd=tmp_path)
    assert "46 of 46 customers, 498 of 498 devices" in said
    assert said.count("\n") > 30


def test_its_manual_page_stands_where_man_looks(installed: Path) -> None:
    page = installed.parent / "share/man/man1/ringfence.1"
    assert page.read_bytes() == (TOP / "docs/ringfence.1").read_bytes()


def test_it_finds_its_themes_migrations_and_styles(installed: Path, tmp_path: Path) -> None:
    program = installed / "ringfence"
    document = tmp_path / "small.json"
    document.write_text('{"ringfence": 1, "tenants": [{"key": "t", "name": "T"}]}')
    assert _run(program, "--db", "new.db", "load", document, cwd=tmp_path) == "loaded 1 tenant\n"
    assert _run(program, "--db", "new.db", "db", "check", cwd=tmp_path) == "new.db is sound\n"
    code = "from ringfence.console.themes import load_themes as l; t, p = l(); print(len(t), p)"
    found = len(list((TOP / "themes").glob("*.toml")))
    assert _run(installed / "python", "-c", code, cwd=tmp_path) == f"{found} []\n"
    styles = _run(installed / "python", "-c", "from ringfence.console import app; print(app.__file__)", cwd=tmp_path)
    assert Path(styles.strip()).with_name("app.tcss").is_file()
