"""Terms that share hash buckets: how many do, how many would by chance, the heaviest of them, and how many buckets it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from featurecols import errors
from featurecols._core import html
from featurecols._core.arrays import Array
from featurecols._core.slots import IdSlot
from featurecols.data.sources import Data
from featurecols.plan.plan import Plan
from featurecols.plan.report import aligned
from featurecols.plan.statistics import percent

_WORST = 5  # buckets
_SHOWN = 4  # terms of a bucket
_MOST = 2**40  # buckets that are worth a recommendation


@dataclass(frozen=True)
class SharedBucket:
    """One hash bucket of several terms.

    Attributes:
        id: the bucket.
        terms: the most frequent terms in it with their counts, at most 4; a term of a cross has a word for each input.
        num_terms: how many there are.
    """

    id: int
    terms: tuple[tuple[tuple[str, ...], int], ...]
    num_terms: int


@dataclass(frozen=True)
class ColumnCollisions:
    """How the terms of one column share its hash buckets.

    Attributes:
        buckets: how many there are.
        terms: how many distinct terms the data has; of a cross, combinations.
        shared: terms that share their bucket with another.
        expected: how many would by chance: D (1 - (1 - 1/m)^(D - 1)) for D terms in m buckets.
        confused: share of the values whose bucket has a more frequent term.
        expected_confused: what it is by chance: the sum of count_i (1 - (1 - 1/m)^i) over terms by falling count, i from 0.
        recommended: the fewest buckets for which that is at most the share that was asked for; None where 2^40 are not enough.
        worst: the buckets with the most confused values.
    """

    buckets: int
    terms: int
    shared: int
    expected: float
    confused: float
    expected_confused: float
    recommended: int | None
    worst: tuple[SharedBucket, ...]


class Collisions(dict[str, ColumnCollisions]):
    """What fc.collisions found, by name of the slot of ids; empty where no column hashes."""

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data."""
        return {name: asdict(found) for name, found in self.items()}

    def __repr__(self) -> str:
        if not self:
            return "no column hashes"
        lines = aligned(self._table())
        for name, found in self.items():
            for bucket in found.worst[:1]:
                terms = ", ".join(f"{' x '.join(words)} {count:,}" for words, count in bucket.terms)
                more = f", {bucket.num_terms - len(bucket.terms):,} more" if bucket.num_terms > len(bucket.terms) else ""
                lines.append(f"{name}: bucket {bucket.id} has {terms}{more}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html.table("hash collisions", self._table(), [True] + [False] * 7)

    def _table(self) -> list[tuple[str, ...]]:
        names = ("column", "buckets", "terms", "shared", "expected", "confused", "expected", "buckets to have")
        rows = [
            (
                name,
                f"{f.buckets:,}",
                f"{f.terms:,}",
                f"{f.shared:,}",
                f"{f.expected:,.0f}",
                percent(f.confused),
                percent(f.expected_confused),
                "" if f.recommended is None else f"{f.recommended:,}",
            )
            for name, f in self.items()
        ]
        return [names, *rows]


def collisions(plan: Plan, data: Data, *, share: float = 0.01) -> Collisions:
    """Return how terms of data share the buckets of columns that hash: Hashed and Crossed.

    Each distinct term is held in memory: give a sample of a field with very many.

    Args:
        plan: whose columns are looked at.
        data: rows, as for plan.transform; the training rows, usually.
        share: of the values, how many may have a more frequent term in their bucket, for the recommended number of buckets.

    Raises:
        ColumnError: for a share that is not between 0 and 1. PlanError: for columns in place of a plan.
        DataError: for data that does not fit the columns.

    >>> import featurecols as fc
    >>> cities = ["Rome"] * 50 + ["Oslo"] * 30 + ["Bern"] * 15 + ["Kyiv"] * 5
    >>> fc.collisions(fc.compile([fc.Hashed("city", 4)]), {"city": cities})
    column  buckets  terms  shared  expected  confused  expected  buckets to have
    city          4      4       2         2    15.0 %    17.0 %               75
    city: bucket 1 has Oslo 30, Bern 15
    """
    if not isinstance(share, (int, float)) or not 0 < share < 1:
        raise errors.argument("collisions", "share must be between 0 and 1", share, "0.01 lets a hundredth of the values")
    if not isinstance(plan, Plan):
        raise errors.plan("collisions", "needs a plan first", type(plan).__name__, "make one of columns: fc.compile(columns)")
    hashed = {
        slot.name: slot.num_buckets for slot in plan.encoded_slots if isinstance(slot, IdSlot) and plan._is_hashed(slot.name)
    }
    found = plan.terms(data, dict.fromkeys(hashed)) if hashed else {}
    return Collisions({name: _collisions(found[name], buckets, share) for name, buckets in hashed.items()})


def _collisions(found: Mapping[int, Mapping[tuple[str, ...], int]], buckets: int, share: float) -> ColumnCollisions:
    several = {i: terms for i, terms in found.items() if len(terms) > 1}
    shared = sum(map(len, several.values()))
    counts = np.sort(np.array([n for terms in found.values() for n in terms.values()], np.float64))[::-1]
    total, terms = max(1.0, float(counts.sum())), len(counts)
    confused = {i: sum(terms.values()) - max(terms.values()) for i, terms in several.items()}
    worst = sorted(confused, key=lambda i: (-confused[i], i))[:_WORST]
    return ColumnCollisions(
        buckets,
        terms,
        shared,
        terms * -float(np.expm1((terms - 1) * np.log1p(-1 / buckets))) if buckets > 1 and terms else float(terms > 1) * terms,
        sum(confused.values()) / total,
        _expected(counts, buckets) / total,
        _recommended(counts, share * total),
        tuple(SharedBucket(i, tuple(found[i].items())[:_SHOWN], len(found[i])) for i in worst),
    )


def _expected(counts: Array, buckets: int) -> float:
    """Return how many values have a more frequent term in their bucket, on average over hashes; counts: falling."""
    if buckets == 1:
        return float(counts[1:].sum())
    return float((counts * -np.expm1(np.arange(len(counts)) * np.log1p(-1 / buckets))).sum())


def _recommended(counts: Array, most: float) -> int | None:
    """Return the fewest buckets for which at most so many values are expected to be confused."""
    low, high = 0, 1
    while _expected(counts, high) > most:
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _expected(counts, middle) <= most else (middle, high)
    return high
