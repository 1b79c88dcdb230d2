"""Plan.check against literal shares, and the warning where a field is wholly unseen."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli.main import main

NAN, INF = math.nan, math.inf
COLUMNS = [
    fc.Indicator(fc.Vocabulary("job", ["nurse", "pilot"], num_oov_buckets=1)),
    fc.Vocabulary("job", ["cook"], name="few"),
    fc.Indicator(fc.Identity("day", 7, out_of_range="drop")),
    fc.Numeric("age", default=0, normalizer=fc.MinMax(min=0, max=100)),
    fc.Embedding(fc.Vocabulary("tags", ["a", "b"]), 2),
    fc.Indicator(fc.Crossed([fc.Vocabulary("job", ["nurse"], name="nurses"), "day"], 5), name="cross"),
]
DATA: dict[str, Any] = {
    "job": ["nurse", "cook", None, "clown"],
    "day": [0, 7, 1, None],
    "age": [50.0, None, 101.0, NAN],
    "tags": [["a", "x"], [], ["y", None], ["b"]],
}


def test_shares_by_hand() -> None:
    report = fc.compile(COLUMNS).check(DATA)
    found = report.to_dict()
    assert found["rows"] == 4
    assert found["fields"] == {
        "job": {"missing": 0.25, "unseen": 0.25, "out_of_range": None, "converted": 0.0},  # "cook" is known to one column
        "day": {"missing": 0.25, "unseen": None, "out_of_range": 0.25, "converted": 0.0},
        "age": {"missing": 0.5, "unseen": None, "out_of_range": 0.25, "converted": 0.0},
        "tags": {
            "missing": 2 / 6,
            "unseen": 2 / 6,
            "out_of_range": None,
            "converted": 0.0,
        },  # an empty list is missing
    }
    assert found["columns"] == {
        "job_indicator": {"unseen": 0.5, "constant": 1 / 3},  # no pilot
        "few": {"unseen": 0.5, "constant": None},
        "day_indicator": {"unseen": None, "constant": 5 / 7},
        "age": {"unseen": None, "constant": 0.0},
        "tags_embedding": {"unseen": 2 / 6, "constant": 0.0},
        "cross": {"unseen": 0.5, "constant": 4 / 5},
    }
    assert found["problem"] is None
    json.dumps(found)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batches_and_forms_change_nothing(batch: int, tmp_path: Path) -> None:
    table = pa.table({"job": DATA["job"], "day": pa.array(DATA["day"], pa.int64()), "age": DATA["age"], "tags": DATA["tags"]})
    plan = fc.compile(COLUMNS)
    want = plan.check(DATA)
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=batch)
    assert plan.check(table) == plan.check(tmp_path) == plan.check([*table.to_pylist()]) == want
    assert plan.check(lambda: iter([table.slice(i, batch) for i in range(0, 4, batch)])) == want


def test_what_is_read_as_another_type(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("age,paid\n1,True\n,yes\n2.5,false\n3,\n")
    plan = fc.compile([fc.Numeric("age", default=0), fc.Vocabulary(fc.Field("paid", type="boolean"), [True, False])])
    found = plan.check(tmp_path / "rows.csv").fields
    assert (found["age"].missing, found["age"].converted) == (0.25, 0.0)  # written as numbers are
    assert (found["paid"].missing, found["paid"].unseen, found["paid"].converted) == (0.25, 0.25, 0.0)
    text = plan.check({"age": [1.0, 2.0, 3.0, None], "paid": ["True", "yes", "false", None]}).fields
    assert (text["paid"].unseen, text["paid"].converted) == (0.25, 0.5)  # strings where the field holds booleans
    typed = plan.check({"age": [1.0, 2.0], "paid": [True, False]}).fields
    assert (typed["age"].converted, typed["paid"].converted) == (0.0, 0.0)


def test_text_of_a_csv_file_that_is_not_written_as_values_of_the_field_are(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("n,k,tags\n1,7,1\n2,8,2\n3,9,3\n4,7,4\n")
    (tmp_path / "serve.csv").write_text("n,k,tags\n+1,7.0,x\n2,8,2\n 3,2e1,3.0\n,,4\n")
    numbers = [fc.Numeric(fc.Field("n", missing=-1), default=0), fc.Vocabulary("k", fc.TopTerms(9)), fc.Hashed("tags", 5)]
    plan = fc.fit(numbers[1:], tmp_path / "train.csv")
    assert plan.input_schema["k"] == fc.FieldType("integer")
    assert {f.converted for f in plan.check(tmp_path / "train.csv").fields.values()} == {0.0}
    found = plan.check(tmp_path / "serve.csv").fields
    assert (found["k"].converted, found["k"].unseen) == (0.5, 0.25)  # 7.0 is the 7 that it knows, 2e1 is 20
    assert found["tags"].converted == 0.25  # x is text, 3.0 is 3
    assert fc.compile(numbers[:1]).check(tmp_path / "serve.csv").fields["n"].converted == 0.5  # +1 and 3 after a blank


def test_what_transform_refuses_is_counted_or_named() -> None:
    plan = fc.compile([fc.Numeric("x", normalizer=fc.Log1p()), fc.Indicator(fc.Identity("i", 3)), fc.Numeric("t")])
    found = plan.check({"x": [None, INF, -1.0, 3.0], "i": [0, 1, 2, 9], "t": [1.0, 2.0, 3.0, 3.0]})
    assert (found.fields["x"].missing, found.fields["x"].out_of_range) == (0.25, 0.5)
    assert found.fields["i"].out_of_range == 0.25
    assert [c.constant for c in found.columns.values()] == [None, None, 0.0]
    with pytest.raises(fc.DataError, match="missing"):
        plan.transform({"x": [None], "i": [0], "t": [1.0]})
    text = plan.check({"x": [0.0] * 2, "i": [0, 0], "t": ["one", "two"]})
    assert text.problem is not None
    assert "needs a number in field 't' at row 0, got 'one'" in text.problem
    assert text.fields["t"] == type(text.fields["t"])(None, None, None, None)
    with pytest.raises(fc.DataError, match="field is not in the data"):
        plan.check({"x": [1.0]})


def test_no_rows_and_constants() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Indicator(fc.Hashed("h", 4))])
    assert plan.check({"x": [], "h": []}).rows == 0
    found = plan.check({"x": [2.0] * 5, "h": ["a"] * 5})
    assert {name: c.constant for name, c in found.columns.items()} == {"x": 1.0, "h_indicator": 1.0}


def test_it_prints_as_tables() -> None:
    report = fc.compile(COLUMNS[:1] + COLUMNS[3:4]).check(DATA)
    assert repr(report).splitlines() == [
        "4 rows",
        "field  missing  unseen  out of range  converted",
        "job     25.0 %  50.0 %                      0 %",
        "age     50.0 %                25.0 %        0 %",
        "",
        "column         unseen  constant",
        "job_indicator  50.0 %    33.3 %",
        "age                         0 %",
    ]
    page = report._repr_html_()
    assert page.count("<table>") == 2
    assert all(f">{name}</th>" in page for name in ("missing", "unseen", "out of range", "converted", "constant"))


# The warning ----------------------------------------------------------------------------------------------------------


def coverage(run: Any) -> list[str]:
    """The messages of the warnings about coverage."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        run()
    return [str(w.message) for w in found if issubclass(w.category, fc.CoverageWarning)]


def frame(values: list[Any], rows: int) -> pd.DataFrame:
    return pd.DataFrame({"b": [values[i % len(values)] for i in range(rows)], "x": np.arange(float(rows))})


@pytest.fixture(scope="module")
def learned() -> fc.Plan:
    vocabulary = fc.Vocabulary("b", fc.TopTerms(5), num_oov_buckets=2)
    return fc.fit([fc.Numeric("x"), fc.Indicator(vocabulary)], frame([True, False], 300))


@pytest.mark.parametrize("call", ["transform", "encode"])
def test_a_field_that_is_wholly_unseen_is_a_warning(call: str, learned: fc.Plan) -> None:
    run = getattr(learned, call)
    assert issubclass(fc.CoverageWarning, UserWarning)
    assert coverage(lambda: run(frame(["yes", "no"], 5_000))) == [
        "b: every value is unseen in field 'b', in all of 5000 rows, such as 'yes'; plan.check(data) counts such values"
    ]
    assert len(coverage(lambda: run(frame([None, "no"], 200)))) == 1
    assert len(coverage(lambda: run(lambda: iter([frame(["no"], 100)] * 5)))) == 1
    assert coverage(lambda: run(frame(["no"], 99))) == []
    assert coverage(lambda: run(lambda: iter([frame(["no"], 30)] * 4))) == [  # batches of fewer rows add up
        "b: every value is unseen in field 'b', in all of 120 rows, such as 'no'; plan.check(data) counts such values"
    ]
    assert coverage(lambda: run(lambda: iter([frame(["no"], 30)] * 3))) == []
    assert coverage(lambda: run(lambda: iter([frame(["no"], 99), frame([True], 1), frame(["no"], 500)]))) == []
    assert coverage(lambda: run(frame([None, "no"], 199))) == [] == coverage(lambda: run(frame([None], 500)))
    assert coverage(lambda: run(frame(["no"] * 499 + [True], 500))) == []


@pytest.mark.parametrize("rows", [True, False])
def test_unseen_values_that_count_as_a_term_are_a_warning_too(rows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from featurecols import kernels

    monkeypatch.setattr(kernels, "loaded", lambda: not rows)
    plan = fc.compile([fc.Indicator(fc.Vocabulary("job", ["cook", "nurse"], unseen=1))])
    assert len(coverage(lambda: plan.transform({"job": ["Nurse", None] * 100}))) == 1
    assert coverage(lambda: plan.transform({"job": ["Nurse"] * 150 + ["nurse"]})) == []
    assert coverage(lambda: plan.transform({"job": ["Nurse"] * 150 + ["cook"]})) == []
    lists = {"job": [["Nurse", "Pilot"]] * 150}
    assert len(coverage(lambda: plan.transform(lists))) == 1
    assert coverage(lambda: plan.transform({"job": [*lists["job"], ["x", "nurse"]]})) == []


def test_ids_that_are_dropped_are_a_warning_too() -> None:
    plan = fc.compile([fc.Indicator(fc.Identity("i", 5, out_of_range="drop"))])
    assert len(coverage(lambda: plan.transform({"i": list(range(100, 200))}))) == 1
    assert coverage(lambda: plan.transform({"i": list(range(200))})) == []


def test_rows_one_by_one_warn_too(monkeypatch: pytest.MonkeyPatch, learned: fc.Plan) -> None:
    from featurecols import kernels

    monkeypatch.setattr(kernels, "loaded", lambda: False)
    assert len(coverage(lambda: learned.transform(frame(["no"], 150)))) == 1
    assert len(coverage(lambda: list(learned.transform_batches(frame(["no"], 150), 7)))) == 1
    assert coverage(lambda: learned.transform(frame(["no", True], 150))) == []


def test_the_warning_is_at_the_line_of_the_call(learned: fc.Plan) -> None:
    with pytest.warns(fc.CoverageWarning) as found:
        learned.transform(frame(["no"], 150))
    assert found[0].filename == __file__


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_files_and_models_warn(tmp_path: Path, learned: fc.Plan) -> None:
    frame(["yes"], 300).to_parquet(tmp_path / "raw.parquet")
    assert len(coverage(lambda: fc.transform_parquet(learned, tmp_path / "raw.parquet", tmp_path / "out"))) == 1
    data = frame([True, False], 300).assign(y=[0, 1] * 150)
    model = fc.models.LinearClassifier(learned).train(data, label="y", epochs=1)
    bad = data.assign(b="yes")
    assert coverage(lambda: model.evaluate(data)) == []
    assert len(coverage(lambda: model.evaluate(bad))) == 1
    assert len(coverage(lambda: model.predict(bad))) == 1


# The command line -----------------------------------------------------------------------------------------------------


def test_the_command_ends_with_1_beyond_a_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, data = str(tmp_path / "plan"), str(tmp_path / "rows.parquet")
    fc.compile([COLUMNS[0], COLUMNS[3]]).save(plan)
    pq.write_table(pa.table({"job": DATA["job"], "age": DATA["age"]}), data)
    assert main(["check", plan, data]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "field  missing  unseen  out of range  converted"
    assert main(["check", plan, data, "--max-missing", "0.5", "--max-unseen", "0.5", "--max-out-of-range", "0.25"]) == 0
    capsys.readouterr()
    assert main(["check", plan, data, "--json", "--max-missing", "0.4", "--max-unseen", "0.1", "--max-constant", "0.3"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["fields"]["job"]["unseen"] == 0.5
    assert found["above"] == [
        "age: missing 0.5 is above 0.4",
        "job: unseen 0.5 is above 0.1",
        "job_indicator: constant 0.333333 is above 0.3",
    ]
    pq.write_table(pa.table({"job": DATA["job"], "age": ["x"] * 4}), data)
    assert main(["check", plan, data]) == 1
    assert "needs a number" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["check", plan, data, "--max-missing", "20"])
    assert ended.value.code == 2
    assert main(["check", plan, str(tmp_path / "nothing")]) == 2


def test_a_field_that_is_unseen_for_its_blanks_names_the_way_out() -> None:
    plan = fc.compile([fc.Indicator(fc.Vocabulary("b", ["yes", "no"]))])
    says = r"such as ' yes': it has blanks around it, which Field\('b', strip=True\) removes; plan.check\(data\) counts"
    with pytest.warns(fc.CoverageWarning, match=says):
        plan.transform({"b": [" yes", " no"] * 100})
