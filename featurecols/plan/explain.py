"""What features mean, in words: names, describe, explain, and the printed plan."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.columns.base import Column, field_keys
from featurecols.plan.execution.operations import Output
from featurecols.plan.execution.program import Program

MANY = 10_000_000  # names of more features than this are refused rather than built


@dataclass(frozen=True, slots=True)
class Meaning:
    """One feature: its position, unique name, declared column, and what sets it apart within the column.

    separate: it is a fact of its own, as one of the ids of an Indicator is, and not one number of a vector.
    """

    index: int
    name: str
    column: Column
    label: str
    reads: tuple[str, ...]
    separate: bool = False

    def __str__(self) -> str:
        of = f" is {self.label!r}" if self.label else ""
        return f"{self.index}: {self.name}\n   {self.column.name}{of}, from {', '.join(self.reads)}\n   {self.column!r}"


@dataclass(frozen=True, slots=True)
class IdMeaning:
    """One id of a slot of ids: the declared column, the bucket that it means, and the fields behind it."""

    index: int
    column: Column
    bucket: Bucket
    reads: tuple[str, ...]

    @property
    def label(self) -> str:
        """The bucket in words."""
        return str(self.bucket)

    def __str__(self) -> str:
        return f"{self.index}: {self.column.name} is {self.label!r}, from {', '.join(self.reads)}\n   {self.column!r}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The features of one row that are not zero, each with its value and the raw values that its column read."""

    features: tuple[tuple[Meaning, float, dict[str, object]], ...]
    width: int

    def __str__(self) -> str:
        return "\n".join([self._caption(), *_aligned(self._lines())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from featurecols._core import html

        return html.table(self._caption(), self._lines(), [False, False, True, True])

    def _caption(self) -> str:
        return f"{len(self.features)} of {self.width} features are not zero"

    def _lines(self) -> list[tuple[str, str, str, str]]:
        lines = [("features", "value", "name", "from")]
        for column, group in groupby(self.features, key=lambda feature: feature[0].column):
            lit = list(group)
            if len(lit) > 1 and not lit[0][0].separate:  # one vector
                lines.append(_line(lit, column.name))
            else:
                lines += [_line([feature], feature[0].name) for feature in lit]
        return lines


def _line(lit: Sequence[tuple[Meaning, float, dict[str, object]]], name: str) -> tuple[str, str, str, str]:
    (first, _, reads), (last, _, _) = lit[0], lit[-1]
    at = str(first.index) if len(lit) == 1 else f"{first.index}:{last.index + 1}"
    values = " ".join(f"{v:.4g}" for _, v, _ in lit[:3]) + (" ..." if len(lit) > 3 else "")
    return at, values, name, ", ".join(f"{k}={errors.show(v, 60)}" for k, v in reads.items())


def names(program: Program) -> tuple[str, ...]:
    """Return one unique name for each feature of the matrix."""
    if program.width > MANY:
        raise errors.plan("names", "a plan this wide has no list of names", program.width, "use describe(index)")
    found: list[str] = []
    for output in program.outputs:
        found.extend(_names(output))
    if len(set(found)) != len(found):  # a column may be named like another's feature
        seen: dict[str, int] = {}
        for i, name in enumerate(found):
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                found[i] = f"{name}#{i}"
    return tuple(found)


def _names(output: Output) -> list[str]:
    found = [output.bound.feature_name(i) for i in range(output.bound.width)]
    if len(set(found)) != len(found):  # bytes that only look alike when shown as text
        seen: set[str] = set()
        for i, text in enumerate(found):
            found[i] = f"{text}#{i}" if text in seen else text
            seen.add(text)
    return found


def meaning(program: Program, columns: Sequence[Column], names: Sequence[str] | None, index: int) -> Meaning:
    """Return what feature `index` is; negative counts from the end. `names` are those of the plan, None when it is too wide."""
    try:
        index = operator.index(index)
    except TypeError:
        hint = "plan.names.index(name) is the index of a feature, plan.slots say where a column starts"
        raise errors.plan("describe", "index must be an integer", index, hint) from None
    at = index + program.width if index < 0 else index
    if not 0 <= at < program.width:
        raise errors.plan("describe", f"index must be below {program.width}", index, "plan.width is the number of features")
    k = bisect.bisect_right(program.outputs, at, key=lambda o: o.start) - 1  # of outputs without features, the one after them
    output = program.outputs[k]
    bound, i = output.bound, at - output.start
    name = names[at] if names is not None else bound.feature_name(i)
    return Meaning(at, name, columns[k], bound.label(i), field_keys(columns[k]), bound.separate)


def explain(
    program: Program, columns: Sequence[Column], names: Sequence[str] | None, row: Mapping[str, object], values: Array
) -> Explanation:
    """Return the features of one row that are not zero; `values` is its row of the matrix."""
    lit = []
    for i in values.nonzero()[0].tolist():
        m = meaning(program, columns, names, i)
        lit.append((m, float(values[i]), {key: row[key] for key in m.reads}))
    return Explanation(tuple(lit), program.width)


def table(program: Program, columns: Sequence[Column], fingerprint: str) -> str:
    """Return the plan as text: one line a declared column."""
    head, rows = summary(program, columns, fingerprint)
    return "\n".join([head, *_aligned(rows)])


def summary(program: Program, columns: Sequence[Column], fingerprint: str) -> tuple[str, list[tuple[str, ...]]]:
    """Return what a plan is, in a line, and the rows of its table, the first one being the header."""
    rows: list[tuple[str, ...]] = [("features", "name", "kind", "reads", "ids")]
    for output, column in zip(program.outputs, columns, strict=True):
        slot = output.slot
        at = f"{output.start}:{output.stop}" if output.stop > output.start or isinstance(slot, DenseSlot) else "-"
        ids = f"{slot.num_buckets:,}" if isinstance(slot, IdSlot) else ""
        rows.append((at, column.name, type(column).__name__, ", ".join(field_keys(column)), ids))
    counts = ((len(columns), "column"), (program.width, "feature"), (len(program.fields), "field"))
    many = ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counts)
    return f"Plan of {many}, fingerprint {fingerprint}", rows


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text as columns; the last one is not padded."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in rows]
