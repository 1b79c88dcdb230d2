"""Inspection of models: the weights that matter with what they mean, and what lies near a term in an embedding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols._core.names import names_of
from featurecols._core.suggestions import explain_arguments
from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.types import Data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from featurecols.models.estimators.base import Estimator
    from featurecols.plan.plan import Plan

WEIGHTS, KERNEL = "linear/weights", "linear/kernel"
Terms = Mapping[tuple[Bucket, ...], int]


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight: what it is multiplied with, in words, and where it is: slot and id (or position in a column of numbers).

    count: how often the data that were given hold the id; None without data, and for numbers.
    """

    weight: float
    meaning: str
    slot: str
    id: int
    count: int | None = None

    def __str__(self) -> str:
        return f"{self.meaning}: {self.weight:+.2f}"


class Weights(list[Weight]):
    """A list of weights that prints one a line, and plots itself."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw bars (needs matplotlib) and return the axes."""
        from featurecols.models.inspection import plots

        return plots.weights(self, ax=ax)


class Neighbours(list[tuple[str, float]]):
    """(term, cosine) pairs that print one a line."""

    def __repr__(self) -> str:
        return "\n".join(f"{term}: {cosine:.2f}" for term, cosine in self)


@explain_arguments
@explain_arguments
def top_weights(
    model: Estimator,
    n: int = 20,
    *,
    slots: str | Iterable[str] | None = None,
    output: int = 0,
    data: Data | None = None,
    min_count: int = 0,
) -> Weights:
    """Return the n largest weights of a linear model (or part), by absolute value.

    Args:
        model: a LinearClassifier, LinearRegressor, or a wide & deep model.
        n: how many.
        slots: names of the columns to look at; None for all.
        output: which logit, with several classes.
        data: rows whose values say what hash buckets hold, and how often; without them a bucket is called by its number.
        min_count: leave out ids that data hold less often: large weights of rare values say little.

    Raises:
        ModelError: for a model without a linear part, an unknown slot, and a min_count without data.
    """
    if not hasattr(model, "get_variable_names"):
        raise errors.model(
            "top_weights", "needs a model", type(model).__name__, "give a linear or a wide model that is trained"
        )
    names = model.get_variable_names()
    plan = model._plan
    if plan is None or (WEIGHTS not in names and KERNEL not in names):
        raise errors.model("top_weights", "needs a linear part", type(model).__name__, "give a linear or a wide model")
    if data is None and min_count:
        raise errors.model("top_weights", "min_count counts in data, and there are none", min_count, "give data=")
    found = list(_largest_first(model, _known(model, slots), output))
    if min_count and data is not None:
        often = _counts(plan, {slot for _, slot, _, is_id in found if is_id}, data)
        found = [f for f in found if not f[3] or often[f[1]][f[2]] >= min_count]
    found = found[:n]
    asked: dict[str, list[int]] = {}
    for _, slot, i, is_id in found:
        if is_id:
            asked.setdefault(slot, []).append(i)
    terms: Mapping[str, Mapping[int, Terms]] = {} if data is None else plan._bucket_contents(data, asked)
    columns = {column.name: column for column in plan.columns}
    out = Weights()
    for weight, slot, i, is_id in found:
        held = terms.get(slot, {}).get(i, {})
        meaning = _describe_id(plan, columns[slot], i, held) if is_id else _number_name(plan, columns[slot], i)
        out.append(Weight(weight, meaning, slot, i, sum(held.values()) if is_id and data is not None else None))
    return out


def _known(model: Estimator, slots: str | Iterable[str] | None) -> set[str]:
    """Return the slots of the linear part that were asked for."""
    have = [slot for name in (KERNEL, WEIGHTS) for slot, _, _ in model._rows_of().get(name, [])]
    wanted = have if slots is None else names_of(slots)
    for slot in wanted:
        if slot not in have:
            raise errors.unknown("top_weights", "slot", slot, have)
    return set(wanted)


def _largest_first(model: Estimator, slots: set[str], output: int) -> Iterator[tuple[float, str, int, bool]]:
    """Yield (weight, slot, id or position of a number, whether it is an id) of every weight that is not zero."""
    found: list[tuple[float, str, int, bool]] = []
    for parameter in (WEIGHTS, KERNEL):
        if parameter not in model.get_variable_names():
            continue
        values = model.get_variable_value(parameter)[:, output]
        for slot, start, stop in model._rows_of()[parameter]:
            if slot in slots:
                lit = np.flatnonzero(values[start:stop])
                found += [
                    (w, slot, i, parameter == WEIGHTS) for w, i in zip(values[start:][lit].tolist(), lit.tolist(), strict=True)
                ]
    return iter(sorted(found, key=lambda f: -abs(f[0])))


def _counts(plan: Plan, slots: set[str], data: Data) -> dict[str, Array]:
    """Return how often data hold each id, int64 [num_buckets] by slot."""
    sizes = {s.name: s.num_buckets for s in plan.encoded_slots if s.name in slots}
    counts = {slot: np.zeros(size, np.int64) for slot, size in sizes.items()}
    for features in plan.encode_batches(data):
        for slot, size in sizes.items():
            values = features.ids[slot].elements()[0].values
            counts[slot] += np.bincount(values[(values >= 0) & (values < size)], minlength=size)
    return counts


def _bucket(plan: Plan, slot: str, i: int) -> Bucket:
    """Return what an id stands for."""
    bucket = plan.describe_id(slot, i).bucket
    if bucket is None:
        raise TypeError(f"{slot} has no ids")
    return bucket


def _describe_id(plan: Plan, column: Column, i: int, held: Terms) -> str:
    """Return what an id means.

    "job = cook", or of a hash bucket "occupation = Sales x education = Masters" where data tell.
    """
    keys, bucket = column.term_fields(), _bucket(plan, column.name, i)
    words: tuple[Bucket, ...] = (bucket,)
    others = ""
    if bucket.kind == "hash":
        if not held:
            return f"{' x '.join(keys)} = {bucket}"
        words, count = next(iter(held.items()))
        total = sum(held.values())
        others = "" if count == total else f" ({count / total:.0%} of the bucket)"
    weight = column.weight_field
    times = "" if weight is None else f", weighted by {weight.key}"
    return " x ".join(word.said_of(key) for key, word in zip(keys, words, strict=True)) + times + others


def _number_name(plan: Plan, column: Column, position: int) -> str:
    """Return the name of a number with its normalizers."""
    width = next(s.width for s in plan.encoded_slots if s.name == column.name)
    name = column.name if width == 1 else f"{column.name}[{position}]"
    steps = column.normalizer_names()
    return f"{name} ({', '.join(steps)})" if steps else name


@explain_arguments
@explain_arguments
def neighbours(
    model: Estimator, slot: str, term: object, n: int = 10, *, data: Data | None = None, min_count: int = 1
) -> Neighbours:
    """Return the terms whose rows of an embedding point the most alike, with the cosine: nearest first.

    Args:
        model: a model with embeddings.
        slot: name of the embedding column.
        term: a term of its vocabulary, or a value of its field where it is hashed. For an embedded cross: its words,
            joined by " x ".
        n: how many.
        data: rows that say what hash buckets hold; with them only ids that they use are compared. Terms that share a
            bucket share a row of the table, and are named together.
        min_count: with data, leave out ids that they hold less often: what was hardly trained points anywhere.

    Raises:
        ModelError: for an unknown embedding or term, and for hash buckets or a min_count without data.
    """
    plan = model._plan
    table = None if plan is None else next((s.table for s in plan.encoded_slots if s.name == slot), None)
    name = next((v for v in model.get_variable_names() if v.endswith(f"tables/{table}")), None)
    if plan is None or table is None or name is None:
        tables = [s.name for s in (plan.encoded_slots if plan is not None else ()) if s.table]
        raise errors.unknown("neighbours", "embedding", slot, tables or ["none"])
    if data is None and min_count > 1:
        raise errors.model("neighbours", "min_count counts in data, and there are none", min_count, "give data=")
    rows = model.get_variable_value(name)
    words = _terms_of_plan(plan, slot, len(rows)) if data is None else _terms_of_data(plan, slot, data, min_count)
    own = next((i for i, known in words.items() if str(term) in known), None)
    if own is None:
        known = [word for words_of in words.values() for word in words_of]
        raise errors.unknown("neighbours", "term", term, [*known[:12], *(["..."] if len(known) > 12 else [])])
    others = [i for i in words if i != own]
    near = _cosines(rows[others], rows[own])
    return Neighbours((", ".join(words[others[k]][:3]), float(near[k])) for k in np.argsort(-near, kind="stable")[:n])


def _terms_of_plan(plan: Plan, slot: str, size: int) -> dict[int, list[str]]:
    """Return the term of each id; raise ModelError for hash buckets, whose terms a plan does not know."""
    buckets = [_bucket(plan, slot, i) for i in range(size)]
    if buckets and buckets[0].kind == "hash":
        hint = "give data=, rows whose values fall there"
        raise errors.model("neighbours", "the plan does not know what its hash buckets hold", slot, hint)
    return {i: [str(bucket)] for i, bucket in enumerate(buckets)}


def _terms_of_data(plan: Plan, slot: str, data: Data, min_count: int) -> dict[int, list[str]]:
    """Return the terms of each id, the most frequent first."""
    found = plan._bucket_contents(data, {slot: None})[slot]
    return {i: [" x ".join(map(str, words)) for words in held] for i, held in found.items() if sum(held.values()) >= min_count}


def _cosines(rows: Array, to: Array) -> Array:
    """Return the cosine of each row with another one; 0 where one of them is zero."""
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(to)
    return np.divide(rows @ to, lengths, out=np.zeros(len(rows)), where=lengths > 0)
