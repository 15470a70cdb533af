"""SSH keys: what is taken for one, whose they are, and coming in with one."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from support.edits import World, provider
from support.sshd import make_key

from ringfence.domain.errors import Refused, RingfenceError, SessionEnded
from ringfence.identity import door, keys, sessions
from ringfence.identity.keys import WrongKey
from ringfence.services import listing, ssh_keys
from ringfence.services.records import Listing
from ringfence.storage.engine import Database
from ringfence.visibility.shared_view import SharedView


def text(data: bytes) -> bytes:
    """A text in a blob."""
    return len(data).to_bytes(4) + data


def number(value: int) -> bytes:
    """A number in one."""
    return text(value.to_bytes(value.bit_length() // 8 + 1))


def line(kind: str, *parts: bytes, inner: str | None = None, comment: str = "me") -> bytes:
    """A key as it stands in a file."""
    blob = b"".join([text((inner or kind).encode()), *parts])
    return f"{kind} {base64.b64encode(blob).decode()} {comment}\n".encode()


def ed25519(seed: str) -> bytes:
    """A key of ed25519, another one for each seed."""
    return line("ssh-ed25519", text(sha256(seed.encode()).digest()), comment=seed)


POINT = b"\x04" + bytes(range(64))
APPLICATION = text(b"ssh:")
SK = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
ODD = 2**3071 + 1
SOUND = {
    "ed25519": ed25519("a"),
    "ecdsa": line("ecdsa-sha2-nistp256", text(b"nistp256"), text(POINT)),
    "p521": line("ecdsa-sha2-nistp521", text(b"nistp521"), text(b"\x04" + bytes(132))),
    "rsa": line("ssh-rsa", number(65537), number(ODD)),
    "sk": line(SK, text(bytes(32)), APPLICATION),
    "sk ecdsa": line(SK_ECDSA, text(b"nistp256"), text(POINT), APPLICATION),
    "without a comment": ed25519("a").rpartition(b" ")[0],
}
WRONG = {
    "nothing": (b"", "no key in it"),
    "spaces": (b"  \n", "no key in it"),
    "rsa of 2048 bits": (line("ssh-rsa", number(65537), number(2**2047 + 1)), "with 2048 bits is too short"),
    "dsa": (line("ssh-dss", number(3)), "DSA"),
    "a certificate": (line("ssh-ed25519-cert-v01@openssh.com", text(b"x")), "a certificate"),
    "another type inside": (line("ssh-ed25519", text(bytes(32)), inner="ssh-rsa"), "is of another type"),
    "options in front": (b'command="sh" ' + ed25519("a"), "in front of the key"),
    "an option in front": (b"restrict " + ed25519("a"), "in front of the key"),
    "a word in front": (b"hello " + ed25519("a"), "'hello' is no type"),
    "more behind": (line("ssh-ed25519", text(bytes(32)), b"x"), "no whole key, or more than one"),
    "too short": (line("ssh-ed25519", text(bytes(31))), "no whole key"),
    "cut off": (line("ssh-ed25519", text(bytes(32))[:-1]), "no whole key"),
    "another curve": (line("ecdsa-sha2-nistp256", text(b"nistp384"), text(POINT)), "no whole key"),
    "a point that is packed": (line("ecdsa-sha2-nistp256", text(b"nistp256"), text(b"\x02" + bytes(32))), "no whole"),
    "a number below zero": (line("ssh-rsa", number(65537), text(b"\xff" + bytes(400))), "no whole key"),
    "a number with zeros": (line("ssh-rsa", text(b"\0\0\x03"), number(ODD)), "no whole key"),
    "no application": (line(SK, text(bytes(32))), "no whole key"),
    "64 KiB": (ed25519("a") + b"x" * 65536, "more than 16 KiB"),
    "two keys": (ed25519("a") + ed25519("b"), "more than one line"),
    "a line end in the comment": (ed25519("a\nb"), "more than one line"),
    "a carriage return": (ed25519("a\r"), "a carriage return"),
    "an escape": (ed25519("\x1b[2J"), "a control character"),
    "NUL": (ed25519("a\0b"), "a control character"),
    "another direction": (ed25519("a\u202eb"), "a control character"),
    "a long comment": (ed25519("x" * 201), "longer than 200"),
    "no UTF-8": (b"ssh-ed25519 \xff", "no text in UTF-8"),
    "no base 64": (b"ssh-ed25519 AAAA*AAA", "no key in base 64"),
    "loose base 64": (ed25519("a").replace(b" a", b"= a"), "no key in base 64"),
    "a private key": (b"-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "a private key"),
    "another form": (b"---- BEGIN SSH2 PUBLIC KEY ----\n", "another form"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_a_key(name: str) -> None:
    found = keys.parse(SOUND[name])
    assert f"{found.kind} {found.blob} {found.comment}".strip() == SOUND[name].decode().strip()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_none_is_refused_with_the_reason(name: str) -> None:
    written, why = WRONG[name]
    with pytest.raises(WrongKey, match=re.escape(why)) as wrong:
        keys.parse(written)
    assert str(wrong.value).isprintable()


def test_whatever_is_changed_in_a_key_it_is_another_one_or_none() -> None:
    """By chance: a byte of it, or of its base 64. What is taken stands for just what it says."""
    chance = Random(3)
    for _ in range(2000):
        written = bytearray(chance.choice(list(SOUND.values())))
        for _ in range(chance.randint(1, 3)):
            written[chance.randrange(len(written))] = chance.choice((chance.randrange(256), ord("="), ord("/"), 10))
        try:
            found = keys.parse(bytes(written))
        except WrongKey:
            continue
        else:
            blob = base64.b64decode(found.blob)
            assert base64.b64encode(blob).decode() == found.blob
            assert blob.startswith(text(found.kind.encode()))
            assert f"{found.kind} {found.blob}".encode() in bytes(written)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here: openssh-client brings it")
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa -b 384", "rsa -b 3072"])
@pytest.mark.once
def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path, kind: str) -> None:
    public = make_key(tmp_path / "key", *kind.split())
    said = subprocess.run(["ssh-keygen", "-lf", public], capture_output=True, text=True, check=True).stdout
    assert keys.parse(public.read_bytes()).fingerprint == said.split()[1]


def test_keys_are_ones_own_and_those_of_whomever_one_may_edit(database: Database) -> None:
    document = provider()
    head = {"key": "head", "tenant": "t", "name": "Head", "login": "head", "home": "acme"}
    document["users"].append(head | {"security_groups": [{"group": "everything"}]})
    of = World(database, document)
    boss, dora, nora, bert = (of.viewer(login) for login in ("boss", "dora", "nora", "bert"))
    own = ssh_keys.add(nora, ed25519("nora's"), "test")
    given = ssh_keys.add(dora, ed25519("given"), "test", "nora")
    assert [one.fingerprint for one in ssh_keys.keys_of(nora)] == [own, given]
    assert [one.comment for one in ssh_keys.keys_of(boss, "NORA")] == ["nora's", "given"]
    assert [one.used for one in ssh_keys.keys_of(nora)] == [None, None]
    said = []
    for login in ("bert", "nobody-there"):
        with pytest.raises(Refused) as refused:
            ssh_keys.keys_of(dora, login)
        said.append(str(refused.value))
    assert said[0] == said[1], "hidden and missing look alike"
    with pytest.raises(Refused):
        ssh_keys.add(bert, ed25519("new"), "test", "boss")
    with pytest.raises(Refused, match="over more customers than you hold"):
        ssh_keys.add(dora, ed25519("new"), "test", "head")
    assert not ssh_keys.keys_of(boss, "head")
    with pytest.raises(Refused, match=r"^this key stands for somebody already"):
        ssh_keys.add(bert, ed25519("nora's"), "test")
    with pytest.raises(Refused, match="no key with that fingerprint"):
        ssh_keys.remove(bert, own, "test")
    ssh_keys.remove(dora, own, "test", "nora")
    assert [one.fingerprint for one in ssh_keys.keys_of(nora)] == [given]
    ssh_keys.add(bert, ed25519("nora's"), "test")
    told = [one.fields() for one in listing.export(boss, Listing("audit"))]
    assert [(one["actor"], one["action"], one["name"]) for one in told if "key" in str(one["action"])] == [
        ("nora", "add key", "User nora"),
        ("dora", "add key", "User nora"),
        ("dora", "remove key", "User nora"),
        ("bert", "add key", "User bert"),
    ]
    seen = SharedView(boss, nora, "nora")
    with pytest.raises(Refused, match="through nora's eyes"):
        ssh_keys.add(seen, ed25519("more"), "test", "bert")


def test_with_a_key_go_the_sessions_that_came_by_it(database: Database) -> None:
    of = World(database, provider())
    boss, nora = of.viewer("boss"), of.viewer("nora")
    lost, kept = (ssh_keys.add(nora, ed25519(one), "test") for one in ("lost", "kept"))
    out, in_ = (ssh_keys.enter(database, one, "test") for one in (lost, kept))
    sessions_ = [of.workspace.session(one.viewer, one.sign_in) for one in (out, in_)]
    ssh_keys.remove(boss, lost, "test", "nora")
    with pytest.raises(SessionEnded, match="has been ended"):
        sessions_[0].check()
    sessions_[1].check()
    told = [one.fields() for one in listing.export(boss, Listing("audit"))]
    assert ("boss", "end session") in [(one["actor"], one["action"]) for one in told]


def test_coming_in_with_a_key(database: Database) -> None:
    of = World(database, provider())
    nora = of.viewer("nora")
    key = keys.parse(ed25519("nora's"))
    url = database.url.render_as_string(hide_password=False)
    assert not door.known(url, key.kind, key.blob)
    ssh_keys.add(nora, ed25519("nora's"), "test")
    assert door.known(url, key.kind, key.blob)
    assert not door.known(url, "ssh-rsa", key.blob)
    assert not door.known(url, key.kind, key.blob[:-4])
    assert [one.used for one in ssh_keys.keys_of(nora)] == [None], "asking is no use of it"
    found = ssh_keys.enter(database, key.fingerprint, "console over ssh from 192.0.2.1")
    assert (found.login, found.viewer.user_id) == ("nora", nora.user_id)
    assert ssh_keys.keys_of(nora)[0].used is not None
    with database.reading() as connection:
        (kept,) = sessions.lasting(connection, nora.tenant_id, nora.user_id)
    assert (kept.id, kept.how, kept.fingerprint) == (found.sign_in, "key", key.fingerprint)
    ssh_keys.leave(found.viewer, found.sign_in)
    with database.reading() as connection:
        assert not sessions.lasting(connection, nora.tenant_id, nora.user_id)
    of.save("boss", of.edit("boss", "user", "nora", active=False))
    assert not door.known(url, key.kind, key.blob)
    for fingerprint in (key.fingerprint, keys.fingerprint_of(b"x")):
        with pytest.raises(RingfenceError, match=r"^this key lets nobody in any more"):
            ssh_keys.enter(database, fingerprint, "test")


def test_a_key_that_users_of_two_providers_have_lets_in_neither_where_both_are_asked_for(database: Database) -> None:
    document = provider()
    document["tenants"].append({"key": "other", "name": "Other"})
    document["users"].append({"key": "olav", "tenant": "other", "name": "Olav", "login": "olav"})
    of = World(database, document)
    url, key = database.url.render_as_string(hide_password=False), keys.parse(ed25519("shared"))
    ssh_keys.add(of.viewer("nora"), ed25519("shared"), "test")
    assert door.known(url, key.kind, key.blob)
    ssh_keys.add(of.viewer("olav"), ed25519("shared"), "test")  # it does not tell that somebody has it elsewhere
    assert not door.known(url, key.kind, key.blob)
    with pytest.raises(RingfenceError, match=r"^this key lets nobody in any more"):
        ssh_keys.enter(database, key.fingerprint, "test")
    of.save("boss", of.edit("boss", "user", "nora", active=False))
    assert door.known(url, key.kind, key.blob)
    assert ssh_keys.enter(database, key.fingerprint, "test").login == "olav"
