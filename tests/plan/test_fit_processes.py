"""fit of files in several processes: the bytes, the errors and the warnings of one process."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.data.batch import Fragment
from featurecols.plan.fit_processes import divide

SCALED = fc.Numeric("distance", normalizer=fc.ZScore())
COLUMNS = [
    fc.Numeric("temp", default=fc.Mean(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("tailnum", fc.TopTerms(50, min_count=999), num_oov_buckets=3)),
    fc.Indicator(fc.Vocabulary("dest", fc.TopTerms(50))),
    fc.Indicator(fc.Bucketized(SCALED, fc.Quantiles(9))),
    fc.TargetMean("tailnum", "dep_delay", fold_by="flight"),
    fc.Count("tailnum"),
]


def test_the_plan_has_the_bytes_of_one_process(tmp_path: Path) -> None:
    flights = fc.datasets.flights().slice(0, 6000)
    for i in range(2):
        pq.write_table(flights.slice(i * 3000, 3000), tmp_path / f"{i}.parquet", row_group_size=1000)
    seen: list[tuple[int, int | None]] = []
    with pytest.warns(UserWarning, match="tailnum: no term occurs 999 times"):
        plan = fc.fit(COLUMNS, tmp_path, processes=2, progress=lambda done, total: seen.append((done, total)))
    with pytest.warns(UserWarning, match="tailnum: no term occurs 999 times"):
        assert plan.to_bytes() == fc.fit(COLUMNS, tmp_path).to_bytes()
    assert seen[-1] == (12_000, 12_000)


def test_the_row_of_an_error_is_counted_from_the_start_of_all_files(tmp_path: Path) -> None:
    for i, rows in enumerate(("1.0,a\n2,b\n", "3,a\n4,b\noops,a\n", "oops,a\n")):
        (tmp_path / f"{i}.csv").write_text("x,t\n" + rows)
    columns, messages = [fc.Numeric("x", normalizer=fc.ZScore()), fc.Vocabulary("t", fc.TopTerms(3))], []
    for processes in (1, 2):
        with pytest.raises(fc.DataError) as caught:
            fc.fit(columns, tmp_path, processes=processes)
        messages.append((str(caught.value), caught.value.row))
    assert messages[0] == messages[1]
    assert messages[0][1] == 4


def test_what_cannot_be_shared_among_processes(tmp_path: Path) -> None:
    with pytest.raises(
        fc.PlanError, match=r"fit: processes share files among them, got 'rows that are not in files'; write it to files"
    ):
        fc.fit(COLUMNS, fc.datasets.flights(), processes=2)
    with pytest.raises(fc.ColumnError, match="processes: must be a positive integer, got 0"):
        fc.fit(COLUMNS, fc.datasets.flights(), processes=0)
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "one.parquet")  # one row group: nothing to share
    assert fc.fit([fc.Numeric("x")], tmp_path / "one.parquet", processes=4) == fc.compile([fc.Numeric("x")])


@pytest.mark.parametrize(
    ("rows", "count", "sizes"),
    [([5, 5, 5, 5], 2, [2, 2]), ([100, 1, 1, 1], 3, [1, 3]), ([1], 4, [1]), ([None, None, None], 2, [1, 2]), ([0, 0], 2, [2])],
)
def test_ranges_are_in_order_and_not_empty(rows: list[int | None], count: int, sizes: list[int]) -> None:
    fragments = [Fragment("a", i, n) for i, n in enumerate(rows)]
    ranges = divide(fragments, count)
    assert [f for found in ranges for f in found] == fragments
    assert [len(found) for found in ranges] == sizes
