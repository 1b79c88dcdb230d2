"""fc.lint: each rule found where it holds, and nothing elsewhere."""

from __future__ import annotations

import pytest

import featurecols as fc

JOB = fc.Vocabulary("job", ["cook", "nurse", "pilot"])
DATA = {"city": [f"c{i}" for i in range(40)], "x": [1.0] * 40, "y": list(range(40)), "job": ["cook", "nurse"] * 20}


def rules(columns, data=None):
    return [(f.column, f.rule) for f in fc.lint(columns, data)]


@pytest.mark.filterwarnings("ignore:.*so that there is one bucket")
@pytest.mark.parametrize(
    ("columns", "data", "expected"),
    [
        ([fc.Indicator(fc.Hashed("city", 20_000))], None, [("city_indicator", "wide")]),
        ([fc.Embedding(JOB, dimension=4)], None, [("job_embedding", "dimension")]),
        ([fc.Embedding(JOB, dimension=3)], None, []),
        ([fc.Vocabulary("job", ["cook"])], None, [("job", "constant")]),
        ([fc.Crossed([JOB, fc.Bucketized("y", [1, 2])], 4)], None, [("job_X_y_bucketized", "crowded")]),
        ([fc.Crossed([JOB, fc.Bucketized("y", [1, 2])], 5)], None, []),
        ([fc.Crossed(["job", "city"], 2)], None, []),
        ([fc.Hashed("city", 19)], DATA, [("city", "crowded")]),
        ([fc.Hashed("city", 20)], DATA, []),
        ([fc.Hashed("city", 401)], DATA, [("city", "empty")]),
        ([fc.Indicator(fc.Hashed("city", 401))], DATA, [("city_indicator", "empty")]),
        ([fc.Hashed("job", 90)], DATA, []),
        ([fc.Numeric("x"), fc.Numeric("y")], DATA, [("x", "constant")]),
        ([fc.Numeric("y"), fc.Numeric("y", name="again")], None, [("again", "duplicate")]),
        ([fc.Indicator(fc.Vocabulary("job", fc.TopTerms(5)))], None, []),
        ([fc.Indicator(fc.Bucketized("x", fc.Quantiles(4)))], DATA, [("x_bucketized_indicator", "constant")]),
    ],
)
def test_rules(columns, data, expected):
    assert rules(columns, data) == expected
    if data is not None:
        assert rules(fc.fit(columns, data), data) == expected


def test_messages():
    found = fc.lint([fc.Hashed("city", 4)], DATA)
    assert repr(found) == "city: 40 terms share 4 buckets; give 80 buckets or more (crowded)"
    problem, hint = "40 terms share 4 buckets", "give 80 buckets or more"
    assert found.to_dict() == {"findings": [{"column": "city", "rule": "crowded", "problem": problem, "hint": hint}]}
    assert "<td" in found._repr_html_()
    assert repr(fc.lint([JOB])) == "nothing looks wrong"


def test_data_that_cannot_be_read_is_an_error():
    with pytest.raises(fc.PlanError, match="lint: data that the columns cannot read"):
        fc.lint(fc.compile([fc.Numeric("city")]), DATA)
    with pytest.raises(fc.ColumnError):
        fc.lint("spec.json")
