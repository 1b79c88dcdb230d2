"""Looking at models: the weights that matter with what they mean, and what lies near a term in an embedding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols.models import errors
from featurecols.models.pipeline import needs_of
from featurecols.sources import Source
from featurecols.values import Array, Ids

if TYPE_CHECKING:
    from featurecols.models.estimators import Estimator

WEIGHTS, KERNEL = "linear/weights", "linear/kernel"


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight: what it is multiplied with, in words, and where it is: slot and id (or cell of a number)."""

    weight: float
    meaning: str
    slot: str
    id: int

    def __str__(self) -> str:
        return f"{self.meaning}: {self.weight:+.2f}"


class Weights(list[Weight]):
    """A list of weights that prints one a line, and plots itself."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def plot(self, ax: Any = None) -> Any:
        """Bars; needs matplotlib. Returns the axes."""
        from featurecols.models import plots

        return plots.weights(self, ax=ax)


def top_weights(model: Estimator, n: int = 20, *, output: int = 0, data: Any = None) -> Weights:
    """The n largest weights of a linear model (or part), by absolute value.

    Args:
        model: a LinearClassifier, LinearRegressor, or a wide & deep model.
        n: how many.
        output: which logit, with several classes.
        data: rows whose values say what hash buckets hold; without them a bucket is called by its number.
    """
    names = model.get_variable_names()
    if WEIGHTS not in names and KERNEL not in names:
        raise errors.model("top_weights", "needs a linear part", type(model).__name__, "give a linear or a wide model")
    found: list[tuple[float, str, int, bool]] = []
    for parameter in (WEIGHTS, KERNEL):
        if parameter not in names:
            continue
        values = model.get_variable_value(parameter)[:, output]
        spans = model.rows_of()[parameter]
        for at in np.argsort(-np.abs(values), kind="stable")[:n].tolist():
            slot, start = next((name, a) for name, a, b in spans if a <= at < b)
            found.append((float(values[at]), slot, at - start, parameter == WEIGHTS))
    found = sorted(found, key=lambda f: -abs(f[0]))[:n]
    spelled = spell(model, {(slot, i) for _, slot, i, is_id in found if is_id}, data)
    return Weights(
        Weight(w, spelled[slot, i] if is_id else _cell(model, slot, i), slot, i) for w, slot, i, is_id in found if w != 0
    )


def neighbours(model: Estimator, slot: str, term: Any, n: int = 10, *, data: Any = None) -> list[tuple[str, float]]:
    """The terms whose rows of an embedding point the most alike, with the cosine: nearest first.

    Args:
        slot: name of the embedding column.
        term: a term of its vocabulary, or a value of its field where it is hashed.
        data: rows that say what hash buckets hold; only buckets that they use are compared.
    """
    plan = model.plan
    table = next((s.table for s in plan.feature_slots if s.name == slot), None) if plan is not None else None
    name = next((v for v in model.get_variable_names() if v.endswith(f"tables/{table}")), None)
    if table is None or name is None:
        tables = [v.rpartition("tables/")[2] for v in model.get_variable_names() if "tables/" in v]
        raise errors.unknown("neighbours", "embedding", slot, tables)
    rows = model.get_variable_value(name)
    ids = range(len(rows)) if data is None else used(model, slot, data)
    words = {i: word for (_, i), word in spell(model, [(slot, i) for i in ids], data, names=False).items()}
    place = next((i for i, word in words.items() if word == str(term)), None)
    if place is None:
        raise errors.unknown("neighbours", "term", term, list(words.values())[:12])
    others = [i for i in words if i != place]
    near = _cosines(rows[others], rows[place])
    return [(words[others[k]], float(near[k])) for k in np.argsort(-near, kind="stable")[:n]]


def spell(
    model: Estimator, wanted: Iterable[tuple[str, int]], data: Any = None, *, names: bool = True
) -> dict[tuple[str, int], str]:
    """What (slot, id) pairs mean: "job = cook"; with data also "occupation = Sales x education = Masters" for a hash bucket.

    names: whether fields are named, and what else is in a bucket is said.
    """
    wanted = list(wanted)
    plan = model.plan
    assert plan is not None
    columns = {column.name: column for column in plan.columns}
    out: dict[tuple[str, int], str] = {}
    for slot, i in wanted:
        word = plan.describe_id(slot, i)
        out[slot, i] = f"{' x '.join(fields(columns[slot]))} = {word}" if names else word
    hashed = {pair for pair in wanted if plan.describe_id(*pair).startswith("hash ")}
    if data is None or not hashed:
        return out
    counts: dict[tuple[str, int], Counter[str]] = {pair: Counter() for pair in hashed}
    slots = {slot for slot, _ in hashed}
    for batch in Source.of(data).batches(needs_of(plan)):
        encoded = plan.encode(batch)
        for slot in slots:
            keys = fields(columns[slot])
            values = [batch.cells(key).to_pylist() for key in keys]
            for row, i in _lit(encoded.ids[slot], {i for s, i in hashed if s == slot}):
                said = [_shown(v[row]) for v in values]
                counts[slot, i][" x ".join(map(" = ".join, zip(keys, said, strict=True)) if names else said)] += 1
    for pair, seen in counts.items():
        if seen:
            (text, count), total = seen.most_common(1)[0], seen.total()
            others = "" if count == total or not names else f" ({count / total:.0%} of the bucket)"
            out[pair] = text + others
    return out


def used(model: Estimator, slot: str, data: Any) -> list[int]:
    """The ids of a slot that data hold."""
    plan = model.plan
    assert plan is not None
    found = np.unique(plan.encode(data).ids[slot].values)
    return [int(i) for i in found if i >= 0]


def fields(column: Any) -> list[str]:
    """Keys of the raw fields behind a column, in order, each once."""
    found: dict[str, None] = {}
    for source in column.inputs():
        for key in [source.key] if hasattr(source, "key") and not hasattr(source, "inputs") else fields(source):
            found[key] = None
    return list(found)


def _cell(model: Estimator, slot: str, cell: int) -> str:
    assert model.plan is not None
    width = next(s.width for s in model.plan.feature_slots if s.name == slot)
    return slot if width == 1 else f"{slot}[{cell}]"


def _lit(ids: Ids, wanted: set[int]) -> Iterable[tuple[int, int]]:
    """Row and id of every wanted id."""
    flat, offsets = ids.elements()
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    at = np.isin(flat.values, list(wanted))
    return zip(rows[at].tolist(), flat.values[at].tolist(), strict=True)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cosines(rows: Array, to: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(to)
    return np.divide(rows @ to, lengths, out=np.zeros(len(rows)), where=lengths > 0)
