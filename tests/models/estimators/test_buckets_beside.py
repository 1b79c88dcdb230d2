"""Buckets of numbers that the network of a classifier gets beside them: for which columns and rows, and where they show."""

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import models
from featurecols.columns.json import columns_to_json

QUIET = models.RunConfig(progress=False)
COLUMNS = [
    fc.Numeric("a"),
    fc.Numeric("b", default=fc.Median()),
    fc.Numeric("scaled", normalizer=fc.Log1p()),
    fc.Numeric("pair", shape=2),
    fc.Indicator(fc.Vocabulary("t", ["x", "y"])),
]
NAMES = ["a", "b", "scaled", "pair", "t_indicator"]
BUCKETS = ["a_bucketized_indicator", "b_bucketized_indicator"]


def table(rows):
    random = np.random.default_rng(2)
    a = random.normal(size=rows)
    return pd.DataFrame(
        {
            "a": a,
            "b": np.where(random.random(rows) < 0.01, np.nan, random.exponential(size=rows)),
            "scaled": random.random(rows),
            "pair": random.normal(size=(rows, 2)).tolist(),
            "t": random.choice(["x", "y"], rows),
            "y": (np.abs(a) > 1).astype(int),
        }
    )


def names(model):
    return [column.name for column in model.columns]


def deep(columns=COLUMNS, **more):
    return models.DNNClassifier(columns, **{"hidden_units": [4], "config": QUIET, **more})


def both(columns=COLUMNS, **more):
    given = {"linear": columns, "dnn": columns} if columns else {}
    return models.WideDeepClassifier(**{**given, "hidden_units": [4], "config": QUIET, **more})


@pytest.mark.parametrize("make", [deep, both])
def test_classifiers_with_many_rows_read_buckets_of_plain_numbers(make):
    model = make().train(table(1000), "y", epochs=1)
    assert names(model) == [*NAMES, *BUCKETS]
    assert [s.num_buckets for s in model.plan.encoded_slots if s.name in BUCKETS] == [10, 10]
    many = make().train(table(2000), "y", epochs=1)
    assert [s.num_buckets for s in many.plan.encoded_slots if s.name in BUCKETS] == [32, 32]
    assert names(make().train(table(999), "y", epochs=1)) == NAMES
    assert names(make(normalize=False).train(table(1000), "y", epochs=1)) == NAMES
    assert names(make().train(models.from_data(lambda: iter([table(1000)]), label="y"))) == NAMES


def test_regressors_linear_models_and_given_plans_read_none():
    rows = table(1000)
    assert names(models.DNNRegressor(COLUMNS, [4], config=QUIET).train(rows, "y", epochs=1)) == NAMES
    assert names(models.LinearClassifier(COLUMNS, config=QUIET).train(rows, "y", epochs=1)) == NAMES
    assert names(models.DNNClassifier(fc.fit(COLUMNS, rows), [4], config=QUIET).train(rows, "y", epochs=1)) == NAMES
    model = both().train(rows, "y", epochs=1)
    shapes = {name: model.get_variable_value(name).shape for name in model.get_variable_names()}
    assert shapes["linear/kernel"] == (5, 1)  # four numbers and the pair's second one
    assert shapes["linear/weights"] == (2, 1)
    assert shapes["dnn/hidden_0/kernel"] == (5 + 2 + 10 + 10, 4)


def test_a_bucket_column_of_the_user_stays_as_it_is():
    own = fc.Indicator(fc.Bucketized("a", [0.0]))
    model = deep([fc.Numeric("a"), own]).train(table(1000), "y", epochs=1)
    assert model.columns == (fc.Numeric("a", normalizer=fc.ZScore()), own)


@pytest.mark.parametrize("make", [deep, both])
def test_equal_models_come_from_arguments_spec_and_folder(make, tmp_path):
    rows = table(1000)
    model = make(config=models.RunConfig(str(tmp_path / "steps"), progress=False)).train(rows, "y", epochs=1)
    found = model.arguments()
    train = found.pop("train")
    assert make(**{**found, "config": QUIET}).train(rows, "y", **train).fingerprint == model.fingerprint
    spec = model.spec()
    assert models.model_from_json(spec, config=QUIET).train(rows, "y", **train).fingerprint == model.fingerprint
    assert [c["name"] for c in columns_to_json(model.columns) if "name" in c] == []  # names are those they derive
    want = model.predict(rows)["logits"].tobytes()
    assert make(model_dir=tmp_path / "steps").predict(rows)["logits"].tobytes() == want
    model.save(tmp_path / "saved")
    assert models.load(tmp_path / "saved").predict(rows)["logits"].tobytes() == want
    later = make(model_dir=tmp_path / "steps").train(rows[:500], "y", epochs=1)
    assert (names(later), later.variables.step) == ([*NAMES, *BUCKETS], 4 + 2)
    warm = make(warm_start_from=tmp_path / "steps").train(rows[:500], "y", epochs=1)
    assert names(warm) == [*NAMES, *BUCKETS]


def test_a_row_is_explained_by_its_buckets():
    model = deep().train(table(1000), "y", epochs=1)
    row = {"a": 99.0, "b": None, "scaled": 0.5, "pair": [0.0, 0.0], "t": "x"}
    said = str(model.plan.explain(row))
    assert "a_bucketized_indicator=>= 1." in said
    assert "b_bucketized_indicator=[" in said  # a missing number falls where its default does
