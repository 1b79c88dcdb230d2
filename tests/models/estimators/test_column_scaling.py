"""Numbers without a normalizer get one in a model, unless somebody says otherwise; a scale that hurts is a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import feature_column, models
from featurecols.errors import ColumnError, DataError
from featurecols.models.errors import ModelError, TrainingWarning

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(400, 2))
ROWS = pd.DataFrame(
    {"dollars": 5e6 + 1e6 * X[:, 0], "share": 0.001 * X[:, 1], "y": 3 * X[:, 0] - 2 * X[:, 1], "kind": ["a", "b"] * 200}
)
RAW = [fc.Numeric("dollars"), fc.Numeric("share")]
SCALED = [fc.Numeric("dollars", normalizer=fc.ZScore()), fc.Numeric("share", normalizer=fc.ZScore())]
QUIET = models.RunConfig(progress=False)
KINDS = [
    lambda columns, **more: models.LinearRegressor(columns, **more),
    lambda columns, **more: models.DNNRegressor(columns, [8], **more),
    lambda columns, **more: models.WideDeepRegressor(columns, columns, [8], **more),
]


def linear(columns, **more):
    return models.LinearRegressor(columns, config=QUIET, **more)


@pytest.mark.parametrize("make", KINDS)
def test_numbers_without_a_normalizer_are_scaled(make):
    given = make(SCALED, config=QUIET).train(ROWS, "y", epochs=3)
    auto = make(RAW, config=QUIET).train(ROWS, "y", epochs=3)
    assert auto.columns == tuple(SCALED)
    assert auto.fingerprint == given.fingerprint
    assert make(RAW, config=QUIET, normalize=False).columns == tuple(RAW)


def test_a_newcomers_columns_are_learned_from():
    model = linear(RAW).train(ROWS, "y")
    assert model.evaluate(ROWS)["r2"] > 0.999


def test_what_is_declared_stays():
    columns = [
        fc.Numeric("dollars", normalizer=fc.Log1p()),
        fc.Numeric("share", normalizer=fc.MinMax()),
        fc.Indicator(fc.Vocabulary("kind", ["a", "b"])),
        fc.Bucketized("dollars", [5e6], name="far"),
    ]
    assert linear(columns).columns == tuple(columns)
    plan = fc.compile(RAW)
    assert linear(plan).plan is plan
    assert models.DNNLinearCombinedRegressor(linear_feature_columns=RAW).columns == tuple(RAW)
    dialect = linear([feature_column.numeric_column("dollars"), RAW[1]])
    assert [column.normalizer_names() for column in dialect.columns] == [[], ["ZScore"]]
    assert models.BaselineRegressor(RAW).columns == tuple(RAW)


def test_sequences_and_shapes_are_scaled():
    found = linear([fc.Sequence(fc.Numeric("clicks"), 3), fc.Numeric("pair", shape=2, default=1)]).columns
    zscore = fc.ZScore()
    assert found[0] == fc.Sequence(fc.Numeric("clicks", normalizer=zscore), 3)
    assert found[1] == fc.Numeric("pair", shape=2, default=1, normalizer=zscore)


def test_a_name_in_both_parts_of_a_model_stays_one_column_or_two():
    one = models.WideDeepRegressor(RAW[:1], RAW[:1], [4])
    assert (one.wide, one.deep, len(one.columns)) == (("dollars",), ("dollars",), 1)
    two = models.WideDeepRegressor(RAW[:1], SCALED[:1], [4])
    assert (two.wide, two.deep, len(two.columns)) == (("dollars",), ("dollars_dnn",), 2)


def test_defaults_are_in_the_units_of_the_field():
    rows = {"x": [1.0, 2.0, 3.0, None], "y": [1.0, 2.0, 3.0, 4.0]}
    plan = linear([fc.Numeric("x", default=2)]).train(rows, "y", epochs=1).plan
    deviation = np.sqrt(2 / 3)
    np.testing.assert_allclose(plan.transform(rows)[:, 0], [-1 / deviation, 0, 1 / deviation, 0], rtol=1e-6)
    mean = linear([fc.Numeric("x", default=fc.Mean())]).train(rows, "y", epochs=1).plan
    assert mean.transform_row({"x": None}).tolist() == [0.0]
    with pytest.raises(DataError, match="x: a number is missing and there is no default in field 'x' at row 3"):
        linear([fc.Numeric("x")]).train(rows, "y")


def test_a_constant_number_is_zero():
    model = linear([fc.Numeric("x"), fc.Numeric("z")]).train({"x": [7.0] * 60, "z": range(60), "y": range(60)}, "y")
    assert model.plan.transform_row({"x": 7.0, "z": 0}).tolist()[0] == 0.0
    assert model.evaluate({"x": [7.0] * 60, "z": range(60), "y": range(60)})["r2"] > 0.9


def test_functions_are_learned_from_by_their_first_rows():
    calls = []

    def endless():
        calls.append(1)
        for at in range(1_000_000):
            yield {"x": np.arange(6000.0) + 6000 * at, "y": np.arange(6000.0)}

    model = linear([fc.Numeric("x")]).train(endless, "y", steps=2)
    moments = model.plan.columns[0].normalizer_names(), model.plan.transform_row({"x": 5999.5}).tolist()
    assert moments == (["ZScore"], [0.0])
    tensorflow = linear(RAW).train(input_fn=lambda: (ROWS[["dollars", "share"]], ROWS["y"]), steps=2)
    assert tensorflow.columns == tuple(SCALED)


def test_an_iterator_is_left_alone():
    with pytest.warns(TrainingWarning, match="share"):
        model = linear(RAW).train(iter([ROWS]), "y", steps=1)
    assert model.columns == tuple(RAW)
    assert model.spec()["normalize"] is False


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_a_spec_and_a_folder_say_what_was_chosen(tmp_path):
    auto, raw = (linear(RAW, normalize=n).train(ROWS, "y", epochs=1) for n in ("auto", False))
    for model, columns in ((auto, SCALED), (raw, RAW)):
        again = models.model_from_json(model.spec())
        assert again.columns == tuple(columns)
        model.save(tmp_path / str(len(model.spec())))
        loaded = models.load(tmp_path / str(len(model.spec())))
        assert (loaded.columns, loaded.fingerprint, loaded.spec()) == (tuple(columns), model.fingerprint, model.spec())
    assert "normalize" not in auto.spec()
    assert raw.spec()["normalize"] is False


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_a_model_dir_of_columns_as_they_were_goes_on_so(tmp_path):
    old = linear(RAW, normalize=False, model_dir=tmp_path)
    old._normalize = None  # as checkpoints of versions that had no such argument say nothing of it
    old.train(ROWS, "y", steps=5)
    new = linear(RAW, model_dir=tmp_path)
    assert new.predict(ROWS)["predictions"].tobytes() == old.predict(ROWS)["predictions"].tobytes()
    assert new.train(ROWS, "y", steps=1).columns == tuple(RAW)
    warm = linear(RAW, warm_start_from=tmp_path)
    assert warm.predict(ROWS)["predictions"].shape == (400,)
    assert warm.columns == tuple(RAW)
    with pytest.raises(ModelError, match="its columns still learn"):
        linear(RAW).predict(ROWS)


def test_a_scale_that_hurts_is_a_warning_once():
    columns = [fc.Numeric(f"x{i}") for i in range(7)]
    rows = {f"x{i}": [2000.0] * 8 for i in range(7)} | {"y": range(8)}
    model = linear(fc.compile(columns))
    what = r"root mean square\).*: x0 \(2e\+03\), .*x4 \(2e\+03\) and 2 more; scale them: Numeric\(..., normalizer=ZScore\(\)\)"
    with pytest.warns(TrainingWarning, match=what):
        model.train(rows, "y", steps=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*the loss after training is")  # one step on numbers of this size may do anything
        model.train(rows, "y", steps=1)
        linear(columns).train(rows, "y", steps=1)
        linear([fc.Numeric("x0", normalizer=fc.MinMax(min=0, max=1))]).train(rows, "y", steps=1)
    with pytest.warns(TrainingWarning, match=r"share \(0.00"):
        linear(RAW[1:], normalize=False).train(ROWS, "y", steps=1)


def test_normalize_is_auto_or_false():
    with pytest.raises(ColumnError, match='normalize must be "auto" or False, got True'):
        linear(RAW, normalize=True)
