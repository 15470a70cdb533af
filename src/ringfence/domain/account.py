"""What the list of those who can sign in says of each: beside what lists of users say, their provider."""

from __future__ import annotations

from typing import Final

from ringfence.domain.filter import Named, Term, named, terms
from ringfence.domain.user import USERS

STAFF: Final = "staff"
"""What stands for the home of those who belong to the provider itself."""
COLUMNS: Final = (*named(USERS), Named("tenant", "provider"))
"""What a filter of it can name."""


def parse(typed: str) -> tuple[Term, ...]:
    """The terms of a filter of it. Raises WrongFilter for one that cannot be understood."""
    return terms(COLUMNS, typed)
