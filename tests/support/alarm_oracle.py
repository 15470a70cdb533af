"""A slow statement of what becomes of signals: which rules look at a device, what they and the time raise and end.

It knows nothing of the database or of the program's own engine. Moments are milliseconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from support.alarm_facts import (
    GRAVE,
    SEVERITIES,
    SPARED,
    TOKEN,
    Alarm,
    Device,
    Line,
    Mode,
    Progress,
    Rule,
    close,
    count_on,
    looking,
    minutes,
    shown_as,
)


class Oracle:
    """All that is so, by the slow statement."""

    def __init__(self, parents: dict[str, str | None], devices: Iterable[Device], rules: Iterable[Rule]) -> None:
        self.parents = parents
        self.devices = {one.key: one for one in devices}
        self.rules = {one.key: one for one in rules}
        self.modes: dict[str, Mode] = {}
        self.progress: dict[tuple[str, str], Progress] = {}
        self.alarms: list[Alarm] = []
        self.full: dict[tuple[str, str], int] = {}
        self.set: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        """The attributes that people set, by kind and key."""

    # Who looks at what.

    def above(self, customer: str) -> list[str]:
        """The customer and those above it, from the root down."""
        found: list[str] = []
        one: str | None = customer
        while one is not None:
            found.insert(0, one)
            one = self.parents[one]
        return found

    def looking(self, device: Device) -> dict[str, Rule]:
        """The rules that look at a device, by the kind of alarm."""
        return looking(self.rules.values(), self.above(device.customer), device)

    def latest(self, device: Device, name: str) -> tuple[int, Any] | None:
        """The latest value of a name since the device stands where it does; of two of one moment the later one."""
        found = None
        for at, other, value in device.said:
            if other == name and at >= device.since and (found is None or at >= found[0]):
                found = at, value
        return found

    def seen(self, device: Device) -> dict[str, Any]:
        """What conditions see."""
        found = {name: self.latest(device, name) for name in {name for _, name, _ in device.said}}
        values = {name: one[1] for name, one in found.items() if one is not None}
        return values | {f"attr.{name}": value for name, value in self.attributes(device).items()}

    def attributes(self, device: Device) -> dict[str, Any]:
        """Its attributes: those of the nearest place count, on the device itself those that people set."""
        found: dict[str, Any] = {}
        for customer in self.above(device.customer):
            found |= self.set["customer", customer]
        found |= self.set["site", device.site or ""]
        found |= {name: value for name, (_, value) in device.attributes.items()}
        return found | self.set["device", device.key]

    def covered(self, device: Device, kind: str, at: int) -> int | None:
        """Up to when a test mode covers it."""
        ends = [
            mode.until
            for mode in self.modes.values()
            if mode.since <= at < mode.until
            and mode.customer in self.above(device.customer)
            and mode.site in (None, device.site)
            and mode.device in (None, device.key)
            and (kind in mode.alarms if mode.alarms else kind not in SPARED)
        ]
        return max(ends, default=None)

    # What comes in.

    def batch(self, lines: list[Line], now: int) -> None:
        """Lines that the edge may say, each for the first time."""
        for line in lines:
            device = self.devices[line.device]
            for name, value in line.attributes.items():
                if name not in device.attributes or line.at >= device.attributes[name][0]:
                    device.attributes[name] = line.at, value
        for key in dict.fromkeys(line.device for line in lines if line.values or line.alarm):
            device = self.devices[key]
            self.drop(device, now)
            theirs = [one for one in lines if one.device == key and (one.values or one.alarm)]
            for line in sorted(theirs, key=lambda one: one.at):
                self.hear(device, line, now)

    def hear(self, device: Device, line: Line, now: int) -> None:
        """One line of a device, those of earlier moments in the batch being heard."""
        newer = set()
        for name in line.values:
            known = [at for at, other, _ in device.said if other == name]
            if line.at >= max(known, default=line.at) and line.at >= device.since:
                newer.add(name)
        device.spoke = line.at if device.spoke is None else max(device.spoke, line.at)
        device.said += ((line.at, name, value) for name, value in line.values.items())
        for rule in self.looking(device).values():
            if newer and (rule.when is None or rule.asks & newer):
                self.evaluate(device, rule, line.at, now)
        if line.alarm:
            self.said(device, line)

    def evaluate(self, device: Device, rule: Rule, at: int, now: int) -> None:
        """A value came that a rule asks for."""
        state = self.progress.setdefault((device.key, rule.key), Progress(now))
        state.heard = max(state.heard, now)
        seen = self.seen(device)
        holds = rule.when(seen) if rule.when else None
        if state.raised:
            over = rule.clear(seen) if rule.clear else (holds is False or rule.when is None)
            if over:
                state.raised, state.since, state.count = False, None, 0
                self.end(device, rule, at)
            elif holds and state.since is None:
                state.since = at
        elif holds is False:
            state.since, state.count = None, 0
        elif holds:
            often = state.count >= rule.times
            state.since = at if state.since is None else state.since
            state.count += 1
            if state.count >= rule.times and at - state.since >= rule.held:
                state.raised = True
                shown = [f"{name} {shown_as(seen[name])}" for name in sorted(rule.asks) if name in seen]
                self.begin_by_rule(device, rule, state.since + rule.held if often else at, ", ".join(shown), None)

    def said(self, device: Device, line: Line) -> None:
        """A signal says an alarm itself."""
        at = max(line.at, device.since)
        if not line.on:
            for alarm in self.unended(device.key, line.alarm):
                if alarm.rule is None:
                    self.over(alarm, at)
                else:
                    alarm.edge = False
            return
        severity = line.severity or ("critical" if line.alarm in GRAVE else "warning")
        text = line.text if line.at >= device.since else ""
        name = line.alarm.replace("_", " ")
        made = Alarm(device.key, line.alarm, device.customer, device.site, name, severity, text, at, at, None, True)
        self.begin(device, made, at, None)

    # Raising and ending.

    def open(self, device: str, kind: str) -> Alarm | None:
        """The alarm of a device and kind that is not cleared."""
        return next((a for a in self.alarms if (a.device, a.kind, a.cleared) == (device, kind, None)), None)

    def test(self, device: str, kind: str) -> Alarm | None:
        """The one under test that is not over."""
        return next((a for a in self.alarms if (a.device, a.kind) == (device, kind) and a.mode is not None), None)

    def unended(self, device: str, kind: str) -> list[Alarm]:
        """Both, as far as they are not over."""
        found = (self.test(device, kind), self.open(device, kind))
        return [one for one in found if one is not None and one.ended is None]

    def begin_by_rule(self, device: Device, rule: Rule, at: int, text: str, judged: int | None) -> None:
        """A rule raises its alarm."""
        at = max(at, device.since)
        made = Alarm(
            *(device.key, rule.raises, device.customer, device.site, rule.name, rule.severity, text, at, at),
            *(rule.key, False),
        )
        self.begin(device, made, at if judged is None else judged, rule)

    def begin(self, device: Device, made: Alarm, judged: int, rule: Rule | None) -> None:
        """Something raises an alarm."""
        at = made.started
        until = self.covered(device, made.kind, judged)
        test = self.test(device.key, made.kind)
        if until is not None:
            if test is None:
                self.alarms.append(replace(made, outcome="test", cleared=at, mode=until))
            else:
                count_on(test, made)
                assert test.mode is not None
                test.mode = max(test.mode, until)
            return
        if test is not None:
            close(test, at)
        there = self.open(device.key, made.kind)
        if there is None:
            self.alarms.append(made)
            key = device.key, made.kind
            if self.left(key, at) >= 1:
                self.full[key] = max(self.full.get(key, 0), at) + TOKEN
            made.runaway = self.left(key, at) < 1
            made.waits = at if rule is not None and rule.escalate else None
            return
        attached = rule is not None and there.rule != rule.key
        count_on(there, made)
        if SEVERITIES.index(made.severity) < SEVERITIES.index(there.severity):
            there.severity = made.severity
            now_by = self.rules.get(there.rule or "")
            if there.acked and now_by is not None and now_by.escalate and now_by.active:
                there.waits = at
            there.acked = False
        if attached and rule is not None and rule.escalate:
            there.waits = at

    def left(self, key: tuple[str, str], at: int) -> float:
        """How many alarms a device may still raise."""
        return 20 - max(self.full.get(key, 0) - at, 0) / TOKEN

    def end(self, device: Device, rule: Rule, at: int) -> None:
        """What a rule has raised is over, unless a signal says that it is not."""
        for alarm in self.unended(device.key, rule.raises):
            self.leave(alarm, rule.key, max(at, device.since))

    def leave(self, alarm: Alarm, rule: str, at: int) -> None:
        """A rule says no more of an alarm."""
        if alarm.rule == rule and alarm.edge:
            alarm.rule = None
        elif alarm.rule == rule:
            self.over(alarm, at)

    def over(self, alarm: Alarm, at: int) -> None:
        """The condition of an alarm is over."""
        if alarm.mode is not None:
            close(alarm, at)
            return
        alarm.ended = max(at, alarm.started)
        if alarm.severity in ("critical", "major") and not alarm.acked:
            return
        key = alarm.device, alarm.kind
        if alarm.runaway and self.left(key, alarm.ended) < 1:
            alarm.calm = self.full[key] - 19 * TOKEN
            return
        alarm.cleared, alarm.outcome = alarm.ended, "by_itself"

    def drop(self, device: Device, now: int) -> None:
        """Rules that do not look at the device any more are forgotten."""
        looking = {rule.key for rule in self.looking(device).values()}
        for of, key in list(self.progress):
            if of == device.key and key not in looking:
                self.forget(device, key, now)

    def forget(self, device: Device, rule: str, at: int) -> None:
        """What a rule says of a device counts no more."""
        self.progress.pop((device.key, rule), None)
        for alarm in list(self.alarms):
            said = alarm.device == device.key and alarm.rule == rule and alarm.ended is None
            if said and (alarm.cleared is None or alarm.mode is not None):
                self.leave(alarm, rule, max(at, device.since))

    # What comes of time.

    def clocks(self, now: int) -> None:
        """All that is due by now."""
        for device in self.devices.values():
            self.drop(device, now)
        for (key, own), state in sorted(self.progress.items()):
            self.elapse(self.devices[key], self.rules[own], state, now)
        for alarm in [one for one in self.alarms if one.mode is not None and one.mode <= now]:
            device = self.devices[alarm.device]
            until = self.covered(device, alarm.kind, now)
            if until is not None:
                alarm.mode = until
                continue
            assert alarm.mode is not None
            at = max(alarm.mode, device.since)
            rule = self.rules.get(alarm.rule or "")
            anew = replace(alarm, started=at, last=at, count=1, mode=None, outcome="open", cleared=None)
            anew.customer, anew.site = device.customer, device.site
            close(alarm, at)
            self.begin(device, anew, now, rule)
        for alarm in self.alarms:
            if alarm.calm is not None and alarm.calm <= now:
                # Whoever is not over by then, or waits for somebody, is not cleared.
                if alarm.cleared is None and alarm.ended is not None and self.settled(alarm):
                    alarm.cleared, alarm.outcome = max(alarm.calm, alarm.ended), "by_itself"
                alarm.calm = None
        for alarm in self.alarms:
            self.escalate(alarm, now)

    def settled(self, alarm: Alarm) -> bool:
        """Whether nobody has to acknowledge it."""
        return alarm.acked or alarm.severity not in ("critical", "major")

    def elapse(self, device: Device, rule: Rule, state: Progress, now: int) -> None:
        """What the time makes of a rule."""
        while True:
            silent = state.heard + rule.missing if rule.missing else None
            if state.raised:
                quiet = state.heard + rule.quiet
                by_values = state.since is not None
                if not rule.quiet or quiet > now or not by_values or (rule.missing and rule.missing <= rule.quiet):
                    return
                state.raised, state.since, state.count = False, None, 0
                self.end(device, rule, quiet)
                continue
            held = state.since + rule.held if state.since is not None and state.count >= rule.times else None
            if held is not None and held <= now and (silent is None or held <= silent):
                state.raised = True
                said = ", ".join([*sorted(rule.asks), f"for {minutes(rule.held)}"])
                self.begin_by_rule(device, rule, held, said, now)
            elif silent is not None and silent <= now:
                state.raised, state.since, state.count = True, None, 0
                self.begin_by_rule(device, rule, silent, f"no value for {minutes(rule.missing)}", now)
            else:
                return

    def escalate(self, alarm: Alarm, now: int) -> None:
        """An alarm that nobody acknowledges becomes more severe."""
        rule = self.rules.get(alarm.rule or "")
        if alarm.waits is None:
            return
        if rule is None or not rule.escalate or not rule.active:
            alarm.waits = None
            return
        while (
            alarm.cleared is None
            and not alarm.acked
            and alarm.waits + rule.escalate <= now
            and alarm.severity != "critical"
        ):
            alarm.severity = SEVERITIES[SEVERITIES.index(alarm.severity) - 1]
            alarm.waits += rule.escalate
        if alarm.waits + rule.escalate <= now or alarm.severity == "critical":
            alarm.waits = None

    # What people do.

    def acknowledge(self, alarm: Alarm, at: int) -> None:
        """Somebody acknowledges an alarm: one that was over and waited is cleared."""
        waited = not self.settled(alarm)
        alarm.acked = True
        if alarm.ended is not None and waited:
            alarm.cleared, alarm.outcome = at, "by_itself"

    def hand_over(self, device: Device, customer: str, site: str | None, at: int) -> None:
        """A device comes to stand elsewhere."""
        for of, key in list(self.progress):
            if of == device.key:
                del self.progress[of, key]
        if device.customer != customer:
            self.set.pop(("device", device.key), None)
        device.customer, device.site = customer, site
        if device.spoke is not None:
            device.since = max(at, device.spoke + 1, device.since + 1)
        kept: dict[str, Alarm] = {}
        for alarm in list(self.alarms):
            if alarm.device != device.key or (alarm.cleared is not None and alarm.mode is None):
                continue
            said = alarm.ended is None and (alarm.edge or alarm.rule is None)
            if said and (alarm.kind not in kept or alarm.mode is None):
                kept[alarm.kind] = alarm
            if alarm.mode is not None:
                close(alarm, at)
            else:
                alarm.cleared, alarm.outcome = max(at, alarm.started), "handed_over"
        for kind, alarm in sorted(kept.items()):
            moment = max(at, device.since)
            bare = Alarm(
                *(device.key, kind, customer, site, alarm.name, alarm.severity, "", moment, moment, None, alarm.edge)
            )
            self.begin(device, bare, at, None)

    def rule_changed(self, key: str, rule: Rule | None, at: int) -> None:
        """A rule is another one from now on, is new, or is gone."""
        was = self.rules.pop(key, None)
        if was is not None and (rule is None or not rule.active or rule.raises != was.raises):
            for device in self.devices.values():
                self.forget(device, key, at)
        if rule is not None:
            self.rules[key] = rule
            for alarm in self.alarms:
                if alarm.rule == key and alarm.cleared is None and not alarm.acked and alarm.waits is None:
                    alarm.waits = alarm.started if rule.active and rule.escalate else None
            return
        for alarm in self.alarms:
            alarm.rule = None if alarm.rule == key else alarm.rule

    def modes_changed(self, at: int) -> None:
        """What is suppressed is looked at by the clocks: test modes are others now, or customers stand elsewhere."""
        for alarm in self.alarms:
            alarm.mode = None if alarm.mode is None else min(alarm.mode, at)
