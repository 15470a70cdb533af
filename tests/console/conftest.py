"""Coroutine tests are run to their end; nothing of the developer's terminal or settings reaches them."""

import pytest
from support.console import demo, no_past
from support.quiet import plain_surroundings, pytest_pyfunc_call

from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.storage.engine import Database

__all__ = ["demo", "no_past", "plain_surroundings", "pytest_pyfunc_call"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> Database:
    """The demo's story on each engine in turn."""
    if request.param == "sqlite":
        found: Database = request.getfixturevalue("demo")
        return found
    database: Database = request.getfixturevalue("postgres_database")
    load_document(database, story())
    return database
