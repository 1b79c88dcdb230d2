from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

import featurecols as fc
from featurecols import feature_column
from featurecols.errors import ColumnError, DataError
from featurecols.models import Sequential, from_data, layers, model_from_json
from featurecols.models.errors import CheckpointError, ModelError, TrainingWarning
from featurecols.models.layers import Activation, BatchNormalization, Dense, Dropout
from featurecols.models.objective import losses
from featurecols.models.optimization.optimizers import Adam
from featurecols.models.sequential import DenseFeatures
from featurecols.models.training.hooks import EarlyStopping
from tests.models.people import AGE, BOTH, CITY, DEEP, JOB, people

DATA, TEST = people(1500), people(800, seed=1)
FRAME, FRAME_TEST = pd.DataFrame(DATA), pd.DataFrame(TEST)
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(600, 100))
CLASSES = (X[:, :10] + 0.1 * RANDOM.normal(size=(600, 10))).argmax(axis=1)


def test_the_plain_keras_form():
    x_train, y_train, x_test, y_test = X[:500], np.eye(10)[CLASSES[:500]], X[500:], np.eye(10)[CLASSES[500:]]

    model = Sequential()
    model.add(Dense(units=64, activation="relu", input_dim=100))
    model.add(Dense(units=10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    history = model.fit(x_train, y_train, epochs=5, batch_size=32)
    loss_and_metrics = model.evaluate(x_test, y_test, batch_size=128)
    classes = model.predict(x_test, batch_size=128)

    assert len(history.history["loss"]) == len(history.history["accuracy"]) == 5
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert classes.shape == (100, 10)
    np.testing.assert_allclose(classes.sum(axis=1), 1, rtol=1e-5)
    loss, accuracy = loss_and_metrics
    assert accuracy == (classes.argmax(axis=1) == CLASSES[500:]).mean()
    assert loss == pytest.approx(-np.log((classes * y_test).sum(axis=1)).mean(), rel=1e-5)
    model.compile(loss="categorical_crossentropy", optimizer=Adam(0.01), metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=15, batch_size=32)
    assert model.evaluate(x_train, y_train)[1] > 0.99
    assert len(history.history["loss"]) == 20


@pytest.mark.parametrize(
    ("last", "loss", "labels"),
    [
        (Dense(10), losses.SparseCategoricalCrossentropy(from_logits=True), CLASSES),
        (Dense(10, activation="softmax"), "sparse_categorical_crossentropy", CLASSES),
        (Dense(10, activation="softmax"), "categorical_crossentropy", np.eye(10)[CLASSES]),
    ],
)
def test_forms_of_one_loss_are_one_loss(last, loss, labels):
    model = Sequential([Dense(32, activation="relu"), last], seed=3)
    model.compile(Adam(0.01), loss, metrics=["accuracy"])
    found = model.fit(X, labels, epochs=3)
    assert found.history["loss"][2] < 1.0 < 2.0 < found.history["loss"][0] < 2.6
    same = Sequential([Dense(32, activation="relu"), Dense(10)], seed=3)
    same.compile(Adam(0.01), losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    assert same.fit(X, CLASSES, epochs=3).history["loss"] == pytest.approx(found.history["loss"], rel=1e-4)


def test_the_structured_data_tutorial():
    """tensorflow.org's "Classify structured data with feature columns", with its imports changed."""
    feature_layer = DenseFeatures([AGE, fc.Indicator(JOB), fc.Embedding(CITY, 8), fc.Indicator(BOTH)])

    def df_to_dataset(dataframe, batch_size=32):
        dataframe = dataframe.copy()
        labels = dataframe.pop("rich")
        return [
            ({k: v.to_numpy()[i : i + batch_size] for k, v in dataframe.items()}, labels.to_numpy()[i : i + batch_size])
            for i in range(0, len(dataframe), batch_size)
        ]

    train_ds, val_ds, test_ds = (df_to_dataset(f[["age", "job", "city", "rich"]]) for f in (FRAME, FRAME_TEST, FRAME_TEST))
    model = Sequential(
        [
            feature_layer,
            layers.Dense(128, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss=losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(train_ds, validation_data=val_ds, epochs=10)
    loss, accuracy = model.evaluate(test_ds)
    assert accuracy > 0.85
    assert history.history["val_accuracy"][-1] == accuracy
    assert history.history["val_loss"][-1] == loss


def deep(**options):
    model = Sequential([DenseFeatures(DEEP), Dense(16, activation="relu"), Dense(1)], seed=2)
    model.compile(Adam(0.01), losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy", "auc"], **options)
    return model


def test_tables_in_every_form_give_the_same_model():
    features = FRAME[["age", "job", "city"]]
    want = deep().fit(FRAME, label="rich", epochs=2).history["loss"]
    assert deep().fit(features, FRAME["rich"], epochs=2).history["loss"] == want
    assert deep().fit((features, DATA["rich"]), epochs=2).history["loss"] == want
    assert deep().fit(lambda: (DATA, DATA["rich"]), epochs=2).history["loss"] == want
    assert deep().fit(DATA, label="income", epochs=2).history["loss"] == want


def test_metrics_are_those_of_the_predictions():
    model = deep()
    model.fit(FRAME, label="income", epochs=2)
    found = model.evaluate(FRAME_TEST, return_dict=True)
    z = model.predict(FRAME_TEST)
    assert z.shape == (len(TEST["rich"]),)
    assert found["auc"] == pytest.approx(roc_auc_score(TEST["rich"], z), abs=1e-7)
    assert found["accuracy"] == ((z > 0) == TEST["rich"]).mean()
    assert model.evaluate(FRAME_TEST) == list(found.values())
    assert list(found) == ["loss", "accuracy", "auc"]


@pytest.mark.parametrize("last", [Dense(1), Dense(1, activation="sigmoid")])
def test_as_scikit_learn_has_it(last):
    model = Sequential([DenseFeatures(DEEP), Dense(16, activation="relu"), last], seed=2)
    model.compile(Adam(0.01), losses.BinaryCrossentropy(from_logits=last.activation is None))
    model.fit(FRAME, label="income", epochs=2)
    shares, out = model.predict_proba(FRAME_TEST), model.predict(FRAME_TEST)
    assert model.classes_.tolist() == ["<=50K", ">50K"]
    want = out if last.activation else 1 / (1 + np.exp(-out))
    np.testing.assert_allclose(shares, np.stack([1 - want, want], axis=1), rtol=1e-5)
    assert model.score(FRAME_TEST) == ((want > 0.5) == TEST["rich"]).mean()
    weighted = model.score(FRAME_TEST, label="income", sample_weight="weight")
    assert weighted == pytest.approx(np.average((want > 0.5) == TEST["rich"], weights=TEST["weight"]), rel=1e-6)


def test_scores_of_several_classes_and_of_numbers():
    model = Sequential([Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, CLASSES % 3, epochs=2)
    assert model.predict_proba(X).tolist() == model.predict(X).tolist()
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, CLASSES % 3) == (model.predict(X).argmax(axis=1) == CLASSES % 3).mean()
    numbers = compiled([Dense(1)])
    numbers.fit(X, X[:, 0], epochs=3)
    assert numbers.score(X, X[:, 0]) == pytest.approx(r2_score(X[:, 0], numbers.predict(X)), rel=1e-6)


def test_several_sigmoids_are_not_classes_of_a_row():
    model = Sequential([Dense(3, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(ModelError, match=r"classes_: the outputs are not one class each, got .*; use predict\(x\)"):
        _ = model.classes_


def test_a_pipeline_without_labels_gets_them_from_the_call():
    want = deep().fit(from_data(DATA, label="rich").batch(100)).history["loss"]
    assert deep().fit(from_data(DATA).batch(100), label="rich").history["loss"] == want


@pytest.mark.filterwarnings("ignore:.*all weights are 0")
def test_sample_weights():
    model, double = deep(), deep()
    weights = np.where(DATA["rich"] == 1, 3.0, 1.0)
    model.fit(FRAME, DATA["rich"], sample_weight=weights, epochs=3)
    double.fit({**DATA, "w": weights}, label="rich", sample_weight="w", epochs=3)
    assert model.predict(FRAME_TEST).tolist() == double.predict(FRAME_TEST).tolist()
    plain = deep()
    plain.fit(FRAME, label="rich", epochs=3)
    assert model.predict(FRAME_TEST).mean() > plain.predict(FRAME_TEST).mean() + 0.5
    x = Sequential([Dense(1)])
    x.compile("sgd", "mse")
    x.fit(X, X[:, 0], sample_weight=np.zeros(600), epochs=1)
    assert not x.variables.values["dense/bias"].any()


def test_callbacks_validation_and_shuffle():
    model = deep()
    history = model.fit(
        FRAME,
        label="rich",
        epochs=60,
        validation_data=(FRAME_TEST, TEST["rich"]),
        callbacks=[EarlyStopping("val_auc", patience=2)],
    )
    assert len(history) < 60
    assert {"loss", "accuracy", "auc", "val_loss", "val_accuracy", "val_auc"} <= set(history.rows[0])
    assert model.evaluate(FRAME_TEST, TEST["rich"], return_dict=True)["auc"] == max(history.history["val_auc"])
    straight = deep().fit(FRAME, label="rich", shuffle=False).history["loss"]
    assert straight != deep().fit(FRAME, label="rich").history["loss"]


def test_steps_per_epoch_of_data_without_an_end():
    def forever():
        while True:
            yield DATA, DATA["rich"]

    model = Sequential([DenseFeatures([fc.Numeric("age"), fc.Embedding(CITY, 2)]), Dense(1)])
    model.compile("adam", losses.BinaryCrossentropy(from_logits=True))
    history = model.fit(forever, epochs=3, steps_per_epoch=7, shuffle=False)
    assert model.variables.step == 21
    assert history.history["step"] == [7, 14, 21]


def test_my_own_metric():
    def bias(labels, predictions):
        return predictions.mean() - labels.mean()

    model = Sequential([Dense(1)])
    model.compile("sgd", "mse", metrics=[bias, "mae", "mse"])
    found = model.fit(X, X[:, 0], epochs=1).rows[0]
    result = model.evaluate(X, X[:, 0], return_dict=True)
    assert set(result) == {"loss", "bias", "mae", "mse"}
    assert result["bias"] == pytest.approx(model.predict(X).mean() - X[:, 0].mean(), abs=1e-6)
    assert result["mse"] == pytest.approx(result["loss"], rel=1e-6)
    assert {"bias", "mae"} <= set(found)


@pytest.mark.parametrize("kind", ["arrays", "tables"])
def test_save_and_load(tmp_path, kind):
    if kind == "arrays":
        model = Sequential(
            [Dense(8, activation="gelu"), BatchNormalization(), Dropout(0.2), Dense(3), Activation("softmax")], name="mine"
        )
        model.compile(Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        data, y = X, CLASSES % 3
    else:
        model, data, y = deep(), FRAME_TEST, None
    model.fit(data, y, label=None if y is not None else "income", epochs=2)
    model.save(tmp_path / "model")
    again = Sequential.load(tmp_path / "model")
    assert again.layers == model.layers
    assert again.name == model.name
    assert again.predict(data).tolist() == model.predict(data).tolist()
    assert again.evaluate(data, y) == model.evaluate(data, y)
    again.fit(data, y, label=None if y is not None else "income", epochs=1)
    assert again.variables.step == model.variables.step * 3 // 2


@pytest.mark.parametrize("optimizer", ["adam", "ftrl", "adagrad", "rmsprop"])
def test_f2_a_loaded_model_goes_on_as_if_it_had_not_been_saved(tmp_path, optimizer):
    """F2: a loaded model goes on as if it had not been saved."""
    model = Sequential([Dense(4, activation="tanh"), Dense(1)], seed=3)
    model.compile(optimizer, "mse")
    model.fit(X, X[:, 0], epochs=2)
    model.save(tmp_path)
    again = Sequential.load(tmp_path)
    for one in (model, again):
        one.fit(X, X[:, 0], epochs=2)
    assert again.fingerprint == model.fingerprint


def test_load_refuses_what_is_no_model(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read as a model"):
        Sequential.load(tmp_path)
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, 0])
    model.save(tmp_path)
    spec = (tmp_path / "model.json").read_text()
    for old, new, message in [
        ('"model": "Sequential"', '"model": "Other"', "holds a Other"),
        ("models.Dense.v1", "models.Evil.v1", "holds a component that is not known"),
        ('"units": 1', '"units": 2', "its fingerprint differs"),
        ("{", "[", "cannot be read as a model"),
    ]:
        (tmp_path / "model.json").write_text(spec.replace(old, new, 1))
        with pytest.raises(CheckpointError, match=message):
            Sequential.load(tmp_path)


def test_the_saved_spec_makes_an_equal_model_that_is_not_trained(tmp_path):
    model = deep()
    model.fit(FRAME_TEST, label="income", epochs=1)
    model.save(tmp_path)
    again = model_from_json(tmp_path / "model.json")
    assert (again.layers, again.optimizer, again.loss) == (model.layers, model.optimizer, model.loss)
    again.fit(FRAME_TEST, label="income", epochs=1)
    assert again.fingerprint == model.fingerprint


def test_a_spec_by_hand():
    model = model_from_json(
        {
            "model": "Sequential",
            "layers": [{"type": "Dense", "units": 1}],
            "optimizer": "adam",
            "loss": "mse",
            "metrics": ["mae"],
        }
    )
    model.fit(X, X[:, 0])
    assert model.count_params() == 101
    older = model_from_json({"model": "Sequential", "layers": [{"type": "Dense", "units": 10}], "loss": "softmax"})
    assert older.loss == losses.CategoricalCrossentropy(from_logits=True)
    for wrong, says in [
        ({"layers": [{"type": "Dens"}]}, "layers: unknown type 'Dens'"),
        ({"layers": 5}, "needs layers, got 5"),
        ({"layers": ["Dense"]}, "takes layers, got 'Dense'"),
        ({"layers": [], "units": 5}, "has no argument 'units', got 5; it takes model, name, layers"),
    ]:
        with pytest.raises(ModelError, match=says):
            model_from_json({"model": "Sequential", **wrong})


def test_summary(capsys):
    model = Sequential([Dense(64, activation="relu"), Dropout(0.1), Dense(10)], name="net")
    model.compile("sgd", losses.CategoricalCrossentropy(from_logits=True))
    model.fit(X, CLASSES)
    model.summary()
    assert capsys.readouterr().out.splitlines() == [
        "Model: net",
        "layer                                              parameters  shapes",
        "dense: Dense(64, activation='relu', name='dense')       6,464  kernel [100, 64], bias [64]",
        "dropout: Dropout(0.1, name='dropout')                       0",
        "dense_1: Dense(10, name='dense_1')                        650  kernel [64, 10], bias [10]",
        "7,114 parameters",
    ]
    assert model.count_params() == 7114
    assert repr(model) == "Sequential(['dense', 'dropout', 'dense_1'], 7,114 parameters)"


def test_seeds():
    def net(seed):
        model = Sequential([Dense(8, activation="tanh"), Dropout(0.3), Dense(1)], seed=seed)
        model.compile("adam", "mse")
        model.fit(X, X[:, 0], epochs=2)
        return model.predict(X).tolist()

    assert net(1) == net(1)
    assert net(1) != net(2)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Sequential(["dense"]), ModelError, "Sequential: takes layers, got 'dense'"),
        (lambda: Sequential([Dense(1), DenseFeatures(DEEP)]), ModelError, "DenseFeatures must be the first layer"),
        (lambda: Sequential([Dense(1, name="a"), Dense(1, name="a")]), ModelError, "two layers have one name, got 'a'"),
        (lambda: Sequential([Dense(1)]).fit(X, X), ModelError, "fit: the model is not compiled"),
        (lambda: Sequential([Dense(1)]).compile("sgd"), ModelError, "compile: needs a loss"),
        (
            lambda: Sequential([Dense(1)]).compile("sgd", "mse", ["f2"]),
            ModelError,
            "compile: unknown metric 'f2'",
        ),
        (lambda: compiled([Dense(1)]).fit(X, X[:, 0], epochs=0), ColumnError, "fit: epochs must be an integer of at least 1"),
        (
            lambda: compiled([Dense(1)]).fit(X, X[:, 0], batch_size=0),
            ColumnError,
            "batch: needs an integer of at least 1, got 0",
        ),
        (lambda: compiled([Dense(1)]).fit(X, X[:, 0], callbacks=[print]), ModelError, "fit: this is not a hook, got <built-in"),
        (lambda: compiled([Dense(1)]).fit(X[:0], X[:0, 0]), DataError, "data: has no rows"),
        (lambda: compiled([Dense(1)]).evaluate(X[:0], X[:0, 0]), DataError, "data: has no rows"),
        (lambda: compiled([Dense(1)]).fit(X, ["a"] * 600), DataError, r"y: labels must be numbers, got \['a'\]; number the"),
        (lambda: compiled([Dense(1)]).fit("a.parquet", label="y"), ModelError, "takes numbers .*, got 'str'; begin the model"),
        (
            lambda: compiled([Dense(1)]).fit(X, X[:, 0], sample_weight=np.ones(3)),
            DataError,
            r"sample_weight: needs one for each of 600 rows, got \(3,\)",
        ),
        (
            lambda: compiled([Dense(1)]).fit(np.where(np.arange(100) == 7, np.nan, X), X[:, 0], shuffle=False),
            ModelError,
            r"column x\[7\] holds nan, first in row 0 of the batch; .* fill what is missing in arrays",
        ),
        (
            lambda: compiled([DenseFeatures(DEEP), Dense(1)]).fit(DATA, label="income"),
            DataError,
            r"income: labels are words, and MeanSquaredError\(\) needs numbers",
        ),
        (
            lambda: compiled([Dense(1)]).classes_,
            ModelError,
            r"classes_: the loss is not one of classes, got MeanSquaredError\(\); use predict\(x\)",
        ),
        (
            lambda: compiled([Dense(1)]).predict_proba(X),
            ModelError,
            r"predict_proba: the loss is not one of classes, got MeanSquaredError",
        ),
        (lambda: compiled([]).fit(X, X), ModelError, "the model has no layers"),
        (lambda: compiled([Dense(1)]).fit(X), ModelError, "Sequential: needs labels, got None; give y"),
        (lambda: compiled([Dense(1)]).fit(X, X[:5, 0]), DataError, "y: needs one for each of 600 rows"),
        (
            lambda: compiled([Dense(2)]).fit(X, X[:, 0]),
            DataError,
            r"labels must have shape \(32, 2\), got \(32,\)",
        ),
        (lambda: compiled([Dense(1, input_dim=7)]).fit(X, X[:, 0]), ModelError, "Dense: input_dim is 7, got 100"),
        (lambda: compiled([Dense(1)]).predict(X[0]), ModelError, r"takes a matrix \[n, width\], got \(100,\)"),
        (lambda: compiled([DenseFeatures(DEEP), Dense(1)]).predict(DATA), ModelError, "its columns still learn"),
        (lambda: compiled([DenseFeatures(DEEP), Dense(1)]).fit(DATA), ModelError, "needs labels"),
        (
            lambda: compiled([DenseFeatures(DEEP), Dense(1)]).fit(DATA, label="wages"),
            DataError,
            "wages: field is not in the data",
        ),
    ],
)
def test_what_cannot_work(act, error, message):
    with pytest.raises(error, match=message):
        act()


def compiled(stack):
    model = Sequential(stack)
    model.compile("sgd", "mse")
    return model


PRICES = {"dollars": [100_000.0, 300_000.0, 200_000.0, 400_000.0], "y": [1.0, 3.0, 2.0, 4.0]}


def plan_of(columns, data=PRICES, **given):
    model = Sequential([DenseFeatures(columns, **given), Dense(1)])
    model.compile("adam", "mse")
    model.fit(data, label="y", verbose=0)
    return model.plan


def test_numbers_without_a_normalizer_are_scaled_as_in_estimators():
    assert plan_of([fc.Numeric("dollars")]).transform(PRICES)[:, 0].tolist() == pytest.approx(
        [-1.3416408, 0.4472136, -0.4472136, 1.3416408]
    )
    given = fc.Numeric("dollars", normalizer=fc.MinMax())
    assert plan_of([given]).transform(PRICES)[:, 0].tolist() == pytest.approx([0, 2 / 3, 1 / 3, 1])


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_numbers_stay_as_they_are_where_it_is_said_and_in_the_dialect():
    dialect = feature_column.numeric_column("dollars")
    for plan in (plan_of([fc.Numeric("dollars")], normalize=False), plan_of([dialect]), plan_of([dialect, fc.Numeric("y")])):
        assert plan.transform(PRICES)[:, 0].tolist() == PRICES["dollars"]
    with pytest.raises(ColumnError, match='DenseFeatures: normalize must be "auto" or False, got True'):
        DenseFeatures([fc.Numeric("dollars")], normalize=True)


def test_numbers_that_nobody_scales_are_a_warning_once():
    model = Sequential([DenseFeatures([feature_column.numeric_column("dollars")]), Dense(1)])
    model.compile("adam", "mse")
    with pytest.warns(TrainingWarning, match=r"far from one .*: dollars \(2\.74e\+05\); scale them") as found:
        _ = [model.fit(PRICES, label="y", epochs=epochs, verbose=0) for epochs in (2, 1)]
    assert sum("far from one" in str(w.message) for w in found) == 1


def test_a_saved_model_keeps_what_it_learned_of_numbers(tmp_path):
    model = Sequential([DenseFeatures([fc.Numeric("dollars")]), Dense(1)])
    model.compile("adam", "mse")
    model.fit(PRICES, label="y", verbose=0)
    loaded = Sequential.load(model.save(tmp_path / "model"))
    assert loaded.predict(PRICES).tolist() == model.predict(PRICES).tolist()
    assert loaded.layers[0] == model.layers[0]
    assert loaded.fingerprint == model.fingerprint


def test_the_spec_of_a_saved_model_has_the_names_of_arguments_and_older_ones_load(tmp_path):
    model = Sequential([DenseFeatures([fc.Numeric("dollars")]), Dense(1)])
    model.compile("adam", "mse")
    model.fit(PRICES, label="y", verbose=0)
    model.save(tmp_path / "model")
    text = (tmp_path / "model" / "model.json").read_text()
    assert '"source": "dollars"' in text
    assert '"key"' not in text
    (tmp_path / "model" / "model.json").write_text(text.replace('"source"', '"key"'))  # as versions before wrote it
    assert Sequential.load(tmp_path / "model").fingerprint == model.fingerprint
    (tmp_path / "model" / "model.json").write_text(text.replace('"units": 1', '"units": 1, "activation": "relu"'))
    with pytest.raises(CheckpointError, match="its fingerprint differs"):
        Sequential.load(tmp_path / "model")
