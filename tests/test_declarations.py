"""A kind of record is declared once: what the rest of the package names by hand is little, and does not grow."""

from __future__ import annotations

import pytest
from support.nouns import asking, listing, longer, naming

ASKED = 25
"""So many lines may ask whether something is a state of one kind: all else reads the declarations."""
NAMED = {"site": 26, "customer_group": 15}
"""So many files may name a noun, apart from visibility, migrations and the demo's story."""
LISTED = {
    "domain/registry.py": 2,  # the order in which kinds go by each other, and that of their lists
    "domain/permission.py": 1,  # the catalogue: every right, in the order in which it is shown
    "cli/commands.py": 1,  # the groups of commands that have a module of their own
    "domain/test_mode.py": 1,  # its form, whose fields are called as what they name
    "signals/alarm_rows.py": 1,  # the columns of an alarm, likewise
    "services/listing.py": 1,  # the kinds whose lists show more than their fields
    "console/screens/memberships.py": 1,  # what a user's form shows anew of each where somebody was faster
}
"""How many literals list four kinds or more, by file: the registry's, and six others."""
LONGEST = 450
"""So many lines a file may have."""


def test_the_declarations_are_read_and_no_classes_asked_for() -> None:
    assert asking() <= ASKED


@pytest.mark.parametrize("noun", NAMED)
def test_a_noun_is_named_where_something_of_its_own_is_done(noun: str) -> None:
    found = naming(noun)
    assert 0 < len(found) <= NAMED[noun], found


def test_the_registry_lists_the_kinds_and_hardly_anything_else() -> None:
    assert listing(4) == LISTED


def test_no_file_is_too_long_to_be_read() -> None:
    assert longer(LONGEST) == []
