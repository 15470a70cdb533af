"""Documents by chance have windows that lie around one moment: the clock stands there."""

from __future__ import annotations

import pytest
from support.clock import stopped_at
from support.documents import AT


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, AT)
