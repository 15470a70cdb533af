"""What the palette offers, and how well each of it fits what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.command import display
from ringfence.console.commands.everywhere import STAYS

if TYPE_CHECKING:
    from ringfence.console.application import Application
    from ringfence.console.commands.command import Command, Host
    from ringfence.console.places import Place
    from ringfence.services.workspace import Session

CUSTOMER: Final = "customer "
"""What is typed before a customer's name."""
_WORDS: Final = re.compile(r"[\s/_-]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the palette: what it is called, whatever else it is known by, and what it says in a sentence. ``run``
    does it; ``off`` says why it cannot be done now. ``typed`` is what is to be typed on instead, of what needs more."""

    title: str
    says: str
    run: Callable[[], Any]
    names: tuple[str, ...] = ()
    key: str = ""
    off: str = ""
    typed: str = ""

    @property
    def said(self) -> str:
        """What is said beside its name: why it is off, where it is."""
        return f"off: {self.off}" if self.off else self.says

    def rank(self, typed: str) -> int | None:
        """How well it fits what was typed (in lower case): better the lower; None where it does not fit at all. Names
        come first: whole, begun, by their words; then what the sentence says."""
        names = [name.casefold() for name in (self.title, *self.names)]
        if typed in names:
            return 0
        if any(name.startswith(typed) for name in names):
            return 1
        wanted = _WORDS.split(typed)
        for rank, texts in ((2, names), (4, [self.says.casefold()])):
            begun = [word for text in texts for word in _WORDS.split(text)]
            if all(any(word.startswith(one) for word in begun) for one in wanted):
                return rank
            if all(any(one in text for text in texts) for one in wanted):
                return rank + 1
        return None


def asked_for(typed: str) -> str:
    """What was typed, as it is looked for: without the colon that some are used to, and without double spaces."""
    return " ".join(typed.casefold().strip().removeprefix(":").split())


def fitting(offers: Iterable[Offer], typed: str) -> list[Offer]:
    """Those that fit what was typed, the best first; all of them where nothing was."""
    wanted = asked_for(typed)
    if not wanted:
        return list(offers)
    ranked = [(rank, offer) for offer in offers if (rank := offer.rank(wanted)) is not None]
    return [offer for _, offer in sorted(ranked, key=lambda one: one[0])]


def offers(host: Host) -> Iterator[Offer]:
    """What there is to choose over a screen: its commands, whoever is looked for by name, and the themes."""
    there = [command for command in host.commands if command.palette]
    stays = why_stay(host)
    for command in there:
        yield _of_command(host, command, host.why_off(command))
    for area in host.ringfence.numbered if stays else ():
        yield _of_command(host, area, stays)
    says = "Go to a customer by name: customer rotterdam."
    yield _offer(
        host, "customer …", says, lambda: None, (CUSTOMER.strip(),), off=stays, typed="" if stays else CUSTOMER
    )
    console: Application = host.ringfence
    for theme in console.console_themes:
        title = getattr(theme, "title", "") or theme.name
        names = (f"theme {theme.name}", f"theme {title}", theme.name, title)
        yield Offer(f"theme {theme.name}", f"Theme: {title}.", partial(console.wear, theme.name), names)


def why_stay(host: Host) -> str:
    """Why nobody goes elsewhere from a screen; empty where they may. What works on a draft has none of the commands
    that do: they would leave it behind."""
    areas = {area.name for area in host.ringfence.numbered}
    return STAYS if areas.isdisjoint(command.name for command in host.commands) else ""


def names_of(session: Session, places: Iterable[Place]) -> dict[Place, str]:
    """What is shown of places to whoever asks; of those that are hidden from them, or there no more, nothing."""
    found: dict[Place, str] = {}
    for place in places:
        if place.record is None:
            found[place] = f"/{place.search}"
        elif place.area == "customers":
            found.update((place, node.name) for node in session.trail(place.record)[-1:])
        else:
            found.update((place, name) for name in session.names_of(place.area, [place.record]).values())
    return found


def bookmark(host: Host, place: Place, name: str) -> Offer:
    """What offers to go to a place that was kept; without a name it is not there."""
    area = next((one.tab for one in host.ringfence.numbered if one.name == place.area), place.area)
    off = why_stay(host) or ("" if name else "it is not there any more")
    names = ("bookmark", f"bookmark {name}")
    return _offer(host, name or "bookmark", f"Bookmark: {area}.", partial(host.ringfence.go_to, place), names, off=off)


def _offer(host: Host, title: str, says: str, run: Callable[[], Any], names: tuple[str, ...], **more: str) -> Offer:
    """An offer; where it is off, that is told when it is chosen all the same."""
    if off := more.get("off"):
        run = partial(host.ringfence.notify, f"{title}: {off}", severity="warning")
    return Offer(title, says, run, names, **more)


def _of_command(host: Host, command: Command[Any], off: str) -> Offer:
    label = getattr(command, "label", "")
    plain = command.name.replace("_", " ").replace("-", " ")
    names = (command.name, plain, *filter(None, (command.footer, label)))
    title = getattr(command, "tab", "") or command.footer or plain
    key = display(host.ringfence.keys_of(command))
    return _offer(host, title, command.help, partial(host.action_command, command.name), names, key=key, off=off)
