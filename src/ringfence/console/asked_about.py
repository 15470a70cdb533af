"""What can be asked about: why somebody may do something there, or may not."""

from __future__ import annotations

from typing import NamedTuple


class AskedAbout(NamedTuple):
    """What is asked about: a record, by its kind and its key, or a customer by its id alone; a permission, empty for
    that by which it is listed; and whose, empty for whoever's view this is."""

    noun: str
    key: str
    permission: str = ""
    login: str = ""
    customer: int | None = None
