"""Signing in by keys: login and password, a second factor, a password of one's own; the lock, and who unlocks it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from time import sleep

import pytest
import segno
from pyotp import TOTP
from support.clock import stopped_at
from support.console import NOON, Console, console_on, opened
from textual.geometry import Size
from textual.widgets import Input

from ringfence.console.proving import set_up
from ringfence.console.screens.credentials import Credentials
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.lock import Lock
from ringfence.console.screens.profile_form import ProfileForm
from ringfence.console.screens.user_form import UserForm
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.qr import QrCode
from ringfence.identity import credentials, invitations, passwords, sessions
from ringfence.services import sign_ins
from ringfence.services.accounts import sign_in
from ringfence.storage.engine import Database

PASSWORD = "lantern gravel oboe nineteen"
OTHER = "quarry velvet tuba eleven"
HASHED = passwords.hashed(PASSWORD)
SMALL = (80, 24)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, NOON)
    monkeypatch.setattr("ringfence.services.signing_in._STEP_SECONDS", 0.001)


def give_password(database: Database, login: str) -> None:
    with database.writing() as connection:
        person = credentials.find(connection, login)
        assert person is not None
        credentials.set_password(connection, person.tenant_id, person.id, HASHED, NOON)


def invite(database: Database, login: str) -> str:
    with database.writing() as connection:
        person = credentials.find(connection, login)
        assert person is not None
        return invitations.make(connection, person.tenant_id, person.id, NOON)[0]


async def enter(console: Console, *texts: str) -> None:
    """Types texts, each ended by Enter."""
    for text in texts:
        await console.type(text)
        await console.press("enter")


async def open_profile(console: Console, field: str) -> None:
    await console.press("colon")
    await console.type("profile")
    await console.press("enter")
    if not isinstance(console.app.screen, ProfileForm):
        await console.press("enter")
    form = console.app.screen.query_one(Form)
    while form.current[0] != field:
        await console.press("down")


async def command(console: Console, name: str) -> None:
    console.app.check_session()
    await console.app.screen.action_command(name)  # type: ignore[attr-defined]
    await console.settle()


def shown_secret(console: Console) -> str:
    """The secret beside the picture; the picture holds the same."""
    secret = "".join(re.findall(r"\b[A-Z2-7]{4}\b", console.text))
    assert len(secret) == 32
    return secret


async def test_login_and_password(demo: Database) -> None:
    give_password(demo, "olga")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        assert "Sign in" in console.text
        assert "Customers" not in console.text
        said = []
        for login in ("nobody at all", "olga"):
            await console.press("escape", "up", "home", *["delete"] * 20)
            await enter(console, login, "wrong")
            said.append([line for line in console.lines if "Login" not in line])
            assert PASSWORD not in console.text
        assert said[0] == said[1], "nothing says whether there is somebody of that login"
        assert "do not go together" in " ".join(console.text.split())
        assert isinstance(console.app.screen, Credentials)
        await enter(console, PASSWORD)
        assert isinstance(console.app.screen, CustomersScreen)
        assert "olga" in console.lines[0]
        assert console.toasts == ["You are signed in for the first time."]
        await command(console, "sign_out")
        assert "You have signed out" in console.text
        await enter(console, "olga", PASSWORD)
        assert "You signed in last at 2026-11-16 12:00 UTC, console." in console.toasts[0]
    console.app.leave_session()  # as the program does
    assert sign_ins.own(sign_in(demo, "olga", NOON)) == (), "whoever leaves is signed in no more"


async def test_what_is_typed_behind_enter_goes_where_enter_leads(demo: Database) -> None:
    """As programs type it that keep passwords: nothing of a password comes to be read."""
    give_password(demo, "olga")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await console.hurry(*"olga", "enter", *"wrong", "enter")
        login, password = (field.value for field in console.app.screen.query(Input))
        assert (login, password) == ("olga", "")
        await console.hurry(*PASSWORD, "enter")
        assert isinstance(console.app.screen, CustomersScreen)
    invitation = invite(demo, "h.devries")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await console.hurry(*"h.devries", "enter", *invitation, "enter", *OTHER, "enter", *OTHER, "enter")
        assert isinstance(console.app.screen, CustomersScreen)


async def test_from_an_invitation_to_a_session_that_somebody_else_ends(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = invite(demo, "h.devries")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await enter(console, "h.devries", invitation)
        assert "You were invited: choose a password of your own." in console.text
        await enter(console, "password", "passwordd")
        assert "The two are not the same" in console.text
        await enter(console, "devries devries", "devries devries")
        assert "Your login, your name" in " ".join(console.text.split())
        await enter(console, PASSWORD, PASSWORD)
        assert isinstance(console.app.screen, CustomersScreen)

        await open_profile(console, "second_factor")
        await console.press("enter")
        secret = shown_secret(console)
        await enter(console, "000000")
        assert "not the code" in " ".join(console.text.split())
        await enter(console, TOTP(secret).at(NOON))
        codes = re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", console.text)
        assert len(codes) == 10
        await console.press("escape", "c")
        assert console.app.clipboard.split() == sorted(codes, key=console.app.clipboard.index)
        await console.press("h")
        assert "10 recovery codes left" in console.text
        assert codes[0] not in console.text
        await console.press("escape")

        await command(console, "sign_out")
        await enter(console, "h.devries", PASSWORD)
        assert "Second factor" in console.text
        await enter(console, codes[3])
        assert isinstance(console.app.screen, CustomersScreen)

        await open_profile(console, "name")
        await console.press("end")
        await console.type(" the second")
        before = console.lines
        idle, console.app.idle = console.app.idle, 0.0
        assert idle == 30 * 60
        console.app._watch_on()
        await console.settle()
        console.app.idle = idle
        assert isinstance(console.app.screen, Lock)
        assert "Hanna" not in console.text
        assert "Profile" not in console.text
        await enter(console, "wrong")
        await enter(console, PASSWORD)
        stopped_at(monkeypatch, NOON + timedelta(minutes=3))
        await enter(console, TOTP(secret).at(NOON + timedelta(minutes=3)))
        assert [line for line in console.lines if "Nothing" not in line] == before
        assert isinstance(console.app.screen, ProfileForm)
        assert len(sign_ins.own(sign_in(demo, "h.devries", NOON))) == 1, "it is the session that it was"

        console.app.lock()
        await console.settle()
        boss = sign_in(demo, "h.devries", NOON)
        sign_ins.end(boss, [one.id for one in sign_ins.own(boss)], "elsewhere")
        locked = console.app.screen
        assert isinstance(locked, Lock)
        locked._look()
        await console.settle()
        assert isinstance(console.app.screen, Credentials)
        assert not isinstance(console.app.screen, Lock)
        assert "This session has been ended" in console.text
        assert "Hanna" not in console.text


async def signed_in(console: Console, login: str = "h.devries") -> None:
    await enter(console, login, PASSWORD)
    assert isinstance(console.app.screen, CustomersScreen)


async def test_what_comes_while_it_is_locked_waits_until_it_is_not(demo: Database) -> None:
    """An answer that takes a screen away would take the lock away, and what it shows is not for everybody."""
    give_password(demo, "h.devries")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await signed_in(console)
        app = console.app
        done: list[str] = []
        screen = app.screen
        assert isinstance(screen, CustomersScreen)

        def answered(_: None) -> None:
            app.pop_screen()
            done.append("answer")

        screen.in_thread("late", lambda: sleep(0.05), answered)
        screen.set_timer(0.05, lambda: done.append("timer"))
        screen.set_interval(0.02, lambda: done.append("tick") if app.locked else None)
        app.push_screen(Dialog("A question", ["of the data"], []))
        app.lock()
        await console.settle()
        await asyncio.sleep(0.1)
        await console.settle()
        assert isinstance(app.screen, Lock)
        assert done == []
        assert "data" not in console.text
        await console.press("f2", "ctrl+p", "1", "escape", "question_mark")
        assert isinstance(app.screen, Lock)
        await console.press(*["backspace"] * 9)
        await enter(console, PASSWORD)
        assert sorted(done) == ["answer", "timer"]
        assert isinstance(app.screen, CustomersScreen), "the answer took the dialog away"


async def test_nobody_else_unlocks_it_and_whoever_has_no_password_is_signed_out(demo: Database) -> None:
    give_password(demo, "olga")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await signed_in(console, "olga")
        console.app.lock()
        await console.settle()
        await console.press("ctrl+o")
        assert "You have signed out" in console.text
        await signed_in(console, "olga")
        with demo.writing() as connection:
            connection.exec_driver_sql("UPDATE credential SET password = NULL")
        console.app.lock()
        await console.settle()
        assert "password to go on by: you are signed out" in console.text
        assert console.app.session is None


async def test_a_delay_is_told_in_words(demo: Database) -> None:
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        invite(demo, "olga")
        await enter(console, "olga", *["wrong"] * 6)
        assert re.search(r"The next try is taken in \d seconds?\.", " ".join(console.text.split()))
        await enter(console, "wrong")
        assert isinstance(console.app.screen, Credentials)


async def test_ones_own_sessions_are_shown_and_ended(demo: Database) -> None:
    give_password(demo, "olga")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await signed_in(console, "olga")
        await open_profile(console, "sign_ins")
        await console.press("enter")
        assert "this one" in console.text
        await console.press("D", "e")
        assert "This session has been ended" in console.text
        assert console.app.session is None


async def test_users_are_invited_and_signed_out_from_their_list(demo: Database) -> None:
    give_password(demo, "h.devries")
    give_password(demo, "olga")
    olga = sign_in(demo, "olga", NOON)
    with demo.writing() as connection:
        sessions.begin(connection, olga.tenant_id, olga.user_id, how="password", origin="console elsewhere")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await signed_in(console)
        await console.press("3", "slash")
        await console.type("login:olga")
        await console.press("enter", "W")
        assert "console elsewhere" in console.text
        await console.press("D", "e")
        assert sign_ins.own(olga) == ()
        await console.press("escape", "I", "m")
        (invitation,) = re.findall(r"rfi_[\w-]{43}", console.text)
        assert "type the login olga and this for the password" in " ".join(console.text.split())
        await console.press("c")
        assert console.app.clipboard == invitation
        await console.press("escape")
        assert invitation not in console.text
        await command(console, "sign_out")
        await enter(console, "olga", invitation)
        assert "You were invited: choose a password of your own." in console.text


async def test_the_form_of_a_user_has_how_they_sign_in_too(demo: Database) -> None:
    give_password(demo, "h.devries")
    give_password(demo, "olga")
    olga = sign_in(demo, "olga", NOON)
    with demo.writing() as connection:
        credentials.set_code_secret(connection, olga.tenant_id, olga.user_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        sessions.begin(connection, olga.tenant_id, olga.user_id, how="password", origin="console elsewhere")
    async with opened(console_on(demo, None, demo=False), SMALL) as console:
        await signed_in(console)
        await console.press("3", "slash")
        await console.type("login:olga")
        await console.press("enter", "e")
        assert isinstance(console.app.screen, UserForm)
        await console.press("W")
        assert "console elsewhere" in console.text
        await console.press("escape", "I", "m")
        assert "rfi_" in console.text
        await console.press("escape")
        await command(console, "lost_factor")
        assert "Take the second factor of Olga" in console.text
        await console.press("t")
        assert "has no second factor any more" in console.text
        assert sign_ins.own(olga) == ()
        assert isinstance(console.app.screen, UserForm)
        console.app.screen.change(name="Other")
        await command(console, "invite")
        assert "save first what you have changed here" in " ".join(console.text.split())
        await command(console, "leave")
        await console.press("l")
    with demo.reading() as connection:
        person = credentials.find(connection, "olga")
    assert person is not None
    assert person.code_secret is None


async def test_in_the_demo_nobody_signs_in(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), SMALL) as console:
        await open_profile(console, "name")
        assert console.text.count("this is the demo") == 3
        console.app.lock()
        await console.settle()
        assert not console.app.locked
        await console.press("escape", "question_mark")
        await console.type(":lock")
        assert "off: this is the demo" in " ".join(console.text.split())


def test_the_picture_holds_what_it_is_made_of() -> None:
    uri = "otpauth://totp/h.devries?secret=JMSM2EXBJFPIIYNOORL6ZDSABPBW2JWS&issuer=Harbor%20Monitoring"
    code = QrCode(uri)
    assert code.fit(Size(41, 21)) == Size(41, 21), "it fits a terminal of 80 by 24"
    assert not code.fit(Size(30, 21))
    code.fit(Size(80, 40))
    read = [
        [cell in blocks for cell in "".join(part.text for part in code.render_line(y))]
        for y in range(21)
        for blocks in ("█▀", "█▄")
    ]
    wanted = [[not dark for dark in row] for row in segno.make(uri, error="l", boost_error=False).matrix_iter(border=2)]
    assert read[: len(wanted)] == wanted


def test_the_issuer_stands_in_it_once() -> None:
    asked = set_up("otpauth://totp/Har%20bor:olga?secret=ABCDEFGH&issuer=Har%20bor", "", lambda _: None)
    assert asked.uri == "otpauth://totp/olga?secret=ABCDEFGH&issuer=Har%20bor"
