"""The product's clock, stopped."""

from __future__ import annotations

from datetime import datetime

import pytest


def stopped_at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Writing is judged, and everybody who asks for no other moment looks, as of that one."""
    monkeypatch.setattr("ringfence.domain.clock._stopped", moment)
