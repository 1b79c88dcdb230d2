"""Examples a second.

A hashed linear model with 2^20 weights and 30 ids a row, batches of 1,024, from encoded rows (scikit-learn and Vowpal Wabbit
know no batches: a step for every row); and networks over the census columns, one epoch from Parquet to trained weights,
reading, learning columns and encoding included.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks import data, scratch
from benchmarks.harness import Result, measure
from featurecols._core.slots import IdSlot
from featurecols.models import DNNClassifier, WideDeepClassifier
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.pipeline import InMemoryStream
from featurecols.models.layers import Linear
from featurecols.models.objective.losses import BinaryCrossentropy
from featurecols.models.optimization.optimizers import Adam, Ftrl

ROWS, IDS, WEIGHTS, BATCH = 200_000, 30, 2**20, 1024


def run() -> list[Result]:
    return [hashed(), *network(census_path())]


def hashed() -> Result:
    random = np.random.default_rng(0)
    size = WEIGHTS // IDS
    ids = (random.zipf(1.3, (ROWS, IDS)) % size).astype(np.int32)
    y = (random.random(ROWS) < 0.3).astype(np.int64)
    cases: dict[str, Callable[[], Any]] = {"featurecols": ours(ids, y, size)}
    for name, dtype in (("float32", np.float32), ("float64", np.float64)):
        cases[f"scikit-learn SGDClassifier, {name} CSR ready"] = sgd(ids, y, size, dtype)
    if importlib.util.find_spec("torch"):
        cases |= bags(ids, y, size)
    if importlib.util.find_spec("vowpalwabbit"):
        cases |= wabbit(ids, y, size)
    return measure("One epoch of a hashed linear model, 2^20 weights, 30 ids a row, FTRL", ROWS, cases, repeats=3)


def network(path: Path) -> list[Result]:
    """128-64, Adam, batch 512, over the census columns: a plain network, and a wide & deep one."""
    known = [fc.Vocabulary(key, fc.TopTerms(100)) for key in data.CATEGORIES]
    columns = [fc.Numeric(key, normalizer=fc.ZScore()) for key in data.NUMBERS] + [fc.Indicator(column) for column in known]
    adam, units = Adam(0.01), [128, 64]

    def deep() -> None:
        DNNClassifier(columns, units, optimizer=adam).train(path, label="rich", epochs=1, batch_size=512)

    def wide() -> None:
        model = WideDeepClassifier(known, columns, units, linear_optimizer=adam, dnn_optimizer=adam)
        model.train(path, label="rich", epochs=1, batch_size=512)

    found = []
    for shape, ours in (("deep", deep), ("wide", wide)):
        name = {"deep": "a network 128-64", "wide": "wide & deep 128-64"}[shape]
        result = measure(f"One epoch of {name} over the census columns, from Parquet", ROWS, {"featurecols": ours}, repeats=5)
        scratch.networks(result, path, shape)
        found.append(result)
    return found


def census_path() -> Path:
    """The census repeated to 200,000 rows, with a label that its numbers decide, as Parquet."""
    path = Path(os.environ.get("FEATURECOLS_SCRATCH", "/tmp")) / f"featurecols-census-{ROWS}.parquet"
    if not path.exists():
        table = data.adult(ROWS)
        rich = pa.array((np.asarray(table["age"]) + 20 * np.asarray(table["education-num"]) > 260).astype(np.int64))
        pq.write_table(table.append_column("rich", rich), path)
    return path


def ours(ids: Any, y: Any, size: int) -> Any:
    slots = tuple(IdSlot(f"s{j}", size) for j in range(IDS))
    none = np.zeros((len(ids), 0), np.float32)
    rows = Examples(Layout(slots), none, tuple(s.name for s in slots), ids, {}, {}, y, None)
    variables, layer, loss, optimizer = Variables(), Linear(), BinaryCrossentropy(from_logits=True), Ftrl(0.1)

    def epoch() -> None:
        for batch in InMemoryStream(rows, BATCH, True, 0).epoch(variables.step):
            with variables.scope(training=True):
                value = loss(batch.labels, layer(batch))
            optimizer.minimize(value).run(variables)

    return epoch


def sgd(ids: Any, y: Any, size: int, dtype: Any) -> Any:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import SGDClassifier

    columns = (ids + np.arange(IDS) * size).astype(np.int32).reshape(-1)
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * IDS
    x = csr_matrix((np.ones(len(columns), dtype), columns, offsets), shape=(len(ids), WEIGHTS))
    model = SGDClassifier("log_loss", learning_rate="adaptive", eta0=0.1)
    return lambda: model.partial_fit(x, y, classes=[0, 1])


def bags(ids: Any, y: Any, size: int) -> dict[str, Any]:
    """EmbeddingBag with the sparse gradients that SGD and Adagrad take; dense ones touch all 2^20 weights every batch."""
    import torch

    columns = torch.from_numpy(ids.astype(np.int64) + np.arange(IDS) * size)
    target = torch.from_numpy(y.astype(np.float32))[:, None]
    loss = torch.nn.BCEWithLogitsLoss()

    def train(kind: Any, sparse: bool, threads: int = torch.get_num_threads()) -> Any:
        weights = torch.nn.EmbeddingBag(WEIGHTS, 1, mode="sum", sparse=sparse)
        optimizer = kind(weights.parameters(), lr=0.1)

        def epoch() -> None:
            torch.set_num_threads(threads)
            for part in torch.randperm(len(columns)).split(BATCH):
                optimizer.zero_grad()
                loss(weights(columns[part]), target[part]).backward()
                optimizer.step()

        return epoch

    return {
        "torch EmbeddingBag, sparse SGD": train(torch.optim.SGD, True),
        "torch EmbeddingBag, sparse SGD, 1 thread": train(torch.optim.SGD, True, 1),
        "torch EmbeddingBag, sparse Adagrad": train(torch.optim.Adagrad, True),
        "torch EmbeddingBag, dense SGD": train(torch.optim.SGD, False),
    }


def wabbit(ids: Any, y: Any, size: int) -> dict[str, Any]:
    """Vowpal Wabbit over its cache file, which holds parsed rows: several times faster than text, or examples in Python."""
    from vowpalwabbit import Workspace

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, True)
    lines = zip(y.tolist(), (ids.astype(np.int64) + np.arange(IDS) * size).tolist(), strict=True)
    (folder / "rows").write_text("".join(f"{2 * label - 1} | {' '.join(map(str, row))}\n" for label, row in lines))
    files = f"-d {folder / 'rows'} --cache_file {folder / 'cache'} --loss_function logistic -b 20 --noconstant --quiet"
    Workspace(f"{files} -k").finish()
    return {
        "Vowpal Wabbit over its cache": lambda: Workspace(files).finish(),
        "Vowpal Wabbit over its cache, plain SGD": lambda: Workspace(f"{files} --sgd").finish(),
        "Vowpal Wabbit over its cache, FTRL": lambda: Workspace(f"{files} --ftrl").finish(),
    }
