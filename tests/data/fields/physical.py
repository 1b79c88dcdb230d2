"""The same column of Python values in many physical forms, and what every form must give, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from featurecols._core.arrays import Tokens
from featurecols.data.fields.base import FieldView

Values = list[Any]
ARROW = {str: pa.string(), bytes: pa.binary(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
POLARS = {str: pl.String, bytes: pl.Binary, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}

# ------------------------------------------------------------------------------------------------ what must come out


def missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def canonical(value: Any) -> bytes | None:
    if missing(value):
        return None
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    return str(int(value)).encode("ascii")


def bits(numbers: Any) -> list[Any]:
    """Floats by their bits (so -0.0 is not 0.0), NaN as None."""
    return [None if math.isnan(x) else float(x).hex() for x in np.asarray(numbers, np.float64).tolist()]


def number_bits(values: Values) -> list[Any]:
    return [None if missing(v) else float(v).hex() for v in values]


def decoded(tokens: Tokens) -> list[Any]:
    """bytes or None for every row, or a list of them for every list."""
    texts = tokens.texts
    flat = [None if texts.valid is not None and not texts.valid[i] else texts[i] for i in range(len(texts))]
    if tokens.codes is not None:
        assert tokens.codes.dtype == np.int32
        flat = [None if c < 0 else flat[c] for c in tokens.codes.tolist()]
    return grouped(flat, tokens.offsets)


def grouped(flat: list[Any], offsets: Any) -> list[Any]:
    if offsets is None:
        return flat
    assert offsets.dtype == np.int64
    edges = offsets.tolist()
    return [flat[a:b] for a, b in pairwise(edges)]


def whole(cells: FieldView) -> list[Any]:
    """integers() as Python values."""
    found = cells.integers()
    assert found.values.dtype in (np.int64, np.uint64)
    flat = found.values.tolist()
    if found.valid is not None:
        flat = [v if ok else None for v, ok in zip(flat, found.valid.tolist(), strict=True)]
    return grouped(flat, found.offsets)


# ------------------------------------------------------------------------------------------------ Arrow


def plain(values: Values, kind: type) -> pa.Array:
    return pa.array(values, ARROW[kind])


def _sliced(array: pa.Array, before: int, after: int) -> pa.Array:
    """The array in the middle of a longer one: its bitmap starts inside a byte, its neighbours are other values."""
    if len(array) == 0:
        return array
    around = array.take(pa.array([(7 * i + 3) % len(array) for i in range(before + after)], pa.int64()))
    return pa.concat_arrays([around[:before], array, around[before:]])[before : before + len(array)]


def _awkward(array: pa.Array) -> pa.Array:
    """A dictionary with values twice, a null among them, an unused value, and garbage codes under nulls."""
    coded = array.dictionary_encode()
    terms = coded.dictionary.to_pylist()
    k = len(terms)
    double = pa.array([*reversed(terms), None, *terms], array.type)
    codes, mask = [], []
    for i, code in enumerate(coded.indices.to_pylist()):
        if code is None:
            codes.append(k if i % 2 else (99 if k < 40 else 0))
            mask.append(i % 2 == 0)
        else:
            codes.append(k - 1 - code if i % 2 else k + 1 + code)
            mask.append(False)
    indices = pa.array(np.array(codes, np.int16), mask=np.array(mask, np.bool_))
    return pa.DictionaryArray.from_arrays(indices, double, safe=False)


def _view(array: pa.Array) -> pa.Array:
    kinds = {pa.string(): pa.string_view(), pa.binary(): pa.binary_view()}
    return pa.array(array.to_pylist(), kinds[array.type]) if array.type in kinds else array


def _dictionary_of_views(array: pa.Array) -> pa.Array:
    coded = array.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, _view(coded.dictionary))


def _large(array: pa.Array) -> pa.Array:
    kinds = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}
    return array.cast(kinds[array.type]) if array.type in kinds else array


def _run_ends(array: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.run_end_encode(array) if len(array) else array


def _chunked(array: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """Chunks of 1, 0, 3, 2, 5, ... rows, each made on its own, so that each has its own dictionary."""
    chunks, at = [], 0
    for size in [1, 0, 3, 2, 5] * (1 + len(array) // 10) + [len(array)]:
        chunks.append(change(array[at : at + size]))
        at += size
    return pa.chunked_array(chunks, chunks[0].type)


ArrowForm = Callable[[pa.Array], Any]
ARROW_FORMS: dict[str, ArrowForm] = {
    "plain": lambda a: a,
    "large": _large,
    "view": _view,
    "dictionary": lambda a: a.dictionary_encode(),
    "dictionary view": lambda a: pa.DictionaryArray.from_arrays(
        a.dictionary_encode().indices, _view(a.dictionary_encode().dictionary)
    ),
    "dictionary int64": lambda a: a.dictionary_encode().cast(pa.dictionary(pa.int64(), a.type)),
    "dictionary uint8": lambda a: a.dictionary_encode().cast(pa.dictionary(pa.uint8(), a.type)),
    "awkward": _awkward,
    "run ends": _run_ends,
    "sliced": lambda a: _sliced(a, 11, 3),
    "sliced large": lambda a: _sliced(_large(a), 5, 2),
    "sliced dictionary": lambda a: _sliced(a.dictionary_encode(), 3, 9),
    "sliced awkward": lambda a: _sliced(_awkward(a), 1, 8) if _unifies(a) else _awkward(a),
    "sliced view": lambda a: _view(_sliced(a, 4, 0)),
    "chunked": lambda a: _chunked(a, lambda c: c),
    "chunked dictionaries": lambda a: _chunked(a, lambda c: c.dictionary_encode()),
    "chunked awkward": lambda a: _chunked(a, _awkward),
    "chunked view": lambda a: _chunked(a, _view),
    "chunked slices": lambda a: _chunked(a, lambda c: _sliced(c, 13, 1)),
}


def _unifies(_: pa.Array) -> bool:
    return False  # Arrow does not concatenate dictionaries that hold nulls


def arrow_table(form: str) -> Callable[[Values, type], Any]:
    return lambda values, kind: pa.table({"x": ARROW_FORMS[form](plain(values, kind))})


def arrow_column(form: str) -> Callable[[Values, type], Any]:
    return lambda values, kind: {"x": ARROW_FORMS[form](plain(values, kind))}


def arrow_batch(form: str) -> Callable[[Values, type], Any]:
    def make(values: Values, kind: type) -> Any:
        array = ARROW_FORMS[form](plain(values, kind))
        return pa.table({"x": array}) if isinstance(array, pa.ChunkedArray) else pa.record_batch({"x": array})

    return make


# ------------------------------------------------------------------------------------------------ Python, numpy, pandas, Polars


def _objects(values: Values) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _series(values: Values, kind: type, dtype: Any) -> Any:
    return pd.DataFrame({"x": pd.Series(values if len(values) else _objects(values), dtype=dtype)})


def _pandas_masked(values: Values, kind: type) -> Any:
    names = {str: "string[python]", int: "Int64", float: "Float64", bool: "boolean", bytes: object}
    return _series([None if missing(v) else v for v in values], kind, names[kind])


def _pandas_default(values: Values, kind: type) -> Any:
    """What pandas makes by itself; integers with None stay objects, since pandas would round them."""
    if kind is str:
        return pd.DataFrame({"x": pd.Series(values, dtype="str")})
    frame = pd.DataFrame({"x": _objects(values)})
    return frame if None in values else frame.infer_objects()


def _masked_array(values: Values, kind: type) -> Any:
    if kind in (str, bytes):
        return {"x": values}
    mask = [missing(v) for v in values]
    data = np.array([kind() if m else v for v, m in zip(values, mask, strict=True)], dtype={int: np.int64}.get(kind, kind))
    return {"x": np.ma.MaskedArray(data, mask)}


def _swapped(values: Values, kind: type) -> Any:
    """Big-endian, every third element of a longer array, read-only."""
    if kind in (str, bytes) or any(v is None for v in values):
        return {"x": tuple(values)}
    base = np.zeros(3 * len(values), dtype={int: ">i8", float: ">f8", bool: "?"}[kind])
    base[::3] = values
    base.flags.writeable = False
    return {"x": base[::3]}


def _duckdb(values: Values, kind: type) -> Any:
    table = pa.table({"y": pa.array(range(len(values))), "x": plain(values, kind)})
    return duckdb.from_arrow(table).order("y")


def _polars_category(values: Values, kind: type) -> Any:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=POLARS[kind])})
    return frame.with_columns(pl.col("x").cast(pl.Categorical)) if kind is str else frame


def _pandas_arrow_dictionary(values: Values, kind: type) -> Any:
    column = pa.chunked_array([plain(values, kind).dictionary_encode()])
    return pd.DataFrame({"x": pd.Series(pd.arrays.ArrowExtensionArray(column))})


PYTHON_FORMS: dict[str, Callable[[Values, type], Any]] = {
    "list": lambda v, k: {"x": v},
    "rows": lambda v, k: [{"y": 0, "x": x} for x in v],
    "objects": lambda v, k: {"x": _objects(v)},
    "masked array": _masked_array,
    "swapped": _swapped,
    "pandas object": lambda v, k: _series(v, k, object),
    "pandas default": _pandas_default,
    "pandas masked": _pandas_masked,
    "pandas category": lambda v, k: _series([None if missing(x) else x for x in v], k, "category"),
    "pandas arrow": lambda v, k: _series(plain(v, k).to_pylist(), k, pd.ArrowDtype(ARROW[k])),
    "pandas arrow dictionary": _pandas_arrow_dictionary,
    "polars": lambda v, k: pl.DataFrame({"x": pl.Series(v, dtype=POLARS[k])}),
    "polars chunks": lambda v, k: pl.concat([pl.DataFrame({"x": pl.Series(p, dtype=POLARS[k])}) for p in (v[:3], v[3:])]),
    "polars category": _polars_category,
    "polars series": lambda v, k: {"x": pl.Series(v, dtype=POLARS[k])},
    "duckdb": _duckdb,
}

FORMS: dict[str, Callable[[Values, type], Any]] = {
    **PYTHON_FORMS,
    **{f"table {name}": arrow_table(name) for name in ARROW_FORMS},
    **{f"column {name}": arrow_column(name) for name in ARROW_FORMS},
    **{f"batch {name}": arrow_batch(name) for name in ARROW_FORMS if not name.startswith("chunked")},
}
