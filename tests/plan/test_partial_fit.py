"""PartialFit: rows in several calls, and in several processes, give the plan of all rows at once."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.data.sources import as_source
from featurecols.plan.partial_fit import PartialFit

COLUMNS = [
    fc.Numeric("temp", default=fc.Mean(), normalizer=[fc.Clip(-50, 120), fc.ZScore()]),
    fc.Numeric("wind_speed", default=fc.Median(), normalizer=fc.MinMax()),
    fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(8, min_count=2), num_oov_buckets=1)),
    fc.Indicator(fc.Vocabulary("earlier_dests", fc.TopTerms(20))),
    fc.Indicator(fc.Bucketized("distance", fc.Quantiles(9))),
    fc.Indicator(fc.Hashed("tailnum", 5)),
    fc.TargetMean("tailnum", "dep_delay", fold_by="flight"),
    fc.Count("tailnum"),
]


def flights() -> pa.Table:
    return fc.datasets.flights().slice(0, 3000)


@pytest.mark.parametrize("pickled", [False, True], ids=["one process", "several"])
def test_any_division_of_the_rows_gives_the_plan_of_all(pickled: bool) -> None:
    table, found = flights(), PartialFit(COLUMNS)
    cuts = [0, *sorted(np.random.default_rng(4).integers(0, len(table), 5).tolist()), len(table)]
    for start, stop in pairwise(cuts):
        part = table.slice(start, stop - start)
        found.update(as_source(part if start % 2 else part.to_pandas()))
        found = pickle.loads(pickle.dumps(found)) if pickled else found
    whole = fc.fit(COLUMNS, table)
    assert found.plan() == whole
    assert found.plan().input_schema == whole.input_schema


def test_a_plan_may_be_asked_for_between_calls() -> None:
    found = PartialFit([fc.Numeric("x", default=fc.Mean())])
    means = []
    for x in (1.0, 3.0, 8.0):
        found.update(as_source({"x": [x]}))
        means.append(found.plan().transform({"x": [None]}).item())
    assert means == [1.0, 2.0, 4.0]


def test_types_of_all_calls_are_joined() -> None:
    found = PartialFit([fc.Indicator(fc.Vocabulary("x", fc.TopTerms(4)))])
    found.update(as_source({"x": [1, 2]}))
    found.update(as_source(pa.table({"x": ["1", "a"]})))
    assert found.plan().input_schema["x"].type == "text"
    assert found.plan().feature_names == ("x_indicator=1", "x_indicator=2", "x_indicator=a")


def test_nothing_to_learn_yet() -> None:
    found = PartialFit([fc.Numeric("age", default=fc.Mean())])
    found.update(as_source({"age": [None, None]}))
    with pytest.raises(fc.DataError, match="no value to learn from"):
        found.plan()
    found.update(as_source({"age": [None, 3.0]}))
    assert found.plan().transform({"age": [None]}).tolist() == [[3.0]]


def test_columns_that_learn_nothing() -> None:
    found = PartialFit([fc.Numeric("x")])
    found.update(as_source({"x": [1.0]}))
    assert found.plan() == fc.fit([fc.Numeric("x")], {"x": [1.0]})
    with pytest.raises(fc.DataError, match="field is not in the data"):
        found.update(as_source({"y": [1.0]}))


def test_several_passes_are_refused() -> None:
    scaled = fc.Numeric("x", normalizer=fc.ZScore())
    with pytest.raises(fc.PlanError, match=r"partial_fit: rows are seen once, and 2 passes are needed, got 'pass 1: x; pass 2"):
        PartialFit([fc.Indicator(fc.Bucketized(scaled, fc.Quantiles(3)))])


def test_a_call_that_fails_learns_nothing_and_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("FEATURECOLS_TERM_MEMORY", "0")
    columns = [fc.Indicator(fc.Vocabulary("t", fc.TopTerms(3))), fc.Numeric("x", normalizer=fc.ZScore())]
    found = PartialFit(columns)
    good = {"t": ["a", "b", "b"], "x": [1.0, 2.0, 4.0]}
    found.update(as_source(good))
    with pytest.raises(fc.DataError, match=r"x: infinity cannot be learned from in field 'x' at row 1"):
        found.update(as_source({"t": ["c", "c"], "x": [1.0, np.inf]}))
    assert found.plan() == fc.fit(columns, good)
