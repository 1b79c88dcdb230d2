"""What a new user ran into."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.errors import DataError
from featurecols.jobs import file_lock
from featurecols.models import DenseFeatures, LinearClassifier, RunConfig, Sequential
from featurecols.models.errors import CheckpointError
from featurecols.models.layers import Dense

FRAME = pd.DataFrame({"a": np.arange(400.0) / 400})
Y = np.arange(400) % 2


@pytest.mark.parametrize("count", [3, 900, 0])
def test_weights_are_as_many_as_rows(count: int) -> None:
    weights, what = np.ones(count), f"weights: needs one for each of 400 rows, got {count}"
    with pytest.raises(DataError, match=what):
        LinearClassifier([fc.Numeric("a")]).train((FRAME, Y, weights))
    model = Sequential([DenseFeatures([fc.Numeric("a")]), Dense(1)])
    model.compile("adam", "mse")
    for call in (model.fit, model.evaluate):
        with pytest.raises(DataError, match=what):
            call(FRAME, Y, sample_weight=weights)
    model.fit(FRAME, Y, sample_weight=np.ones((400, 1)))


def test_numbered_classes_are_read_from_csv_as_well(tmp_path) -> None:
    table = pa.table({"a": FRAME["a"], "y": pa.array(Y, pa.int8())})
    pq.write_table(table, tmp_path / "t.parquet")
    pc.write_csv(table, tmp_path / "t.csv")
    model = LinearClassifier([fc.Numeric("a")]).train(str(tmp_path / "t.parquet"), "y", epochs=2)
    assert model.evaluate(str(tmp_path / "t.csv")) == model.evaluate(str(tmp_path / "t.parquet"))
    (tmp_path / "bad.csv").write_text("a,y\n0.5,1\n0.5,x\n")
    with pytest.raises(DataError, match="row 1"):
        model.evaluate(str(tmp_path / "bad.csv"))
    with pytest.raises(DataError, match="labels are words"):
        model.evaluate({"a": [0.5], "y": ["1"]})


def test_two_trainings_in_one_folder(tmp_path) -> None:
    folder = tmp_path / "deep" / "run"
    model = LinearClassifier([fc.Numeric("a")], config=RunConfig(str(folder)))
    model.train((FRAME, Y), epochs=1)
    assert not (folder / ".lock").exists()
    handle = file_lock.acquire(folder / ".lock")
    try:
        again = LinearClassifier([fc.Numeric("a")], config=RunConfig(str(folder)))
        with pytest.raises(
            CheckpointError, match=r"another training is writing into it; wait for it, or give another model_dir"
        ):
            again.train((FRAME, Y), epochs=1)
    finally:
        file_lock.release(handle)
    assert again.train((FRAME, Y), epochs=1, more=True).variables.step == 4


def test_what_a_folder_holds_is_told_from_what_is_asked(tmp_path) -> None:
    pq.write_table(pa.table({"a": FRAME["a"], "y": Y}), tmp_path / "t.parquet")
    model = LinearClassifier([fc.Numeric("a")], config=RunConfig(str(tmp_path / "run")))
    two, three = (2, None, None), (3, None, None)  # epochs, steps, max_steps
    assert model._other(two, 400) is None
    model.train(str(tmp_path / "t.parquet"), "y", epochs=2)
    assert model._other(two, 400) is None
    assert model._other(three, 400) == "step 4 of another training (2 epochs over 400 rows, not 3 epochs over 400 rows)"
    assert model._other(two, 399) == "step 4 of another training (2 epochs over 400 rows, not 2 epochs over 399 rows)"


def test_plots_of_several_metrics_as_a_list(tmp_path) -> None:
    code = (
        "import matplotlib; matplotlib.use('Agg')\n"
        "from featurecols.models.training.history import History\n"
        "h = History([{'epoch': 1, 'step': 2, 'loss': 0.5, 'auc': 0.6}])\n"
        "assert len(h.plot(['loss', 'auc'])) == len(h.plot('loss', 'auc')) == 2\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_listed_before_they_are_used() -> None:
    code = "import featurecols as fc; assert {'Numeric', 'fit', 'models'} <= set(dir(fc)); assert 'lazy' not in dir(fc)"
    subprocess.run([sys.executable, "-c", code], check=True)
