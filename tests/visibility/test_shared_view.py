"""Another user's view through one's own eyes: for every kind what both see, and nothing is changed through it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from support.asker import ASKED, MORE, Asker
from support.documents import AT, make_document
from support.edits import World, provider
from support.oracle import Node, Oracle
from support.tiers import seeds
from support.unwritable import unwritable

from ringfence.domain.errors import Refused, RingfenceError, SessionEnded
from ringfence.domain.registry import KINDS
from ringfence.domain.user import UserState
from ringfence.services import accounts, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Session
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.shared_view import SharedView
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.always

SEEING = ["user.list", "user.impersonate"]
WHOLE = Part(limit=1000)


class Both(Oracle):
    """What a login sees, and ``real`` sees too."""

    def __init__(self, document: dict[str, Any], real: str) -> None:
        super().__init__(document, AT)
        self.real = real

    def visible(self, login: str, permission: str, kind: str) -> set[str]:
        return super().visible(login, permission, kind) & super().visible(self.real, permission, kind)

    def forest(self, login: str) -> dict[Node, Node | bool]:
        nodes = super().forest(login).keys() & super().forest(self.real).keys()
        tenant = self.user(login)["tenant"]
        above = {node: self.parent(tenant, node) if node is not None else False for node in nodes}
        return {node: parent if parent in nodes and node is not None else False for node, parent in above.items()}


class LooksThrough(Asker):
    """Asks through the eyes of one user what another sees."""

    def pair(self, real: str, subject: str) -> None:
        self.oracle = Both(self.document, real)
        # Not begun as people begin it: the oracle knows of no audit.
        first, second = (Viewer.sign_in(self.database, one, AT) for one in (real, subject))
        view = SharedView(first, second, subject)
        with view.look(*ASKED) as sight:
            for kind in KINDS.values():
                self.kind(sight, subject, kind)
            self.points(sight, subject)
            self.tree(sight, subject)
        for name in ("customers", "devices", "sites", "users", "roles"):
            expected = self.oracle.listed(subject, name)
            assert {one.key for one in listing.export(view, Listing(name))} == expected, "as it is exported"


def with_seers(chance: Random) -> dict[str, Any]:
    """A document in which many may look through each other's eyes, as far as their homes go."""
    document = make_document(chance, MORE)
    for tenant in {one["key"] for one in document["tenants"]}:
        fields = {"key": "seers", "tenant": tenant, "name": f"Seers <{tenant}.roles.seers>"}
        role = {"access_level": "service_provider", "permissions": SEEING}
        document["roles"].append({**fields, **role})
        document["security_groups"].append({**fields, "role": "seers", "scope": "all"})
    for user in document["users"]:
        user["security_groups"] = [*user.get("security_groups", ()), {"group": "seers"}]
    return document


def ask_about_pairs(database: Database, document: dict[str, Any], seed: int) -> int:
    """Asks about every pair of users; those who may not be looked through are nobody's."""
    oracle, asker = Oracle(document, AT), LooksThrough(database, document, Random(seed))
    allowed = 0
    for real in document["users"]:
        viewer = Viewer.sign_in(database, real["login"], AT)
        may = set.intersection(*(oracle.visible(real["login"], one, "users") for one in SEEING))
        found = accounts.subjects(viewer, "", WHOLE)
        assert {(one.login, one.name) for one in found} == {
            (one["login"], one["name"])
            for one in document["users"]
            if one["tenant"] == real["tenant"] and one["key"] in may
        }
        assert accounts.subject_count(viewer, "") == len(found)
        for subject in document["users"]:
            if subject is real:
                assert accounts.see_as(viewer, subject["login"], "test") is viewer
            elif subject["tenant"] != real["tenant"] or subject["key"] not in may:
                with pytest.raises(RingfenceError) as missing:
                    accounts.see_as(viewer, subject["login"], "test")
                assert str(missing.value).startswith(f"nobody has the login {subject['login']!r}")
            elif subject.get("active", True):
                allowed += 1
                asker.pair(real["login"], subject["login"])
    return allowed


@pytest.mark.parametrize("seed", seeds(5))
@pytest.mark.once
def test_everybody_through_everybodys_eyes(database: Database, seed: int) -> None:
    document = with_seers(Random(seed))
    load_document(database, document)
    assert ask_about_pairs(database, document, seed) > 1


def world(database: Database) -> World:
    """The provider, where Dora may look through the eyes of Acme's people."""
    document = provider()
    for role in document["roles"]:
        if role["key"] == "delegate":
            role["permissions"] = [*role["permissions"], "user.impersonate", "user.list", "user.edit"]
    return World(database, document)


def test_of_whoever_sees_all_it_is_the_subjects_own(sqlite_database: Database) -> None:
    of = world(sqlite_database)
    boss = of.session("boss")
    for login in ("dora", "rita", "nora", "gus", "bert", "staff"):
        own, seen = of.viewer(login), boss.see_as(login).viewer
        for kind in KINDS:
            assert list(listing.export(seen, Listing(kind))) == list(listing.export(own, Listing(kind))), (login, kind)


def test_nothing_is_changed_through_it(sqlite_database: Database) -> None:
    """Nothing asked of the session that changes something, or makes that ready, goes further than the reason."""
    of = world(sqlite_database)
    view = of.session("boss").see_as("dora")
    before = of.entries()
    nora = of.ids("user")["nora"]
    opened = view.open_record("user", nora)
    assert isinstance(opened.state, UserState)
    edits = [Edit("user", nora, opened.state, replace(opened.state, name="Other"), opened.revision)]
    acme = of.ids("customer")["acme"]
    asked: dict[str, tuple[Any, ...]] = {
        "save": (edits,),
        "preview": (edits,),
        "count_along": (edits,),
        "prospect": (edits, nora),
        "match_devices": ([1], acme),
        "assignment": ([1], acme),
        "read_import": (b"name,customer\nLamp,acme\n",),
        "weight_of_change": (),
        "preview_undo": (),
        "undo": (1,),
        "own_record": (),
        "group_for_customer": (acme,),
        "administrators_of": (acme,),
        "last_resort": ("nora", "device.list", "customer:acme"),
        "see_as": ("rita",),
        "make_token": ("x",),
        "revoke_tokens": (["x"],),
        "end_sign_ins": ([1],),
        "credentials": (),
        "begin_second_factor": (),
        "change_password": ("old", "new"),
        "set_up_second_factor": ("secret", "000000"),
        "turn_off_second_factor": ("000000",),
        "new_recovery_codes": ("000000",),
        "invite": (nora,),
        "reset_second_factor": (nora,),
        "add_ssh_key": ("ssh-ed25519 x",),
        "remove_ssh_key": ("SHA256:x",),
    }
    for name, given in asked.items():
        with pytest.raises(Refused, match=r"^you look through dora's eyes$"):
            getattr(view, name)(*given)
    reading = {
        *(
            *("come_back", "own_tokens"),
            "check",
            "stamp",
            "may",
            "profile",
            "beside",
            "subjects",
            "subject_count",
            "rows",
            "count",
            "place",
        ),
        *("export", "names_of", "roots", "children", "matching", "trail", "counts", "detail", "open_record"),
        *("open_records", "audit_detail", "customer_choices", "record_choices", "permission_choices", "role_templates"),
        *(
            "home_of_new",
            "groups_naming",
            "group_notes",
            "group_members",
            "used_by",
            "around_alarm",
            "lasting_modes",
            "alarm_story",
            "now",
        ),
        *(
            "attributes",
            "signals",
            "signals_stamp",
            "own_sign_ins",
            "sign_ins_of",
            "see",
            "leave",
            "has_password",
            "idle",
            "exported",
            "ssh_keys",
            "layout",
            "keep_layout",
        ),
        *("why", "fixes", "who", "rights", "why_nothing"),
    }
    asking = {name for name, _ in inspect.getmembers(Session, inspect.isfunction) if not name.startswith("_")}
    assert asking == reading | asked.keys(), "whatever else can be asked reads, or is refused"
    assert of.entries() == before


def test_one_sees_no_more_of_the_subject_than_one_may(sqlite_database: Database) -> None:
    """Neither their own record, which they may always see, nor by which groups they see what they see."""
    of = world(sqlite_database)
    dora = of.session("dora")
    view = dora.see_as("nora")
    assert view.profile().standing == "seen by dora"
    with pytest.raises(RingfenceError):
        view.open_record("user", of.ids("user")["nora"])
    assert {one.login for one in dora.subjects("", WHOLE)} >= {"rita", "nora", "gus"}
    assert not {one.login for one in dora.subjects("", WHOLE)} & {"boss", "bert", "staff"}


def test_it_is_audited_under_the_real_name_and_is_nothing_to_undo(sqlite_database: Database) -> None:
    of = world(sqlite_database)
    dora, boss = of.session("dora"), of.session("boss")
    rita = of.ids("user")["rita"]
    opened = dora.open_record("user", rita)
    edit = Edit("user", rita, opened.state, replace(opened.state, email="rita@acme.example"), opened.revision)
    change = dora.save([edit]).change
    dora.see_as("nora")
    entry = list(listing.export(boss.viewer, Listing("audit")))[-1].fields()
    assert (entry["actor"], entry["action"], entry["kind"], entry["origin"]) == ("dora", "see as", "user", "test")
    assert dora.preview_undo()[0] == change, "one's last change is still that"
    with pytest.raises(Refused, match="changed nothing"):
        boss.preview_undo(entry["number"])
    boss.audit_detail(list(listing.export(boss.viewer, Listing("audit")))[-1].id)


def test_it_ends_when_one_may_no_more(sqlite_database: Database) -> None:
    of = world(sqlite_database)
    dora, boss = of.session("dora"), of.session("boss")
    view = dora.see_as("nora")
    pair = dora.beside(view)
    assert pair.roots()
    for login in ("nora", "dora"):
        own = of.ids("user")[login]
        opened = boss.open_record("user", own)
        idle = replace(opened.state, active=False)
        change = boss.save([Edit("user", own, opened.state, idle, opened.revision)]).change
        with pytest.raises(SessionEnded, match="nora's eyes any more"):
            view.count(Listing("devices"))
        with pytest.raises(SessionEnded):
            pair.roots()
        boss.undo(change)
        assert view.count(Listing("devices")) >= 0


def test_it_is_read_where_nothing_can_be_written(sqlite_database: Database) -> None:
    """What both see is worked out in memory then."""
    world(sqlite_database)
    with unwritable(sqlite_database) as asked:
        boss, rita = Viewer.sign_in(asked, "boss", AT), Viewer.sign_in(asked, "rita", AT)
        seen = SharedView(boss, rita, "rita")
        assert list(listing.export(seen, Listing("devices"))) == list(listing.export(rita, Listing("devices")))
