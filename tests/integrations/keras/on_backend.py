"""FeatureInputs on the backend of Keras that KERAS_BACKEND names: prints what each check found, as JSON. Run by test_keras."""

import json
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import featurecols as fc
from featurecols.integrations.keras import FeatureInputs
from tests.integrations import cases
from tests.integrations.tolerance import assert_near

EVERY = cases.names()
FEW = ("flights", "hostile rows")  # every kind, on backends that compile each operation for each shape
COLUMNS = [
    fc.Numeric("distance", normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(20))),
    fc.Embedding(fc.Hashed("earlier_dests", 200), 4, combiner="sqrtn", max_norm=2.0),
    fc.Embedding(fc.Weighted(fc.Hashed("earlier_dests", 50), "earlier_delays", default=0.0), 3, table="a/b"),
    fc.Embedding(fc.Crossed(["origin", "dest"], 100), 4, name="Łódź % / {x}"),
]


def numpy(value: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(value)


def every_kind_gives_what_transform_gives() -> None:
    for name in EVERY if keras.backend.backend() == "torch" else FEW:
        case = cases.case(name)
        if case.plan is None:
            with pytest.raises(fc.PlanError, match="gives ids, not features"):
                FeatureInputs(case.encoder)
            continue
        layer = FeatureInputs(case.plan)
        assert_near(case.plan, case.data, numpy(layer(layer.arrays(case.plan.encode(case.data)))))


def rows() -> Any:
    flights = fc.datasets.flights().slice(20_000, 4_000)
    return flights.filter(flights["late"].is_valid())


def model_of(layer: FeatureInputs) -> Any:
    inputs = layer.symbolic_inputs()
    hidden = keras.layers.Dense(16, "relu")(layer(inputs))
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden))


def a_model_trains_is_saved_and_gives_its_tables_back() -> None:
    keras.utils.set_random_seed(1)
    data = rows()
    plan = fc.fit(COLUMNS, data)
    layer = FeatureInputs(plan, max_values=5)
    x, y = layer.arrays(plan.encode(data)), data["late"].to_numpy().astype(np.float32)
    assert {name: array.shape[1] for name, array in x.items()} == {
        "numbers": 1,
        "ids_carrier_indicator": 1,
        "ids_earlier_dests_embedding": 5,
        "ids_earlier_dests_weighted_by_earlier_delays_embedding": 5,
        "weights_earlier_dests_weighted_by_earlier_delays_embedding": 5,
        "ids_-141--F3-d-17A--20--25--20--2F--20--7B-x-7D-": 1,
    }
    model = model_of(layer)
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["auc"])
    history = model.fit(x, y, batch_size=256, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    trained = layer.to_plan()
    for name, table in trained.tables.items():
        assert (table != plan.tables[name]).any(), name
    assert_near(trained, data, numpy(layer(x)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    again = next(layer for layer in loaded.layers if isinstance(layer, FeatureInputs))
    assert again.to_plan() == trained


def a_config_is_json_without_tables() -> None:
    plan = fc.compile([fc.Embedding(fc.Hashed("city", 1_000_000), 8)])
    trained = plan.with_tables({"city_embedding": plan.tables["city_embedding"] * 2})
    layer = FeatureInputs(trained, max_values=3, name="inputs")
    config = json.loads(json.dumps(layer.get_config()))
    assert len(config["plan"]) < 2_000
    same = FeatureInputs.from_config(config)
    assert (same.plan, same.max_values, same.name) == (plan, 3, "inputs")
    assert [weight.name for weight in layer.weights] == ["table_city_embedding"]


def tensors_of_a_dataset_are_taken_too() -> None:
    from featurecols.integrations.torch import ParquetDataset

    plan = fc.fit(COLUMNS, fc.datasets.flights_path())
    layer = FeatureInputs(plan)
    dataset = ParquetDataset(plan, fc.datasets.flights_path(), output="ids", batch_size=1000)
    first = layer.arrays(next(iter(dataset)))
    want = layer.arrays(plan.encode(fc.datasets.flights().slice(0, 1000)))
    assert list(first) == list(want)
    for name, array in want.items():
        np.testing.assert_array_equal(first[name], array)


def what_does_not_fit_is_refused() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("tags", 9))])
    encoded = plan.encode({"tags": [["a"], ["a", "b", "c"]]})
    with pytest.raises(fc.DataError, match=r"tags_indicator: a row has more than 2 ids at row 1, got 3.*max_values=3"):
        FeatureInputs(plan, max_values=2).arrays(encoded)
    with pytest.raises(fc.ColumnError, match=r"max_values must be an integer of at least 1, got 0"):
        FeatureInputs(plan, max_values=0)
    assert FeatureInputs(plan).arrays(encoded)["ids_tags_indicator"].shape == (2, 3)


CHECKS: tuple[Callable[[], None], ...] = (
    every_kind_gives_what_transform_gives,
    a_model_trains_is_saved_and_gives_its_tables_back,
    a_config_is_json_without_tables,
    tensors_of_a_dataset_are_taken_too,
    what_does_not_fit_is_refused,
)


def outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception:
        return traceback.format_exc()
    return "ok"


if __name__ == "__main__":
    print(json.dumps({"backend": keras.backend.backend(), **{check.__name__: outcome(check) for check in CHECKS}}))
