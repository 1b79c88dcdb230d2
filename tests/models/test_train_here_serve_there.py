"""B3: models whose columns learn nothing know the types of fields too: trained on CSV or frames, they serve either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.models import LinearClassifier, Sequential, WideDeepClassifier, layers

NA = float("nan")
HASHED = fc.Hashed("x", 64)
# What is in the frame, the columns that read it, and the type that both sides know.
TERMS = fc.Vocabulary("x", ["1", "3"], name="terms")
NUMBERS: list[fc.Column] = [HASHED, fc.Numeric("x", name="number"), fc.Bucketized("x", [2, 4])]
KINDS: dict[str, tuple[list[object], list[fc.Column], str]] = {
    "booleans": ([True, False, True, True], [HASHED], "boolean"),
    "given terms of booleans": ([True, False, False, True], [fc.Vocabulary("x", ["True", "False"])], "boolean"),
    "integers": ([3, 0, -7, 2**62], [HASHED, fc.Crossed(["x", "z"], 50)], "integer"),
    "integers with a gap, as pandas writes them": (
        [1.0, NA, 3.0, 1.0],
        [HASHED, TERMS],
        "float",
    ),
    "whole floats as numbers and ids": (
        [1.0, 2.0, 5.0, 5.0],
        [HASHED, fc.Numeric("x", name="number"), fc.Bucketized("x", [2, 4])],
        "float",
    ),
    "a marker of missing values": (["NA", "a", "b", "NA"], [fc.Hashed(fc.Field("x", missing="NA"), 64)], "text"),
    "versions": (["1.1", "1.10", "2.0", "1.1"], [HASHED, fc.Vocabulary("x", ["1.1", "1.10"], name="terms")], "text"),
    "leading zeros": (["00501", "10001", "00501", "501"], [HASHED], "text"),
}
MODELS: dict[str, Callable[[list[fc.Column]], LinearClassifier | WideDeepClassifier]] = {
    "linear": LinearClassifier,
    "wide and deep": lambda columns: WideDeepClassifier(columns, [fc.Indicator(columns[0])], [4]),
}


def sides(values: list[object], folder: Path) -> dict[str, Any]:
    """The same rows in a frame, in Arrow, in CSV and row by row."""
    frame = pd.DataFrame({"x": values * 5, "z": ["u", "v", "v", "u"] * 5, "y": [0, 1, 1, 0] * 5})
    frame.to_csv(folder / "rows.csv", index=False)
    rows = [{**row, "x": None if row["x"] != row["x"] else row["x"]} for row in frame.to_dict("records")]
    return {"frame": frame, "Arrow": pa.Table.from_pandas(frame), "CSV": folder / "rows.csv", "rows": rows}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_estimators(kind: str, name: str, tmp_path: Path) -> None:
    values, columns, wanted = KINDS[kind]
    data = sides(values, tmp_path)
    frame = data["frame"]
    trained = {side: MODELS[name](columns).train(rows, "y", epochs=2) for side, rows in data.items()}
    trained["a pair"] = MODELS[name](columns).train((frame[["x", "z"]], frame["y"]), epochs=2)
    want = trained["frame"].predict(frame)["probabilities"]
    assert len(np.unique(want[:, 0])) > 1
    for side, model in trained.items():
        assert model.plan is not None
        assert model.plan.input_schema["x"].type == wanted, side
        assert model.fingerprint == trained["frame"].fingerprint, side
        for there, rows in data.items():
            assert model.predict(rows)["probabilities"].tobytes() == want.tobytes(), (side, there)


@pytest.mark.parametrize("kind", KINDS)
def test_sequential(kind: str, tmp_path: Path) -> None:
    values, columns, wanted = KINDS[kind]
    data = sides(values, tmp_path)
    dense = [column if isinstance(column, fc.Numeric) else fc.Indicator(column) for column in columns]
    for rows in data.values():
        model = Sequential([layers.DenseFeatures(dense), layers.Dense(1)], seed=1)
        model.compile("adam", "mse")
        model.fit(rows, label="y", epochs=2)
        assert model.plan is not None
        assert model.plan.input_schema["x"].type == wanted
        assert len({model.predict(there).tobytes() for there in data.values()}) == 1


def test_saved_and_taken_up_again(tmp_path: Path) -> None:
    values, columns, _ = KINDS["booleans"]
    data = sides(values, tmp_path)
    model = LinearClassifier(columns, model_dir=tmp_path / "run").train(data["CSV"], "y", epochs=2)
    model.save(tmp_path / "model")
    want = model.predict(data["frame"])["probabilities"].tobytes()
    for again in (LinearClassifier(columns, model_dir=tmp_path / "run"), fc.models.load(tmp_path / "model")):
        for rows in data.values():
            assert again.predict(rows)["probabilities"].tobytes() == want
        assert again.plan is not None
        assert again.plan.input_schema["x"].type == "boolean"


def test_a_prediction_before_training_does_not_fix_the_types(tmp_path: Path) -> None:
    data = sides([True, False, True, True], tmp_path)
    model = LinearClassifier([HASHED], label_vocabulary=[0, 1])
    model.predict(data["frame"])
    model.train(data["CSV"], "y", epochs=2)
    assert model.predict(data["CSV"])["logits"].tobytes() == model.predict(data["frame"])["logits"].tobytes()
    network = Sequential([layers.DenseFeatures([fc.Indicator(HASHED)]), layers.Dense(1)])
    network.predict(data["frame"])
    network.compile("adam", "mse")
    network.fit(data["CSV"], label="y", epochs=20)
    assert network.predict(data["CSV"]).tobytes() == network.predict(data["frame"]).tobytes()


def test_a_given_plan_stays_as_it_is(tmp_path: Path) -> None:
    data = sides([True, False, True, True], tmp_path)
    plan = fc.compile([HASHED])
    assert LinearClassifier(plan).train(data["CSV"], "y", epochs=1).plan is plan
