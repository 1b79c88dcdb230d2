"""One epoch of a network over the census columns, from Parquet to trained weights, by other libraries; prints one line of JSON.

    python network_rival.py torch|keras|estimator FILE deep|wide

The network is 128-64 with Adam(0.01) and batches of 512 over 5 standardized numbers and the one-hots of 8 categories; `wide`
adds a linear model over the categories. Each reads with pyarrow, dictionaries kept, so that a category costs its codes alone.
Imports are not timed, and a run before the clock starts warms what is traced or compiled once. Several forms of a library are
timed where several are usual.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq

CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country"]
NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
UNITS, RATE, BATCH = (128, 64), 0.01, 512
Cases = dict[str, Callable[[], Any]]


def read(path: str) -> tuple[Any, Any, list[int], Any]:
    """Numbers standardized [n, 5], codes [n, 8], terms a category, labels [n, 1]."""
    table = pq.read_table(path, read_dictionary=CATEGORIES).unify_dictionaries().combine_chunks()
    x = np.stack([table[key].to_numpy() for key in NUMBERS], axis=1).astype(np.float32)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    columns = [table[key].chunk(0) for key in CATEGORIES]
    codes = np.stack([column.indices.to_numpy() for column in columns], axis=1)
    return x, codes, [len(column.dictionary) for column in columns], table["rich"].to_numpy().astype(np.float32)[:, None]


def one_hots(x: Any, codes: Any, sizes: list[int]) -> Any:
    """Numbers, then one-hots [n, 5 + terms]."""
    out = np.zeros((len(x), x.shape[1] + sum(sizes)), np.float32)
    out[:, : x.shape[1]] = x
    np.put_along_axis(out, codes + x.shape[1] + np.cumsum([0, *sizes[:-1]]), 1, axis=1)
    return out


def torch(path: str, wide: bool) -> Cases:
    import torch
    from torch import nn

    class Bags(nn.Module):
        """The one-hots' products as sums of embeddings."""

        def __init__(self, numbers: int, terms: int) -> None:
            super().__init__()
            self.first, self.numbers = nn.EmbeddingBag(terms, UNITS[0], mode="sum"), nn.Linear(numbers, UNITS[0])
            self.rest = nn.Sequential(nn.ReLU(), nn.Linear(*UNITS), nn.ReLU(), nn.Linear(UNITS[1], 1))
            self.wide = nn.EmbeddingBag(terms, 1, mode="sum") if wide else None

        def forward(self, x: Any, ids: Any) -> Any:
            z = self.rest(self.first(ids) + self.numbers(x))
            return z if self.wide is None else z + self.wide(ids)

    class Matrix(nn.Module):
        """Linear layers over the one-hots."""

        def __init__(self, numbers: int, terms: int) -> None:
            super().__init__()
            hidden = [nn.Linear(numbers + terms, UNITS[0]), nn.ReLU(), nn.Linear(*UNITS), nn.ReLU()]
            self.deep, self.skip = nn.Sequential(*hidden, nn.Linear(UNITS[1], 1)), numbers
            self.wide = nn.Linear(terms, 1) if wide else None

        def forward(self, x: Any) -> Any:
            return self.deep(x) if self.wide is None else self.deep(x) + self.wide(x[:, self.skip :])

    def train(kind: Any, threads: int) -> None:
        torch.set_num_threads(threads)
        x, codes, sizes, y = read(path)
        if kind is Bags:
            given = [torch.from_numpy(x), torch.from_numpy(codes + np.cumsum([0, *sizes[:-1]]))]
        else:
            given = [torch.from_numpy(one_hots(x, codes, sizes))]
        target, model = torch.from_numpy(y), kind(x.shape[1], sum(sizes))
        optimizer, loss = torch.optim.Adam(model.parameters(), lr=RATE, fused=True), nn.BCEWithLogitsLoss()
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(*(part[rows] for part in given)), target[rows]).backward()
            optimizer.step()

    forms = {"EmbeddingBag": Bags, "one-hot matrix": Matrix}
    return {
        f"torch, {form}, {threads} threads": lambda kind=kind, threads=threads: train(kind, threads)
        for form, kind in forms.items()
        for threads in (1, torch.get_num_threads())
    }


def keras(path: str, wide: bool) -> Cases:
    import keras

    name = keras.backend.backend()

    def train(steps: int) -> None:
        x, codes, sizes, y = read(path)
        given = keras.Input((x.shape[1] + sum(sizes),))
        z = given
        for size in UNITS:
            z = keras.layers.Dense(size, activation="relu")(z)
        z = keras.layers.Dense(1)(z)
        if wide:
            z = z + keras.layers.Dense(1, use_bias=False)(given[:, x.shape[1] :])
        model = keras.Model(given, z)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(RATE), loss, steps_per_execution=steps)
        model.fit(one_hots(x, codes, sizes), y, batch_size=BATCH, epochs=1, verbose=0)

    if name == "torch":  # which runs step by step whatever steps_per_execution says
        return {"Keras 3 on torch": lambda: train(1)}
    return {f"Keras 3 on {name}, steps_per_execution={steps}": lambda steps=steps: train(steps) for steps in (1, 32)}


def estimator(path: str, wide: bool) -> Cases:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    logging.disable(logging.CRITICAL)
    import tensorflow as tf

    fcol, adam = tf.feature_column, tf.keras.optimizers.legacy.Adam

    def train() -> None:
        x, codes, sizes, y = read(path)
        features = {key: x[:, i] for i, key in enumerate(NUMBERS)}
        features |= {key: codes[:, i] for i, key in enumerate(CATEGORIES)}
        known = [fcol.categorical_column_with_identity(key, size) for key, size in zip(CATEGORIES, sizes, strict=True)]
        deep = [fcol.numeric_column(key) for key in NUMBERS] + [fcol.indicator_column(column) for column in known]
        with tempfile.TemporaryDirectory() as folder:
            if wide:
                model = tf.estimator.DNNLinearCombinedClassifier(
                    folder, known, adam(RATE), deep, adam(RATE), dnn_hidden_units=list(UNITS)
                )
            else:
                model = tf.estimator.DNNClassifier(list(UNITS), deep, folder, optimizer=adam(RATE))
            model.train(lambda: tf.data.Dataset.from_tensor_slices((features, y)).shuffle(len(y)).batch(BATCH).prefetch(2))

    return {"tf.estimator": train}


def main(library: str, path: str, shape: str) -> None:
    cases = {"torch": torch, "keras": keras, "estimator": estimator}[library](path, shape == "wide")
    found: dict[str, list[float]] = {}
    for name, train in cases.items():
        if library != "estimator":  # it builds its graph anew for every model
            train()
        found[name] = []
        for _ in range(3):
            start = time.perf_counter()
            train()
            found[name].append(time.perf_counter() - start)
    print(json.dumps({"seconds": found, "versions": versions(library)}))


def versions(library: str) -> dict[str, str]:
    if library == "keras":
        import keras

        name = keras.backend.backend()
        return {"keras": f"{keras.__version__} on {name} {sys.modules[name].__version__}"}
    name = "torch" if library == "torch" else "tensorflow"
    return {name: sys.modules[name].__version__}


if __name__ == "__main__":
    main(*sys.argv[1:])
