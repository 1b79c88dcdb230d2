"""Which rows go where: literal answers, and that every row is in one batch of one worker of one rank."""

import itertools

import numpy as np
import pytest

from featurecols import DataError
from featurecols.integrations.torch import row_ranges
from featurecols.integrations.torch.row_ranges import RankBatches, Span


def bounds(batches: RankBatches) -> list[int]:
    return [batches.bound(i) for i in range(batches.count + 1)]


def test_batches_of_ranks_are_these() -> None:
    def of(rank: int, **more: bool) -> list[int]:
        return bounds(row_ranges.batches_of_rank(9, rank, 2, 4, **{"drop_last": False, **more}))

    assert of(0) == [0, 3, 4]  # four rows in two batches, as the other rank has five
    assert of(1) == [4, 8, 9]
    assert of(0, drop_last=True) == [0, 4]
    assert of(1, drop_last=True) == [4, 8]


@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_every_row_is_in_one_batch_and_ranks_have_equally_many(world_size: int, batch_size: int) -> None:
    for rows in (0, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000):
        ranks = [row_ranges.batches_of_rank(rows, r, world_size, batch_size, drop_last=False) for r in range(world_size)]
        cuts = [bounds(rank) for rank in ranks]
        sizes = [np.diff(cut) for cut in cuts]
        assert np.concatenate(sizes).sum() == rows
        assert [cut[0] for cut in cuts[1:]] == [cut[-1] for cut in cuts[:-1]]
        assert all(((size >= 1) & (size <= batch_size)).all() for size in sizes)
        if batch_size > 1:
            assert len({rank.count for rank in ranks}) == 1


def test_with_drop_last_every_batch_is_full() -> None:
    for rows, world_size, batch_size in itertools.product((0, 1, 10, 99, 100), (1, 2, 3), (1, 4, 10)):
        found = [row_ranges.batches_of_rank(rows, r, world_size, batch_size, drop_last=True) for r in range(world_size)]
        assert {f.count for f in found} == {rows // world_size // batch_size}
        assert all((np.diff(bounds(f)) == batch_size).all() for f in found)


def test_fewer_rows_than_ranks_are_refused() -> None:
    with pytest.raises(DataError, match=r"has fewer rows than the 3 ranks.* got 2.*drop_last=True"):
        row_ranges.batches_of_rank(2, 0, 3, 8, drop_last=False)


def test_workers_divide_the_buffers() -> None:
    assert [list(row_ranges.share_of_worker(5, w, 3)) for w in range(3)] == [[0], [1, 2], [3, 4]]
    assert [list(row_ranges.share_of_worker(1, w, 2)) for w in range(2)] == [[], [0]]


def test_spans_of_a_range_are_these() -> None:
    sizes, order = np.array([4, 0, 3, 2]), np.array([2, 1, 3, 0])  # rows of groups 2, 1, 3, 0: [0, 3) [3, 3) [3, 5) [5, 9)
    assert row_ranges.spans(sizes, order, 1, 7) == [Span(2, 1, 3), Span(3, 0, 2), Span(0, 0, 2)]
    assert row_ranges.spans(sizes, order, 3, 4) == [Span(3, 0, 1)]
    assert row_ranges.spans(sizes, order, 4, 4) == []


def test_orders_depend_on_seed_and_epoch() -> None:
    assert row_ranges.order_of_groups(5, 0, 0).tolist() == row_ranges.order_of_groups(5, 0, 0).tolist()
    found = {tuple(row_ranges.order_of_groups(20, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(found) == 4
    assert sorted(row_ranges.order_of_rows(9, 3, 4, 5)) == list(range(9))
