"""Names in forms: what cannot be seen is not taken, and logins are checked as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.console import Console, opened
from support.form_host import form_host
from textual import events

from ringfence.console.screens.customer_form import CustomerForm
from ringfence.console.screens.customer_group_form import CustomerGroupForm
from ringfence.console.screens.plain_form import PlainForm
from ringfence.console.screens.profile_form import ProfileForm
from ringfence.console.screens.role_form import RoleForm
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.console.screens.user_form import UserForm
from ringfence.domain.device import DEVICES
from ringfence.domain.site import SITES
from ringfence.storage.engine import Database

FORMS: dict[str, tuple[Callable[[int], Any], tuple[str, ...]]] = {
    "customer": (lambda _: CustomerForm(None), ("name", "email", "phone")),
    "site": (lambda _: PlainForm(SITES, None), ("name",)),
    "device": (lambda _: PlainForm(DEVICES, None), ("name", "kind", "unit_id")),
    "user": (lambda _: UserForm(None), ("name", "login", "email")),
    "role": (lambda _: RoleForm(None), ("name",)),
    "customer group": (lambda _: CustomerGroupForm(None), ("name",)),
    "security group": (lambda _: SecurityGroupForm(None), ("name",)),
    "profile": (ProfileForm, ("name", "email")),
}


async def paste(console: Console, text: str) -> None:
    """What a terminal sends for a paste."""
    console.app._driver.send_message(events.Paste(text))  # type: ignore[union-attr]
    await console.settle()


@pytest.mark.parametrize("form", FORMS)
async def test_no_form_takes_it(demo: Database, form: str) -> None:
    """It is dropped as it is typed or pasted: what is saved is what is seen."""
    make, names = FORMS[form]
    async with opened(form_host(demo), (120, 36)) as console:
        assert console.app.profile is not None
        screen = make(console.app.profile.user_id)
        console.app.push_screen(screen)
        await console.settle()
        for name in names:
            screen.form.go_to(name)
            await console.press("end")
            before = screen.form.values[name]
            await console.type("a\u3164b")
            await paste(console, "c\u202ed\u200be")
            assert screen.form.values[name] == getattr(screen.draft, name) == f"{before}abcde"


async def test_a_login_is_checked_as_it_is_typed(demo: Database) -> None:
    async with opened(form_host(demo), (120, 36)) as console:
        screen = UserForm(None)
        console.app.push_screen(screen)
        await console.settle()
        await console.type("Olga too")
        screen.form.go_to("login")
        await console.type("\u043elga")
        assert "mixes Cyrillic and Latin" in console.text
        await console.press("ctrl+s")
        assert console.app.screen is screen
        await console.press(*["backspace"] * 4)
        await console.type("olga ")
        await console.press("ctrl+s")
        assert console.app.screen is screen
        assert "another user has this login" in console.text
