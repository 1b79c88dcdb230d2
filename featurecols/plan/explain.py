"""What features mean, in words: names, describe, explain, and the printed plan."""

from __future__ import annotations

import bisect
import difflib
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.columns.base import Column, field_keys
from featurecols.columns.bound import Bound
from featurecols.data.missing import Markers, presenter
from featurecols.plan.execution.operations import Output
from featurecols.plan.execution.program import Program

MANY = 10_000_000  # names of more features than this are refused rather than built


@dataclass(frozen=True, slots=True, repr=False)
class Meaning:
    """What a feature, or an id, means.

    Attributes:
        index: the position of the feature, or the id.
        name: unique among the features of the plan; of an id, the name of its column in `encode(data).to_csr()`.
        column: the declared column.
        label: what sets it apart within the column, "" when it is the only one.
        reads: keys of the fields behind it.
        separate: it is a fact of its own, as one of the ids of an Indicator is, and not one number of a vector.
        bucket: what the id stands for; None for a feature.
        fills: what missing or unseen values count as, in words; "" where nothing takes their place.
    """

    index: int
    name: str
    column: Column
    label: str
    reads: tuple[str, ...]
    separate: bool = False
    bucket: Bucket | None = None
    fills: str = ""

    def __str__(self) -> str:
        return "\n".join(_aligned(self._lines()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from featurecols._core import html

        return html.table(self.name, [("", ""), *self._lines()], [True, True])

    def _lines(self) -> list[tuple[str, str]]:
        lines = [("feature" if self.bucket is None else "id", str(self.index)), ("name", self.name)]
        if self.separate:
            lines.append(("means", f"{self.column.name} is {self.label!r}"))
        elif self.label:
            element = "element " if self.label.replace(",", "").isdecimal() else ""
            lines.append(("means", f"{element}{self.label} of {self.column.name}"))
        lines += [("from", ", ".join(self.reads)), ("column", repr(self.column))]
        return [*lines, ("filled", self.fills)] if self.fills else lines


@dataclass(frozen=True, slots=True)
class Explanation:
    """The features of one row that are not zero, each with its value and the raw values that its column read.

    Attributes:
        features: (meaning, value, raw values by key) of each.
        width: features of the plan.
        filled: "key: words" for each value of the row that was missing or unseen and counted as another one.
    """

    features: tuple[tuple[Meaning, float, dict[str, object]], ...]
    width: int
    filled: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self._caption(), *_aligned(self._lines()), *(f"filled    {text}" for text in self.filled)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from featurecols._core import html

        filled = [("filled", "", "", text) for text in self.filled]
        return html.table(self._caption(), [*self._lines(), *filled], [False, False, True, True])

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
    return _unique([name for output in program.outputs for name in _names(output)])


def encoded_names(program: Program) -> tuple[str, ...]:
    """Return one unique name for each column of the sparse matrix of `encode`: dense features, then the ids of each slot."""
    slots = [(o, o.slot) for o in program.outputs]
    width = sum(slot.width if isinstance(slot, DenseSlot) else slot.num_buckets for _, slot in slots)
    if width > MANY:
        raise errors.plan("encoded_feature_names", "a plan this wide has no list of names", width, "use describe_id(slot, id)")
    found = [name for output, slot in slots if isinstance(slot, DenseSlot) for name in _names(output)]
    for output, slot in slots:
        if isinstance(slot, IdSlot):
            bound = ids_of(program, output)
            found += _told_apart([f"{slot.name}={bound.meaning(i)}" for i in range(slot.num_buckets)])
    return _unique(found)


def _unique(found: list[str]) -> tuple[str, ...]:
    if len(set(found)) != len(found):  # a column may be named like another's feature
        seen: dict[str, int] = {}
        for i, name in enumerate(found):
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                found[i] = f"{name}#{i}"
    return tuple(found)


def _names(output: Output) -> list[str]:
    return _told_apart([output.bound.feature_name(i) for i in range(output.bound.width)])


def _told_apart(found: list[str]) -> list[str]:
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
        raise errors.plan("describe", "needs a position or a name", index, "see plan.feature_names") from None
    at = index + program.width if index < 0 else index
    if not 0 <= at < program.width:
        raise errors.plan("describe", f"index must be below {program.width}", index, "plan.width is the number of features")
    k = bisect.bisect_right(program.outputs, at, key=lambda o: o.start) - 1  # of outputs without features, the one after them
    output = program.outputs[k]
    bound, i = output.bound, at - output.start
    name = names[at] if names is not None else bound.feature_name(i)
    label = bound.label(i) if bound.separate or bound.width > 1 else ""
    return Meaning(at, name, columns[k], label, field_keys(columns[k]), bound.separate, fills=_fills(program, output.node))


def meaning_of_id(program: Program, columns: Sequence[Column], slot: str, id: int) -> Meaning:
    """Return what an id of a slot is."""
    try:
        id = operator.index(id)
    except TypeError:
        raise errors.plan("describe_id", "id must be an integer", id, "give an id of plan.encode(data).ids[slot]") from None
    output = next((o for o in program.outputs if o.slot.name == slot and isinstance(o.slot, IdSlot)), None)
    if output is None or not 0 <= id < ids_of(program, output).num_buckets:
        raise errors.plan("describe_id", "no slot of ids has this id", (slot, id), "see plan.encoded_slots")
    column, bucket = columns[output.position], ids_of(program, output).meaning(id)
    label, fills = str(bucket), _fills(program, output.node)
    return Meaning(id, f"{slot}={label}", column, label, field_keys(column), True, bucket, fills)


def ids_of(program: Program, output: Output) -> Bound:
    """Return the categorical column that gives the ids of an output whose slot is one of ids."""
    return program.bounds[output.node if output.bound.categorical else output.inputs[0]]


def position_of(names: Sequence[str], name: str) -> int:
    """Return the position of a feature by its name; raises PlanError with near names."""
    if name in names:
        return names.index(name)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {errors.show(near[0])}?" if near else "see plan.feature_names"
    raise errors.plan("describe", "no feature has this name", name, hint)


def _below(program: Program, node: int) -> Iterator[int]:
    """Yield the columns that a column is made of, and itself last."""
    for i in program.inputs[node]:
        if i in program.bounds:
            yield from _below(program, i)
    yield node


def _fills(program: Program, node: int) -> str:
    return "; ".join(dict.fromkeys(text for i in _below(program, node) if (text := program.bounds[i].fills)))


def explain(
    program: Program, columns: Sequence[Column], names: Sequence[str] | None, row: Mapping[str, object], values: Array
) -> Explanation:
    """Return the features of one row that are not zero; `values` is its row of the matrix."""
    lit = []
    for i in values.nonzero()[0].tolist():
        m = meaning(program, columns, names, i)
        lit.append((m, float(values[i]), {key: row[key] for key in m.reads}))
    return Explanation(tuple(lit), program.width, tuple(_filled(program, row)))


def _filled(program: Program, row: Mapping[str, object]) -> Iterator[str]:
    """Yield what was filled in a row, once for each field and way."""
    keys = {i: field.key for i, field in program.fields}
    values = {i: presenter(Markers.of(field.missing))(row[field.key]) for i, field in program.fields}
    seen = set()
    for node, bound in program.bounds.items():
        inputs = program.inputs[node]
        read = [keys[i] for i in inputs if i in keys]
        text = bound.filled(*(values.get(i) for i in inputs)) if read else ""
        if text and (read[0], text) not in seen:
            seen.add((read[0], text))
            yield f"{read[0]}: {text}"


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
