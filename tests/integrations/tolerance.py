"""How far a matrix that a library computed in float32 may be from plan.transform, as docs/integrations.md says."""

from __future__ import annotations

from typing import Any

import numpy as np

import featurecols as fc
from featurecols._core.slots import IdSlot


def assert_near(plan: fc.Plan, data: Any, got: np.ndarray) -> None:
    """Numbers, one-hots and counts bit for bit; combined rows of tables within `magnitudes`."""
    want = plan.transform(data)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    differ = ~((want == got) | (np.isnan(want) & np.isnan(got)))
    far = np.abs(got[differ].astype(float) - want[differ].astype(float))
    assert (far <= magnitudes(plan, plan.encode(data))[differ]).all(), float(far.max())


def magnitudes(plan: fc.Plan, features: Any) -> np.ndarray:
    """How far each feature of each row may be off: k + 4 units in the last place of the sum of magnitudes of k ids."""
    found = np.zeros((len(features), plan.width))
    widths = {slot.name: (slot.start, slot.stop) for slot in plan.matrix_slots}
    for slot in plan.encoded_slots:
        if not isinstance(slot, IdSlot) or slot.table is None:
            continue
        ids = features.ids[slot.name].compact()
        if ids.offsets is None and ids.weights is None and slot.max_norm is None:
            continue
        rows = np.arange(len(features)) if ids.offsets is None else np.repeat(np.arange(len(features)), np.diff(ids.offsets))
        weights = np.ones(len(ids.values)) if ids.weights is None else np.abs(ids.weights.astype(float))
        there = (ids.values >= 0) & (ids.values < slot.num_buckets)
        rows, signed = rows[there], np.ones(there.sum()) if ids.weights is None else ids.weights[there].astype(float)
        weights = weights[there]
        if slot.combiner in ("mean", "sqrtn"):
            rows, weights, signed = rows[signed > 0], weights[signed > 0], signed[signed > 0]
        largest = min(np.abs(plan.tables[slot.table]).max(), slot.max_norm or np.inf)
        total, count = (np.bincount(rows, w, len(features)) for w in (weights, np.ones(len(weights))))
        divisor = np.ones(len(features))
        if slot.max_length is None:
            if slot.combiner in ("mean", "mean_all"):
                divisor = np.abs(np.bincount(rows, signed, len(features)))
            elif slot.combiner in ("sqrtn", "sqrtn_all"):
                divisor = np.sqrt(np.bincount(rows, signed * signed, len(features)))
        elif slot.combiner != "sum":
            total = np.ones(len(features))
        with np.errstate(invalid="ignore"):
            scale = np.divide(total * largest * (count + 4), divisor, out=np.zeros(len(features)), where=divisor > 0)
        start, stop = widths[slot.name]
        found[:, start:stop] = (np.float32(2.0**-23) * scale)[:, None]
    return found
