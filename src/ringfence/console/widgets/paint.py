"""Component classes as Rich styles, resolved once: what the line-drawn widgets share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widget import Widget

from ringfence.console.xterm import luminance

Part: TypeAlias = tuple[str, str]
"""A piece of a line: text that is safe to draw already, and the name of its style ("" for none)."""

_READABLE = 4.5
"""The contrast that a coloured text needs on the background of another component (WCAG 2.2, 1.4.3); with less it is
drawn in that component's own."""


class Painted(Widget):
    """A widget that draws strips in the styles of its component classes.

    Subclasses name `PREFIX`, and declare a component class `<PREFIX>--<name>` for every name that they draw with.
    Resolving a component class costs more than drawing a line, and Textual resolves all of them whenever a style
    applies, and forgets the results at each repaint; so each is resolved when it is first drawn with, and kept here
    until the widget's styles change.
    """

    PREFIX = "paint"

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        self._paints: dict[tuple[str, str], Style] = {}
        self._painted_in = ""
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)

    def notify_style_update(self) -> None:
        """Forgets the resolved styles: the theme, the focus or a class has changed."""
        self._paints.clear()
        self._component_styles.clear()
        super().notify_style_update()
        if self._painted_in != self.app.theme:  # it may be the components alone that look different in it
            self._painted_in = self.app.theme
            self.refresh()

    @classmethod
    def _get_component_classes(cls) -> frozenset[str]:  # type: ignore[override]
        """None that Textual is to resolve."""
        return frozenset()

    def get_component_styles(self, *names: str) -> RenderStyles:
        """The styles of component classes, each of which is resolved when it is first asked for. Raises KeyError if one
        is not declared."""
        for name in names:
            if name in super()._get_component_classes() and name not in self._component_styles:
                component = DOMNode(classes=name)
                component._attach(self)
                self.app.stylesheet.apply(component)
                self._component_styles[name] = component.styles
        return super().get_component_styles(*names)

    def paint(self, name: str = "", on: str = "") -> Style:
        """The style of component `name` over the background of component `on` (both "" for the widget itself)."""
        key = (name, on)
        style = self._paints.get(key)
        if style is None:
            style = self._paints[key] = self._resolve(name, on)
        return style

    def _resolve(self, name: str, on: str) -> Style:
        base = self.get_component_rich_style(f"{self.PREFIX}--{on}") if on else self.rich_style
        if not name:
            return base
        component = f"{self.PREFIX}--{name}"
        partial = self.get_component_rich_style(component, partial=True)
        over = partial.without_color
        if base.reverse:
            over += Style(dim=False)  # faint text on what is reversed is faint on bright
        if partial.color is not None and not base.reverse:
            # The full style has blended transparent and automatic colours, which the partial one has not.
            color = self.get_component_rich_style(component).color
            if color is not None and (not on or _readable(color=color, on=base.bgcolor)):
                over += Style(color=color)
        if partial.bgcolor is not None and not on:
            over += Style(bgcolor=self.get_component_rich_style(component).bgcolor)
        return base + over

    def strip(self, parts: Iterable[Part], width: int, on: str = "") -> Strip:
        """`parts` as one strip. The caller has made them `width` cells wide."""
        paint = self.paint
        return Strip([Segment(text, paint(name, on)) for text, name in parts if text], width)


def _readable(*, color: RichColor, on: RichColor | None) -> bool:
    if on is None or color.triplet is None or on.triplet is None:
        return True
    darker, lighter = sorted((luminance(color.triplet), luminance(on.triplet)))
    return (lighter + 0.05) / (darker + 0.05) >= _READABLE
