"""F12: predictions that are not numbers are refused, with what made them so."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import DataError, ModelError
from featurecols.models.layers import Dense, DenseFeatures

NAN = float("nan")
X = [fc.Numeric("age", default=NAN), fc.Numeric("pay")]
ROWS = {"age": [1.0, 2.0, 3.0, 4.0] * 3, "pay": [0.5, 0.1, 0.2, 0.9] * 3, "y": [0, 1, 1, 0] * 3}
BAD = {"age": [1.0] * 6 + [NAN], "pay": [1.0] * 7, "y": [0] * 7}
LINEAR = {"optimizer": models.optimizers.SGD(0.1)}
MAKE = {
    "linear classifier": lambda columns: models.LinearClassifier(columns, **LINEAR),
    "linear regressor": lambda columns: models.LinearRegressor(columns, **LINEAR),
    "network": lambda columns: models.DNNClassifier(columns, hidden_units=[3]),
    "wide and deep": lambda columns: models.WideDeepRegressor(columns, columns, hidden_units=[3]),
}


def sequential(columns):
    model = models.Sequential([DenseFeatures(columns), Dense(1)])
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    model.fit(ROWS, label="y")
    return model


@pytest.mark.parametrize("make", MAKE)
def test_f12_a_row_that_is_not_a_number_is_refused(make):
    """F12: predict and evaluate name column, field, row of the data and value; finite rows are predicted."""
    model = MAKE[make](X).train(ROWS, label="y", epochs=1)
    match = (
        r"^age: a number that is not finite gives no prediction in field 'age' at row 6, got nan; give its Numeric a default"
    )
    for batch_size in (4096, 4, 1):
        with pytest.raises(DataError, match=match):
            model.predict(BAD, batch_size=batch_size)
        with pytest.raises(DataError, match=match):
            model.evaluate(BAD, "y", batch_size=batch_size)
    assert len(model.predict({name: values[:6] for name, values in BAD.items()})) == 6


def test_f12_a_sequential_refuses_such_rows_too():
    """F12: a Sequential over tables and over arrays refuses rows that are not numbers."""
    model = sequential(X)
    for call in (lambda: model.predict(BAD, batch_size=2), lambda: model.evaluate(BAD, label="y", batch_size=2)):
        with pytest.raises(DataError, match=r"^age: a number .* in field 'age' at row 6, got nan"):
            call()
    arrays = models.Sequential([Dense(1)])
    arrays.compile("sgd", "mse")
    arrays.fit(np.ones((4, 3)), np.arange(4.0))
    with pytest.raises(DataError, match=r"^x\[1\]: a number that is not finite gives no prediction at row 2, got -?inf"):
        arrays.predict([[0, 0, 0], [1, 1, 1], [1, np.inf, 1]])


@pytest.mark.parametrize("make", MAKE)
def test_f12_a_training_that_diverged_is_said(make):
    """F12: weights that are not finite predict nothing, and the message says how to train."""
    model = MAKE[make](X).train(ROWS, label="y", epochs=1)
    name = list(model.variables.values)[-1]
    model.variables.values[name].flat[0] = NAN
    match = f"parameter {name} is not finite, so that nothing can be predicted.*; train it again: lower the learning rate"
    for call in (lambda: model.predict(ROWS), lambda: model.evaluate(ROWS, "y"), lambda: model.predict_proba(ROWS)):
        if "regressor" not in make and make != "wide and deep":
            with pytest.raises(ModelError, match=match):
                call()
    with pytest.raises(ModelError, match=match):
        model.predict([{"age": 1.0, "pay": 1.0}])


def test_f12_numbers_that_grew_beyond_float32_name_the_largest_column():
    """F12: a prediction beyond float32 names the column whose number is the largest in the row."""
    model = models.LinearRegressor(
        [fc.Numeric("age"), fc.Numeric("pay")], loss=models.losses.Poisson(), normalize=False, **LINEAR
    )
    model.train(ROWS, label="y", epochs=1)
    model.variables.values["linear/kernel"][...] = 1.0
    with pytest.raises(
        DataError, match=r"^pay: the prediction is beyond the range .* in field 'pay' at row 1, got 1\.0\d*e\+30; clip"
    ):
        model.predict({"age": [1.0, 2.0], "pay": [1.0, 1e30]})


def test_f12_files_are_not_written_where_a_prediction_is_not_a_number(tmp_path):
    """F12: predict_files publishes nothing; the message has the row."""
    pq.write_table(pa.table(BAD), tmp_path / "in.parquet")
    model = MAKE["linear classifier"](X).train(ROWS, label="y", epochs=1)
    with pytest.raises(DataError, match=r"in field 'age' at row 6, got nan"):
        model.predict_files(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
