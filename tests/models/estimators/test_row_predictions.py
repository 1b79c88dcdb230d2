"""model.predict_row: the bits of predict over the row alone, whatever the model and the row."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import DataError
from featurecols._core import thread_pool
from featurecols.models import (
    BaselineClassifier,
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    WideDeepClassifier,
    load,
)

QUIET = RunConfig(progress=False)
CITY, SHOP = fc.Vocabulary("city", ["Rome", "Oslo"]), fc.Hashed("shop", 9)
NUMBERS = [fc.Numeric("age", default=0.0), fc.Numeric("price")]
WIDE = [CITY, SHOP, fc.Crossed([CITY, SHOP], 50)]
DEEP = [fc.Embedding(CITY, 2), *NUMBERS, fc.Indicator(SHOP), fc.Embedding(fc.Crossed(["city", "shop"], 20), 3)]


def rows(count, seed=0):
    random = np.random.default_rng(seed)
    return {
        "age": random.normal(size=count).tolist(),
        "price": random.normal(size=count).tolist(),
        "city": random.choice(["Rome", "Oslo", "Bonn"], count).tolist(),
        "shop": random.choice(["a", "b", "c"], count).tolist(),
        "bought": random.integers(0, 2, count).tolist(),
        "amount": random.normal(5, 3, size=count).tolist(),
        "kind": random.choice(["x", "y", "z"], count).tolist(),
    }


def trained(model, label):
    return model.train(rows(200), label=label, epochs=1)


MODELS = {
    "linear": lambda: trained(LinearClassifier([*NUMBERS, *WIDE], config=QUIET), "bought"),
    "softmax": lambda: trained(LinearClassifier([NUMBERS[0], CITY], n_classes=3, config=QUIET), "kind"),
    "regression": lambda: trained(LinearRegressor(WIDE, config=QUIET), "amount"),
    "poisson": lambda: LinearRegressor(WIDE, loss="poisson", config=QUIET).train(rows(200), label="bought", epochs=1),
    "log": lambda: trained(DNNRegressor(DEEP, [4], label_transform="log1p", activation="tanh", config=QUIET), "bought"),
    "deep": lambda: trained(DNNRegressor(DEEP, [5, 4], config=QUIET), "amount"),
    "members": lambda: trained(DNNClassifier(DEEP, [5, 4], members=3, config=QUIET), "bought"),
    "members of softmax": lambda: trained(DNNRegressor(DEEP[:1], [5], members=2, activation="softmax", config=QUIET), "amount"),
    "members over ids": lambda: trained(
        WideDeepClassifier(WIDE, [fc.Indicator(SHOP)], [4], members=2, n_classes=3, config=QUIET), "kind"
    ),
    "crosses": lambda: trained(DNNRegressor(DEEP, [5], cross_layers=2, config=QUIET), "amount"),
    "crosses over ids": lambda: trained(DNNClassifier([fc.Indicator(SHOP)], [], cross_layers=1, config=QUIET), "bought"),
    "members of crosses": lambda: trained(
        WideDeepClassifier(WIDE, DEEP, [4], members=2, cross_layers=2, activation="tanh", config=QUIET), "bought"
    ),
    "no layers": lambda: trained(DNNClassifier([fc.Indicator(SHOP)], [], config=QUIET), "bought"),
    "normalized": lambda: trained(DNNClassifier(DEEP, [4], batch_norm=True, config=QUIET), "bought"),
    "wide and deep": lambda: trained(WideDeepClassifier(WIDE, DEEP, [4], dropout=0.2, config=QUIET), "bought"),
    "tf": lambda: DNNLinearCombinedClassifier(
        linear_feature_columns=WIDE, dnn_feature_columns=DEEP[1:], dnn_hidden_units=[3], config=QUIET
    ).train(rows(200), label="bought", epochs=1),
    "baseline": lambda: trained(BaselineClassifier([CITY], config=QUIET), "bought"),
}


def assert_same(model, row):
    expected, found = model.predict([row]), model.predict_row(row)
    assert list(found) == expected.keys()
    for name, value in found.items():
        assert np.asarray(value).dtype == expected[name].dtype, name
        assert np.asarray(value).tobytes() == np.asarray(expected[name][0]).tobytes() or value == expected[name][0], name


@pytest.mark.parametrize("name", MODELS)
def test_one_row_has_the_bits_of_predict(name):
    model, table = MODELS[name](), rows(12, seed=1)
    for values in zip(*table.values(), strict=True):
        assert_same(model, dict(zip(table, values, strict=True)))
    assert_same(model, {"age": None, "price": 1, "city": None, "shop": "new", "extra": 3})
    expected, plain = model.predict(table), pa.table(table)
    coded = plain.set_column(2, "city", plain["city"].dictionary_encode()).set_column(
        3, "shop", plain["shop"].dictionary_encode()
    )
    for small in (plain, coded, coded, coded.to_batches()[0], plain.to_pandas(), coded.to_pandas()):
        found = model.predict(small)
        assert found.keys() == expected.keys()
        for key, values in found.arrays.items():
            assert (values.dtype, values.tolist()) == (expected[key].dtype, expected[key].tolist()), key
            assert values.tobytes() == expected[key].tobytes() or values.dtype.kind == "O", key


@pytest.mark.filterwarnings("ignore:overflow")
def test_small_tables_are_read_with_the_settings_of_predict():
    model, table = MODELS["wide and deep"](), pa.table(rows(12, seed=1))
    expected = model.predict(table)
    assert model.predict(table, predict_keys="logits").keys() == ["logits"]
    assert (
        model.predict(table, batch_size=5)["logits"].tolist()
        == model.predict(table.to_pylist(), batch_size=5)["logits"].tolist()
    )
    with pytest.raises(fc.ModelError, match="key 'logit'"):
        model.predict(table, predict_keys="logit")
    with pytest.raises(fc.ColumnError, match="batch_size"):
        model.predict(table, batch_size=0)
    with pytest.raises(DataError, match="field 'price' at row 3"):
        model.predict(table.set_column(1, "price", pa.array([1.0, 2.0, 3.0, None] * 3)))
    model.train(rows(200), label="bought", epochs=1, more=True)
    assert model.predict(table)["logits"].tolist() != expected["logits"].tolist()
    model.variables.values["dnn/logits/kernel"][:] = 3e38
    with pytest.raises(DataError) as found:
        model.predict(table)
    with pytest.raises(DataError) as ordinary:
        model.predict(table.to_pydict())
    assert str(found.value) == str(ordinary.value)


def test_lists_are_read_as_predict_reads_them():
    tags = fc.Vocabulary("tags", ["a", "b", "c"])
    data = {"tags": [["a", "b"], [], ["c"]] * 20, "y": [0, 1, 1] * 20}
    model = DNNClassifier([fc.Embedding(tags, 2), fc.Indicator(tags)], [3], config=QUIET).train(data, label="y", epochs=1)
    for given in (["a", "c"], [], ["b"]):
        assert_same(model, {"tags": given})
    bounded = DNNClassifier([fc.Embedding(fc.Vocabulary("y", [0, 1]), 2, max_norm=0.1)], [3], config=QUIET)
    assert_same(bounded.train(data, label="y", epochs=1), {"y": 1})


def test_it_follows_training_and_loading(tmp_path):
    model, row = MODELS["wide and deep"](), {"age": 0.1, "price": 2.0, "city": "Rome", "shop": "a"}
    before = model.predict_row(row)["logits"]
    model.train(rows(200), label="bought", epochs=1, more=True)
    assert model.predict_row(row)["logits"] != before
    assert_same(model, row)
    model.export(tmp_path / "model")
    assert load(tmp_path / "model").predict_row(row)["logits"] == model.predict_row(row)["logits"]


def test_no_thread_is_started_or_asked(monkeypatch):
    model, row = MODELS["wide and deep"](), {"age": 0.1, "price": 2.0, "city": "Rome", "shop": "a"}
    expected = model.predict_row(row)["logits"]

    def fail(*args, **kwargs):
        raise AssertionError("a thread or a table was asked for")

    monkeypatch.setattr(threading.Thread, "start", fail)
    monkeypatch.setattr(thread_pool, "run", fail)
    monkeypatch.setattr(type(model), "predict", fail)
    assert model.predict_row(row)["logits"] == expected


def test_wrong_rows_are_told_with_their_field():
    model = MODELS["wide and deep"]()
    with pytest.raises(DataError, match="shop"):
        model.predict_row({"age": 0.1, "price": 2.0, "city": "Rome"})
    with pytest.raises(DataError, match="price"):
        model.predict_row({"age": 0.1, "price": "dear", "city": "Rome", "shop": "a"})
    with pytest.raises(DataError, match="price"):  # predict says which number is not finite
        model.predict_row({"age": 0.1, "price": float("inf"), "city": "Rome", "shop": "a"})
    with pytest.raises(fc.FeatureColumnsError, match="predict_row"):
        model.predict_row([1, 2])
