"""What people would use instead for text: scikit-learn's TfidfVectorizer, and a linear model or trees over it.

Words and pairs of words, at most 30,000, as the models of featurecols have them. Making the features is timed, as ours is. C
was chosen among 1, 5 and 20 on a random fifth of the training rows; LightGBM has its default settings.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Run = Callable[[list[str], Any, list[str], int], tuple[float, Any]]


def installed() -> list[tuple[str, Run, bool]]:
    """Return the name of each rival, run(texts, labels, test texts, seed) -> (seconds, logits), and whether seeds matter."""
    found: list[tuple[str, Run, bool]] = [("scikit-learn TfidfVectorizer, LogisticRegression", _logistic, False)]
    if importlib.util.find_spec("lightgbm"):
        found.append(("LightGBM, TfidfVectorizer", _trees, False))
    return found


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), max_features=30_000, token_pattern=r"\w+")


def _logistic(texts: list[str], y: Any, test: list[str], seed: int) -> tuple[float, Any]:
    from sklearn.linear_model import LogisticRegression

    start = time.process_time()
    vectorizer = _vectorizer()
    model = LogisticRegression(C=5.0, solver="liblinear").fit(vectorizer.fit_transform(texts), y)
    seconds = time.process_time() - start
    return seconds, model.decision_function(vectorizer.transform(test))


def _trees(texts: list[str], y: Any, test: list[str], seed: int) -> tuple[float, Any]:
    import lightgbm

    start = time.process_time()
    vectorizer = _vectorizer()
    model = lightgbm.LGBMClassifier(random_state=seed, verbose=-1)
    model.fit(vectorizer.fit_transform(texts).astype(np.float32), y)
    seconds = time.process_time() - start
    return seconds, model.predict(vectorizer.transform(test).astype(np.float32), raw_score=True)
