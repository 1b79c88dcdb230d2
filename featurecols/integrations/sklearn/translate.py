"""Fitted transformers of scikit-learn as columns: one function for each, from the streams of fields that it reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from featurecols._core.arrays import Array
from featurecols.columns.normalizers import Clip, ZScore
from featurecols.integrations.sklearn.streams import Stream, Term, refuse

Streams = list[Stream]
IGNORE = 'fit it with handle_unknown="ignore"'
KNOWN = "pass known_only=True if every category that comes is one that it was fitted on"


class Encoder(Protocol):
    """What encoders tell of their fit."""

    categories_: Sequence[Array]


def scale_standard(scaler: StandardScaler, streams: Streams, known_only: bool) -> Streams:
    """Return (x - mean) / scale."""
    means = np.zeros(len(streams)) if scaler.mean_ is None or not scaler.with_mean else scaler.mean_
    scales = np.ones(len(streams)) if scaler.scale_ is None else scaler.scale_
    return [s.normalized(ZScore(mean=float(m), std=float(d))) for s, m, d in zip(streams, means, scales, strict=True)]


def scale_robust(scaler: RobustScaler, streams: Streams, known_only: bool) -> Streams:
    """Return (x - center) / scale."""
    centers = np.zeros(len(streams)) if scaler.center_ is None else scaler.center_
    scales = np.ones(len(streams)) if scaler.scale_ is None else scaler.scale_
    return [s.normalized(ZScore(mean=float(c), std=float(d))) for s, c, d in zip(streams, centers, scales, strict=True)]


def scale_max(scaler: MaxAbsScaler, streams: Streams, known_only: bool) -> Streams:
    """Return x / scale."""
    clip = [Clip(-1.0, 1.0)] if getattr(scaler, "clip", False) else []  # an argument since scikit-learn 1.8
    return [s.normalized(ZScore(mean=0.0, std=float(d)), *clip) for s, d in zip(streams, scaler.scale_, strict=True)]


def scale_minmax(scaler: MinMaxScaler, streams: Streams, known_only: bool) -> Streams:
    """Return x * scale + min, clipped where it says so; the product is a division here, which may differ in the last bit."""
    low, high = (float(v) for v in scaler.feature_range)
    clip = [Clip(low, high)] if scaler.clip else []
    found = []
    for s, scale, start in zip(streams, scaler.scale_, scaler.min_, strict=True):
        found.append(s.normalized(ZScore(mean=0.0, std=float(1 / scale)), ZScore(mean=float(-start), std=1.0), *clip))
    return found


def impute(imputer: SimpleImputer, streams: Streams, known_only: bool) -> Streams:
    """Fill missing numbers; fields that had none in fit are left out, as scikit-learn does."""
    if imputer.add_indicator:
        raise refuse(imputer, "has add_indicator=True, which no column computes", "fit it without")
    found = []
    for s, value in zip(streams, imputer.statistics_, strict=True):
        if isinstance(value, str) or not isinstance(value, (int, float, np.number)):
            what = f"fills texts, in {s.key!r}, and columns give missing texts no id"
            raise refuse(imputer, what, 'leave it out: OneHotEncoder(handle_unknown="ignore") gives missing ones zeros')
        if s.normalizers or not math.isnan(s.default):
            raise refuse(imputer, f"comes after another step on {s.key!r}, and numbers are filled first", "put it first")
        marker = imputer.missing_values
        named = isinstance(marker, (str, int, float)) and not (isinstance(marker, float) and math.isnan(marker))
        if not math.isnan(value):
            found.append(replace(s, default=float(value), missing=(marker,) if named else ()))
    return found


def bin_numbers(bins: KBinsDiscretizer, streams: Streams, known_only: bool) -> Streams:
    """Return the interval of a number, one-hot or as its position."""
    found = []
    for s, edges in zip(streams, bins.bin_edges_, strict=True):
        inner = [float(edge) for edge in edges[1:-1]]
        if not inner:
            raise refuse(bins, f"found one bin in {s.key!r}, a constant", "leave the field out")
        source = s.buckets(inner)
        found.append(s.as_numbers(source, list(range(len(inner) + 1))) if bins.encode == "ordinal" else s.one_hot(source))
    return found


def encode_one_hot(encoder: OneHotEncoder, streams: Streams, known_only: bool) -> Streams:
    """Return a feature for each category, in scikit-learn's order, and a last one for those that are infrequent."""
    found = []
    dropped = [None] * len(streams) if encoder.drop_idx_ is None else encoder.drop_idx_
    for i, (s, drop) in enumerate(zip(streams, dropped, strict=True)):
        terms, infrequent = _terms(encoder, s, i)
        if encoder.handle_unknown == "error" and not known_only:
            raise refuse(
                encoder,
                f'has handle_unknown="error", in {s.key!r}, and columns let unseen values pass',
                f"{IGNORE}, or {KNOWN}",
            )
        if infrequent:
            if drop is not None:
                raise refuse(encoder, f"drops a category and groups infrequent ones, in {s.key!r}", "do one of them")
            if not known_only:
                what = f'groups infrequent categories, in {s.key!r}; missing (and with "ignore" unknown) values would join them'
                raise refuse(encoder, what, KNOWN)
            found.append(s.one_hot(s.terms(terms, unseen=len(terms))))
            continue
        kept = [term for k, term in enumerate(terms) if k != drop]
        if kept:
            found.append(s.one_hot(s.terms(kept)))
    return found


def encode_ordinal(encoder: OrdinalEncoder, streams: Streams, known_only: bool) -> Streams:
    """Return the position of a category, and a number for unknown ones."""
    if not known_only:
        raise refuse(encoder, "gives missing categories a number of their own or an error, and columns give them 0", KNOWN)
    found = []
    for i, s in enumerate(streams):
        terms, infrequent = _terms(encoder, s, i)
        last = len(terms) if infrequent else encoder.unknown_value
        numbers = list(range(len(terms))) if last is None else [*range(len(terms)), last]
        found.append(s.as_numbers(s.terms(terms, unseen=None if last is None else len(terms)), numbers))
    return found


def encode_target(encoder: TargetEncoder, streams: Streams, known_only: bool) -> Streams:
    """Return the mean of the target among rows of a category, and its mean over all rows for unknown ones."""
    if not known_only:
        raise refuse(encoder, "gives missing categories the mean of the target, and columns give them 0", KNOWN)
    if encoder.target_type_ not in ("binary", "continuous"):
        raise refuse(encoder, f"has a target of type {encoder.target_type_!r}", "encode one class at a time")
    found = []
    for i, (s, means) in enumerate(zip(streams, encoder.encodings_, strict=True)):
        terms, _ = _terms(encoder, s, i)
        found.append(s.as_numbers(s.terms(terms, unseen=len(terms)), [*map(float, means), float(encoder.target_mean_)]))
    return found


def pass_through(function: FunctionTransformer, streams: Streams, known_only: bool) -> Streams:
    """Return what comes in."""
    if function.func is not None:
        raise refuse(function, f"calls a function, {function.func!r}", "write it as a column")
    return streams


def _terms(encoder: Encoder, s: Stream, i: int) -> tuple[list[Term], bool]:
    """Return the categories of a field that have a feature of their own, and whether others share one."""
    if not s.untouched:
        raise refuse(encoder, f"comes after another step on {s.key!r}", "encode the field as it is")
    groups = getattr(encoder, "infrequent_categories_", None)
    infrequent = [] if groups is None or groups[i] is None else list(groups[i])
    terms = [_term(encoder, s, category) for category in encoder.categories_[i] if category not in infrequent]
    if not terms:
        raise refuse(encoder, f"found infrequent categories alone in {s.key!r}", "leave the field out")
    return terms, bool(infrequent)


def _term(encoder: Encoder, s: Stream, category: object) -> Term:
    value = category.item() if isinstance(category, np.generic) else category
    if value is None or value != value:
        raise refuse(encoder, f"has a category for missing values, in {s.key!r}", "fit it on rows that have a value")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
        return int(value)
    if not isinstance(value, (str, bytes, int)):
        raise refuse(encoder, f"has the category {value!r}, in {s.key!r}", "categories are texts, booleans or whole numbers")
    return value


TRANSLATIONS: dict[type, Callable[..., Streams]] = {
    FunctionTransformer: pass_through,
    KBinsDiscretizer: bin_numbers,
    MaxAbsScaler: scale_max,
    MinMaxScaler: scale_minmax,
    OneHotEncoder: encode_one_hot,
    OrdinalEncoder: encode_ordinal,
    RobustScaler: scale_robust,
    SimpleImputer: impute,
    StandardScaler: scale_standard,
    TargetEncoder: encode_target,
}
