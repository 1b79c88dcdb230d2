"""What means of the label add to a small model: late flights, from month and schedule. `python -m benchmarks.target_means`.

Logistic regression of scikit-learn over one-hots of four fields and two numbers, and with the mean label of eleven fields and
crosses beside them: computed as training rows are, as all others are (which tells a row its label), and by scikit-learn's
TargetEncoder; and the linear model of this package over the same columns.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import TargetEncoder

import featurecols as fc
from benchmarks import model_tasks
from featurecols.models import LinearClassifier, RunConfig

CROSSES = (
    "carrier hour", "dest hour", "carrier dest", "origin hour", "month hour", "month dest", "month carrier",
    "month origin hour",
)  # fmt: skip
ROW = ("month", "day", "sched_dep_time", "carrier", "flight", "origin")  # what makes a flight one of a kind
MEANS = ("tailnum", "flight", "dest", *CROSSES)


def columns() -> tuple[list[fc.Column], list[fc.Column]]:
    """The plain columns, and the means."""
    words = [fc.Indicator(fc.Vocabulary(key, fc.TopTerms(None))) for key in ("month", "hour", "carrier", "origin")]
    numbers = [fc.Numeric(key, normalizer=fc.ZScore()) for key in ("sched_dep_time", "distance")]
    sources = [key if " " not in key else fc.Crossed(key.split(), 2**16) for key in MEANS]
    return [*words, *numbers], [
        fc.Numeric(fc.TargetMean(source, "late", fold_by=ROW), normalizer=fc.ZScore()) for source in sources
    ]


def run() -> None:
    """Train and print the scores of the held-out rows."""
    task = model_tasks.TASKS["flights"]()
    train, test = (pq.read_table(path) for path in (task.train, task.test))
    y, held = (np.asarray(table["late"]) for table in (train, test))
    plain, means = columns()
    alone, both = fc.fit(plain, train), fc.fit([*plain, *means], train)
    start = time.process_time()
    training = both.transform_training(train)
    print(f"{alone.width} features and {len(means)} means; training rows in {time.process_time() - start:.1f} s")
    _score("without means", alone.transform(train), y, alone.transform(test), held)
    _score("TargetMean", training, y, both.transform(test), held)
    _score("TargetMean, trained on transform", both.transform(train), y, both.transform(test), held)
    words = [_words(table) for table in (train, test)]
    encoder = TargetEncoder(random_state=0)
    found = [encoder.fit_transform(words[0], y), encoder.transform(words[1])]
    _score(
        "TargetEncoder", np.hstack([alone.transform(train), found[0]]), y, np.hstack([alone.transform(test), found[1]]), held
    )
    for name, declared in (("without means", plain), ("TargetMean", [*plain, *means])):
        model = LinearClassifier(declared, config=RunConfig(seed=0, progress=False))
        scores = model.train(train, label="late").evaluate(test, label="late")
        print(f"LinearClassifier, {name:<33} AUC {scores['auc']:.4f}  log loss {scores['average_loss']:.4f}", flush=True)


def _words(table: object) -> np.ndarray:
    """The sources of the means as texts."""
    frame = pd.DataFrame({key: table[key].to_pandas().astype(str) for key in {k for m in MEANS for k in m.split()}})  # type: ignore[index]
    return np.stack([frame[list(m.split())].agg("|".join, axis=1) if " " in m else frame[m] for m in MEANS], axis=1)


def _score(name: str, x: np.ndarray, y: np.ndarray, test: np.ndarray, held: np.ndarray) -> None:
    model = LogisticRegression(max_iter=200).fit(x, y)
    p = model.predict_proba(test)[:, 1]
    print(f"LogisticRegression, {name:<31} AUC {roc_auc_score(held, p):.4f}  log loss {log_loss(held, p):.4f}", flush=True)


if __name__ == "__main__":
    run()
