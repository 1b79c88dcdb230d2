"""Embedding: rows of a table, combined."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, float32

CITY = fc.Hashed("city", 6)


class EmbeddingReference(Kind):
    """Rows of a table, combined in float64 in the order of the ids, rounded to float32 at the end."""

    def width(self) -> int:
        buckets = self.of(self.column.source).num_buckets()
        return self.column.dimension or next(d for d in itertools.count(1) if d**4 >= buckets)  # the fourth root, rounded up

    def tables(self) -> dict[str, tuple[int, int]]:
        return {self.table: (self.of(self.column.source).num_buckets(), self.width())}

    @property
    def table(self) -> str:
        return str(self.column.table or self.column.name)

    def encoded(self, row: Row) -> RowIds | None:
        return self.of(self.column.source).ids(row)

    def wide(self) -> bool:
        return self.of(self.column.source).wide()

    def features(self, row: Row) -> list[float]:
        return self._combined(self.of(self.column.source).ids(row))

    def steps(self, row: Row) -> list[list[float]]:
        got = self.of(self.column.source).ids(row)
        if not got.many:  # one missing value: nothing says that the field holds lists
            return []
        weights = got.weights or [None] * len(got.ids)
        return [self._combined(RowIds([i], None if w is None else [w])) for i, w in zip(got.ids, weights, strict=True)]

    def _combined(self, got: RowIds) -> list[float]:
        table, c, width = self.reference.tables[self.table], self.column, self.width()
        total, weight_sum, square_sum = [0.0] * width, 0.0, 0.0
        for i, w in zip(got.ids, got.weights or [1.0] * len(got.ids), strict=True):
            if not 0 <= i < len(table) or (c.combiner in ("mean", "sqrtn") and not w > 0):
                continue
            numbers = scaled([float(x) for x in table[i]], c.max_norm)
            for j in range(width):
                total[j] += w * numbers[j]
            weight_sum, square_sum = weight_sum + w, square_sum + w * w
        divisor = {"sum": 1.0, "mean": weight_sum, "sqrtn": math.sqrt(square_sum)}[c.combiner.removesuffix("_all")]
        return [float32(t / divisor) if divisor else 0.0 for t in total]


def scaled(numbers: list[float], max_norm: float | None) -> list[float]:
    """Numbers of an L2 norm of at most max_norm."""
    if max_norm is None:
        return numbers
    square = 0.0
    for x in numbers:
        square += x * x
    norm = math.sqrt(square)
    return [x * (max_norm / norm) for x in numbers] if norm > max_norm else numbers


REFERENCE = {fc.Embedding: EmbeddingReference}


WRONG = [
    Wrong(lambda: fc.Embedding("city"), ("source", "Vocabulary")),
    Wrong(lambda: fc.Embedding(fc.Numeric("x"), 2), ("source", "Numeric('x')")),
    Wrong(lambda: fc.Embedding(CITY, 0), ("dimension", "got 0")),
    Wrong(lambda: fc.Embedding(CITY, 2.0), ("dimension", "2.0")),
    Wrong(lambda: fc.Embedding(CITY, True), ("dimension", "True")),
    Wrong(lambda: fc.Embedding(CITY, 2, combiner="max"), ("combiner", "'max'", "mean")),
    Wrong(lambda: fc.Embedding(CITY, 2, max_norm=0), ("max_norm", "got 0")),
    Wrong(lambda: fc.Embedding(CITY, 2, max_norm=-1.0), ("max_norm", "-1.0")),
    Wrong(lambda: fc.Embedding(CITY, 2, max_norm=math.nan), ("max_norm", "nan")),
    Wrong(lambda: fc.Embedding(CITY, 2, max_norm=10**400), ("max_norm",)),
    Wrong(lambda: fc.Embedding(CITY, 2, max_norm="1"), ("max_norm", "'1'")),
    Wrong(lambda: fc.Embedding(CITY, 2, table=""), ("table", "''")),
    Wrong(lambda: fc.Embedding(CITY, 2, table=3), ("table", "3")),
    Wrong(lambda: fc.Embedding(CITY, 2, initializer=np.zeros), ("initializer", "zeros")),
    Wrong(lambda: fc.Embedding(CITY, 2, seed=-1), ("seed", "-1")),
    Wrong(lambda: fc.Embedding(CITY, 2, seed=0.5), ("seed", "0.5")),
    Wrong(lambda: fc.Embedding(CITY, 2, name=""), ("name", "''")),
]

LISTS = [
    {"q": [0, 2, 2], "w": [0.5, 0.1, 2.0]},
    {"q": [], "w": []},
    {"q": None, "w": None},
    {"q": [1, None, 3], "w": [-1.0, 9.0, 0.0]},
    {"q": [None], "w": [1.0]},
    {"q": [3, 1, 0, 2, 3], "w": [1e-3, 1e3, 3.3, -0.7, 1.1]},
    {"q": [1, 1], "w": [1.0, -1.0]},
]
IDS = fc.Identity("q", 4)
WEIGHTED = fc.Weighted(IDS, "w")

EXAMPLES = [
    Example(
        "one id",
        [fc.Embedding(CITY, 3)],
        rows=[{"city": c} for c in ("Oslo", None, "", "Lima", "é")],
        changes={
            "source": fc.Hashed("city", 6, seed=1),
            "dimension": 4,
            "table": "other",
            "initializer": fc.Uniform(-1, 1),
            "seed": 1,
            "name": "x",
        },
        wrong=WRONG,
        bad=[Bad({"city": ["a", "\ud800"]}, ("city", "surrogate"), 1)],
    ),
    Example(
        "mean of a list",
        [fc.Embedding(IDS, 3)],
        rows=LISTS,
        changes={"combiner": "sum", "max_norm": 0.5},
        bad=[Bad({"q": [[0], [1, 4]], "w": [[1.0], [1.0, 1.0]]}, ("q", "got 4"), 1)],
    ),
    *(
        Example(f"{combiner} of {'weighted ' * weighted}ids{norm}", [column], rows=LISTS)
        for combiner in ("sum", "mean", "sqrtn", "mean_all", "sqrtn_all")
        for weighted, source in ((False, IDS), (True, WEIGHTED))
        for norm in (None, 0.75)
        for column in [fc.Embedding(source, 5, combiner=combiner, max_norm=norm)]
    ),
    Example(
        "default dimension",
        [fc.Embedding(fc.Hashed("city", 82))],
        rows=[{"city": c} for c in ("Oslo", None, "Lima")],
        changes={"dimension": 3},
    ),
    Example(
        "kept negative ids",
        [fc.Embedding(fc.Identity("q", 4, out_of_range="keep"), 2, combiner="sum")],
        rows=[{"q": [-5, 1, 3]}, {"q": [-1]}, {"q": [0, 0]}, {"q": [1, 5, 2**40]}, {"q": [4]}],
    ),
    Example(
        "a shared table",
        [
            fc.Embedding(fc.Hashed("city", 6), 2, table="places"),
            fc.Embedding(fc.Hashed("home", 6), 2, table="places", combiner="sum"),
            fc.Numeric("x"),
        ],
        rows=[{"city": c, "home": h, "x": 1.5} for c, h in (("Oslo", "Oslo"), (None, "Lima"), ("Lima", None))],
        changes={"table": "mine"},
    ),
    Example(
        "a learned source",
        [fc.Embedding(fc.Vocabulary("city", fc.TopTerms(2), num_oov_buckets=1), 2)],
        rows=[{"city": c} for c in "abacab"],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Embedding, EXAMPLES)


TABLE = np.array([[1, 2], [3, 4], [-6, 8]], np.float32)


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        ({"combiner": "sum"}, [[-5, 10], [0, 0], [3, 4]]),
        ({"combiner": "mean"}, [[-2.5, 5], [0, 0], [3, 4]]),
        ({"combiner": "sqrtn"}, [[-5 / math.sqrt(2), 10 / math.sqrt(2)], [0, 0], [3, 4]]),
        ({"combiner": "sum", "max_norm": 5.0}, [[1 - 3, 2 + 4], [0, 0], [3, 4]]),
    ],
)
def test_literal_answers(arguments: dict, want: list) -> None:
    column = fc.Embedding(fc.Identity("q", 3), 2, table="t", **arguments)
    plan = fc.compile([column]).with_tables({"t": TABLE})
    got = plan.transform({"q": [[0, 2], [], [1]]})
    np.testing.assert_array_equal(got, np.array(want, np.float32))


def test_weights_below_zero_count_for_sum_only() -> None:
    rows = {"q": [[0, 1]], "w": [[2.0, -1.0]]}
    found = {}
    for combiner in ("sum", "mean", "sqrtn"):
        column = fc.Embedding(fc.Weighted(fc.Identity("q", 3), "w"), 2, combiner=combiner, table="t")
        found[combiner] = fc.compile([column]).with_tables({"t": TABLE}).transform(rows).tolist()
    assert found == {"sum": [[-1, 0]], "mean": [[1, 2]], "sqrtn": [[1, 2]]}


def test_e5_an_id_past_the_table_is_skipped() -> None:
    """E5: docs/ids.md section 7, also through weights."""
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
    column = fc.Embedding(fc.Identity("q", 3, out_of_range="keep"), 2, table="t")
    plan = fc.compile([column]).with_tables({"t": table})
    assert plan.transform({"q": [0, 5, -7]}).tolist() == [[1, 2], [0, 0], [0, 0]]
    assert plan.transform({"q": [[0], [1, 5], [2**40, 2]]}).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert plan.transform_row({"q": [1, 5]}).tolist() == [3, 4]
    weighted = fc.Embedding(fc.Weighted(fc.Identity("q", 3, out_of_range="keep"), "w"), 2, table="t")
    data = {"q": [[0, 9], [7, 2]], "w": [[2.0, 5.0], [3.0, 1.0]]}
    assert fc.compile([weighted]).with_tables({"t": table}).transform(data).tolist() == [[1, 2], [5, 6]]


def test_columns_that_share_a_table_must_agree_on_it() -> None:
    one = fc.Embedding(fc.Hashed("a", 6), 2, table="t")
    for other in (fc.Embedding(fc.Hashed("b", 7), 2, table="t"), fc.Embedding(fc.Hashed("b", 6), 3, table="t")):
        with pytest.raises(fc.PlanError, match="shares table 't'"):
            fc.compile([one, other])


def test_initial_tables_depend_on_name_and_seed_alone() -> None:
    def table(**arguments: object) -> bytes:
        plan = fc.compile([fc.Embedding(fc.Hashed("city", 50), 4, **arguments)])
        (found,) = plan.tables.values()
        assert found.shape == (50, 4)
        assert found.dtype == np.float32
        assert not found.flags.writeable
        return found.tobytes()

    assert table() == table()
    assert table() == table(combiner="sum")
    assert len({table(), table(seed=1), table(table="t"), table(name="n"), table(initializer=fc.Uniform(-1, 1))}) == 5


@pytest.mark.parametrize("table", ["abc", [[1, 2], [3]], np.ones((3, 2), complex), [["1", "2"]] * 3, None])
def test_a_table_is_a_matrix_of_numbers(table):
    plan = fc.compile([fc.Embedding(fc.Hashed("x", 3), 2)])
    with pytest.raises(fc.PlanError, match="table 'x_embedding': must be a matrix of numbers"):
        plan.with_tables({"x_embedding": table})
