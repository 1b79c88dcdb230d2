"""Terms that share hash buckets, against ids that encode gives and against hashes drawn at random."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import featurecols as fc
from featurecols.plan.collisions import ColumnCollisions

COUNTS = [400, 200, 100, 50, 25, 12, 6, 3, 2, 1, 1, 1]
WORDS = [f"w{i}" for i, n in enumerate(COUNTS) for _ in range(n)]


def test_observed_is_what_encode_gives() -> None:
    plan = fc.compile(
        [fc.Hashed("word", 7), fc.Vocabulary("word", ["w0"], name="known"), fc.Indicator(fc.Hashed("word", 3, name="few"))]
    )
    found = fc.collisions(plan, {"word": WORDS})
    assert list(found) == ["word", "few_indicator"]
    ids = dict(
        zip(
            [f"w{i}" for i in range(len(COUNTS))],
            plan.encode({"word": sorted(set(WORDS), key=WORDS.index)}).ids["word"].values.tolist(),
            strict=True,
        )
    )
    in_bucket = Counter(ids.values())
    one = found["word"]
    assert (one.buckets, one.terms, one.shared) == (7, 12, sum(in_bucket[i] > 1 for i in ids.values()))
    heaviest: dict[int, int] = {}
    for word, count in Counter(WORDS).items():
        heaviest[ids[word]] = max(heaviest.get(ids[word], 0), count)
    assert one.confused == pytest.approx(1 - sum(heaviest.values()) / len(WORDS))
    worst = one.worst[0]
    assert worst.num_terms == in_bucket[worst.id]
    assert all(ids[words[0]] == worst.id for words, _ in worst.terms)


def test_expected_is_what_random_hashes_give() -> None:
    found: ColumnCollisions = fc.collisions(fc.compile([fc.Hashed("word", 20)]), {"word": WORDS})["word"]
    rng, counts, shared, confused = np.random.default_rng(1), np.array(COUNTS), [], []
    for _ in range(4000):
        ids = rng.integers(0, 20, len(COUNTS))
        shared.append(sum(n for n in np.bincount(ids) if n > 1))
        confused.append(1 - sum(counts[ids == i].max() for i in np.unique(ids)) / counts.sum())
    assert found.expected == pytest.approx(np.mean(shared), rel=0.03)
    assert found.expected_confused == pytest.approx(np.mean(confused), rel=0.05)


def test_the_recommended_number_is_the_fewest_that_will_do() -> None:
    def expected(buckets: int) -> float:
        return fc.collisions(fc.compile([fc.Hashed("word", buckets)]), {"word": WORDS})["word"].expected_confused

    wanted = fc.collisions(fc.compile([fc.Hashed("word", 5)]), {"word": WORDS}, share=0.05)["word"].recommended
    assert wanted is not None
    assert expected(wanted) <= 0.05 < expected(wanted - 1)
    one = fc.collisions(fc.compile([fc.Hashed("word", 1)]), {"word": ["a", "b"]})["word"]
    assert (one.shared, one.expected, one.confused, one.expected_confused) == (2, 2.0, 0.5, 0.5)


def test_nothing_hashed_and_a_wrong_share() -> None:
    plan = fc.compile([fc.Numeric("age")])
    assert repr(fc.collisions(plan, {"age": [1.0]})) == "no column hashes"
    with pytest.raises(fc.ColumnError, match="share must be between 0 and 1"):
        fc.collisions(plan, {"age": [1.0]}, share=0)
    with pytest.raises(fc.PlanError, match=r"needs a plan first, got 'list'; make one of columns: fc.compile\(columns\)"):
        fc.collisions([fc.Hashed("word", 4)], {"word": ["a"]})  # type: ignore[arg-type]
