"""A6: decimals are read exactly, then rounded once; whole ones are the category of their integer."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import duckdb
import mmh3
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import errors
from featurecols.data.tables import as_batch
from tests.data.fields.physical import decoded, whole

TEXTS = ["1.5", None, "-0.25", "12.00", "0.1", "9007199254740993.00", "-3.00"]
VALUES = [None if t is None else Decimal(t) for t in TEXTS]
ARROW = pa.array(VALUES, pa.decimal128(38, 4))


def forms() -> dict[str, Any]:
    return {
        "list": VALUES,
        "objects": np.array(VALUES, dtype=object),
        "pandas": pd.Series(VALUES, dtype=object),
        "pandas arrow": pd.Series(pd.arrays.ArrowExtensionArray(ARROW)),
        "arrow": ARROW,
        "wide": ARROW.cast(pa.decimal256(60, 20)),
        "sliced": pa.concat_arrays([ARROW, ARROW])[len(VALUES) :],
        "polars": pl.Series(VALUES, dtype=pl.Decimal(38, 4)),
    }


@pytest.mark.parametrize("form", forms())
def test_numbers_are_those_of_python(form: str) -> None:
    """A6"""
    found = as_batch({"x": forms()[form]}).field("x").numbers().values.tolist()
    assert [None if np.isnan(x) else x for x in found] == [None if t is None else float(t) for t in TEXTS]


def test_rounding_is_to_nearest_whatever_the_digits() -> None:
    """A6"""
    draw = random.Random(5)
    for digits, scale in ((18, 3), (38, 10), (38, 37), (70, 30), (9, -2)):
        values = [Decimal(draw.randrange(-(10**digits), 10**digits)).scaleb(-scale) for _ in range(300)]
        kind = pa.decimal256(76, scale) if digits > 38 else pa.decimal128(38, scale)
        with_context = [pa.scalar(v, kind) for v in values] if digits <= 28 else None
        array = pa.array([v.as_py() for v in with_context], kind) if with_context else pa.array(values, kind)
        assert as_batch({"x": array}).field("x").numbers().values.tolist() == [float(v) for v in values]


@pytest.mark.parametrize("form", forms())
def test_digits_are_the_category(form: str) -> None:
    """A6: canonical bytes of whole ones are those of the integer, of others their digits."""
    field = as_batch({"x": forms()[form]}).field("x", (12,))
    assert decoded(field.slice(3, 4).tokens()) == [None]
    rest = field.slice(5, 7)
    assert decoded(rest.tokens()) == [b"9007199254740993", b"-3"]
    assert whole(rest) == [9007199254740993, -3]
    assert rest.to_pylist() == [9007199254740993, -3]
    assert decoded(field.tokens()) == [b"1.5", None, b"-0.25", None, b"0.1", b"9007199254740993", b"-3"]
    with pytest.raises(errors.DataError, match="a decimal that is not whole") as caught:
        whole(field.slice(1, 7))
    assert caught.value.row == 1
    assert "-0.25" in str(caught.value.got)


def test_scale_width_and_container_do_not_change_a_category(tmp_path: Any) -> None:
    values = [Decimal(t) for t in ("1.50", "-0.25", "12.00", "0.01", "-7.10")]
    want = [mmh3.hash(text, 0, signed=False) % 1000 for text in (b"1.5", b"-0.25", b"12", b"0.01", b"-7.1")]
    plan = fc.fit([fc.Hashed("x", 1000), fc.Vocabulary("x", fc.TopTerms(9), name="v")], [{"x": v} for v in values])
    kinds = (pa.decimal32(9, 2), pa.decimal64(18, 4), pa.decimal128(10, 2), pa.decimal128(38, 30), pa.decimal256(76, 20))
    found = {str(kind): pa.table({"x": pa.array(values, kind)}) for kind in kinds}
    pq.write_table(found["decimal128(10, 2)"], tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("x,y\n1.50,\n-0.25,\n12.00,\n1e-2,\n-7.1000,\n")
    relation = duckdb.sql("select unnest([1.5, -0.25, 12, 0.01, -7.1])::decimal(9, 3) as x")
    ways = (*found.values(), tmp_path / "t.parquet", tmp_path / "t.csv", [{"x": v} for v in values], {"x": values}, relation)
    plan.save(tmp_path / "plan")
    for data in (*ways, pl.from_arrow(found["decimal128(10, 2)"])):
        ids = fc.load(tmp_path / "plan").encode(data).ids
        assert ids["x"].values.tolist() == want
        assert ids["v"].values.tolist() == [3, 0, 4, 2, 1]  # as often, by bytes: -0.25 -7.1 0.01 1.5 12


def test_every_way_in_gives_the_same(tmp_path: Any) -> None:
    """A6: rows, frames, SQL and Parquet."""
    plan = fc.compile([fc.Numeric("x")])
    values = [Decimal("0.1"), Decimal("2.50"), Decimal(10) ** 25 + 1]
    want = [[np.float32(float(v))] for v in values]
    table = pa.table({"x": pa.array(values, pa.decimal128(38, 2))})
    pq.write_table(table, tmp_path / "t.parquet")
    relation = duckdb.sql("select unnest([0.1, 2.5, 10000000000000000000000001])::decimal(38, 2) as x")
    for data in (table, tmp_path / "t.parquet", [{"x": v} for v in values], pl.from_arrow(table), relation):
        assert plan.transform(data).tolist() == want
    assert [plan.transform_row({"x": v}).tolist() for v in values] == want
    ids = fc.compile([fc.Hashed("x", 1000)])
    hugeint = duckdb.sql("select sum(i) as x from range(10) t(i)")
    assert ids.encode(hugeint).ids["x"].values.tolist() == ids.encode([{"x": 45}]).ids["x"].values.tolist()
    four = ids.encode({"x": [4]}).ids["x"].values.tolist()
    assert ids.encode({"x": [[Decimal("4.0"), None]]}).ids["x"].values.tolist() == [*four, -1]


def test_infinite_decimals_are_floats() -> None:
    """A6"""
    field = as_batch({"x": [Decimal("Infinity"), Decimal("NaN"), Decimal("1E+400")]}).field("x")
    assert field.slice(0, 2).numbers().values.tolist()[0] == float("inf")
    assert field.slice(1, 2).to_pylist() == [None]
    with pytest.raises(errors.DataError, match="a number is beyond float64"):
        field.slice(2, 3).numbers()
    with pytest.raises(errors.DataError, match="not a category"):
        as_batch({"x": [Decimal("1E+999999")]}).field("x").tokens()


@pytest.mark.parametrize("text", ["1E-5000", "-1E-5000"])
def test_decimals_of_more_digits_than_python_writes_are_not_zero(text: str) -> None:
    for column in (fc.Hashed("v", 9), fc.Identity("v", 9)):
        for data in ([{"v": Decimal(text)}], {"v": [None, Decimal(text)] * 2_000}):
            with pytest.raises(fc.DataError, match=r"not a whole number|needs a whole number"):
                fc.compile([column]).encode(data)
    ids = fc.compile([fc.Bucketized("v", [0])]).encode([{"v": Decimal(text)}]).ids["v_bucketized"].values.tolist()
    assert ids == [0 if text[0] == "-" else 1]
    assert fc.compile([fc.Hashed("v", 9)]).encode([{"v": Decimal("0E-5000")}]).ids["v"].values.tolist() == [
        fc.compile([fc.Hashed("v", 9)]).encode([{"v": 0}]).ids["v"].values[0]
    ]
