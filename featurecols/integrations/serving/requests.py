"""The rows of a request, in the formats of TensorFlow Serving: rows (`instances`, `examples`) or columns (`inputs`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from featurecols import errors
from featurecols.data.field_types import FieldType
from featurecols.integrations.serving.http_errors import HttpError, bad_request
from featurecols.integrations.serving.json_text import Json
from featurecols.integrations.serving.limits import Limits

Columns = dict[str, list[Json]]
SIGNATURES = ("", "serving_default")
NO_FIELD = ""  # of a plan that reads no field: the column that says how many rows there are
_ROWS_HINT = 'send {"instances": [{...}, ...]}, or {"inputs": {"field": [...], ...}}'


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one request.

    Attributes:
        columns: a list of values for each field that is read.
        count: how many rows.
        by_column: whether the answer is by column, as the request was.
        alone: whether other requests may not share a call with it: what its lists and missing values mean might depend on them.
    """

    columns: Columns
    count: int
    by_column: bool = False
    alone: bool = False


class RowReader:
    """Reads the rows of requests for one version of a model.

    Args:
        schema: the types of the fields that are read, by key.
        limits: of rows, and of elements of lists.
    """

    def __init__(self, schema: Mapping[str, FieldType], limits: Limits) -> None:
        self.schema, self.limits = dict(schema), limits
        self.fields = tuple(schema)
        self._only = self.fields[0] if len(self.fields) == 1 else None

    def read(self, body: Json, verb: str) -> Rows:
        """Return the rows of the body of a request; raises HttpError 400 for anything else, with field and row."""
        if not isinstance(body, dict):
            raise bad_request("body", "is not an object", body, _ROWS_HINT)
        signature = body.get("signature_name", "")
        if signature not in (*SIGNATURES, verb):
            hint = f"leave it out, or send one of {', '.join((*SIGNATURES[1:], verb))}"
            raise bad_request("signature_name", "is not known", signature, hint)
        forms = [name for name in ("instances", "inputs", "examples") if name in body]
        if len(forms) != 1:
            raise bad_request("body", "needs either instances or inputs", forms or list(body), _ROWS_HINT)
        (form,) = forms
        given = body[form]
        if form == "inputs":
            return self._checked(self._of_columns(given), by_column=True)
        if not isinstance(given, list):
            raise bad_request(form, "is not a list of rows", given, _ROWS_HINT)
        self._require_few(len(given))
        if form == "examples":
            given = self._examples(given, body.get("context"))
        return self._checked(self._of_rows(given, form), len(given))

    def _require_few(self, rows: int) -> None:
        if rows > self.limits.rows:
            hint = "send them in several requests, or use a batch job (featurecols predict)"
            raise bad_request("body", f"holds more than {self.limits.rows:,} rows", rows, hint)

    def _of_rows(self, rows: Sequence[Json], form: str) -> Columns:
        columns: Columns = {key: [] for key in self.fields}
        pairs = list(columns.items())
        for i, row in enumerate(rows):
            if not isinstance(row, dict):
                if self._only is None:
                    raise bad_request(form, "a row is not an object", row, f"send {{{self._keys()}}}", row=i)
                columns[self._only].append(row)
                continue
            try:
                for key, column in pairs:
                    column.append(row[key])
            except KeyError:
                raise _absent(key, row, i) from None
        return columns or {NO_FIELD: [None] * len(rows)}

    def _examples(self, rows: Sequence[Json], context: Json) -> list[Json]:
        """Return the rows of classify and regress: with the fields of the context, and single values as themselves.

        The features of a tf.Example are lists: a list of one value is that value in a field that holds no lists.
        """
        if context is not None and not isinstance(context, dict):
            raise bad_request("context", "is not an object", context, "send fields that all examples share, or leave it out")
        shared = context or {}
        found: list[Json] = []
        for i, row in enumerate(rows):
            if not isinstance(row, dict):
                raise bad_request("examples", "an example is not an object", row, f"send {{{self._keys()}}}", row=i)
            found.append({key: self._single(key, value) for key, value in {**shared, **row}.items()})
        return found

    def _single(self, key: str, value: Json) -> Json:
        of = self.schema.get(key)
        plain = of is not None and of.type is not None and of.list_depth == 0
        return value[0] if plain and isinstance(value, list) and len(value) == 1 else value

    def _of_columns(self, given: Json) -> Columns:
        if not isinstance(given, dict):
            if self._only is None:
                raise bad_request("inputs", "is not an object of columns", given, 'send {"field": [...], ...}')
            given = {self._only: given}
        columns: Columns = {}
        for key in self.fields or list(given)[:1]:
            if key not in given:
                raise _absent(key, given, None)
            column = given[key]
            if not isinstance(column, list):
                hint = "send a list with a value for each row"
                raise bad_request(key, "is not a list of values", column, hint, field=key)
            columns[key] = column
        first = next(iter(columns), None)
        for key, column in columns.items():
            if first is not None and len(column) != len(columns[first]):
                problem = f"needs {len(columns[first])} values, as {errors.show(first)} has"
                raise bad_request(key, problem, len(column), "send a value for each row", field=key)
        if first is not None:
            self._require_few(len(columns[first]))
        return columns

    def _checked(self, columns: Columns, count: int | None = None, *, by_column: bool = False) -> Rows:
        """Return columns as rows once their values are known to be values, and their lists to be short enough."""
        alone = False
        for key, column in columns.items():
            nested = [i for i, value in enumerate(column) if type(value) is list or type(value) is dict]
            for i in nested:
                self._check_value(key, column[i], i)
            if nested:
                of = self.schema.get(key)
                alone = alone or of is None or not of.list_depth
        length = len(next(iter(columns.values()), ())) if count is None else count
        return Rows(columns, length, by_column, alone)

    def _check_value(self, key: str, value: Json, row: int) -> None:
        """Raise HttpError for a list that is too long, with the lists inside it, and for an object."""
        waiting, elements = [value], 0
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                raise bad_request(
                    key, "an object is not a value", one, 'send a value, a list, or {"b64": ...}', field=key, row=row
                )
            if isinstance(one, list):
                elements += len(one)
                if elements > self.limits.elements:
                    problem = f"a list has more than {self.limits.elements:,} elements"
                    raise bad_request(key, problem, elements, "send shorter lists", field=key, row=row)
                waiting += [inner for inner in one if type(inner) is list or type(inner) is dict]

    def _keys(self) -> str:
        return ", ".join(f'"{key}": ...' for key in self.fields[:4]) + (", ..." if len(self.fields) > 4 else "")


def merge(requests: Iterable[Rows]) -> Rows:
    """Return the rows of several requests, one after another."""
    first, *others = requests
    if not others:
        return first
    columns = {key: list(column) for key, column in first.columns.items()}
    for rows in others:
        for key, column in columns.items():
            column += rows.columns[key]
    return Rows(columns, first.count + sum(rows.count for rows in others))


def _absent(key: str, present: Iterable[str], row: int | None) -> HttpError:
    """Return the error of a request without a field that is read; the hint has the nearest names."""
    found = errors.missing_field(key, present, "inputs" if row is None else f"row {row}")
    hint = f"{found.hint}; send null where it is missing".replace("?;", "? Otherwise")
    return HttpError(400, f"{key}: {found.problem}; {hint}", field=key, row=row)
