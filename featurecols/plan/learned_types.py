"""Types of fields, learned while a plan is fitted: those of typed data, and what the text of CSV files spells.

What was seen of a field is a set, so that any order of rows, any batches and any number of files learn the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from featurecols import errors, kernels
from featurecols.columns.base import Column, Field
from featurecols.data.batch import Batch, Source
from featurecols.data.field_types import MOST_LEVELS, TYPE_NAMES, UNKNOWN, FieldType, join
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.spelled import Spelled, other_value, reader_of, value_of
from featurecols.data.missing import Markers
from featurecols.plan.graph import Graph

BOOLEAN, INTEGER, WHOLE, FRACTION, TEXT = 1, 2, 4, 8, 16  # WHOLE: a float that is an integer, as "1.0" is
_NUMBER = INTEGER | WHOLE | FRACTION
_NOTED = frozenset((str(BOOLEAN), str(FRACTION)))  # spellings of which the first is kept


@dataclass
class Seen:
    """What was seen of one key: the join of the types of typed data, and the spellings of CSV text."""

    of: FieldType = UNKNOWN
    spellings: int = 0
    first: dict[int, tuple[int | None, str]] = field(default_factory=dict)  # the first row of a spelling, and the text


class TypeLearner:
    """The types of the fields of one graph. What is declared of a field is not learned."""

    def __init__(self, graph: Graph) -> None:
        self._uses = graph.needs(training=True)
        self._declared = graph.declared
        self._fields: dict[str, list[Field]] = {}
        for node in graph.fields(training=True):
            self._fields.setdefault(node.key, []).append(node)
        self.readers = {
            source.key: node.name for node in reversed(graph.nodes) if isinstance(node, Column) for source in _fields_of(node)
        }
        self._seen = {key: Seen() for key in self._uses}

    @property
    def keys(self) -> list[str]:
        """All fields."""
        return list(self._seen)

    @property
    def needs(self) -> list[tuple[str, str]]:
        """How all fields are read."""
        return [(key, "category" if "category" in uses else "number") for key, uses in self._uses.items()]

    def take(self, types: Mapping[str, FieldType]) -> None:
        """Learn the types of fields whose data says them without being read."""
        for key, found in types.items():
            self._seen[key].of = join(self._seen[key].of, found)

    def update(self, key: str, batch: Batch, row: int) -> FieldType | None:
        """Learn from one field of a batch, which begins at a row; return the type that its numbers are read by."""
        seen, here = self._seen[key], 0
        declared = self._declared.get(key, UNKNOWN)
        if declared.type is not None and declared.list_depth:
            return declared
        for node in self._fields[key]:
            view = batch.field(key, node.missing, declared if declared.type is None and declared.list_depth else None)
            words = view.words() if declared.type is None else None
            if words is None:
                found = view.value_type()
                seen.of = join(seen.of, found if declared.type is None else FieldType(None, found.list_depth))
            else:
                spelled = words.spelled()
                markers = Markers.of(node.missing)
                here |= spellings_of(spelled.without(markers))
                self._note_first(seen, key, view, here, row, markers)
        seen.spellings |= here
        if declared.type is not None:
            return declared
        name = type_of(here, only_category=False)
        if name in (None, "text"):
            return declared if declared.list_depth else None
        return FieldType(name, declared.list_depth)

    def _note_first(self, seen: Seen, key: str, view: FieldView, here: int, row: int, markers: Markers) -> None:
        """Note where a boolean and a fraction stand first, where an error at the end may have to name them."""
        if "number" not in self._uses[key]:
            return
        asked = (BOOLEAN, FRACTION) if "category" in self._uses[key] else (BOOLEAN,)
        new = [kind for kind in asked if here & kind and (kind not in seen.first or (seen.first[kind][0] or 0) > row)]
        read = reader_of("float", markers)
        for at, text in enumerate(view.to_pylist() if new else ()):
            value = value_of(text, "boolean")
            kind = BOOLEAN if isinstance(value, bool) else 0
            if not kind and isinstance(number := read(text), float) and not number.is_integer():
                kind = FRACTION
            if kind in new:
                new.remove(kind)
                seen.first[kind] = row + at, str(text)
            if not new:
                break

    def spelled(self, key: str) -> bool:
        """Whether values of a field came as the text of CSV files."""
        return bool(self._seen[key].spellings)

    def types(self) -> dict[str, FieldType]:
        """Return what was learned. Raises DataError where a field that is read as numbers turns out to be text."""
        found: dict[str, FieldType] = {}
        for key, seen in self._seen.items():
            name = type_of(seen.spellings, self._uses[key] == {"category"})
            if name == "text" and BOOLEAN in seen.first:
                row, text = seen.first[BOOLEAN]
                hint = "read it with Vocabulary or Hashed, or mend the file"
                what = "needs a number, and the field is of type text: not all of its values are booleans"
                raise errors.bad_value(self.readers[key], key, row, what, text, hint)
            found[key] = join(seen.of, FieldType(name))
            of = self._declared.get(key, UNKNOWN).type or found[key].type
            for node in self._fields[key]:
                if other := other_value(node.missing, str(of)):
                    what = f"a missing marker is text, and the field is of type {of}"
                    hint = f"declare it as the value: Field({key!r}, missing={other[1]!r})"
                    raise errors.DataError(self.readers[key], what, field=key, got=f"missing={other[0]!r}", hint=hint)
        return found

    def merge(self, other: TypeLearner) -> None:
        """Learn what another learner of the same fields has seen, of rows whose place among these is not known."""
        for key, theirs in other._seen.items():
            mine = self._seen[key]
            mine.of, mine.spellings = join(mine.of, theirs.of), mine.spellings | theirs.spellings
            texts = [(kind, text) for seen in (mine, theirs) for kind, (_, text) in seen.first.items()]
            mine.first = {kind: (None, text) for kind, text in sorted(texts, reverse=True)}  # the smaller text stays

    def to_json(self) -> dict[str, list[object]]:
        """Return what was seen as plain data, without rows: another process counts them from elsewhere."""
        return {
            key: [*seen.of, seen.spellings, {str(kind): text for kind, (_, text) in sorted(seen.first.items())}]
            for key, seen in self._seen.items()
        }

    def take_json(self, data: object) -> bool:
        """Learn what to_json gave for the same fields; return whether it is that."""
        if not isinstance(data, dict) or set(data) != set(self._seen):
            return False
        for key, seen in data.items():
            match seen:
                case [str() | None as name, int(depth), int(spellings), dict(first)] if (
                    name is None or name in TYPE_NAMES
                ) and 0 <= depth <= MOST_LEVELS:
                    self._seen[key].of, self._seen[key].spellings = FieldType(name, depth), spellings
                    self._seen[key].first = {int(kind): (None, str(text)) for kind, text in first.items() if kind in _NOTED}
                case _:
                    return False
        return True

    def fraction(self, key: str) -> tuple[int | None, str] | None:
        """Return the first row with a float that is not whole, and its text, where it is known."""
        return self._seen[key].first.get(FRACTION)


def type_learner(graph: Graph, source: Source, learns: bool) -> TypeLearner | None:
    """Return what learns the types of fields; None where that alone would use up an iterator, or call a function.

    learns: whether columns learn from the source as well.
    """
    return TypeLearner(graph) if learns or source.at_hand else None


def _fields_of(node: Column) -> list[Field]:
    return [source for source in node.training_inputs() if isinstance(source, Field)]


def spellings_of(found: Spelled) -> int:
    """Return which spellings there are among texts."""
    s = kernels.spellings
    counts = np.bincount(found.kinds, minlength=8)
    here = BOOLEAN * bool(counts[s.TRUE] or counts[s.FALSE])
    here |= INTEGER * bool(counts[s.INTEGER] or counts[s.LONG_INTEGER]) | TEXT * bool(counts[s.TEXT])
    if floats := int(counts[s.FLOAT] + counts[s.LONG_FLOAT]):
        whole = int(found.is_whole.sum())
        here |= WHOLE * bool(whole) | FRACTION * (whole < floats)
    return here


def type_of(spellings: int, only_category: bool) -> str | None:
    """Return the type of a field whose text spells these; numbers that are not whole are text to categories alone."""
    if not spellings:
        return None
    if spellings & TEXT or (spellings & BOOLEAN and spellings & _NUMBER) or (spellings & FRACTION and only_category):
        return "text"
    if spellings & BOOLEAN:
        return "boolean"
    return "float" if spellings & (WHOLE | FRACTION) else "integer"
