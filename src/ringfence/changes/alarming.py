"""What a change means to alarms, to the rules that look at devices, and to test modes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from ringfence.changes.edits import Edit, edits_of
from ringfence.domain.alarm import ALARMS, AlarmState
from ringfence.domain.alarm_rule import AlarmRuleState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.test_mode import TEST_MODES
from ringfence.signals import following
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Alarm


def settle(
    connection: Connection, tenant_id: int, edits: Sequence[Edit], left: Iterable[int], moved: Collection[int], at: int
) -> None:
    """Brings alarms in line with edits that are written, but for what goes, which is there yet: of devices that have
    ``left`` where they stood, of customers that have ``moved``; ``at`` is in milliseconds since 1970."""
    following.follow(connection, tenant_id, [edit.id for edit in edits if edit.of is ALARMS])
    following.customers_moved(connection, tenant_id, moved, at)
    following.hand_over(connection, tenant_id, left, at)
    following.rules_changed(connection, tenant_id, _kinds_of_rules(edits), at)
    devices = edits_of(edits, DeviceState)
    others = [edit.id for edit, was, to in devices if was is not None and to is not None and was.kind != to.kind]
    following.look_again(connection, tenant_id, others, at)
    if any(edit.of is TEST_MODES for edit in edits):
        following.test_modes_changed(connection, tenant_id, at)


def demand_one_open(connection: Connection, tenant_id: int, edits: Sequence[Edit]) -> None:
    """Raises Refused where an alarm would be open, such as by an undo, beside another of its device and kind. Of that
    one nothing is said: it may be hidden."""
    coming = {
        edit.id: (to.device, to.kind)
        for edit, was, to in edits_of(edits, AlarmState)
        if to is not None and to.opens and (was is None or not was.opens)
    }
    if not coming:
        return
    devices = sorted({device for device, _ in coming.values() if device is not None})
    query = select(Alarm.id, Alarm.device_id, Alarm.kind).where(any_of(connection, Alarm.device_id, devices))
    leaving = {edit.id for edit, _, to in edits_of(edits, AlarmState) if to is None or not to.opens}
    rows = connection.execute(query.where(Alarm.cleared_at.is_(None), of_tenant(Alarm, tenant_id))).all()
    held = [(device, kind) for own, device, kind in rows if own not in leaving and own not in coming]
    if not {*held}.isdisjoint(coming.values()) or len({*coming.values()}) < len(coming):
        raise Refused("it cannot be open again by now: look at what is open there")


def _kinds_of_rules(edits: Sequence[Edit]) -> Mapping[int, tuple[str, str]]:
    """Of rules the kinds of alarm that each raised, and raises; empty where it was not there or will not be, or is
    inactive."""
    return {edit.id: (_raises(was), _raises(to)) for edit, was, to in edits_of(edits, AlarmRuleState)}


def _raises(rule: AlarmRuleState | None) -> str:
    return rule.raises if rule is not None and rule.active else ""
