"""What fit finds out about columns that learn nothing, and hints that lead out (E4 to E7)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

LEARNS = fc.Vocabulary("city", fc.TopTerms(3))
DATA = {"city": ["Ulm", "Rom"], "plan": ["a", "b"], "x": [1.0, 2.0]}


def forms(folder: Path) -> list[Any]:
    table = pa.table(DATA)
    pq.write_table(table, folder / "rows.parquet")
    (folder / "rows.csv").write_text("city,plan,x\nUlm,a,1\nRom,b,2\n")
    rows = table.to_pylist()
    return [DATA, table, pd.DataFrame(DATA), rows, iter(rows), lambda: iter([table]), *sorted(folder.glob("rows.*"))]


@pytest.mark.parametrize("learns", [[LEARNS], []])
@pytest.mark.parametrize("column", [fc.Hashed("nothing", 10), fc.Numeric("nothing"), fc.Crossed(["city", "nothing"], 9)])
def test_e5_fields_of_columns_that_learn_nothing_are_checked(learns: list[Any], column: Any, tmp_path: Path) -> None:
    """E5: a field that is not there is an error of fit, whatever the data comes in."""
    for data in forms(tmp_path):
        if not learns and (hasattr(data, "__next__") or callable(data)):  # what nothing is learned from is not read
            continue
        with pytest.raises(fc.DataError, match="nothing: field is not in "):
            fc.fit([column, *learns], data)


@pytest.mark.parametrize("learns", [[LEARNS], []])
def test_e7_a_number_over_text_fails_in_fit(learns: list[Any], tmp_path: Path) -> None:
    """E7: and a number that is one passes, also from CSV."""
    for data in forms(tmp_path):
        if not learns and (hasattr(data, "__next__") or callable(data)):
            continue
        with pytest.raises(fc.DataError, match=r"plan: .*in field 'plan' at row 0, got 'a'"):
            fc.fit([fc.Numeric("plan"), *learns], data)
    for data in forms(tmp_path):
        assert fc.fit([fc.Numeric("x", default=0), *learns], data).fields


def test_e7_a_field_that_is_not_in_a_row() -> None:
    """E7: the way out is to give None."""
    plan = fc.compile([fc.Numeric("age", default=0), fc.Indicator(fc.Hashed("country", 3))])
    with pytest.raises(
        fc.DataError, match="country: field is not in the data; the data has 'age'; give country=None where it is missing"
    ):
        plan.transform_row({"age": 1})
    with pytest.raises(fc.DataError, match=r"did you mean 'Country'\? Otherwise give country=None where it is missing"):
        plan.transform_row({"age": 1, "Country": "DE"})


def test_e7_explain_takes_a_row_of_a_frame() -> None:
    """E7: a Series is a row."""
    plan = fc.compile([fc.Numeric("age", default=0), fc.Indicator(fc.Hashed("country", 3))])
    frame = pd.DataFrame({"age": [31.0, None], "country": ["DE", "FR"]})
    assert str(plan.explain(frame.iloc[0])) == str(plan.explain({"age": 31.0, "country": "DE"}))
    with pytest.raises(fc.PlanError, match="needs a dict of raw values, got 'list'"):
        plan.explain([1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize("choice", ["drop", 2])
def test_e4_integers_past_64_bits_are_out_of_range(choice: Any) -> None:
    """E4: docs/ids.md section 7 gives -1, or the id; an error keeps naming the row."""
    plan = fc.compile([fc.Identity("i", 3, out_of_range=choice)])
    want = [1, -1 if choice == "drop" else 2, -1 if choice == "drop" else 2, -1]
    values = [1, 2**70, -(2**70), None]
    assert plan.encode({"i": values}).ids["i"].values.tolist() == want
    dense = fc.compile([fc.Indicator(fc.Identity("i", 3, out_of_range=choice))])
    assert (dense.transform({"i": values}) == [dense.transform_row({"i": v}) for v in values]).all()
    strict = fc.compile([fc.Identity("i", 3)])
    with pytest.raises(fc.DataError, match="at row 1"):
        strict.encode({"i": values})


def test_e5_consumers_skip_what_is_kept_out_of_range() -> None:
    """E5: docs/ids.md section 7, in an embedding and in models."""
    kept, dropped = (fc.Identity("i", 3, out_of_range=choice) for choice in ("keep", "drop"))
    data = {"i": [[0, 7], [5], [2, 1, 99], [], [-4, 1]]}
    for combiner in ("mean", "sum", "sqrtn"):
        plans = [fc.compile([fc.Embedding(source, 2, combiner=combiner)]) for source in (kept, dropped)]
        found = [plan.transform(data) for plan in plans]
        assert (found[0] == found[1]).all()
        assert (found[0] == [plans[0].transform_row({"i": v}) for v in data["i"]]).all()
    single = {"i": [0, 7, 2, 5, -3, 1], "y": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]}
    lists = {"i": [*data["i"], [1]], "y": single["y"]}
    for rows in (single, lists):
        scores = [
            fc.models.LinearRegressor([fc.Indicator(source)], sparse_combiner="mean")
            .train(rows, label="y", epochs=3)
            .predict(rows)
            for source in (kept, dropped)
        ]
        assert np.array_equal(scores[0]["predictions"], scores[1]["predictions"])


def test_e6_markers_that_fewer_bits_do_not_hold() -> None:
    """E6: -99.9 is no float32, so that nothing was missing in a column of them, without a word."""
    for data in (
        pd.DataFrame({"x": np.array([-99.9, 2.0], np.float32), "city": ["Ulm", "Rom"]}),
        pa.table({"x": pa.array([[-99.9], [2.0]], pa.list_(pa.float32())), "city": ["Ulm", "Rom"]}),
    ):
        column = fc.Numeric(fc.Field("x", missing=-99.9), shape=1, default=0) if isinstance(data, pa.Table) else None
        column = column or fc.Numeric(fc.Field("x", missing=-99.9), default=0)
        with pytest.raises(fc.DataError, match=r"numbers are float32 .*; give what float32 holds: missing=-99\.9000015258789"):
            fc.fit([column, LEARNS], data)
    held = fc.Numeric(fc.Field("x", missing=(-99.9, -99.9000015258789)), default=0)
    data = pd.DataFrame({"x": np.array([-99.9, 2.0], np.float32), "city": ["Ulm", "Rom"]})
    assert fc.fit([held, fc.Indicator(LEARNS)], data).transform(data)[:, 0].tolist() == [0.0, 2.0]
    fc.fit([fc.Numeric(fc.Field("x", missing=-99.5), default=0), LEARNS], data)


def test_e4_hints_lead_out(tmp_path: Path) -> None:
    """E4: each hint names a way that works."""
    hashed = fc.compile([fc.Hashed("id", 10)])
    with pytest.raises(fc.DataError, match="read the field as integers or text where it comes from"):
        hashed.encode({"id": [2.0**60]})
    with pytest.raises(fc.DataError, match="cast it to a string or an integer"):
        hashed.encode({"id": [0.5]})
    (tmp_path / "rows.csv").write_text("id;x\n1;2\n")
    with pytest.raises(fc.DataError, match=r"have ';' in them, .* give fc.csv\(path, separator=';'\) \(--separator ';'\)"):
        hashed.encode(tmp_path / "rows.csv")
    with pytest.raises(fc.DataError) as caught:
        fc.compile([fc.Hashed("1", 10)]).encode(pd.DataFrame([[1, 2]], columns=[1, 1]))
    assert str(caught.value).count("'1'") <= 1
    with pytest.raises(fc.ColumnError, match=r'in JSON \{"float": "inf"\}'):
        fc.columns_from_json([{"type": "Numeric", "source": "x", "normalizer": {"type": "Clip", "min": 0, "max": "inf"}}])
    assert math.isinf(fc.Clip(0, math.inf).max)


@pytest.mark.parametrize(
    ("marker", "values"), [("?", [1, 2]), ("n/a", [1.5, None]), (-999, [True, False]), (("?", ""), [1.0, 2.0])]
)
def test_e6_markers_that_cannot_match(marker: Any, values: list[Any]) -> None:
    """E6: an error of fit; markers of which one can match, and markers over text, are none."""
    field = fc.Field("x", missing=marker)
    for column in (fc.Numeric(field, default=0), fc.Hashed(field, 3)):
        with pytest.raises(fc.DataError, match="x: no missing marker can be a value of the field in field 'x', got missing="):
            fc.fit([column, LEARNS], {"x": values, "city": ["Ulm", "Rom"]})
    fc.fit([fc.Numeric(fc.Field("x", missing=(-999, "?")), default=0), LEARNS], {"x": [1, 2], "city": ["Ulm", "Rom"]})
    fc.fit([fc.Hashed(field, 3), LEARNS], {"x": ["a", None], "city": ["Ulm", "Rom"]})
