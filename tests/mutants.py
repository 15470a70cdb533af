"""Faults put into the rule, the gate, writing and the audit, one at a time: the tests must find each of them.

``python tests/mutants.py`` tries them all, ``--only N`` one of them: on a copy of ``src``, with the test files that it
names, up to the first test that fails. A mutant that survives is a hole in the tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PATIENCE = 300
"""Seconds that the tests of one mutant may take."""


@dataclass(frozen=True)
class Mutant:
    """A text of a file of the package, which stands in it once, and what is put in its place."""

    file: str
    old: str
    new: str
    tests: Sequence[str]


ORACLE = ("visibility/test_oracle.py",)
NAMES = ("visibility/test_names.py", *ORACLE)
SHARED = ("visibility/test_shared_view.py",)
EDITING = ("visibility/test_editing.py", "visibility/test_can_and_actions.py")
GATE = ("visibility/test_can_and_actions.py", "visibility/test_escalation.py", "visibility/test_editing.py")
ESCALATION = ("visibility/test_escalation.py",)
RAISING = ("visibility/test_raising.py",)
POLICIES = ("visibility/test_policy_edit.py",)
QUOTA = ("visibility/test_quota.py",)
HIDING = ("visibility/attacks/test_attacked_hiding.py",)
DEVICES = ("visibility/attacks/test_attacked_devices.py",)
LIMITS = ("visibility/attacks/test_attacked_limits.py",)
MOVES = ("visibility/test_moves.py", "visibility/test_tree_edits.py")
UNDO = ("visibility/test_undo.py", "visibility/test_hidden_and_missing.py")
SHEETS = ("visibility/attacks/test_attacked_sheets.py",)
AUDIT = ("visibility/test_audit.py", "visibility/test_audit_words.py")

MUTANTS = (
    # The rule.
    Mutant("visibility/rule.py", "at < self.valid_until)", "at <= self.valid_until)", ORACLE),
    Mutant("visibility/rule.py", "self.valid_from <= at", "self.valid_from < at", ORACLE),
    Mutant("visibility/rule.py", "if not self.active or self.filters == ():", "if self.filters == ():", ORACLE),
    Mutant("visibility/rule.py", "boundary = intersect(boundary, named)", "boundary = named", ORACLE),
    Mutant("visibility/rule.py", "nodes = intersect(boundary, union(", "nodes = union(union(", ORACLE),
    Mutant("visibility/rule.py", "and grants.filters is None and grants.home_is_root:", "and False:", ORACLE),
    Mutant("visibility/rule.py", "(narrow if group.access_level == SITE else wide)", "wide", ORACLE),
    Mutant("visibility/rule.py", "if contains(partial, site.path) and not", "if not", ORACLE),
    Mutant("visibility/rule.py", "if permission not in AT_SITES:\n", "if False:\n", ORACLE),
    Mutant("visibility/rule.py", "needed = PERMISSIONS - {POLICY_EDIT} if", "needed = frozenset() if", POLICIES),
    Mutant("visibility/rule.py", "or reached.customers != whole:", "or not reached.customers:", ORACLE),
    Mutant("visibility/intervals.py", 'return path, path + "!"', 'return path, path + "~"', ORACLE),
    Mutant("visibility/shared_view.py", "intersect(one.nodes(), other.nodes())", "one.nodes()", SHARED),
    Mutant("visibility/shared_view.py", "return real.active and subject.active and all(", "return all(", SHARED),
    # The statements that keep to it.
    Mutant("visibility/sql.py", 'LIMIT 1) > {path}"\n    )\n\n\n_PROBE', "LIMIT 1) > '/'\"\n    )\n\n\n_PROBE", ORACLE),
    Mutant("visibility/sql.py", "AND x.scope_id = :scope AND {self._conditions()}", "AND {self._conditions()}", ORACLE),
    Mutant(
        "visibility/point.py",
        "AND k.tenant_id = :tenant{kind.condition} AND {_inside(kind, has_sites)}",
        "AND k.tenant_id = :tenant{kind.condition}",
        ORACLE,
    ),
    Mutant(
        "visibility/point.py",
        "scope.nodes.id if kind.is_customer else scope.records.id,\n    }\n    if column",
        "scope.nodes.id,\n    }\n    if column",
        ORACLE,
    ),
    Mutant("visibility/tree.py", "AND (p.id IS NULL OR ({probe('p.path')}) IS NOT TRUE)", "AND TRUE", ORACLE),
    Mutant("visibility/tree.py", "if not visible(sight, [parent_id]):", "if False:", ORACLE),
    # The gate.
    Mutant(
        "changes/authority.py",
        "if not self.holds(permission, node, stands):\n                    if",
        "if False:\n                    if",
        GATE,
    ),
    Mutant(
        "changes/authority.py",
        "in (edit.after,) if written else (edit.before, edit.after):",
        "in (edit.after,):",
        GATE,
    ),
    Mutant(
        "changes/authority.py",
        'if action == "create" or (action == "move" and not written):',
        'if action == "create":',
        GATE,
    ),
    Mutant(
        "changes/authority.py",
        'if closed or not self.holds(edit.of.right("delete")',
        'if closed or False and not self.holds(edit.of.right("delete")',
        MOVES,
    ),
    Mutant("changes/authority.py", "if limited and not self.holds", "if limited and self.holds", LIMITS),
    Mutant("changes/authority.py", "if not seen.issuperset(wanted):", "if False:", ESCALATION),
    Mutant("changes/authority.py", "if not set(edit.changed) <= _OWN_PROFILE:", "if False:", ESCALATION),
    Mutant("changes/authority.py", "stands = edit.id in self.own_groups", "stands = False", ESCALATION),
    Mutant("changes/escalation.py", "if not own.region(permission).customers:", "if False:", ESCALATION),
    Mutant(
        "changes/escalation.py", "covering and not own.covers(permission, nodes):", "covering and False:", ESCALATION
    ),
    Mutant("changes/escalation.py", "if nodes and not own.covers(permission, nodes):", "if False:", ESCALATION),
    Mutant("changes/escalation.py", "id(region), id(former), id(held)", "id(region), id(former), 0", ESCALATION),
    Mutant(
        "changes/escalation.py",
        "potential = _potential(reach)\n        former",
        "potential = reach\n        former",
        ESCALATION,
    ),
    Mutant("changes/applying.py", "if gained and not self._gives_back(undoes, edits):", "if False:", RAISING),
    Mutant("changes/applying.py", "or not self.authority.sees(edit, found[0])  #", "#", HIDING),
    Mutant("changes/applying.py", "if edit.revision and revision != edit.revision:", "if False:", EDITING),
    Mutant(
        "changes/judging.py",
        "if may_end_one and not full_administrators(",
        "if False and not full_administrators(",
        ESCALATION,
    ),
    Mutant(
        "changes/judging.py",
        "demand_room(self.connection, self.tenant_id, paths, seen_by(self.authority.own))",
        "pass",
        LIMITS,
    ),
    Mutant("changes/quota.py", "(every or count > limit)", "(every or count > limit + 1)", QUOTA),
    Mutant(
        "changes/quota.py",
        "if seen(COUNTED_BY[one.field].permission, one.path):\n            most",
        "if True:\n            most",
        QUOTA,
    ),
    Mutant(
        "changes/placing.py",
        "if not listed.reaches(path, site):",
        "if False:",
        LIMITS,
    ),
    Mutant("changes/placing.py", "if owners.get(site) != node_of(state):", "if False:", DEVICES),
    # Writing.
    Mutant("changes/writing.py", "new = child_path(paths[parent], record)", "new = paths[parent]", MOVES),
    Mutant(
        "changes/writing.py",
        "            for mapped in (Customer, FormerCustomer):\n                _shift",
        "            for mapped in (Customer,):\n                _shift",
        ("visibility/test_former_customers.py",),
    ),
    Mutant(
        "changes/writing.py",
        "values(device_count=Customer.device_count + step)",
        "values(device_count=Customer.device_count)",
        MOVES,
    ),
    Mutant("changes/writing.py", "held - wanted, wanted - held)", "(), wanted - held)", (*ESCALATION, *UNDO)),
    Mutant("changes/writing.py", "steps[before.customer] -= 1", "pass", MOVES),
    # The audit, and what it takes back.
    Mutant("changes/audit.py", "opening = (_FORMULA, previous, tenant_id", 'opening = (_FORMULA, "", tenant_id', AUDIT),
    Mutant("changes/audit.py", 'if _hash(values) != entry["hash"]:', "if False:", AUDIT),
    Mutant("changes/audit.py", 'if entry["previous"] != previous:', "if False:", AUDIT),
    Mutant("changes/audit.py", "if number != end.audit_count:", "if False:", AUDIT),
    Mutant("changes/undo.py", "own.sees(one, path) for one in permissions)", "True for one in permissions)", UNDO),
    Mutant(
        "changes/undo.py",
        "self.told[known] = own.region(of.permission).reaches(path, itself)",
        "self.told[known] = True",
        UNDO,
    ),
    Mutant("changes/undo.py", "if not forwards and now != old:", "if False:", UNDO),
    Mutant("changes/undo.py", "AuditEntry.change.not_in(taken_back),", "", UNDO),
    # Sheets.
    Mutant("services/import_meaning.py", "self.of.noun, [row.id for row in rows]", "self.of.noun, list(ids)", SHEETS),
    Mutant("services/import_meaning.py", "more is not None and not more(row.path)", "False", SHEETS),
    Mutant("services/import_meaning.py", "now not in self.seen[name] else None", "False else None", SHEETS),
    Mutant("services/importing.py", "[row.node if row.node in names else unseen]", "[row.node]", SHEETS),
    Mutant("services/import_rows.py", "if any(region.nodes() for region in regions) else {}", "", SHEETS),
    Mutant("services/import_rows.py", "self._permitted, self._within,", "self._permitted,", SHEETS),
)


def tried(mutant: Mutant, folder: Path) -> tuple[bool, str]:
    """Whether the mutant died, and the test that found it; of one that survived, the last line that was said."""
    package = folder / "src" / "ringfence"
    file = package / mutant.file
    whole = file.read_text()
    if whole.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file}: {mutant.old!r} stands in it {whole.count(mutant.old)} times")
    file.write_text(whole.replace(mutant.old, mutant.new))
    try:
        said = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not postgres"]
            + [str(TOP / "tests" / name) for name in mutant.tests],
            cwd=TOP,
            env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return True, "no end"
    finally:
        file.write_text(whole)
    lines = said.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return said.returncode == 1 and bool(failed), (failed or lines[-1:] or [said.stderr.strip()])[0][:110]


def main() -> int:
    """Tries what is asked for. Returns 1 where a mutant survived."""
    parser = argparse.ArgumentParser(prog="python tests/mutants.py")
    parser.add_argument("--only", type=int, metavar="N", help="that one alone, counted from 1")
    chosen = parser.parse_args()
    survived = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(TOP / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        for data in ("demo.db", "themes"):
            (folder / data).symlink_to(TOP / data)
        for number, mutant in enumerate(MUTANTS, 1):
            if chosen.only not in (None, number):
                continue
            began = time.monotonic()
            died, by = tried(mutant, folder)
            sys.stdout.write(f"{number:3} {'died' if died else 'SURVIVED'} {time.monotonic() - began:5.0f} s")
            sys.stdout.write(f"  {mutant.file}: {mutant.new.splitlines()[0] if mutant.new else '(nothing)'}  {by}\n")
            sys.stdout.flush()
            if not died:
                survived.append(number)
    sys.stdout.write(f"{len(survived)} survived{': ' if survived else ''}{', '.join(map(str, survived))}\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
