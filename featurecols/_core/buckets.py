"""Buckets: the meaning of an id of a categorical column, as a value that prints itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BucketKind = Literal["term", "id", "hash", "interval", "missing", "unseen", "unused", "slope", "bias"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one id, or one value of a field, stands for.

    Attributes:
        kind: "term" (a known value, in `term`), "id" (an integer that is its own id), "hash" (one of many hashed values),
            "interval" (numbers from `low` up to `high`), "missing", "unseen" (a value outside a vocabulary), "unused", or, in
            the table of an Embedding of a Piecewise, "slope" or "bias".
        index: the number of the bucket: the id itself, of an unseen value its position among the
            unseen ones. -1 is not a bucket: a value of a field, or a missing one.
        term: the text of a term.
        low, high: the bounds of an interval, low <= x < high; None where it is open.
        with_missing: missing values fall into this interval too.
        element: which element of a shaped column it belongs to, None for a column of one number.
        many: there are several unseen buckets, so that the text of this one has its number.

    >>> str(Bucket("hash", 7)), str(Bucket("interval", 1, low=18.0, high=65.0)), str(Bucket("unseen", 0))
    ('hash 7', '[18, 65)', '<unseen>')
    """

    kind: BucketKind
    index: int
    term: str = ""
    low: float | None = None
    high: float | None = None
    with_missing: bool = False
    element: int | None = None
    many: bool = False

    def __str__(self) -> str:
        text = self._text() + (" or missing" if self.with_missing else "")
        return text if self.element is None else f"{self.element}: {text}"

    def _text(self) -> str:
        if self.kind == "term":
            return self.term
        if self.kind == "interval":
            return self._interval()
        if self.kind == "id":
            return str(self.index)
        if self.kind == "unseen":
            return f"<unseen {self.index}>" if self.many else "<unseen>"
        if self.kind == "missing":
            return "missing" if self.index >= 0 else "<missing>"
        return self.kind if self.kind in ("slope", "bias") else f"{self.kind} {self.index}"

    def _interval(self) -> str:
        if self.low is None:
            return "any number" if self.high is None else f"< {_short(self.high)}"
        return f">= {_short(self.low)}" if self.high is None else f"[{_short(self.low)}, {_short(self.high)})"

    def said_of(self, name: str) -> str:
        """Return the statement that a field or column is in this bucket: "job = cook", "age < 18"."""
        one_sided = self.kind == "interval" and self.element is None and (self.low is None) != (self.high is None)
        return f"{name} {self}" if one_sided else f"{name} = {self}"


MISSING = Bucket("missing", -1)


def _short(x: float) -> str:
    """Return the shortest text that reads back as x, whole numbers without a point."""
    return str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)
