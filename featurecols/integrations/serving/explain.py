"""What a model sees in a row: its numbers that are not zero and its ids, in words, with the fields behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from featurecols import errors
from featurecols._core.arrays import Features
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.columns.base import field_keys
from featurecols.integrations.serving.json_text import Json
from featurecols.integrations.serving.requests import Rows
from featurecols.plan.plan import Plan

MOST = 200  # features of a row that are shown
NARROW = 1 << 16  # features of a plan whose matrix is asked what was filled


def explain(plan: Plan, rows: Rows) -> list[dict[str, object]]:
    """Return for each row what the columns made of it.

    `features` holds, for each number that is not zero and each id, its `name`, its `value` (of an id its weight, 1 without),
    the `column` and `from`, the raw values that the column read. `filled` says what missing or unseen values counted as, where
    the plan has a matrix.
    """
    encoded = plan.encode(rows.columns)
    reads = {column.name: field_keys(column) for column in plan.columns}
    found = []
    for i in range(rows.count):
        row = {key: column[i] for key, column in rows.columns.items()}
        features = []
        for slot, name, value in _features(plan, encoded, i):
            given = {key: _readable(row[key]) for key in reads.get(slot, ()) if key in row}
            features.append({"name": name, "value": value, "column": slot, "from": given})
            if len(features) == MOST:
                break
        found.append({"features": features, "filled": _filled(plan, row)})
    return found


def _features(plan: Plan, encoded: Features, i: int) -> Iterator[tuple[str, str, float]]:
    """Yield slot, name and value of each feature of a row that is not zero."""
    for slot in plan.encoded_slots:
        if isinstance(slot, DenseSlot):
            values = encoded.dense[i, slot.start : slot.stop]
            for k in values.nonzero()[0].tolist():
                yield slot.name, slot.name if slot.width == 1 else f"{slot.name}[{k}]", float(values[k])
        elif isinstance(slot, IdSlot):
            ids = encoded.ids[slot.name].slice(i, i + 1).compact()
            weights = [1.0] * len(ids.values) if ids.weights is None else ids.weights.tolist()
            for id, weight in zip(ids.values.tolist(), weights, strict=True):
                if 0 <= id < slot.num_buckets:
                    yield slot.name, f"{slot.name}={plan.describe_id(slot.name, id).label}", weight


def _filled(plan: Plan, row: Mapping[str, Json]) -> list[str]:
    """Return what was filled in a row, in words; nothing of a plan without a matrix."""
    try:
        return list(plan.explain(row).filled) if plan.width <= NARROW else []
    except errors.PlanError:
        return []


def _readable(value: Json) -> Json:
    """Return a raw value as one that JSON can hold: bytes as text."""
    if isinstance(value, list):
        return [_readable(one) for one in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
