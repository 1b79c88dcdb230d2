"""CatBoost, RealMLP (pytabkit) and TabM (tabm, trained by pytabkit) on raw columns, with their default arguments.

What is not installed is left out: pip install catboost pytabkit tabm. The networks run where FEATURECOLS_SLOW_SEEDS says how
many seeds they get (0), except on the flights. They hold out a part of the training rows by themselves, to stop early. On
processors they take minutes, TabM much longer: its 32 networks are 4 * 10^12 operations for a pass over the census rows.
"""

from __future__ import annotations

import importlib.util
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Raw:
    """Training and test rows of raw columns as data frames, categories as texts; labels are numbers, or class numbers."""

    train: Any
    test: Any
    labels: Any
    categories: tuple[str, ...]
    regression: bool

    def logits(self, model: Any) -> Any:
        """Predictions of the test rows, or logits [n], or [n, classes] where there are more than two."""
        if self.regression:
            return np.asarray(model.predict(self.test)).reshape(-1)
        p = np.log(np.clip(np.asarray(model.predict_proba(self.test), np.float64), 1e-9, 1))
        return p[:, 1] - p[:, 0] if p.shape[1] == 2 else p


Run = Callable[[Raw, int], tuple[float, Any]]  # rows, seed -> seconds, logits of the test rows


def slow_seeds() -> range:
    return range(int(os.environ.get("FEATURECOLS_SLOW_SEEDS", "0")))


def installed(*, large: bool) -> list[tuple[str, Run, bool]]:
    """Name, run, and whether it is slow, of what is installed; nothing slow for a large task."""
    found: list[tuple[str, Run, bool]] = []
    if importlib.util.find_spec("catboost") and (slow_seeds() or not large):
        found.append(("CatBoost, raw columns, defaults", _catboost, large))
    if importlib.util.find_spec("pytabkit") and not large and slow_seeds():
        found.append(("RealMLP, raw columns, defaults", _network("RealMLP_TD"), True))
        if importlib.util.find_spec("tabm"):
            found.append(("TabM, raw columns, defaults", _network("TabM_D"), True))
    return found


def _catboost(raw: Raw, seed: int) -> tuple[float, Any]:
    import catboost

    kind = catboost.CatBoostRegressor if raw.regression else catboost.CatBoostClassifier
    model = kind(random_seed=seed, verbose=False, allow_writing_files=False, cat_features=list(raw.categories))
    start = time.process_time()
    model.fit(raw.train, raw.labels)
    return time.process_time() - start, raw.logits(model)


def _network(name: str) -> Run:
    def run(raw: Raw, seed: int) -> tuple[float, Any]:
        import pytabkit

        kind = getattr(pytabkit, f"{name}_{'Regressor' if raw.regression else 'Classifier'}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = kind(random_state=seed, device="cpu", n_threads=os.cpu_count())
            start = time.process_time()
            model.fit(raw.train, raw.labels, cat_col_names=list(raw.categories))
            return time.process_time() - start, raw.logits(model)

    return run
