"""What fit finds out about columns that learn nothing: that their fields are there, can be read, and can be missing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols.columns.base import Column, Field
from featurecols.data import arrow_buffers
from featurecols.data.batch import Batch, Needs, Source
from featurecols.data.field_types import FieldType
from featurecols.data.missing import Markers
from featurecols.plan.graph import Graph

_LOOK = 1000  # rows
NOTHING_SPELLED: Mapping[str, FieldType | None] = MappingProxyType({})


class Look:
    """A look at the first rows, for fields of columns that learn nothing: that they are there, and can be read."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.done = graph, False
        self.needs = [
            (key, "category" if "category" in kinds else "number") for key, kinds in graph.needs(training=True).items()
        ]

    def before(self, needs: Needs, source: Source) -> None:
        """Look at what a first pass over files with these needs does not read."""
        left = [need for need in self.needs if need[1] == "number" and need not in needs]
        if left and source.paths and not self.done:
            self.at(next(iter(source.batches(left))), left)
        self.done = self.done or bool(source.paths)

    def rest(self, source: Source) -> None:
        """Look at data that is at hand, where no pass did."""
        if not self.done and source.at_hand:
            self.before([], source)
            if not self.done:
                self.at(next(iter(source.batches(self.needs))), self.needs)

    def at(self, batch: Batch, needs: Needs, spelled: Mapping[str, FieldType | None] = NOTHING_SPELLED) -> None:
        """Raise DataError for a field that is not there, or cannot be what the column that reads it needs.

        spelled: the types of fields, where they are not known yet, by which numbers are read.
        """
        if self.done:
            return
        self.done, keys = True, [key for key, _ in needs]
        batch.check(keys)
        types = {**self.graph.types, **spelled}
        for marked in self.graph.fields(training=True):
            if marked.missing and marked.key in keys:
                kind = batch.field(marked.key, (), types.get(marked.key)).value_type().type
                _require_match(
                    marked, kind, _narrow(batch.column(marked.key).type) if kind == "float" and not batch.parse else None
                )
        for node, inputs in zip(self.graph.nodes, self.graph.inputs, strict=True):
            for field in (self.graph.nodes[i] for i in inputs):
                if isinstance(field, Field) and field.key in keys and isinstance(node, Column) and node.needs == "number":
                    view = field.read(batch, types.get(field.key))
                    try:
                        view.slice(0, min(batch.num_rows, _LOOK)).numbers()
                    except errors.DataError as e:
                        raise e.seen_by(node.name) from None


def _narrow(kind: pa.DataType) -> type[np.floating] | None:
    """Return the type of floats that hold fewer numbers than float64 does; None for all other types, lists of them too."""
    while arrow_buffers.is_list(kind) or pa.types.is_dictionary(kind):
        kind = kind.value_type
    return np.float32 if pa.types.is_float32(kind) else np.float16 if pa.types.is_float16(kind) else None


def _require_match(field: Field, kind: str | None, narrow: type[np.floating] | None) -> None:
    """Raise DataError where no missing marker of a field can be a value of its type, `narrow` where that is one of floats."""
    markers = Markers.of(field.missing)
    if narrow is not None and markers.floats:
        with np.errstate(over="ignore"):
            held = [float(narrow(marker)) for marker in markers.floats]
        if not set(held) & set(markers.floats):
            what = f"no missing marker can be a value of the field, whose numbers are {narrow.__name__}"
            hint = f"give what {narrow.__name__} holds: missing={held[0]!r}"
            raise errors.DataError(field.key, what, field=field.key, got=f"missing={errors.show(field.missing)}", hint=hint)
    fits = {
        "boolean": bool({0, 1} & set(markers.integers)),
        "integer": bool(markers.integers),
        "float": bool(markers.floats),
        "decimal": bool(markers.floats),
    }
    if not fits.get(kind or "", True):
        got = f"missing={errors.show(field.missing)} and values of type {kind}"
        hint = "give a marker that is one, or leave missing out: null and NaN are missing in any case"
        raise errors.DataError(field.key, "no missing marker can be a value of the field", field=field.key, got=got, hint=hint)
