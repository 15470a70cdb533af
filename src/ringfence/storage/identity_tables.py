"""The tables of how people prove who they are, and of what is theirs alone, which are no kinds of record: nothing of
them is audited as it stands, undone, dumped or exported. What is secret is kept as a hash, but for what codes and
digests are made of.

Moments are whole milliseconds since 1970, in UTC. What is kept of a user goes with them, and does not come back.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from ringfence.storage.columns import BINARY_TEXT, keyed, moment, of, own_id, rows, tenant_id

Credential: Final = keyed(
    "credential",
    of("user_account", named="user_id"),
    Column("password", Text),
    Column("password_at", BigInteger),
    Column("must_change", Boolean, nullable=False),
    Column("code_secret", Text),
    Column("code_step", BigInteger),
    Column("last_at", BigInteger),
    Column("last_from", String),
    Column("last_how", String),
)
"""How a user signs in: the hash of a ``password``, and since when they have it, whether they ``must_change`` it at
their next sign-in; what the codes of the second factor are made of, and the last step of time of which one was taken;
when, whence and how they last signed in."""
RecoveryCode: Final = keyed(
    "recovery_code",
    of("user_account", named="user_id"),
    Column("digest", BINARY_TEXT, primary_key=True),
)
"""A code that stands once for one of the second factor, as its hash; it goes with its use."""
Invitation: Final = keyed(
    "invitation",
    of("user_account", named="user_id"),
    Column("digest", BINARY_TEXT, nullable=False, unique=True),
    moment("made_at"),
    moment("expires_at"),
)
"""A user's first way in, as the hash of what was shown once. There is one at most; it goes with its use."""
SignIn: Final = rows(
    "sign_in",
    own_id(),
    tenant_id(),
    of("user_account", named="user_id", keyed=False),
    moment("began_at"),
    moment("seen_at"),
    Column("ended_at", BigInteger),
    Column("how", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("fingerprint", BINARY_TEXT, nullable=False),
    ever=True,
)
"""A session of somebody: ``how`` they proved who they are (password, key or token), whence they came, and by which key
or token (``fingerprint``). It lasts until it is ended, or a limit is reached."""
SshKey: Final = rows(
    "ssh_key",
    own_id(),
    tenant_id(),
    of("user_account", named="user_id", keyed=False),
    Column("kind", BINARY_TEXT, nullable=False),
    Column("blob", BINARY_TEXT, nullable=False, index=True),
    Column("fingerprint", BINARY_TEXT, nullable=False),
    Column("comment", String, nullable=False),
    moment("added_at"),
    Column("used_at", BigInteger),
    UniqueConstraint("tenant_id", "fingerprint"),
    ever=True,
)
"""A public key that stands for its user: its type, and the rest in base 64 (``blob``), as OpenSSH writes it. One that
users of two providers have stands for neither where it is asked for in all."""
ApiToken: Final = rows(
    "api_token",
    own_id(),
    tenant_id(),
    of("user_account", named="user_id", keyed=False),
    of("user_account", named="made_by", keyed=False),
    Column("name", String, nullable=False),
    Column("digest", BINARY_TEXT, nullable=False, unique=True),
    Column("permissions", Text),
    Column("customer_id", Integer, ForeignKey("customer.id", ondelete="CASCADE"), index=True),
    moment("made_at"),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    UniqueConstraint("tenant_id", "user_id", "name"),
    ever=True,
)
"""A token that stands for its user in programs, as the hash of what was shown once: for some ``permissions`` alone (as
JSON; None is all of theirs), and below one customer alone, where it says so. Whoever made it is its user, or somebody
who held all that it gives."""
Attempt: Final = rows(
    "attempt",
    Column("role", BINARY_TEXT, primary_key=True),
    Column("digest", BINARY_TEXT, primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("at"),
    Index(None, "role", "at"),
    keyed=True,
)
"""How often in a row signing in failed with a login, or from an address, whether there is such a login or not (as a
digest of it), and when that was last. There are so many at most: the oldest go first. On PostgreSQL each ``role`` that
is connected counts for itself; on SQLite there is none."""
AttemptKey: Final = rows(
    "attempt_key",
    Column("role", BINARY_TEXT, primary_key=True),
    Column("secret", BINARY_TEXT, nullable=False),
    keyed=True,
)
"""What a role's digests of logins and addresses are made with: 256 random bits, in hexadecimal figures."""
OwnConsole: Final = keyed(
    "own_console", of("user_account", named="user_id"), Column("layout", Text), Column("settings", Text)
)
"""Where a user who comes over SSH left the console, and what they have set there: the account that they come to has no
file of theirs."""
