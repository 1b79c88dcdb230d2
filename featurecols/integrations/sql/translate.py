"""Expressions as columns of a query: each is one column of a step, made of columns of the steps before it.

A number or a text that is missing is NULL, ids are integers with -1 for none. Columns of the steps are c0, c1, ...: no name
of the table is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from featurecols._core.expressions import (
    Computed,
    CrossOf,
    DatePartOf,
    Expression,
    Filled,
    HashOf,
    IdExpression,
    IdIfMissing,
    InexpressibleError,
    IntegerOf,
    IsMissing,
    Lookup,
    Number,
    NumberAt,
    NumberOf,
    OneHot,
    Polynomial,
    PositionOf,
    RawField,
    Rounded,
    Search,
    TextOf,
    WeightedIds,
)
from featurecols.data.field_types import UNKNOWN, UNREAD, FieldType
from featurecols.integrations.sql.dialects import Dialect

_ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_LARGEST = 1.7976931348623157e308


class Query:
    """The steps of one query.

    Args:
        dialect: how it is written.
        types: of the fields by key, where they are known.
    """

    def __init__(self, dialect: Dialect, types: Mapping[str, FieldType]) -> None:
        self._d, self._types = dialect, types
        self._steps: list[list[tuple[str, str]]] = []  # (column, text)
        self._step_of: dict[str, int] = {}
        self._found: dict[Expression | str, str] = {}
        self._write: dict[type[Expression], Callable[..., tuple[str, Sequence[str]]]] = {
            NumberOf: self._number_of,
            TextOf: self._text_of,
            Filled: self._filled,
            Computed: self._computed,
            IsMissing: self._is_missing,
            Polynomial: self._polynomial,
            NumberAt: self._number_at,
            IdIfMissing: self._id_if_missing,
            PositionOf: self._position_of,
            DatePartOf: self._date_part_of,
            HashOf: self._hash_of,
            Lookup: self._lookup,
            IntegerOf: self._integer_of,
            Search: self._search,
            CrossOf: self._cross_of,
            WeightedIds: self._weighted_ids,
        }

    def field(self, key: str) -> str:
        """Return the column of a field of the table, as it is."""
        if key not in self._found:
            self._found[key] = self._add(f"t.{self._d.identifier(key)}", 0)
        return self._found[key]

    def column(self, expression: Expression) -> str:
        """Return the column of a number, a text or ids; raises InexpressibleError."""
        if expression not in self._found:
            write = self._write.get(type(expression))
            if write is None:
                raise InexpressibleError(f"it has no operation for {type(expression).__name__}")
            text, of = write(expression)
            self._found[expression] = self._add(text, 1 + max((self._step_of[c] for c in of), default=0))
        return self._found[expression]

    def features(self, expression: Expression) -> list[str]:
        """Return the text of each feature of features, for the last step; raises InexpressibleError."""
        if isinstance(expression, Rounded):
            return [self.feature(self.column(number)) for number in expression.numbers]
        if isinstance(expression, OneHot):
            ids = self.column(expression.ids)
            one, zero = "1e0", "0e0"
            if isinstance(expression.ids, WeightedIds):
                one = self.column(expression.ids.weight)
            return [self.feature(f"CASE WHEN {ids} = {k} THEN {one} ELSE {zero} END") for k in range(expression.num_buckets)]
        raise InexpressibleError('it has no rows of tables, and outputs="ids" gives their ids')

    def feature(self, x: str) -> str:
        """Return a double as a feature: float32 where there is one."""
        return x if self._d.single is None else self._d.rounded(x)

    def text(self, table: str, selected: Sequence[tuple[str, str]]) -> str:
        """Return the query: selected are (text, name) of its columns."""
        steps = []
        kept = "MATERIALIZED " if self._d.name == "sqlite" else ""  # which else computes a column for each that reads it
        for at, columns in enumerate(self._steps):
            listed = ",\n    ".join(f"{text} AS {name}" for name, text in columns)
            source = f"{table} AS t" if at == 0 else f"s{at - 1}"
            steps.append(f"s{at} AS {kept}(\n  SELECT\n    {'' if at == 0 else '*, '}{listed}\n  FROM {source}\n)")
        last = ",\n  ".join(f"{text} AS {self._d.identifier(name)}" for text, name in selected)
        return f"WITH {', '.join(steps)}\nSELECT\n  {last}\nFROM s{len(self._steps) - 1}"

    def _add(self, text: str, step: int) -> str:
        while len(self._steps) <= step:
            self._steps.append([])
        name = f"c{len(self._step_of)}"
        self._steps[step].append((name, text))
        self._step_of[name] = step
        return name

    # Fields ----------------------------------------------------------------------------------------------------------------

    def _read(self, field: RawField, use: str) -> tuple[str, str | None]:
        """Return the column of a field, and its type."""
        known = self._types.get(field.key, UNKNOWN).type
        if known in UNREAD or known == "bytes" or (known == "decimal" and use != "number"):
            raise InexpressibleError(f"field {field.key} is of type {known}")
        if known == "text" and use != "text":
            raise InexpressibleError(f"field {field.key} is text, and is read as numbers")
        return self.field(field.key), known

    def _absent(self, field: RawField) -> tuple[str, str]:
        """Return whether a field has no value, which is never NULL, and its column."""
        d, known = self._d, self._types.get(field.key, UNKNOWN).type
        x = self.field(field.key)
        if known == "bytes" and field.texts:
            raise InexpressibleError(f"field {field.key} is of type bytes")
        found = [f"{x} IS NULL"]
        if known in (None, "text") and (words := [d.string(word) for t in field.texts if (word := _word(t)) is not None]):
            found.append(f"(CAST({x} AS {d.text}) IN ({', '.join(words)}))")
        if known in ("boolean", "integer"):
            markers = [str(n) for n in field.numbers if isinstance(n, int)]
            found += [f"CAST({x} AS {d.integer}) IN ({', '.join(markers)})"] if markers else []
        if known in ("float", "decimal") or (known is None and d.is_float(x)):
            number = f"CAST({x} AS {d.double})" if known else f"{d.tried}({x} AS {d.double})"
            odd = [] if known == "decimal" or d.name == "sqlite" else [d.is_nan(number)]
            markers = [d.number(float(n)) for n in field.numbers]
            odd += [f"{number} IN ({', '.join(markers)})"] if markers else []
            if odd:
                either = " OR ".join(odd)
                found.append(f"({either})" if known else f"({d.is_float(x)} AND ({either}))")
        if len(found) == 1:
            return found[0], x
        return f"({x} IS NULL OR COALESCE({' OR '.join(found[1:])}, FALSE))", x

    def _number_of(self, e: NumberOf) -> tuple[str, Sequence[str]]:
        d, (x, known) = self._d, self._read(e.field, "number")
        inner = f"CAST({x} AS {d.integer})" if known == "boolean" else x
        number = f"CAST({inner} AS {d.double})"
        missing = [] if known in ("boolean", "integer") or d.name == "sqlite" else [d.is_nan(number)]
        exact = known == "integer"
        markers = [str(n) if exact else d.number(float(n)) for n in e.field.numbers if not exact or isinstance(n, int)]
        missing += [f"{x if exact else number} IN ({', '.join(markers)})"] if markers else []
        return (f"CASE WHEN {' OR '.join(missing)} THEN NULL ELSE {number} END" if missing else number), [x]

    def _text_of(self, e: TextOf) -> tuple[str, Sequence[str]]:
        d, (x, known) = self._d, self._read(e.field, "text")
        if known == "boolean":
            text = f"CASE WHEN {x} THEN '1' WHEN NOT {x} THEN '0' END"
        elif known == "float":
            text = f"CAST({self._whole(x)} AS {d.text})"
        else:
            text = f"CAST({x} AS {d.text})"
        markers = [d.string(word) for t in e.field.texts if (word := _word(t)) is not None]
        found = text if e.field.characters is None else d.beginning(text, e.field.characters)
        return (f"CASE WHEN {text} IN ({', '.join(markers)}) THEN NULL ELSE {found} END" if markers else found), [x]

    def _whole(self, x: str) -> str:
        """Return a double as an integer, NULL where it is not whole and below 2^53 in magnitude."""
        d, limit = self._d, 2**53
        return f"CASE WHEN abs({x}) < {limit} THEN CASE WHEN {x} = floor({x}) THEN {d.tried}({x} AS {d.integer}) END END"

    def _integer_of(self, e: IntegerOf) -> tuple[str, Sequence[str]]:
        d, (x, known) = self._d, self._read(e.field, "number")
        i = self._whole(x) if known == "float" else f"CAST({x} AS {d.integer})"
        markers = [str(n) for n in e.field.numbers if isinstance(n, int)]
        found = f"CASE WHEN {i} IN ({', '.join(markers)}) THEN NULL ELSE {i} END" if markers else i
        if e.otherwise is None:
            return f"COALESCE({found}, -1)", [x]
        inside = f"WHEN {found} >= 0 AND {found} < {e.num_buckets} THEN {found}"
        return f"CASE WHEN {found} IS NULL THEN -1 {inside} ELSE {e.otherwise} END", [x]

    # Numbers ---------------------------------------------------------------------------------------------------------------

    def _filled(self, e: Filled) -> tuple[str, Sequence[str]]:
        x = self.column(e.source)
        return f"COALESCE({x}, {self._d.number(e.value)})", [x]

    def _computed(self, e: Computed) -> tuple[str, Sequence[str]]:
        d = self._d
        arguments = [self.column(x) if isinstance(x, Number) else d.number(x) for x in e.arguments]
        of = [x for x in arguments if x in self._step_of]
        x = arguments[0]
        if e.function in _ARITHMETIC:
            return self._arithmetic(e.function, x, arguments[1], len(of) > 1), of
        if e.function == "clip":
            low, high = arguments[1:]
            return f"CASE WHEN {x} < {low} THEN {low} WHEN {x} > {high} THEN {high} ELSE {x} END", of
        if e.function == "choose":
            return f"CASE WHEN {x} <= 0 THEN {arguments[1]} ELSE {arguments[2]} END", of
        if e.function == "nonzero":
            return f"CASE WHEN {x} <> 0 THEN {x} END", of
        if e.function == "float32":
            return f"CAST({d.rounded(x)} AS {d.double})", of
        if e.function == "log1p":
            return self._log1p(x), of
        if e.function == "expm1":
            return self._expm1(x), of
        if e.function == "log":
            return f"CASE WHEN {x} > 0 THEN ln({x}) END", of
        if e.function == "sqrt":
            return f"CASE WHEN {x} >= 0 THEN sqrt({x}) END", of
        if e.function in ("sin", "cos"):
            return f"CASE WHEN abs({x}) <= {d.number(_LARGEST)} THEN {e.function}({x}) END", of
        return f"{e.function}({x})", of

    def _log1p(self, x: str) -> str:
        """Return log(1 + x), accurate near 0: log(u) * x / (u - 1) with u = 1 + x."""
        d = self._d
        one, far, none = d.number(1.0), d.number(1e300), d.number(float("-inf"))
        u = f"({one} + {x})"
        return (
            f"CASE WHEN {x} < -1 THEN NULL WHEN {x} = -1 THEN {none} WHEN {u} = {one} THEN {x} "
            f"WHEN {x} > {far} THEN ln({x}) ELSE ln({u}) * {x} / ({u} - {one}) END"
        )

    def _arithmetic(self, function: str, x: str, y: str, of_two: bool) -> str:
        """Return a function of two numbers; of two columns it may be NaN, as infinity less infinity is: missing."""
        d = self._d
        found = f"({x} {_ARITHMETIC[function]} {y})"
        if function == "divide" and d.name == "bigquery":
            found = f"IEEE_DIVIDE({x}, {y})"
        return f"CASE WHEN NOT {d.is_nan(found)} THEN {found} END" if of_two and d.name != "sqlite" else found

    def _expm1(self, x: str) -> str:
        """Return exp(x) - 1, accurate near 0: (u - 1) * x / log(u) with u = exp(x)."""
        d = self._d
        one, u = d.number(1.0), f"exp({x})"
        return (
            f"CASE WHEN {x} > {d.number(709.782712893384)} THEN {d.number(float('inf'))} WHEN abs({x}) > 50 THEN {u} - {one} "
            f"WHEN {u} = {one} THEN {x} ELSE ({u} - {one}) * {x} / ln({u}) END"
        )

    def _polynomial(self, e: Polynomial) -> tuple[str, Sequence[str]]:
        d, x = self._d, self.column(e.source)
        found = d.number(e.coefficients[0])
        for c in e.coefficients[1:]:
            found = f"({found} * {x} + {d.number(c)})"
        return found, [x]

    def _is_missing(self, e: IsMissing) -> tuple[str, Sequence[str]]:
        absent, x = self._absent(e.field)
        return f"CASE WHEN {absent} THEN 1e0 ELSE 0e0 END", [x]

    def _number_at(self, e: NumberAt) -> tuple[str, Sequence[str]]:
        d, ids = self._d, self.column(e.ids)
        missing = "NULL" if e.missing != e.missing else d.number(e.missing)
        found = f"WHEN {ids} < {len(e.table)} THEN {d.at(e.table, ids)} " if e.table else ""
        return f"CASE WHEN {ids} < 0 THEN {missing} {found}END", [ids]

    # Ids -------------------------------------------------------------------------------------------------------------------

    def _hash_of(self, e: HashOf) -> tuple[str, Sequence[str]]:
        text = self.column(e.text)
        found = self._d.hashed(text, e.hash, e.seed, e.num_buckets)
        return f"CASE WHEN {text} IS NULL THEN -1 ELSE {f'{e.first} + ' if e.first else ''}{found} END", [text]

    def _lookup(self, e: Lookup) -> tuple[str, Sequence[str]]:
        text = self.column(e.text)
        unseen = self.column(e.unseen) if isinstance(e.unseen, IdExpression) else str(e.unseen)
        words = [(i, word) for i, term in enumerate(e.terms) if (word := _word(term)) is not None]
        known = " ".join(f"WHEN {text} = {self._d.string(word)} THEN {i}" for i, word in words)
        return f"CASE WHEN {text} IS NULL THEN -1 {known} ELSE {unseen} END", [c for c in (text, unseen) if c in self._step_of]

    def _id_if_missing(self, e: IdIfMissing) -> tuple[str, Sequence[str]]:
        found = self.column(e.otherwise)
        absent = [self._absent(field) for field in e.fields]
        none = " OR ".join(condition for condition, _ in absent)
        return f"CASE WHEN {none} THEN {e.value} ELSE {found} END", [found, *(x for _, x in absent)]

    def _date_part_of(self, e: DatePartOf) -> tuple[str, Sequence[str]]:
        d, known = self._d, self._types.get(e.field.key, UNKNOWN).type
        if known is not None and known not in UNREAD:
            raise InexpressibleError(f"field {e.field.key} is of type {known}, and times have types of their own there")
        x = self.field(e.field.key)
        there, part = d.date_part(x, e.part, e.timezone)
        if e.part == "year":
            part = f"CASE WHEN {part} >= {e.first} AND {part} < {e.first + e.num_buckets} THEN {part} - {e.first} END"
        return f"CASE WHEN {there} THEN COALESCE({part}, -1) ELSE -1 END", [x]

    def _position_of(self, e: PositionOf) -> tuple[str, Sequence[str]]:
        ids, size = self.column(e.ids), len(e.known)
        if e.known == tuple(range(size)):
            known = f"WHEN {ids} < {size} THEN {ids}"
        else:
            known = " ".join(f"WHEN {ids} = {i} THEN {k}" for k, i in enumerate(e.known))
        return f"CASE WHEN {ids} < 0 THEN {e.missing} {known} ELSE {e.unseen} END", [ids]

    def _search(self, e: Search) -> tuple[str, Sequence[str]]:
        x = self.column(e.source)
        below = " ".join(f"WHEN {x} < {self._d.number(b)} THEN {i}" for i, b in enumerate(e.boundaries))
        return f"CASE WHEN {x} IS NULL THEN {e.missing} {below} ELSE {len(e.boundaries)} END", [x]

    def _cross_of(self, e: CrossOf) -> tuple[str, Sequence[str]]:
        d = self._d
        if e.hash != "murmur3" or not d.registered:
            raise InexpressibleError(f"it has no cross by {e.hash}")
        h, none, of = str(e.seed), [], []
        for part in e.parts:
            x = self.column(part)
            of.append(x)
            absent = f"{x} IS NULL" if isinstance(part, TextOf) else f"{x} < 0"
            none.append(absent)
            value = d.hashed(x, "murmur3", 0, 2**32) if isinstance(part, TextOf) else f"{x} % {2**32}"
            h = f"featurecols_mix({h}, CASE WHEN {absent} THEN {2**32 - 1} ELSE {value} END)"
        found = f"featurecols_finish({h}, {len(e.parts)}, {e.num_buckets})"
        return (found if e.keep_unseen else f"CASE WHEN {' OR '.join(none)} THEN -1 ELSE {found} END"), of

    def _weighted_ids(self, e: WeightedIds) -> tuple[str, Sequence[str]]:
        ids = self.column(e.ids)
        return ids, [ids]


def _word(text: bytes) -> str | None:
    """Return bytes as text; None where they are none, which no text of a table equals."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
