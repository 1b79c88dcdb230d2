"""Examples a second.

A hashed linear model with 2^20 weights and 30 ids a row, batches of 1,024, from encoded rows; and a wide & deep network
over the census columns, one epoch from Parquet to trained weights, reading, learning columns and encoding included.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks import data
from benchmarks.harness import Result, measure
from featurecols.features import Slot
from featurecols.models import WideDeepClassifier
from featurecols.models.examples import Examples, Layout
from featurecols.models.layers import Linear
from featurecols.models.losses import Logistic
from featurecols.models.optimizers import Adam, Ftrl
from featurecols.models.pipeline import Fixed
from featurecols.models.variables import Variables

ROWS, IDS, WEIGHTS, BATCH = 200_000, 30, 2**20, 1024


def run() -> list[Result]:
    random = np.random.default_rng(0)
    size = WEIGHTS // IDS
    ids = (random.zipf(1.3, (ROWS, IDS)) % size).astype(np.int32)
    y = (random.random(ROWS) < 0.3).astype(np.int64)
    cases = {"featurecols": ours(ids, y, size), "scikit-learn SGDClassifier": sgd(ids, y, size)}
    if importlib.util.find_spec("torch"):
        cases["torch EmbeddingBag, sparse SGD"] = bag(ids, y, size)
    result = measure("models: one epoch of a hashed linear model, 30 ids a row, FTRL", ROWS, cases, repeats=3)
    result.notes = {name: f"{ROWS / result.median(name):,.0f} examples/s" for name in cases}
    return [result, *network()]


def network() -> list[Result]:
    """Wide & deep, 128-64, batch 512, on the census rows repeated to 200,000."""
    path = Path(os.environ.get("FEATURECOLS_SCRATCH", "/tmp")) / f"featurecols-census-{ROWS}.parquet"
    if not path.exists():
        table = data.adult(ROWS)
        rich = pa.array((np.asarray(table["age"]) + 20 * np.asarray(table["education-num"]) > 260).astype(np.int64))
        pq.write_table(table.append_column("rich", rich), path)
    wide = [fc.Vocabulary(key, fc.TopTerms(100)) for key in data.CATEGORIES]
    deep = [fc.Numeric(key, normalizer=fc.ZScore()) for key in data.NUMBERS] + [fc.Indicator(column) for column in wide]

    def ours() -> None:
        model = WideDeepClassifier(wide, deep, [128, 64], linear_optimizer=Adam(0.01), dnn_optimizer=Adam(0.01))
        model.train(path, label="rich", epochs=1, batch_size=512)

    cases = {"featurecols": ours}
    if importlib.util.find_spec("torch"):
        cases["torch, the same network over the plan's matrix"] = lambda: torch_network(path, deep)
    result = measure("models: one epoch of wide & deep 128-64, from Parquet", ROWS, cases, repeats=3)
    result.notes = {name: f"{ROWS / result.median(name):,.0f} examples/s" for name in cases}
    return [result]


def torch_network(path: Path, columns: list[fc.Column]) -> None:
    """The same by hand: our plan makes the matrix, torch trains on it."""
    import torch

    plan = fc.fit(columns, path)
    x = torch.from_numpy(plan.transform(path))
    y = torch.from_numpy(np.asarray(pq.read_table(path, columns=["rich"])["rich"]).astype(np.float32))[:, None]
    wide = torch.nn.Linear(x.shape[1] - len(data.NUMBERS), 1)
    sizes = (x.shape[1], 128, 64)
    hidden = [part for a, b in itertools.pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    deep = torch.nn.Sequential(*hidden, torch.nn.Linear(64, 1))
    optimizer = torch.optim.Adam([*wide.parameters(), *deep.parameters()], lr=0.01)
    loss = torch.nn.BCEWithLogitsLoss()
    order = torch.randperm(len(x))
    for start in range(0, len(x), 512):
        rows = x[order[start : start + 512]]
        optimizer.zero_grad()
        loss(wide(rows[:, len(data.NUMBERS) :]) + deep(rows), y[order[start : start + 512]]).backward()
        optimizer.step()


def ours(ids: Any, y: Any, size: int) -> Any:
    slots = tuple(Slot(f"s{j}", "ids", num_buckets=size) for j in range(IDS))
    none = np.zeros((len(ids), 0), np.float32)
    rows = Examples(Layout(slots), none, tuple(s.name for s in slots), ids, {}, {}, y, None)
    variables, layer, loss, optimizer = Variables(), Linear(), Logistic(), Ftrl(0.1)

    def epoch() -> None:
        for batch in Fixed(rows, BATCH, True, 0).epoch(variables.step):
            with variables.scope(training=True):
                value = loss(batch.labels, layer(batch))
            optimizer.minimize(value).run(variables)

    return epoch


def sgd(ids: Any, y: Any, size: int) -> Any:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import SGDClassifier

    columns = (ids + np.arange(IDS) * size).astype(np.int32).reshape(-1)
    x = csr_matrix((np.ones(len(columns)), columns, np.arange(len(ids) + 1) * IDS), shape=(len(ids), WEIGHTS))
    model = SGDClassifier("log_loss", learning_rate="adaptive", eta0=0.1)
    return lambda: model.partial_fit(x, y, classes=[0, 1])


def bag(ids: Any, y: Any, size: int) -> Any:
    import torch

    columns = torch.from_numpy(ids.astype(np.int64) + np.arange(IDS) * size)
    target = torch.from_numpy(y.astype(np.float32))[:, None]
    weights = torch.nn.EmbeddingBag(WEIGHTS, 1, mode="sum", sparse=True)
    optimizer = torch.optim.SGD(weights.parameters(), lr=0.1)
    loss = torch.nn.BCEWithLogitsLoss()

    def epoch() -> None:
        order = torch.randperm(len(columns))
        for start in range(0, len(columns), BATCH):
            part = order[start : start + BATCH]
            optimizer.zero_grad()
            loss(weights(columns[part]), target[part]).backward()
            optimizer.step()

    return epoch
