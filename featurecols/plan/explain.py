"""What features mean, in words: names, describe, explain, and the printed plan."""

from __future__ import annotations

import bisect
import difflib
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import SupportsIndex

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.columns.base import Column, field_keys
from featurecols.columns.bound import Bound
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers, presenter
from featurecols.data.tables import as_batch
from featurecols.plan.execution.operations import Output
from featurecols.plan.execution.program import Program

NAMES_HINT = "see plan.feature_names (featurecols inspect PLAN --json)"
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
        ids: (meaning, raw values by key) of each id of a categorical column that is not in the matrix.
        unseen: "key: words" for each value that a column does not know, or that is out of its range, and has no bucket for.
    """

    features: tuple[tuple[Meaning, float, dict[str, object]], ...]
    width: int
    filled: tuple[str, ...] = ()
    ids: tuple[tuple[Meaning, dict[str, object]], ...] = ()
    unseen: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self._caption(), *_aligned(self._lines()), *(f"{what:<10}{text}" for what, text in self._remarks())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from featurecols._core import html

        remarks = [(what, "", "", text) for what, text in self._remarks()]
        return html.table(self._caption(), [*self._lines(), *remarks], [False, False, True, True])

    def _caption(self) -> str:
        return f"{len(self.features)} of {self.width} features are not zero"

    def _remarks(self) -> list[tuple[str, str]]:
        return [*(("filled", text) for text in self.filled), *(("unseen", text) for text in self.unseen)]

    def _lines(self) -> list[tuple[str, str, str, str]]:
        lines = [("features", "value", "name", "from")]
        for column, group in groupby(self.features, key=lambda feature: feature[0].column):
            lit = list(group)
            if len(lit) > 1 and not lit[0][0].separate:  # one vector
                lines.append(_line(lit, column.name))
            else:
                lines += [_line([feature], feature[0].name) for feature in lit]
        return lines + [("id", str(m.index), m.name, _in_words(reads)) for m, reads in self.ids]


def _line(lit: Sequence[tuple[Meaning, float, dict[str, object]]], name: str) -> tuple[str, str, str, str]:
    (first, _, reads), (last, _, _) = lit[0], lit[-1]
    at = str(first.index) if len(lit) == 1 else f"{first.index}:{last.index + 1}"
    values = " ".join(f"{v:.4g}" for _, v, _ in lit[:3]) + (" ..." if len(lit) > 3 else "")
    return at, values, name, _in_words(reads)


def _in_words(reads: Mapping[str, object]) -> str:
    """Return raw values by key, in words."""
    return ", ".join(f"{k}={errors.show(v, 60)}" for k, v in reads.items())


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
        index = _integer(index)
    except TypeError:
        raise errors.plan("describe", "needs a position or a name", index, NAMES_HINT) from None
    at = index + program.width if index < 0 else index
    if not program.width:
        hint = "its columns give ids: use describe_id(slot, id)"
        raise errors.plan("describe", "the plan has no features", index, hint)
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
    slots = {o.slot.name: o for o in program.outputs if isinstance(o.slot, IdSlot)}
    output = slots.get(slot) if isinstance(slot, str) else None
    if output is None:
        hint = f"slots of ids are {', '.join(slots)}" if slots else "no column gives ids: use describe(feature)"
        raise errors.plan("describe_id", "no slot of ids has this name", slot, hint)
    try:
        id = _integer(id)
    except TypeError:
        raise errors.plan("describe_id", "id must be an integer", id, "give an id of plan.encode(data).ids[slot]") from None
    count = ids_of(program, output).num_buckets
    if not 0 <= id < count:
        hint = f"give 0 to {count - 1:,}" + (": a negative id marks a value without one" if id < 0 else "")
        raise errors.plan("describe_id", f"slot {slot!r} has no such id", id, hint)
    column, bucket = columns[output.position], ids_of(program, output).meaning(id)
    label, fills = str(bucket), _fills(program, output.node)
    return Meaning(id, f"{slot}={label}", column, label, field_keys(column), True, bucket, fills)


def _integer(value: object) -> int:
    """Return an integer of Python or numpy; raise TypeError for anything else, booleans too."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, SupportsIndex):
        raise TypeError
    return operator.index(value)


def ids_of(program: Program, output: Output) -> Bound:
    """Return the categorical column that gives the ids of an output whose slot is one of ids."""
    return program.bounds[output.node if output.bound.categorical else output.inputs[0]]


def position_of(program: Program, names: Sequence[str], name: str) -> int:
    """Return the position of a feature by its name; raises PlanError with near names."""
    if name in names:
        return names.index(name)
    if any(output.name == name and output.bound.categorical for output in program.outputs):
        what, hint = "this column gives ids, which are no features of the matrix", f"use describe_id({name!r}, id)"
        raise errors.plan("describe", what, name, hint)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {errors.show(near[0])}?" if near else NAMES_HINT
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
    """Return the features of one row that are not zero, and its ids; `values` is its row of the matrix."""
    lit = []
    for i in values.nonzero()[0].tolist():
        m = meaning(program, columns, names, i)
        lit.append((m, float(values[i]), {key: row[key] for key in m.reads}))
    views = program.views(as_batch([{field.key: row[field.key] for _, field in program.fields}])) if program.fields else []
    ids, unseen = _ids(program, columns, row, views), dict.fromkeys(_unseen(program, views))
    return Explanation(tuple(lit), program.width, tuple(_filled(program, row)), tuple(ids), tuple(unseen))


def _ids(
    program: Program, columns: Sequence[Column], row: Mapping[str, object], views: Sequence[FieldView]
) -> Iterator[tuple[Meaning, dict[str, object]]]:
    """Yield the ids of a row, given as a batch, in the categorical columns that are not in the matrix."""
    bare = [output for output in program.outputs if output.bound.categorical]
    found = program.encode(views, 0, 1).ids if bare else {}
    for output in bare:
        reads = {key: row[key] for key in field_keys(columns[output.position])}
        for i in found[output.name].values.tolist():
            if 0 <= i < output.bound.num_buckets:  # others have no meaning
                yield meaning_of_id(program, columns, output.name, i), reads


def _unseen(program: Program, views: Sequence[FieldView]) -> Iterator[str]:
    """Yield which values of a row, given as a batch, a categorical column does not know and has no bucket for."""
    fields = {i: (field.key, view) for (i, field), view in zip(program.fields, views, strict=True)}
    for node, bound in program.bounds.items():
        if not bound.categorical or bound.fills:
            continue
        for key, view in (fields[i] for i in program.inputs[node] if i in fields):
            own = bound.missing_id if bound.missing_id == bound.num_buckets - 1 == bound.num_seen else bound.num_buckets
            unseen = bound.unseen(view) if bound.num_seen == own else None
            for what, found in (("unseen", unseen), ("out of range", bound.out_of_range(view))):
                for value in _marked(view, found):
                    yield f"{key}: {errors.show(value, 60)} is {what} and has no bucket"


def _marked(view: FieldView, found: Array | None) -> list[object]:
    """Return the values of a field, elements of lists, that are marked and not missing."""
    if found is None or not found.any():
        return []
    while view.depth:
        view, _ = view.elements()
    present = zip(view.to_pylist(), found.tolist(), strict=True)
    return [value for value, is_marked in present if is_marked and value is not None]


def _filled(program: Program, row: Mapping[str, object]) -> Iterator[str]:
    """Yield what was filled in a row, once for each field and way."""
    keys = {i: field.key for i, field in program.fields}
    values: dict[int, object] = {}
    for i, field in program.fields:
        value, prepare = presenter(Markers.of(field.missing))(row[field.key]), field.row_preparer()
        values[i] = value if prepare is None else prepare(value)

    def value_of(i: int) -> object:
        if i not in values:
            values[i] = program.bounds[i].row(*map(value_of, program.inputs[i]))
        return values[i]

    seen = set()
    for node, bound in program.bounds.items():
        inputs = program.inputs[node]
        text = bound.filled(*map(value_of, inputs)) if inputs and bound.fills else ""
        if not text:
            continue
        read = [keys[i] for i in inputs if i in keys]
        gone = (i for i in inputs if values[i] is None or values[i] != values[i])
        name = next((keys[i] if i in keys else program.bounds[i].column.name for i in gone), "")
        name = name or (read[0] if len(read) == 1 else bound.column.name)
        if (name, text) not in seen:
            seen.add((name, text))
            yield f"{name}: {text}"


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
