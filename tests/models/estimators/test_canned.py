"""The classic estimators learn what there is to learn, and speak as tf.estimator does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import featurecols as fc
from featurecols.errors import ColumnError, DataError
from featurecols.models import (
    BaselineClassifier,
    BaselineRegressor,
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    WideDeepClassifier,
    WideDeepRegressor,
)
from featurecols.models.errors import ModelError
from featurecols.models.objective.losses import Poisson
from featurecols.models.optimization.optimizers import SGD, Adam, Ftrl
from tests.models.people import AGE, CITY, DEEP, JOB, WIDE, people

TRAIN, TEST = people(4000), people(2000, seed=1)
BEST = roc_auc_score(TEST["rich"], TEST["chance"])  # of the chances that the labels were drawn from
BINARY = {
    "accuracy",
    "accuracy_baseline",
    "auc",
    "auc_precision_recall",
    "average_loss",
    "label/mean",
    "loss",
    "precision",
    "prediction/mean",
    "recall",
    "global_step",
}

CLASSIFIERS = {
    "linear": lambda **k: LinearClassifier(WIDE, **k),
    "dnn": lambda **k: DNNClassifier(DEEP, [32, 16], optimizer=Adam(0.01), **k),
    "dnn without hidden units": lambda **k: DNNClassifier(DEEP, [], optimizer=Adam(0.05), **k),
    "dnn with everything": lambda **k: DNNClassifier(
        DEEP, [32], optimizer=Adam(0.01), activation="gelu", dropout=0.1, batch_norm=True, **k
    ),
    "wide and deep": lambda **k: WideDeepClassifier(WIDE, DEEP, [32, 16], dnn_optimizer=Adam(0.01), **k),
    "only wide": lambda **k: WideDeepClassifier(linear=WIDE, **k),
    "only deep": lambda **k: WideDeepClassifier(dnn=DEEP, hidden_units=[32], dnn_optimizer=Adam(0.01), **k),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers_come_near_the_best_there_is(kind):
    model = CLASSIFIERS[kind]()
    assert model.train(TRAIN, label="rich", epochs=8, batch_size=64) is model
    found = model.evaluate(TEST)
    assert set(found) == BINARY
    assert BEST - 0.02 < found["auc"] < BEST + 0.005
    assert found["global_step"] == 8 * 63
    assert found["prediction/mean"] == pytest.approx(found["label/mean"], abs=0.04)


def test_metrics_are_those_of_the_predictions():
    model = LinearClassifier(WIDE, weight_column="weight").train(TRAIN, label="rich", epochs=2)
    found, p = model.evaluate(TEST), model.predict(TEST)
    assert found["auc"] == pytest.approx(roc_auc_score(TEST["rich"], p["logits"], sample_weight=TEST["weight"]), rel=1e-6)
    right = p["classes"] == TEST["rich"]
    assert found["accuracy"] == pytest.approx(np.average(right, weights=TEST["weight"]), rel=1e-6)
    assert model.score(TEST) == found["accuracy"]
    chance = p["probabilities"][np.arange(2000), TEST["rich"]]
    assert found["average_loss"] == pytest.approx(np.average(-np.log(chance), weights=TEST["weight"]), rel=1e-5)
    assert found["loss"] == pytest.approx((-np.log(chance) * TEST["weight"]).mean(), rel=1e-5)


def test_prediction_keys_of_two_classes():
    model = LinearClassifier(WIDE).train(TRAIN, label="income", epochs=1)
    p = model.predict({k: TEST[k][:5] for k in ("age", "job", "city")})
    assert p.keys() == ["logits", "probabilities", "class_ids", "classes"]
    shapes = {k: p[k].shape for k in p.keys()}  # noqa: SIM118 - no dict
    assert shapes == {"logits": (5,), "probabilities": (5, 2), "class_ids": (5,), "classes": (5,)}
    np.testing.assert_allclose(p["probabilities"][:, 1], 1 / (1 + np.exp(-p["logits"])), rtol=1e-6)
    np.testing.assert_allclose(p["probabilities"].sum(axis=1), 1, rtol=1e-6)
    assert p["class_ids"].dtype == np.int64
    assert p["classes"].tolist() == [("<=50K", ">50K")[i] for i in p["class_ids"]]
    assert model.classes_.tolist() == ["<=50K", ">50K"]
    assert model.predict_proba(TEST).shape == (2000, 2)
    rows = list(p)
    assert len(rows) == len(p) == 5
    assert rows[3]["probabilities"].tolist() == p["probabilities"][3].tolist()
    assert model.predict(TEST, predict_keys=["logits"]).keys() == ["logits"]
    with pytest.raises(ModelError, match="predictions: unknown key 'score'; known are logits"):
        p["score"]
    with pytest.raises(ModelError, match="predict: unknown key 'chance'; known are logits, probabilities"):
        model.predict(TEST, predict_keys=["chance"])


def test_predictions_are_taken_one_by_one_as_from_a_generator():
    p = LinearClassifier(WIDE).train(TRAIN, label="income", epochs=1).predict({k: TEST[k][:2] for k in TEST})
    first, second = next(p), next(p)
    assert [first["logits"].tolist(), second["logits"].tolist()] == p["logits"].tolist()
    assert next(p, None) is None


def test_words_and_numbers_give_the_same_model():
    by_word = LinearClassifier(WIDE).train(TRAIN, label="income", epochs=2)
    by_number = LinearClassifier(WIDE).train(TRAIN, label="rich", epochs=2)
    turned = LinearClassifier(WIDE, label_vocabulary=[">50K", "<=50K"]).train(TRAIN, label="income", epochs=2)
    a, b, c = (model.predict(TEST)["probabilities"] for model in (by_word, by_number, turned))
    assert a.tolist() == b.tolist()
    np.testing.assert_allclose(c[:, ::-1], a, atol=1e-6)


@pytest.mark.parametrize(
    "model", [lambda **k: LinearClassifier(WIDE, **k), lambda **k: DNNClassifier(DEEP, [32], optimizer=Adam(0.01), **k)]
)
def test_three_classes(model):
    trained = model(n_classes=3).train(TRAIN, label="colour", epochs=8, batch_size=64)
    found = trained.evaluate(TEST)
    assert found["accuracy"] > 0.85 > found["accuracy_baseline"] + 0.2
    assert {"precision/red", "recall/blue", "auc/green", "average_loss", "loss", "global_step"} <= set(found)
    p = trained.predict(TEST)
    assert p.keys() == ["logits", "probabilities", "class_ids", "classes"]
    assert p["probabilities"].shape == (2000, 3)
    assert (p["classes"] == TEST["colour"]).mean() == pytest.approx(found["accuracy"], abs=1e-12)


Y = {
    "integers": [0, 1, 1, 0],
    "from one": [1, 2, 2, 1],
    "booleans": [False, True, True, False],
    "floats": [0.0, 1.0, 1.0, 0.0],
    "halves": [0.5, 1.5, 1.5, 0.5],
    "words": ["no", "yes", "yes", "no"],
    "numbers in words": ["10", "9", "9", "10"],
}
KINDS = {"integers": "i", "from one": "i", "booleans": "b", "floats": "f", "halves": "f", "words": "U", "numbers in words": "U"}
X = fc.Vocabulary("x", ["a", "b"])


@pytest.mark.parametrize("name", Y)
def test_classes_have_the_type_of_the_label(name, tmp_path):
    y = Y[name] * 10
    data = {"x": ["b" if value == max(y) else "a" for value in y], "y": y}
    model = LinearClassifier([X]).train(data, "y", epochs=20)
    found = model.predict(data)["classes"]
    assert found.tolist() == y
    assert [type(value) for value in found.tolist()] == [type(value) for value in y]
    assert (model.classes_.tolist(), model.classes_.dtype.kind) == (sorted(set(y)), KINDS[name])
    again = fc.models.load(model.save(tmp_path / "model"))
    assert again.predict(data)["classes"].tolist() == y
    assert again.classes_.tolist() == sorted(set(y))
    assert again.fingerprint == model.fingerprint
    named = LinearClassifier([X], label_vocabulary=sorted(set(y))).train(data, "y", epochs=20)
    assert named.predict(data)["classes"].tolist() == y
    assert named.predict(data)["logits"].tolist() == model.predict(data)["logits"].tolist()


@pytest.mark.parametrize("name", [name for name in Y if name != "numbers in words"])
def test_a_model_of_a_csv_file_is_the_one_of_the_data_frame(name, tmp_path):
    y = Y[name] * 10
    frame = pd.DataFrame({"x": ["b" if value == max(y) else "a" for value in y], "y": y})
    frame.to_csv(tmp_path / "train.csv", index=False)
    models = [LinearClassifier([X]).train(data, "y", epochs=5) for data in (frame, tmp_path / "train.csv")]
    assert models[0].classes_.tolist() == models[1].classes_.tolist()
    assert models[0].fingerprint == models[1].fingerprint
    for model in models:
        assert model.evaluate(frame) == model.evaluate(tmp_path / "train.csv") == models[0].evaluate(frame)
        assert (model.predict(tmp_path / "train.csv")["classes"] == frame["y"]).mean() == 1.0


def test_eleven_numeric_classes_of_a_csv_file_are_sorted_as_numbers(tmp_path):
    frame = pd.DataFrame({"x": ["a", "b"] * 11, "y": [*range(1, 12), *range(1, 12)]})
    frame.to_csv(tmp_path / "train.csv", index=False)
    models = [LinearClassifier([X], n_classes=11).train(data, "y") for data in (frame, tmp_path / "train.csv")]
    assert [model.classes_.tolist() for model in models] == [list(range(1, 12))] * 2
    assert models[0].predict_proba(frame).tolist() == models[1].predict_proba(frame).tolist()


def test_classes_before_training_and_of_regressors():
    with pytest.raises(ModelError, match="LinearClassifier: classes are learned in training, got None; train it, or give"):
        _ = LinearClassifier([X]).classes_
    with pytest.raises(ModelError, match="LinearRegressor: a regressor has no classes"):
        _ = LinearRegressor([X]).classes_
    assert LinearClassifier([X], label_vocabulary=[True, False]).classes_.tolist() == [True, False]
    assert LinearClassifier([X], label_vocabulary=np.array([2, 1])).classes_.tolist() == [2, 1]
    assert LinearClassifier([X], label_vocabulary=[1, 0.5]).classes_.tolist() == [1.0, 0.5]


REGRESSORS = {
    "linear": lambda **k: LinearRegressor(WIDE, **k),
    "dnn": lambda **k: DNNRegressor(DEEP, [32], optimizer=Adam(0.01), **k),
    "wide and deep": lambda **k: WideDeepRegressor(
        WIDE, DEEP, [32], dnn_optimizer=Adam(0.01), linear_optimizer=Ftrl(0.05), **k
    ),
}


@pytest.mark.parametrize("kind", REGRESSORS)
def test_regressors(kind):
    model = REGRESSORS[kind]().train(TRAIN, label="wealth", epochs=15, batch_size=64)
    found = model.evaluate(TEST)
    assert set(found) == {"average_loss", "label/mean", "prediction/mean", "loss", "rmse", "mae", "r2", "global_step"}
    assert found["r2"] > 0.95
    assert found["rmse"] == pytest.approx(np.sqrt(found["average_loss"]), rel=1e-9)
    assert model.score(TEST) == found["r2"]
    p = model.predict(TEST)
    assert p.keys() == ["predictions"]
    assert np.mean(np.square(p["predictions"] - TEST["wealth"])) == pytest.approx(found["average_loss"], rel=1e-5)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_two_numbers_at_once(kind):
    model = REGRESSORS[kind](label_dimension=2).train(TRAIN, label=["wealth", "debt"], epochs=15, batch_size=64)
    p = model.predict(TEST)["predictions"]
    assert p.shape == (2000, 2)
    assert np.corrcoef(p[:, 0], TEST["wealth"])[0, 1] > 0.95
    assert np.corrcoef(p[:, 1], TEST["debt"])[0, 1] > 0.9
    found = model.evaluate(TEST)
    assert found["r2"] > 0.85
    assert found["rmse/debt"] == pytest.approx(np.sqrt(np.mean((p[:, 1] - TEST["debt"]) ** 2)), rel=1e-5)
    assert found["r2"] == pytest.approx((found["r2/wealth"] + found["r2/debt"]) / 2)


def test_counts_by_poisson():
    model = LinearRegressor(WIDE, loss=Poisson()).train(TRAIN, label="cars", epochs=10, batch_size=64)
    p = model.predict(TEST)["predictions"]
    assert (p > 0).all()
    assert p.mean() == pytest.approx(TEST["cars"].mean(), rel=0.1)
    baseline = BaselineRegressor([AGE], loss=Poisson()).train(TRAIN, label="cars")
    assert model.evaluate(TEST)["average_loss"] < baseline.evaluate(TEST)["average_loss"] - 0.1


def test_baselines_are_shares_and_means():
    weights, rich = TRAIN["weight"], np.array(TRAIN["rich"])
    two = BaselineClassifier([AGE], weight_column="weight").train(TRAIN, label="income")
    assert two.predict(TEST)["probabilities"][7, 1] == pytest.approx(np.average(rich, weights=weights), rel=1e-5)
    assert two.evaluate(TEST)["auc"] == 0.5
    three = BaselineClassifier([AGE], n_classes=3).train(TRAIN, label="colour", epochs=3)
    shares = np.unique(TRAIN["colour"], return_counts=True)[1] / 4000
    np.testing.assert_allclose(three.predict_proba(TEST)[0], shares, rtol=1e-5)
    mean = BaselineRegressor([AGE], label_dimension=2).train(TRAIN, label=["wealth", "debt"])
    np.testing.assert_allclose(mean.predict(TEST)["predictions"][0], [TRAIN["wealth"].mean(), TRAIN["debt"].mean()], rtol=1e-4)
    assert abs(mean.evaluate(TEST)["r2"]) < 0.01


def test_weights_count_rows():
    twice = {k: list(v) + list(v)[:1000] for k, v in TRAIN.items()}
    weighted = {**TRAIN, "w": [2.0] * 1000 + [1.0] * 3000}

    def options(**more):
        return {"optimizer": SGD(0.5), **more}

    a = LinearClassifier([AGE, JOB], **options()).train(twice, label="rich", epochs=1, batch_size=5000)
    b = LinearClassifier([AGE, JOB], **options(weight_column="w")).train(weighted, label="rich", epochs=1, batch_size=4000)
    # the loss is a sum over rows / rows: 5000 rows against 4000
    np.testing.assert_allclose(
        a.variables.values["linear/weights"] * 5000, b.variables.values["linear/weights"] * 4000, rtol=1e-3, atol=1e-3
    )


def test_seeds_decide_everything():
    def weights(seed):
        model = WideDeepClassifier(WIDE, DEEP, [8], dropout=0.2, config=RunConfig(seed=seed))
        model.train(TRAIN, label="rich", epochs=2)
        return {k: v.tobytes() for k, v in model.variables.values.items()}

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_names_of_parameters_are_plain():
    model = WideDeepClassifier(WIDE, DEEP, [8, 4], batch_norm=True).train(TRAIN, label="rich", steps=1)
    assert model.get_variable_names() == [
        "linear/bias",
        "linear/weights",
        "linear/kernel",
        "dnn/inputs/tables/city_embedding",
        "dnn/hidden_0/kernel",
        "dnn/hidden_0/bias",
        "dnn/batch_norm_0/gamma",
        "dnn/batch_norm_0/beta",
        "dnn/hidden_1/kernel",
        "dnn/hidden_1/bias",
        "dnn/batch_norm_1/gamma",
        "dnn/batch_norm_1/beta",
        "dnn/logits/kernel",
        "dnn/logits/bias",
        "dnn/batch_norm_0/moving_mean",
        "dnn/batch_norm_0/moving_variance",
        "dnn/batch_norm_0/batches",
        "dnn/batch_norm_1/moving_mean",
        "dnn/batch_norm_1/moving_variance",
        "dnn/batch_norm_1/batches",
    ]
    assert model.get_variable_value("dnn/hidden_0/kernel").shape == (1 + 4 + 5, 8)
    rows = model._rows_of()
    assert rows["linear/weights"] == [("job", 0, 5), ("city", 5, 1005), ("city_X_job", 1005, 6005)]
    assert rows["dnn/hidden_0/kernel"] == [("age", 0, 1), ("city_embedding", 1, 5), ("job_indicator", 5, 10)]
    with pytest.raises(ModelError, match="unknown variable 'nothing'"):
        model.get_variable_value("nothing")


def test_tables_start_as_the_plans():
    plan = fc.compile([fc.Embedding(CITY, 4)])
    model = DNNClassifier(plan, [4], optimizer=SGD(1e-30)).train(TRAIN, label="rich", steps=1)
    np.testing.assert_array_equal(model.get_variable_value("dnn/inputs/tables/city_embedding"), plan.tables["city_embedding"])


def test_one_name_for_two_columns_of_two_parts():
    model = WideDeepClassifier([fc.Bucketized("age", [30, 50], name="age"), JOB], [fc.Numeric("age"), fc.Indicator(JOB)], [4])
    assert model.deep == ("age_dnn", "job_indicator")
    model.train(TRAIN, label="rich", steps=2)
    slots = ["age", "job", "age_dnn", "job_indicator", "age_dnn_bucketized_indicator"]
    assert [s.name for s in model.plan.encoded_slots] == slots


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LinearClassifier(WIDE, modeldir="x"), TypeError, "LinearClassifier: no argument is called 'modeldir'"),
        (lambda: WideDeepClassifier(), ModelError, "WideDeepClassifier: needs linear or dnn columns"),
        (lambda: LinearClassifier(WIDE, n_classes=1), ColumnError, "classifier: n_classes must be 2 or more, got 1"),
        (lambda: LinearClassifier(WIDE, label_vocabulary=["a"]), ColumnError, "must name n_classes=2 different labels"),
        (lambda: LinearClassifier(WIDE, label_vocabulary="ab"), ColumnError, "label_vocabulary is a list of labels, got 'ab'"),
        (
            lambda: LinearClassifier(WIDE, label_vocabulary=["a", 1]),
            ColumnError,
            "label_vocabulary must hold labels of one type",
        ),
        (
            lambda: LinearClassifier(WIDE, label_vocabulary=[None, 1]),
            ColumnError,
            "label_vocabulary must hold labels of one type",
        ),
        (
            lambda: BaselineClassifier(WIDE, label_vocabulary="ab"),
            ColumnError,
            "label_vocabulary is a list of labels, got 'ab'",
        ),
        (lambda: LinearRegressor(WIDE, loss=3), ColumnError, "regressor: loss must be a Loss, or a name, got 3"),
        (lambda: DNNClassifier(DEEP, 10), ColumnError, "hidden_units: must be a list, got 10; give the units of each layer"),
        (lambda: LinearClassifier(WIDE, optimizer="lamb"), ModelError, "optimizer: unknown name 'lamb'"),
        (lambda: LinearClassifier(WIDE, sparse_combiner="max"), ColumnError, "unknown combiner, got 'max'"),
        (lambda: LinearRegressor(WIDE, label_dimension=0), ColumnError, "label_dimension must be an integer of at least 1"),
        (lambda: DNNClassifier(DEEP, [0]), ColumnError, "units must be an integer of at least 1, got 0"),
        (lambda: DNNClassifier(DEEP, [4], activation="relu7"), ColumnError, "activation: unknown activation, got 'relu7'"),
        (lambda: DNNClassifier(DEEP, [4], dropout=1.5), ColumnError, r"Dropout: rate must be in \[0, 1\)"),
    ],
)
def test_bad_arguments_fail_when_made(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda m: m.train(TRAIN, label="colour"),
            "colour: n_classes is 2, and the label has 3 different values.*set n_classes=3",
        ),
        (
            lambda m: m.train({**TRAIN, "income": ["a"] * 4000}, label="income"),
            "income: all labels are alike, got 'a'; there is",
        ),
        (lambda m: m.train(TRAIN, label="wages"), "wages: field is not in the data; .*age"),
        (
            lambda m: m.train({k: v[:0] for k, v in TRAIN.items()}, label="rich"),
            "train: there are no rows to learn from; give data with rows",
        ),
        (lambda m: m.train({**TRAIN, "rich": [None, *TRAIN["rich"][1:]]}, label="rich"), "rich: a label is missing at row 0"),
        (
            lambda m: m.train(TRAIN, label="cars"),
            r"cars: n_classes is 2, and the label has \d+ different values, got \[0.0, 1.0, 2.0,",
        ),
    ],
)
def test_bad_data(act, message):
    with pytest.raises(DataError, match=message):
        act(LinearClassifier(WIDE))


def test_a_label_that_training_did_not_see():
    model = LinearClassifier(WIDE).train(TRAIN, label="income", steps=3)
    with pytest.raises(
        DataError, match="income: a label that training did not see at row 1, got '50K'; known labels are '<=50K'"
    ):
        model.evaluate({**TEST, "income": [">50K", "50K", *TEST["income"][2:]]})


def test_labels_are_needed():
    with pytest.raises(ModelError, match="LinearClassifier: needs labels"):
        LinearClassifier(WIDE).train(TRAIN)
    with pytest.raises(ModelError, match="a regressor has no probabilities"):
        LinearRegressor(WIDE).train(TRAIN, label="wealth", steps=1).predict_proba(TEST)
