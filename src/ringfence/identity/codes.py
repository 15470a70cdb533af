"""The second factor: codes that go by the clock (RFC 6238), each taken once, and recovery codes that stand for them."""

from __future__ import annotations

import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from ringfence.identity.secrets import digest
from ringfence.storage.identity_tables import Credential, RecoveryCode

SECONDS: Final = 30
_DRIFT: Final = (-1, 0, 1)
"""So many steps the clock of a telephone may be off."""
_RECOVERY: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS, _GROUP = 3, 4


def new_secret() -> str:
    """What a telephone makes codes of, and nobody else may know: base 32, 160 bits."""
    from pyotp import random_base32

    return random_base32()


def uri(secret: str, login: str, provider: str) -> str:
    """The same as an ``otpauth:`` URI, for a QR code: telephones show whose it is, and where."""
    from pyotp import TOTP

    return TOTP(secret, interval=SECONDS).provisioning_uri(name=login, issuer_name=provider)


def step_of(secret: str, code: str, at: datetime, after: int | None) -> int | None:
    """The step of time that a code belongs to, a little before or after a moment; None for what is none, or belongs to
    no later step than the last that was taken (``after``)."""
    from pyotp import TOTP

    given = "".join(code[:_LONGEST].split()).encode(errors="replace")
    now, codes = int(at.timestamp()) // SECONDS, TOTP(secret, interval=SECONDS)
    fitting = [now + off for off in _DRIFT if compare_digest(codes.at(at, counter_offset=off).encode(), given)]
    return next((step for step in fitting if after is None or step > after), None)


def take(connection: Connection, tenant_id: int, user_id: int, code: str, at: datetime) -> bool:
    """Whether that is a code of the user's second factor which was not taken yet; it is from then on."""
    own = and_(Credential.tenant_id == tenant_id, Credential.user_id == user_id)
    row = connection.execute(select(Credential.code_secret, Credential.code_step).where(own)).one_or_none()
    if row is None or row.code_secret is None:
        return False
    step = step_of(row.code_secret, code, at, row.code_step)
    if step is None:
        return False
    free = or_(Credential.code_step.is_(None), Credential.code_step < step)
    return connection.execute(update(Credential.__table__).where(own, free).values(code_step=step)).rowcount == 1


def take_recovery(connection: Connection, tenant_id: int, user_id: int, code: str) -> bool:
    """Whether that is a recovery code of the user; it goes with it."""
    own = and_(RecoveryCode.tenant_id == tenant_id, RecoveryCode.user_id == user_id)
    known = digest(_plain(code))
    return connection.execute(delete(RecoveryCode.__table__).where(own, RecoveryCode.digest == known)).rowcount == 1


def recovery_left(connection: Connection, tenant_id: int, user_id: int) -> int:
    """How many recovery codes a user has left."""
    own = and_(RecoveryCode.tenant_id == tenant_id, RecoveryCode.user_id == user_id)
    return int(connection.execute(select(func.count()).select_from(RecoveryCode.__table__).where(own)).scalar_one())


def renew_recovery(connection: Connection, tenant_id: int, user_id: int) -> tuple[str, ...]:
    """New recovery codes of a user, in the place of those before. Nobody can be told of them again."""
    own = and_(RecoveryCode.tenant_id == tenant_id, RecoveryCode.user_id == user_id)
    connection.execute(delete(RecoveryCode.__table__).where(own))
    made = tuple(_made() for _ in range(_RECOVERY))
    rows = [{"tenant_id": tenant_id, "user_id": user_id, "digest": digest(one)} for one in made]
    connection.execute(insert(RecoveryCode.__table__), rows)
    return made


def forget_recovery(connection: Connection, tenant_id: int, user_id: int) -> None:
    """Takes a user's recovery codes away."""
    own = and_(RecoveryCode.tenant_id == tenant_id, RecoveryCode.user_id == user_id)
    connection.execute(delete(RecoveryCode.__table__).where(own))


_LONGEST: Final = 100
"""Of what was typed for a code no more is looked at."""


def _made() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _plain(code: str) -> str:
    """A recovery code as it was shown, however it was typed."""
    typed = "".join(one for one in code[:_LONGEST].lower() if one in _LETTERS)
    return "-".join(typed[start : start + _GROUP] for start in range(0, len(typed), _GROUP))
