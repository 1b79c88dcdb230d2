"""Examples a second: a hashed linear model with 2^20 weights and 30 ids a row, batches of 1,024, from encoded rows."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from benchmarks.harness import Result, measure
from featurecols.features import Slot
from featurecols.models.examples import Examples, Layout
from featurecols.models.layers import Linear
from featurecols.models.losses import Logistic
from featurecols.models.optimizers import Ftrl
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
    return [result]


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
