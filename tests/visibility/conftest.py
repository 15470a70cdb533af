"""Documents by chance have windows that lie around one moment: the clock stands there. Databases are looked through
time and again, but their structure once: nothing here changes that."""

from __future__ import annotations

import pytest
from support.clock import stopped_at
from support.databases import compared_once
from support.documents import AT


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, AT)


@pytest.fixture(autouse=True)
def _structure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.storage.structure.differences", compared_once)
