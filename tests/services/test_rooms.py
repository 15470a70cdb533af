"""What the services pull in when they are imported: nothing that draws, and at first nothing that changes."""

from __future__ import annotations

import subprocess
import sys


def test_the_services_load_no_textual() -> None:
    program = (
        "import pkgutil, sys, ringfence.services as room\n"
        "names = [module.name for module in pkgutil.iter_modules(room.__path__)]\n"
        "assert 'listing' in names, names\n"
        "for name in names: __import__(f'ringfence.services.{name}')\n"
        "print(sorted({'textual', 'rich', 'typer', 'pydantic', 'alembic'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_first_data_wait_for_nothing_that_changes_records() -> None:
    program = (
        "import sys, ringfence.services.workspace, ringfence.snapshot.demo\n"
        "print(sorted(name for name in sys.modules if name.startswith('ringfence.changes.')), *("
        "sorted({'ringfence.services.edited', 'sqlalchemy.orm', 'pydantic'} & set(sys.modules))))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['ringfence.changes.chain']"
