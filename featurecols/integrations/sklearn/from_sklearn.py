"""Fitted preprocessing of scikit-learn as a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from featurecols._core.arrays import Array
from featurecols.integrations.sklearn.streams import Stream, refuse
from featurecols.integrations.sklearn.translate import TRANSLATIONS, Streams
from featurecols.plan.compile import compile
from featurecols.plan.plan import Plan

Chosen = str | int | slice | Sequence[str] | Sequence[int] | Sequence[bool] | Array


def from_sklearn(transformer: BaseEstimator, *, known_only: bool = False) -> Plan:
    """Return the plan that computes what a fitted transformer does: the same features in the same order, as float32.

    Takes OneHotEncoder, OrdinalEncoder, TargetEncoder, StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler,
    KBinsDiscretizer, SimpleImputer of numbers and "passthrough", alone, in a Pipeline or in a ColumnTransformer. Fields are
    called as in fit, or x0, x1, ... for arrays.

    Rows that scikit-learn takes have equal features, once its float64 is rounded to float32: those of a MinMaxScaler within one
    unit in the last place. Rows that it refuses may have features here: infinite numbers without an imputer before them, and
    missing ones in a KBinsDiscretizer.

    Args:
        transformer: what was fitted.
        known_only: whether every category that comes is one of those that encoders were fitted on, and none is missing. Then
            encoders are taken that raise for others (handle_unknown="error") or group infrequent categories, and OrdinalEncoder
            and TargetEncoder, whose number for other categories a column computes, but not their number for missing ones.

    Raises:
        ColumnError: for a transformer, or an argument of one, that no column computes; the message names it.
        sklearn.exceptions.NotFittedError: for one that is not fitted.

    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.preprocessing import OneHotEncoder, StandardScaler
    >>> people = pd.DataFrame({"age": [20, 40], "job": ["nurse", "pilot"]})
    >>> fitted = make_column_transformer(
    ...     (StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["job"])
    ... ).fit(people)
    >>> from_sklearn(fitted).transform_row({"age": 30, "job": "pilot"})
    array([0., 0., 1.], dtype=float32)
    """
    count = getattr(transformer, "n_features_in_", 0)
    keys = [str(key) for key in getattr(transformer, "feature_names_in_", [f"x{i}" for i in range(count)])]
    found = _translate(transformer, [Stream(key, key) for key in keys], known_only)
    if not found:
        raise refuse(transformer, "gives no features", "give one that does")
    plan = compile([stream.end() for stream in found])
    tables = {stream.name: stream.table for stream in found if stream.table is not None}
    return plan.with_tables(tables) if tables else plan


def _translate(transformer: BaseEstimator, streams: Streams, known_only: bool) -> Streams:
    """Return the streams after a transformer."""
    if isinstance(transformer, str):
        return streams  # "passthrough"
    if type(transformer) in (Pipeline, ColumnTransformer, *TRANSLATIONS):
        check_is_fitted(transformer)
    if type(transformer) is Pipeline:
        for _, step in transformer.steps:
            streams = streams if step is None else _translate(step, streams, known_only)
        return streams
    if type(transformer) is ColumnTransformer:
        return _translate_branches(transformer, streams, known_only)
    translation: Callable[..., Streams] | None = TRANSLATIONS.get(type(transformer))
    if translation is None:
        hint = (
            "give the steps before it: pipeline[:-1]" if hasattr(transformer, "predict") else f"known are {', '.join(_known())}"
        )
        raise refuse(transformer, "is not among what columns compute", hint)
    if type(transformer) is not FunctionTransformer:
        for stream in streams:
            stream.require_numbers(transformer)
    return translation(transformer, streams, known_only)


def _translate_branches(branches: ColumnTransformer, streams: Streams, known_only: bool) -> Streams:
    """Return the streams of the transformers of a ColumnTransformer, one after another."""
    if branches.transformer_weights:
        raise refuse(branches, "has transformer_weights", "scale in the transformers")
    names = list(getattr(branches, "feature_names_in_", range(branches.n_features_in_)))
    fitted = [
        (name, transformer, _positions(chosen, names))
        for name, transformer, chosen in branches.transformers_
        if not (isinstance(transformer, str) and transformer == "drop")
    ]
    readers = Counter(i for _, _, positions in fitted for i in positions)
    found: Streams = []
    for name, transformer, positions in fitted:
        mine = [
            replace(streams[i], name=f"{name}__{streams[i].name}") if readers[i] > 1 else streams[i]  # as scikit-learn does
            for i in positions
        ]
        if mine:
            found += _translate(transformer, mine, known_only)
    return found


def _positions(chosen: Chosen, names: Sequence[str]) -> list[int]:
    """Return the positions of the columns that a ColumnTransformer chose."""
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            start = 0 if chosen.start is None else names.index(chosen.start)
            return list(range(start, len(names) if chosen.stop is None else names.index(chosen.stop) + 1))
        return list(range(len(names))[chosen])
    listed: list[object] = [chosen] if isinstance(chosen, (str, int)) else list(chosen)
    if listed and all(isinstance(c, (bool, np.bool_)) for c in listed):
        return [i for i, c in enumerate(listed) if c]
    return [names.index(c) if isinstance(c, str) else range(len(names))[int(c)] for c in listed]  # type: ignore[call-overload]


def _known() -> list[str]:
    return [kind.__name__ for kind in TRANSLATIONS]
