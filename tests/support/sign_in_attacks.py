"""Tries at signing in that must not succeed, made by chance: of logins and of what is typed with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from pyotp import TOTP
from sqlalchemy import select, update
from support.edits import World

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.identity import codes, credentials, invitations, passwords
from ringfence.identity.secrets import digest
from ringfence.services import signing_in
from ringfence.services.signing_in import CodeWanted, NotProven
from ringfence.storage import logins
from ringfence.storage.identity_tables import Credential, Invitation
from ringfence.storage.tables import User

GOOD = {"nora": "seven green bicycles", "dora": "a lamp under nine stairs", "bert": "no owl counts to eleven"}
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PLACES = ("", "192.0.2.1", "2001:db8::1")


class Guarded(NamedTuple):
    """A world in which nora has a password, bert one and a second factor, dora one and is inactive, gus an invitation
    that has expired, and rita one that never does; what its tables keep of that; and what was shown to its users, of
    which nora has used one."""

    of: World
    kept: tuple[str, ...]
    shown: tuple[str, ...]
    recovery: tuple[str, ...]


def guarded(of: World, at: datetime) -> Guarded:
    """Makes it of a world."""
    shown = []
    recovery: tuple[str, ...] = ()
    with of.database.writing() as connection:
        for login in ("nora", "dora", "bert", "gus", "rita"):
            own = of.viewer(login)
            ids = own.tenant_id, own.user_id
            if login in GOOD:
                credentials.set_password(connection, *ids, passwords.hashed(GOOD[login]), at)
            else:
                shown.append(invitations.make(connection, *ids, at - timedelta(days=8))[0])
            if login == "nora":
                shown.append(invitations.make(connection, *ids, at)[0])
                assert invitations.use(connection, *ids, digest(shown[-1]))
            if login == "rita":
                lasts = update(Invitation.__table__).where(Invitation.user_id == own.user_id)
                connection.execute(lasts.values(expires_at=clock.milliseconds(at + timedelta(days=365 * 1000))))
            if login == "bert":
                credentials.set_code_secret(connection, *ids, SECRET)
                recovery = codes.renew_recovery(connection, *ids)
        connection.execute(update(User.__table__).where(User.login == "dora").values(active=False))
        kept = [*connection.execute(select(Credential.password)).scalars()]
        kept += connection.execute(select(Invitation.digest)).scalars()
    return Guarded(of, tuple(kept), tuple(shown), recovery)


def attack(world: Guarded, chance: Random, tries: int, at: datetime) -> Counter[str]:
    """Tries so often, a day after each other, so that none must wait; returns how often each line was told. Raises
    AssertionError where anybody comes further than they may."""
    told: Counter[str] = Counter()
    for number in range(tries):
        with clock.stopped(at + timedelta(days=20 + number)):
            told[_try(world, chance)] += 1
    return told


def _try(world: Guarded, chance: Random) -> str:
    login = _login(chance)
    secret = _secret(world, chance)
    if chance.random() < 0.3:
        return _code(world, chance)
    meant = logins.typed(login).removesuffix("@t")
    ritas = world.shown[-1]
    if (secret == GOOD.get(meant) and meant != "dora") or (secret == ritas and meant == "rita"):
        secret += "x"  # that would be no attack
    try:
        step = signing_in.begin(world.of.database, login, secret, origin="attack", address=chance.choice(PLACES))
    except NotProven as error:
        return str(error)
    raise AssertionError(f"{login!r} came in by {secret!r}: {type(step).__name__}")


def _code(world: Guarded, chance: Random) -> str:
    """Who knows the password comes no further without a code."""
    database = world.of.database
    step = signing_in.begin(database, "bert", GOOD["bert"], origin="attack")
    assert isinstance(step, CodeWanted)
    now = clock.now()
    off = chance.choice([timedelta(minutes=-2), timedelta(minutes=2), timedelta(days=-1), timedelta(seconds=-61)])
    wrong = chance.choice(
        [
            TOTP(SECRET).at(now + off),
            "",
            "000000\x00",
            "٠١٢٣٤٥",
            "9" * 10**6,
            SECRET,
            world.kept[-1],
            "abcd-efgh-jkmn",
            world.recovery[0][:-1],
            " OR 1=1",
            "\ud800",
        ]
    )
    right = {TOTP(SECRET).at(now + timedelta(seconds=30 * step)) for step in (-1, 0, 1)}
    try:
        if chance.random() < 0.2:
            further = signing_in.with_new_password(database, step.ticket, "an entirely other matter")
        else:
            further = signing_in.with_code(database, step.ticket, "x" if wrong in right else wrong)
    except NotProven as error:
        return str(error).partition(" (")[0]
    except RingfenceError as error:
        raise AssertionError(f"told {error}") from error
    raise AssertionError(f"a code {wrong!r} was taken: {type(further).__name__}")


def _login(chance: Random) -> str:
    login = chance.choice([*GOOD, "gus", "rita", "boss", "nobody", "", "%", "_", "*", "root"])
    ways: list[Callable[[str], str]] = [
        str,
        str.upper,
        lambda one: f"{one}\x00",
        lambda one: f" {one}",
        lambda one: f"{one}' OR '1'='1",
        lambda one: f"{one}\n{one}",
        lambda one: one.replace("o", "о"),  # of another alphabet
        lambda one: one + "\ud800",
        lambda one: one * 200_000,
        lambda one: f"{one}@t",
        lambda one: f"{one}@T",
        lambda one: f"{one}@t@t",
        lambda one: "\u202e" + one[::-1],
    ]
    return chance.choice(ways)(login)


def _secret(world: Guarded, chance: Random) -> str:
    """What lets nobody in, or somebody else: of invitations those that have expired, and one that was used, too."""
    known = chance.choice([*GOOD.values(), *world.kept, *world.shown, *world.recovery, "", "rfi_", SECRET])
    ways: list[Callable[[str], str]] = [
        str,
        lambda one: f"{one}\x00",
        lambda one: f"{one} ",
        lambda one: one[:-1],
        str.swapcase,
        lambda one: one[::-1],
        lambda one: one * 50_000,
        lambda one: f"{one}\ud800",
        lambda one: f"{one}' --",
    ]
    return chance.choice(ways)(known)
