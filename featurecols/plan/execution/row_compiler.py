"""The row path of a plan: its columns' row functions, called one after another by one straight-line function.

The function is written as source from the structure alone: positions, feature numbers and widths. Keys, terms and what was
learned stay objects in its namespace, so that no text of a plan ever becomes code.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from featurecols._core import counters
from featurecols._core.fork_safe import cached_property
from featurecols._core.values import first_surrogate, lone_surrogate
from featurecols.columns.base import Field
from featurecols.columns.bound import RowIds
from featurecols.data.field_types import SPELLED, FieldType
from featurecols.data.fields.spelled import reader_of
from featurecols.data.missing import Markers, presenter
from featurecols.plan.execution.operations import Evaluate, Output

_PLAIN = {"boolean": "bool", "integer": "int", "float": "float", "decimal": "float"}  # what most rows hold
RowFunction = Callable[..., "array[float]"]
RowWithIds = Callable[[Mapping[str, object]], "tuple[array[float], list[RowIds]]"]


class RowCompiler:
    """The functions of one program. `of_mapping` takes a dict of raw values, `of_values` one presented value for each field.

    Both give the features as an array of typecode "f". A value of node i is the local v{i}; the objects that the source
    uses are k{i} (the key of a field), p{i} (its presenter), m{i} (its markers), u{i} (what refuses text without bytes), t{i}
    (what makes of a text the value that it spells, which is c{i} to categorical columns), nested (what makes lists), q{i} (its
    row_preparer), r{i} (the row function of a node) and w{i} (write_row, or the row function of a single number, of output i).
    """

    def __init__(
        self,
        fields: Sequence[tuple[int, Field]],
        evaluations: Sequence[Evaluate],
        outputs: Sequence[Output],
        width: int,
        numeric: set[int],
        types: Mapping[str, FieldType],
    ) -> None:
        """numeric: the fields that are read as numbers, and nothing else. types: of the fields by key, where known."""
        self.names: dict[str, Any] = {"blank": array("f", bytes(4 * width))}
        self._types = {i: types[field.key] for i, field in fields if field.key in types}
        self._spelled = {i for i, found in self._types.items() if found.type in SPELLED} - numeric
        self._spelled -= {i for i, field in fields if not field.spells_values()}
        self._body = ["out = blank[:]", *(self._spell(i, field) for i, field in fields if i in self._spelled)]
        self._body += [self._evaluate(e) for e in evaluations]
        for k, output in enumerate(outputs):
            self._body += self._write(k, output)
        self._body.append("return out")
        read = [(j, of.bound.column) for of in evaluations for j in of.inputs]
        read += [(j, of.bound.column) for of in outputs for j in of.inputs]
        self._readers = {j: column.name for j, column in reversed(read)}
        self._unread = {j for j, column in read if column.needs == "presence"}
        self._given = [line for i, field in fields for line in self._field(i, field, i in numeric)]
        self._values = [f"v{i}" for i, _ in fields]

    @cached_property
    def of_mapping(self) -> RowFunction:
        return self._compiled("row", self._given + self._body)

    def of_mapping_with(self, nodes: Iterable[int]) -> RowWithIds:
        """Return a function like of_mapping that gives the values of some columns, among those that are evaluated, as well."""
        values = ", ".join(f"v{i}" for i in nodes)
        return self._compiled("row", [*self._given, *self._body[:-1], f"return out, [{values}]"])  # type: ignore[return-value]

    @cached_property
    def of_values(self) -> RowFunction:
        return self._compiled(", ".join(self._values), self._body)

    def _field(self, i: int, field: Field, numeric: bool) -> list[str]:
        """One raw value as a plain one. A plain value of the type that most rows hold needs no call."""
        markers = Markers.of(field.missing)
        self.names |= {f"k{i}": field.key, f"p{i}": presenter(markers), f"m{i}": markers.values}
        marked = f" or v{i} in m{i}" if markers else ""
        if numeric:  # NaN is the only number that differs from itself
            plain = f"type(v{i}) is not int and (type(v{i}) is not float or v{i} != v{i}){marked}"
        else:
            plain = f"type(v{i}) is not str{marked}"
        lines = [f"v{i} = row[k{i}]", f"if {plain}: v{i} = p{i}(v{i})", *self._nest(i)]
        prepare = field.row_preparer()
        if prepare is not None or i in self._unread:  # no column makes bytes of it
            self.names[f"u{i}"] = partial(_refuse_surrogates, self._readers.get(i, field.key), field.key)
            lines.append(f"u{i}(v{i})")
        if prepare is not None:
            self.names[f"q{i}"] = prepare
            lines.append(f"v{i} = q{i}(v{i})")
        return lines

    def _nest(self, i: int) -> list[str]:
        """One plain value of a field that is known to hold lists, as the lists that a batch has of it."""
        depth = self._types[i].list_depth if i in self._types else 0
        if not depth:
            return []
        self.names["nested"] = _in_lists
        return [f"if type(v{i}) is not list: v{i} = nested(v{i}, 1)"] if depth == 1 else [f"v{i} = nested(v{i}, {depth})"]

    def _spell(self, i: int, field: Field) -> str:
        """One plain value as the value that it spells, if it is text or holds texts."""
        name = str(self._types[i].type)
        self.names[f"t{i}"] = reader_of(name, Markers.of(field.missing))
        return f"c{i} = v{i} if type(v{i}) is {_PLAIN[name]} else t{i}(v{i})"

    def _inputs(self, of: Evaluate | Output) -> list[str]:
        """Return the names of what a column reads."""
        category = of.bound.column.needs != "number"
        return [f"c{i}" if category and i in self._spelled else f"v{i}" for i in of.inputs]

    def _evaluate(self, of: Evaluate) -> str:
        self.names[f"r{of.node}"] = of.bound.row
        return f"v{of.node} = r{of.node}({', '.join(self._inputs(of))})"

    def _write(self, k: int, output: Output) -> list[str]:
        inputs, value = self._inputs(output), f"v{output.node}" if output.shared else None
        lines, self.names[f"w{k}"] = output.bound.row_code(f"w{k}", output.start, inputs, value)
        return lines

    def _compiled(self, arguments: str, lines: list[str]) -> RowFunction:
        found: dict[str, Any] = dict(self.names)
        exec(compile("\n    ".join([f"def run({arguments}):", *lines]), "<row path>", "exec"), found)
        counters.increment("row function")
        return found["run"]  # type: ignore[no-any-return]


def _refuse_surrogates(subject: str, key: str, value: object) -> None:
    """Raise DataError for a text with a lone surrogate, which no table holds either."""
    if (bad := first_surrogate(value)) is not None:
        raise lone_surrogate(subject, key, None, bad)


def _in_lists(value: object, depth: int) -> list[object]:
    """Return a value in lists of a depth: one that is not a list is a list of one, and None an empty list."""
    if value is None:
        return []
    values: list[object] = value if isinstance(value, list) else [value]
    if depth == 1 or len({isinstance(v, list) for v in values if v is not None}) > 1:  # lists beside values are refused
        return values
    return [_in_lists(v, depth - 1) for v in values]
