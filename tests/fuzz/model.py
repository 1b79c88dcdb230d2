"""Exported models with damaged files: refused, or the predictions of the model that was exported."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

import featurecols as fc
from tests.fuzz.plan import DATA, columns, damage_folder

TRAINING = {**DATA, "y": [0, 1, 1, 0, 1] * 30}
WIDE = [fc.Vocabulary("c", ["a", "b"]), fc.Crossed(["c", "l"], 20), fc.Bucketized("x", [1.0, 2.0], missing_bucket=3)]


def make(folder: Path) -> ModelTarget:
    """Export a model of every kind."""
    m = fc.models
    models = {
        "linear": lambda: m.LinearClassifier(WIDE, optimizer="Ftrl").train(TRAINING, label="y", steps=2),
        "dnn": lambda: m.DNNRegressor(columns(), [4, 2]).train(TRAINING, label="y", steps=2),
        "wide": lambda: m.WideDeepClassifier(WIDE, columns(), hidden_units=[3]).train(TRAINING, label="y", steps=2),
        "words": lambda: m.LinearClassifier(WIDE, n_classes=3, label_vocabulary=["u", "v", "w"]).train(
            {**DATA, "y": ["u", "v", "w", "u", "v"] * 30}, label="y", steps=2
        ),
        "baseline": lambda: m.BaselineClassifier(WIDE).train(TRAINING, label="y", steps=2),
        "sequential": lambda: _sequential(),
    }
    for name, train in models.items():
        if not (folder / "models" / name).exists():
            train().export(folder / "models" / name) if name != "sequential" else train().save(folder / "models" / name)
    return ModelTarget([folder / "models" / name for name in models])


def _sequential() -> fc.models.Sequential:
    layers = fc.models.layers
    model = fc.models.Sequential([layers.DenseFeatures(columns()), layers.Dense(3, "relu"), layers.Dense(1)])
    model.compile("Adam", "mse")
    model.fit(TRAINING, label="y", epochs=1)
    return model


class ModelTarget:
    """A folder in which one file is damaged."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.whole = [predict(path) for path in folders]
        self.which = 0

    def damage(self, random: Random, path: Path) -> str:
        self.which = random.randrange(len(self.folders))
        return damage_folder(random, self.folders[self.which], path)

    def read(self, path: Path) -> object:
        return predict(path)

    def judge(self, path: Path, ours: object) -> str | None:
        return None if isinstance(ours, Exception) or ours == self.whole[self.which] else "wrong"


def predict(path: Path) -> bytes:
    """What a model says of some rows."""
    found = fc.models.load(path).predict(DATA)
    arrays = [found] if isinstance(found, np.ndarray) else [np.asarray(found[name]) for name in sorted(found.keys())]
    return b"".join(repr(a.tolist()).encode() if a.dtype.kind == "O" else a.tobytes() for a in arrays)
