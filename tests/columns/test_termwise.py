"""A categorical kind as one function of a value: called once for each distinct value, the same ids in tables and rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.columns.base import Field
from featurecols.columns.termwise import TermwiseBound
from featurecols.data.sources import as_source


class LengthBound(TermwiseBound):
    """The number of bytes of a value; empty ones have no id."""

    seen: list[bytes]

    def id_of(self, term: bytes) -> int:
        self.seen.append(term)
        return len(term) or -1


def bound(num_buckets: int = 10) -> LengthBound:
    found = LengthBound(fc.Hashed("v", num_buckets), Field("v"), num_buckets)
    found.seen = []
    return found


def ids(of: LengthBound, data: Any) -> list[int]:
    (batch,) = as_source(data).batches([("v", "category")])
    found: list[int] = of.ids(batch.field("v", ())).values.tolist()
    return found


WORDS = ["a", "bb", None, "", "a", "東京", "bb", "a"]
WANT = [1, 2, -1, -1, 1, 6, 2, 1]


@pytest.mark.parametrize(
    "data",
    [
        {"v": WORDS},
        pd.DataFrame({"v": WORDS}),
        pa.table({"v": pa.array(WORDS, pa.large_string())}),
        pa.table({"v": pa.array(WORDS).dictionary_encode()}),
        pa.table({"v": pa.array(["zzzz", *WORDS, "zz"])}).slice(1, 8),
    ],
)
def test_each_distinct_value_is_asked_for_once(data: Any) -> None:
    of = bound()
    assert ids(of, data) == WANT
    assert sorted(of.seen) == sorted({w.encode() for w in WORDS if w is not None})
    assert [of.row(w) for w in WORDS] == WANT
    assert of.row(["bb", None]) == [2, -1]


def test_nothing_has_no_ids() -> None:
    assert ids(bound(), {"v": []}) == []
    assert ids(bound(), {"v": [None, None]}) == [-1, -1]


def test_integers_are_their_digits() -> None:
    assert ids(bound(), {"v": [7, -12, 300]}) == [1, 3, 3]


def test_an_id_out_of_range_is_an_error() -> None:
    for run in (lambda: bound(2).row("bb"), lambda: ids(bound(2), {"v": ["a", "bb"]})):
        with pytest.raises(fc.DataError, match=r"the id of b'bb' is out of range.*got 2; LengthBound.id_of must give"):
            run()
