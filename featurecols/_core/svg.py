"""Pictures as SVG text for pages: axes with labels, lines, dots and bars. All text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 40


class Chart:
    """A chart with an x and a y axis.

    Args:
        x, y: least and largest value of each axis.
        labels: what the axes say.
        size: width and height in pixels.

    >>> Chart((0, 1), (0, 1), ("recall", "precision")).line([(0, 0), (1, 1)], "var(--now)").svg().count("<path")
    1
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        labels: tuple[str, str],
        size: tuple[int, int] = (WIDTH, HEIGHT),
    ) -> None:
        self.x, self.y, self.size = _widened(x), _widened(y), size
        self._parts = [self._axis(labels)]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point in pixels."""
        width, height = self.size[0] - _LEFT - _RIGHT, self.size[1] - _TOP - _BOTTOM
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return _LEFT + width * across, _TOP + height * (1 - up)

    def line(self, points: Iterable[tuple[float, float]], colour: str, *, dashed: bool = False) -> Chart:
        """Draw a line through points."""
        places = " L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*point) for point in points))
        style = "stroke-dasharray='4 4' stroke-width='1'" if dashed else "stroke-width='1.8'"
        self._parts.append(f"<path d='M{places}' fill='none' stroke='{colour}' {style}/>")
        return self

    def dots(self, points: Iterable[tuple[float, float, float]], colour: str, opacity: float = 0.75) -> Chart:
        """Draw dots (x, y, radius in pixels)."""
        places = ((*self.at(x, y), radius) for x, y, radius in points)
        found = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}'/>" for x, y, radius in places)
        self._parts.append(f"<g fill='{colour}' fill-opacity='{opacity}'>{found}</g>")
        return self

    def bars(self, bars: Iterable[tuple[float, float, float]], colour: str, opacity: float = 1.0) -> Chart:
        """Draw bars (left, right, height) from zero on."""
        found = []
        for left, right, height in bars:
            (x, top), (end, base) = self.at(left, height), self.at(right, max(0.0, self.y[0]))
            found.append(
                f"<rect x='{x:.1f}' y='{top:.1f}' width='{max(end - x - 1, 0.5):.1f}' height='{max(base - top, 0):.1f}'/>"
            )
        self._parts.append(f"<g fill='{colour}' fill-opacity='{opacity}'>{''.join(found)}</g>")
        return self

    def svg(self) -> str:
        """Return the picture."""
        return f"<svg viewBox='0 0 {self.size[0]} {self.size[1]}' role='img'>{''.join(self._parts)}</svg>"

    def _axis(self, labels: tuple[str, str]) -> str:
        (left, base), (right, top) = self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[1])
        out: list[str] = []
        for value, text in ticks(*self.x):
            x, _ = self.at(value, self.y[0])
            out.append(f"<text x='{x:.1f}' y='{base + 15:.1f}' text-anchor='middle'>{text}</text>")
        for value, text in ticks(*self.y):
            _, y = self.at(self.x[0], value)
            out.append(f"<line x1='{left:.1f}' x2='{right:.1f}' y1='{y:.1f}' y2='{y:.1f}' stroke='var(--line)'/>")
            out.append(f"<text x='{left - 6:.1f}' y='{y + 4:.1f}' text-anchor='end'>{text}</text>")
        middle = (left + right) / 2
        out.append(f"<text x='{middle:.1f}' y='{base + 33:.1f}' text-anchor='middle'>{escape(labels[0])}</text>")
        turned = f"translate(12 {(top + base) / 2:.1f}) rotate(-90)"
        out.append(f"<text transform='{turned}' text-anchor='middle'>{escape(labels[1])}</text>")
        return "".join(out)


def ticks(low: float, high: float, most: int = 6) -> Sequence[tuple[float, str]]:
    """Return round numbers from low to high, at most about six, with their texts.

    >>> ticks(0, 1)
    [(0.0, '0'), (0.2, '0.2'), (0.4, '0.4'), (0.6, '0.6'), (0.8, '0.8'), (1.0, '1')]
    """
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    values = [i * step for i in range(first, first + most + 2) if i * step <= high + 1e-9 * step]
    return [(round(value, 12), _short(value, step)) for value in values]


def _short(value: float, step: float) -> str:
    """Return a number of an axis as a short text: thousands as k, millions as M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and step >= size / 100:
            return f"{value / size:.4g}{letter}"
    if step < 1e-4:
        return f"{0.0 if abs(value) < step / 1e6 else value:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(step)))  # one more than the step has: it may be 2.5
    text = f"{value + 0.0:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _widened(ends: tuple[float, float]) -> tuple[float, float]:
    """Return two different finite ends."""
    low, high = (float(end) if math.isfinite(end) else 0.0 for end in ends)
    if high > low and (high - low) > 1e-12 * max(abs(low), abs(high)):
        return low, high
    room = max(abs(low) * 0.05, 0.5)
    return low - room, low + room
