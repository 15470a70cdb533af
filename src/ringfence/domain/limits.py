"""Lengths that text may have, in characters. An index entry must fit a page of either engine."""

from __future__ import annotations

from typing import Final

NAME: Final = 400
KEY: Final = 400
SHORT_TEXT: Final = 200  # unit ids, kinds, logins, phone numbers
LONG_TEXT: Final = 4000  # addresses, descriptions
CONDITION: Final = 500
SEARCH_KEY_BYTES: Final = 2500  # of a folded search key in UTF-8: PostgreSQL indexes no more than 2,700
PATH: Final = {"postgresql": 2500, "sqlite": 16_000}
"""Of a customer's path, by engine: what PostgreSQL's indexes hold, with some room; for SQLite thousands of levels."""
