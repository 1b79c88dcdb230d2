"""plan.profile: every part of the work is named, and what it measures is what transform does."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.errors import DataError, PlanError
from featurecols.plan.execution.profile import Part, Profile

BAND = fc.Bucketized("age", [20, 40])
PLAN = fc.compile(
    [fc.Numeric("age"), fc.Indicator(BAND), fc.Indicator(fc.Hashed("tags", 8)), fc.Embedding(fc.Hashed("city", 50), 3)]
)
TABLE = pa.table(
    {
        "age": [float(i % 90) for i in range(3000)],
        "tags": [["a", "b"][: i % 3] for i in range(3000)],
        "city": [f"c{i % 70}" for i in range(3000)],
    }
)
PARTS = [
    ("read", "data"),
    ("field", "age"),
    ("field", "tags"),
    ("field", "city"),
    ("step", "age_bucketized"),
    ("step", "tags"),
    ("step", "city"),
    ("matrix", "numbers and one-hots"),
    ("column", "tags_indicator"),
    ("column", "city_embedding"),
]


def test_the_parts_of_a_table_and_of_a_file(tmp_path):
    pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=1024)
    before = PLAN.transform(TABLE)
    for data in (TABLE, tmp_path / "t.parquet"):
        start = perf_counter()
        found = PLAN.profile(data)
        outside = perf_counter() - start
        assert [(part.kind, part.name) for part in found.parts] == PARTS
        assert found.rows == 3000
        assert 0 < found.seconds <= outside
        assert all(part.seconds > 0 for part in found.parts)
    assert PLAN.transform(TABLE).tobytes() == before.tobytes()


def test_no_rows():
    assert PLAN.profile(TABLE.slice(0, 0)).rows == 0


def test_errors_are_those_of_transform():
    bad = TABLE.set_column(0, "age", pa.array([*TABLE["age"].to_pylist()[:2999], None]))
    with pytest.raises(DataError) as expected:
        PLAN.transform(bad)
    with pytest.raises(DataError) as found:
        PLAN.profile(bad)
    assert str(found.value) == str(expected.value)
    assert "row 2999" in str(found.value)
    with pytest.raises(PlanError, match="city"):
        fc.compile([fc.Hashed("city", 3)]).profile(TABLE)


def test_how_it_prints():
    found = Profile(1000, (Part("read", "data", 0.001), Part("matrix", "numbers and one-hots", 0.003)))
    assert found.seconds == pytest.approx(0.004)
    assert repr(found).splitlines() == [
        "1,000 rows in 0.004 s on one thread",
        "part    name                 share   ns/row",
        "read    data                   25%  1,000.0",
        "matrix  numbers and one-hots   75%  3,000.0",
    ]


def test_the_first_bad_row_of_a_later_batch():
    parts = [TABLE.slice(0, 100), TABLE.slice(100, 5).set_column(0, "age", pa.array([1.0, np.nan, 1.0, 1.0, 1.0]))]
    with pytest.raises(DataError, match="row 101"):
        PLAN.profile(parts)
