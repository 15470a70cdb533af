"""The demo story's past: six weeks in which its people make of an earlier state the one that `story` tells.

Each change is one line of the audit that reads by itself: a technician joins, a reseller splits off a school, a
mistake is made and undone, a site is closed. The moments are those of `STORY_DAY`; all lie before it, so that none is
still to come when they are moved to the day on which the demo is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.snapshot.past import Moment
from ringfence.snapshot.story import story
from ringfence.snapshot.story_access import (
    CUSTOMER_GROUPS,
    ENDED_YESTERDAY,
    ENDS_IN_THREE_DAYS,
    ROLES,
    STARTS_TOMORROW,
)
from ringfence.snapshot.story_data import HARBOR, NOTES
from ringfence.storage.engine import Database

_SCHOOL: Final = "de-linde-zuid"
_TUNNEL: Final = tuple(f"north-waalhaven-tunnel-{one}" for one in ("cam-a", "cam-b", "smoke-50-100-m"))
_SMOKE: Final = _TUNNEL[-1]
_QUAY: Final = tuple(f"north-antwerp-{one}" for one in ("dock-door-2-reader", "forklift-2", "yard-camera-2"))
_COACH: Final = tuple(f"sundbuss-lund-coach-3{one}" for one in ("", "-dashcam", "-tachograph"))
_FRIDGE: Final = "sintjans-lab-blood-fridge-1-thermometer"
_OUTLET: Final = "polder-merwede-lock-water-level-outlet"
_GATE: Final = "dekker-marina-jetty-gate-2"
_TANKER: Final = "granhult-tankers-milk-tanker-3"
_STAFF: Final = "harbor.example"

_CLOSED: Final = {
    "sites": [{"key": "north-antwerp-old-quay", "tenant": HARBOR, "customer": "north-antwerp", "name": "Quay 712"}]
}
"""What there was and is no more."""

_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": (_SCHOOL,),
    "roles": ("sint-jans-hospital",),
    "security_groups": ("sint-jans-hospital", "field-service-south"),
    "customer_groups": ("cold-chain",),
    "users": ("m.claes", "g.moreau", "d.ionescu", "l.petit"),
}
"""What there is now and was not yet."""

_LOOKING: Final = ("edges", "alarm_rules")
_HAPPENING: Final = ("test_modes", "alarms")

_FITTER: Final = next(role for role in ROLES[HARBOR] if role.key == "dekker-fitter")


def _in(*groups: str) -> list[dict[str, Any]]:
    return [{"group": group, "valid_from": None, "valid_until": None} for group in groups]


_BEFORE: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "customers": {
        "schelde-notary": {"parent": "dekker"},
        "dekker": {"max_devices": 70},
        "north-rotterdam": {"name": "Rotterdam branch", "phone": ""},
        "north-pharma": {"email": ""},
        "kolmark-harvesters-north": {"parent": "kolmark"},
    },
    "devices": {
        **{key: {"site": "north-antwerp-old-quay"} for key in _QUAY},
        **{key: {"customer": "north-rotterdam", "site": None} for key in _TUNNEL},
        _SMOKE: {"customer": "north-rotterdam", "site": None, "name": "Tunnel smoke", "notes": ""},
        **{key: {"customer": "sundbuss-malmo", "site": "sundbuss-malmo-yard"} for key in _COACH},
        _FRIDGE: {"notes": ""},
        _OUTLET: {"notes": ""},
        _GATE: {"notes": "Sticks at spring tide."},
        _TANKER: {"notes": ""},
    },
    "roles": {
        "dekker-fitter": {"permissions": [*(_FITTER.permissions or ()), "device.create", "device.delete"]},
    },
    "users": {
        "t.okafor": {"security_groups": _in("technicians")},
        "k.adeyemi": {"security_groups": _in("northwind-service")},
        "f.hoekstra": {"security_groups": _in("operations")},
        "p.nowak": {"customer_groups": ["production-only"]},
        "b.janssens": {"active": True},
        "anneke": {"email": "a.veldkamp@veldkamp.example"},
        "n.eriksen": {"customer_groups": []},
    },
}
"""What was otherwise."""


def beginning() -> dict[str, Any]:
    """The story as it stood six weeks before, as a snapshot document."""
    found = story()
    for name in (*_LOOKING, *_HAPPENING):
        found[name] = []
    for name, keys in _LATER.items():
        found[name] = [entry for entry in found[name] if entry["key"] not in keys]
    for device in found["devices"]:
        if device["customer"] == _SCHOOL:
            device["customer"] = "dekker-linde"
    for name, entries in _BEFORE.items():
        for entry in found[name]:
            entry.update(entries.get(entry["key"], {}))
    for name, more in _CLOSED.items():
        found[name] = sorted(found[name] + more, key=lambda entry: (entry["tenant"], entry["key"]))
    return found


def looking() -> dict[str, Any]:
    """By what devices speak, and what looks at what they say, as a snapshot document: told of those whom there are by
    then."""
    return _only(_LOOKING)


def happening() -> dict[str, Any]:
    """What was made of it, as a snapshot document: told last."""
    return _only(_HAPPENING)


def _only(names: tuple[str, ...]) -> dict[str, Any]:
    found = story()
    return {"ringfence": found["ringfence"]} | {name: found[name] for name in names}


def tell(database: Database) -> None:
    """Makes every change of the story's past, upon its beginning. Raises Refused where somebody may not do theirs."""

    def by(login: str, at: str, origin: str = "console") -> Moment:
        return Moment(database, login, datetime.fromisoformat(f"2026-{at}:00+00:00"), origin)

    # A technician joins, gets the customer that she is to look after, and may then work there, not only look.
    by("h.devries", "10-05 07:12").create(
        "user", login="m.claes", name="Maud Claes", email=f"m.claes@{_STAFF}", home=None
    )
    by("h.devries", "10-05 07:19").make_group_for("sintjans", member="m.claes")
    technician = next(role for role in BUILTIN_ROLES if role.key == "technician")
    by("h.devries", "10-06 08:03").edit("role", "sint-jans-hospital", permissions=technician.permissions)
    by("m.claes", "10-07 09:41", "console over ssh from 192.0.2.31").edit("device", _FRIDGE, notes=NOTES[_FRIDGE])

    # The other provider sorts its cold chain out.
    group = next(iter(CUSTOMER_GROUPS["lindqvist"]))
    by("astrid", "10-07 11:02").create(
        "customer_group", name=group.name, description=group.description, customers={"havsbris": True}, owner=None
    )
    by("astrid", "10-07 11:05").edit("user", "n.eriksen", customer_groups=["cold-chain"])

    # A notary goes from one installer to another, and the contract with the first one follows.
    by("h.devries", "10-08 13:26").edit("customer", "schelde-notary", parent="schelde")
    by("h.devries", "10-08 13:31").edit("customer", "dekker", max_devices=62)

    # A reseller splits a school off, with what hangs there, and narrows what the fitters may do.
    by("r.dekker", "10-12 07:55").create("customer", name="De Linde Zuid", parent="dekker-linde")
    school = [device["key"] for device in story()["devices"] if device["customer"] == _SCHOOL]
    by("r.dekker", "10-12 08:04").assign(*school, to=_SCHOOL)
    by("r.dekker", "10-13 10:20").edit("role", "dekker-fitter", permissions=_FITTER.permissions)

    # A site is closed.
    by("k.adeyemi", "10-14 06:58").edit("device", *_QUAY, site="north-antwerp-quay")
    by("k.adeyemi", "10-14 07:05").delete("site", "north-antwerp-old-quay")

    # A mistake: for two minutes the control room sees nothing.
    by("h.devries", "10-16 14:37").edit("customer_group", "production-only", active=False)
    by("h.devries", "10-16 14:39").undo()

    # A guard is taken on; the tunnel is handed over, and its devices get their place and proper names.
    by("h.devries", "10-19 08:15").create(
        "user",
        login="g.moreau",
        name="Gilles Moreau",
        email="g.moreau@northwind.example",
        home="northwind",
        security_groups={"site-guards": (None, None)},
        sites=["north-maasvlakte-gate"],
    )
    by("k.adeyemi", "10-20 09:02").assign(*_TUNNEL, to="north-waalhaven")
    by("k.adeyemi", "10-20 09:07").edit("device", *_TUNNEL, site="north-waalhaven-tunnel")
    by("k.adeyemi", "10-21 12:48").edit("device", _SMOKE, name="Tunnel smoke 50% / 100 m", notes=NOTES[_SMOKE])
    by("astrid", "10-21 13:10").edit("customer_group", "cold-chain", customers={"havsbris": True, "granhult": True})
    by("h.devries", "10-22 07:33").edit("user", "g.moreau", sites=["north-maasvlakte-gate", "north-waalhaven-dock"])

    by("k.adeyemi", "10-23 11:40").edit("customer", "north-rotterdam", name="Rotterdam")

    # An operator's contract is to run out; a group for the south is made, and grows.
    by("h.devries", "10-26 09:27").edit("user", "f.hoekstra", security_groups={"operations": (None, ENDED_YESTERDAY)})
    south = {"polder-south": True, "veldkamp-breda": True}
    by("h.devries", "10-27 08:44").create(
        "security_group",
        name="Field service south",
        role="technician",
        scope="selected",
        customers=south,
        members=["t.okafor"],
        owner=None,
    )
    by("h.devries", "10-27 08:52").edit("user", "t.okafor", security_groups={"field-service-south": (None, None)})
    south = {"polder-south": True, "veldkamp": True}
    by("h.devries", "10-28 10:16").edit("security_group", "field-service-south", customers=south)
    by("r.dekker", "10-29 16:05").edit("user", "b.janssens", active=False)

    # Another mistake, by command: a site goes, and is back before the next patrol.
    by("k.adeyemi", "10-30 15:21", "command line").delete("site", "north-coldstore-hall")
    by("k.adeyemi", "10-30 15:24", "command line").undo()

    by("anneke", "11-02 18:40", "console over ssh from 198.51.100.7").change_profile(email="anneke@veldkamp.example")
    south = {**south, "north-rotterdam": False}
    by("h.devries", "11-03 08:09").edit("security_group", "field-service-south", customers=south)
    cover = {"field-service-south": (None, None), "zuiderpark-cover": (None, ENDS_IN_THREE_DAYS)}
    by("h.devries", "11-03 08:12").edit("user", "t.okafor", security_groups=cover)
    by("t.okafor", "11-04 13:55", "console over ssh from 192.0.2.84").edit("device", _OUTLET, notes=NOTES[_OUTLET])
    by("n.eriksen", "11-05 06:47").edit("device", _TANKER, notes=NOTES[_TANKER])
    by("r.dekker", "11-05 10:30").edit("device", _GATE, notes=NOTES[_GATE])
    by("k.adeyemi", "11-06 09:11").edit("customer", "north-rotterdam", phone="+31 00 555 0112")

    # Why somebody sees nothing, and somebody else a second customer.
    by("h.devries", "11-09 14:18").edit("user", "p.nowak", customer_groups=["old-installer-set"])
    both = {"northwind-service": (None, None), "polder-read-only": (None, None)}
    by("h.devries", "11-10 08:36").edit("user", "k.adeyemi", security_groups=both)
    by("astrid", "11-11 09:20").edit("customer", "kolmark-harvesters-north", parent="kolmark-harvesters")
    by("h.devries", "11-12 11:57").create(
        "user",
        login="d.ionescu",
        name="Daria Ionescu",
        email=f"d.ionescu@{_STAFF}",
        home=None,
        security_groups={"technicians": (STARTS_TOMORROW, None)},
    )
    by("astrid", "11-13 07:14").assign(*_COACH, to="sundbuss-lund")
    by("astrid", "11-13 07:16").edit("device", *_COACH, site="sundbuss-lund-yard")
    by("k.adeyemi", "11-13 15:02").edit("customer", "north-pharma", email="qa@northwind.example")
    by("h.devries", "11-15 17:50").create(
        "user", login="l.petit", name="Lucie Petit", email=f"l.petit@{_STAFF}", home=None
    )
