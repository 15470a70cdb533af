"""One's own tokens in the console: made, shown once, listed and revoked."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.console import console_on, demo_copy, opened

from ringfence.console.screens.tokens import TokensScreen
from ringfence.domain.errors import RingfenceError
from ringfence.services.bearers import bearer


async def test_one_is_made_shown_once_and_revoked(tmp_path: Path) -> None:
    own = demo_copy(tmp_path)
    async with opened(console_on(own, "olga", demo=False), (120, 40)) as console:
        await console.press("colon")
        await console.type("api tokens")
        await console.press("enter")
        assert isinstance(console.app.screen, TokensScreen), console.text
        assert "You have no token" in console.text
        await console.press("n")
        await console.type("night report")
        await console.press("enter", "9")
        assert "It is not shown again" in console.text
        (secret,) = [word for word in console.text.split() if word.startswith("rf_")]
        assert bearer(own, secret).login == "olga"
        await console.press("escape")
        await console.settle()
        assert secret not in console.text
        assert "night report" in console.text
        assert "all that you may" in console.text
        await console.press("D", "r")
        await console.settle()
        assert "You have no token" in console.text
        with pytest.raises(RingfenceError):
            bearer(own, secret)
        await console.press("escape")
        assert not isinstance(console.app.screen, TokensScreen)
    own.close()
