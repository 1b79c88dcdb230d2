"""Piecewise: a number as the intervals between boundaries that it has passed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import number
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.extremes import Extremes
from featurecols.analyzers.placeholders import Marker
from featurecols.columns._piecewise import PiecewiseBound
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound


@frozen
class Piecewise(Column):
    """One feature for each interval between boundaries: 0 before it, 1 after it, the fraction that was passed within it.

    With boundaries b[0] < ... < b[k - 1], feature t is (x - b[t]) / (b[t + 1] - b[t]), held within 0 and 1, t = 0 ... k - 2:
    a linear model of them is a line with a bend at each boundary, and constant outside of them. An Embedding of it, which adds
    up rows of a table, is the better input for a network.

    Missing: zeros, as of a number that is not above b[0]. Add Missing(source) to tell them apart, or read a Numeric with a
        default.
    Unseen: does not arise; inf and -inf are held within the boundaries.
    Learns: the boundaries when they are Quantiles(n) or EqualWidth(n): those, and the smallest and the largest value, so that
        there are at most n features. Of equal values, with a warning, it learns one step just after the value.

    Args:
        source: a field, read as float64, or a column of one number a row: its values in full precision.
        boundaries: two or more finite numbers, strictly increasing, or Quantiles(n) or EqualWidth(n).

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number, and for lists.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Piecewise("age", [0, 20, 60])])
    >>> plan.transform({"age": [5, 50, 90, None]})
    array([[0.25, 0.  ],
           [1.  , 0.75],
           [1.  , 1.  ],
           [0.  , 0.  ]], dtype=float32)
    """

    embeds: ClassVar[bool] = True
    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "number"

    source: Converted[str | Field | Column, Field | Column]
    boundaries: Converted[Sequence[float] | Array | Marker, tuple[float, ...] | Marker]

    def derived_name(self) -> str:
        return f"{self.source.name}_piecewise"

    def check(self) -> None:
        source = self.source
        plain = isinstance(source, Column) and source.numeric and not getattr(source, "shape", ())
        if not isinstance(source, Field) and not plain:
            raise errors.argument("Piecewise", "source must be a field or a number", source, 'give "age" or Numeric("age")')
        if not (isinstance(self.boundaries, Marker) and self.boundaries.gives == "boundaries"):
            self._check_boundaries(f"Piecewise {source.name}")

    def _check_boundaries(self, subject: str) -> None:
        b = self.boundaries
        if not isinstance(b, tuple) or len(b) < 2 or any(number(v) is None or not math.isfinite(v) for v in b):
            hint = "give two or more; the features are the intervals between them"
            raise errors.argument(subject, "boundaries must be finite numbers, Quantiles(n) or EqualWidth(n)", b, hint)
        object.__setattr__(self, "boundaries", tuple(float(v) for v in b))
        for left, right in zip(self.boundaries, self.boundaries[1:], strict=False):  # type: ignore[arg-type,index]
            if not left < right:
                hint = "sort them and drop duplicates"
                raise errors.argument(subject, "boundaries must strictly increase", (left, right), hint)

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        if not isinstance(self.boundaries, Marker):
            return {}
        dtype = getattr(self.source, "dtype", "float64")
        wanted = {"boundaries": self.boundaries.analyzer(dtype), "ends": Extremes(dtype)}
        return {slot: analyzer for slot, analyzer in wanted.items() if slot not in learned}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> PiecewiseBound:
        if not isinstance(self.boundaries, Marker):
            return PiecewiseBound(self, self.source, np.array(self.boundaries))
        ends, inner = learned["ends"], learned["boundaries"]["boundaries"]
        low, high = float(ends["min"]), float(ends["max"])
        if low == high:
            after = np.nextafter(low, np.inf)
            low, high = (low, float(after)) if np.isfinite(after) else (float(np.nextafter(low, -np.inf)), low)
        between = inner[(inner > low) & (inner < high)]
        return PiecewiseBound(self, self.source, np.concatenate([[low], between, [high]]))
