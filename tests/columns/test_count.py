"""Count: how many training rows have a category."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

import featurecols as fc
from tests import laws
from tests.columns.test_target_mean import ROWS, TargetMeanReference
from tests.laws import Bad, Example, Wrong
from tests.reference import Row, float32


class CountReference(TargetMeanReference):
    """Training rows, counted one by one."""

    def width(self) -> int:
        return 1

    def features(self, row: Row) -> list[float]:
        found = sum(self.category(r) == self.category(row) for r in self.reference.train)
        return [float32(math.log1p(found) if self.column.log else found)]

    def learned(self, slot: str) -> dict[str, object]:
        return {}


REFERENCE = {fc.Count: CountReference}
COUNTED = [{name: row[name] for name in ("city", "delay", "hour")} for row in ROWS]
EXAMPLES = [
    Example(
        "counts",
        [fc.Count("city", log=False), fc.Count(fc.Bucketized("delay", [0, 1])), fc.Count("hour")],
        rows=[*COUNTED, {"city": "Ulm", "delay": None, "hour": 100}],
        train=COUNTED,
        changes={"source": "hour", "log": True, "name": "n"},
        wrong=[
            Wrong(lambda: fc.Count(fc.Numeric("x")), ("source", "Numeric('x')")),
            Wrong(lambda: fc.Count("x", log=1), ("log", "got 1")),  # type: ignore[arg-type]
        ],
        bad=[Bad({"city": [["a"], ["b", "c"]], "delay": [1, 2], "hour": [1, 2]}, ("city", "one value a row"), 0)],
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Count, EXAMPLES)


def test_it_is_what_pandas_counts() -> None:
    """Missing values too, as CountEncoder of category_encoders takes them from value_counts(dropna=False)."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": rng.choice(["a", "b", "c", None], 300)})
    counts = data["x"].value_counts(dropna=False)
    found = fc.fit([fc.Count("x", log=False), fc.Count("x", name="log")], data).transform({"x": [*counts.index, "new"]})
    want = np.append(counts.to_numpy(float), 0)
    np.testing.assert_array_equal(found, np.stack([want, np.log1p(want)], axis=1).astype(np.float32))
