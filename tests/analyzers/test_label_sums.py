"""Exact sums of labels for each term and fold, beside fractions of Python."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Texts, Tokens
from featurecols.analyzers.exact_sums import to_float
from featurecols.analyzers.label_sums import LabelledTerms, LabelSums
from featurecols.analyzers.text_numbers import TextNumbers

WILD = [0.0, -0.0, 1.0, -1.0, 7.0, 2.0**31, 2.0**32, -(2.0**40), 0.1, -2.5e-310, 5e-324, 1e300, -1e300, 3e-200, float("nan")]

INTEGERS: list[list[float]] = [[0, 1], [*range(60), 255], [*range(60), 256], [1, -7, 2**53]]
NAN = float("nan")
SMALL = [[0.0, 255.0, NAN], [*(float(i) for i in range(60)), 256.0], [1.0, 0.0, -0.0, 1.5]]
NEAR = [2.0**-64, 0.5 - 2.0**31, 3.75, -1e-4 + 2.0**-40, NAN]  # whole in units of 2^-64, and below 2^31


def _texts(words: list[str | None]) -> Texts:
    array = pa.array(words, pa.large_string())
    offsets = np.frombuffer(array.buffers()[1], np.int64)[: len(words) + 1]
    data = np.frombuffer(array.buffers()[2] or b"", np.uint8)
    valid = None if None not in words else np.array([word is not None for word in words])
    return Texts(offsets, data, valid)


def _rows(words: list[str | None], folds: list[int], labels: list[float]) -> LabelledTerms:
    kind = np.int64 if all(isinstance(label, int) for label in labels) else np.float64
    return LabelledTerms(Tokens(_texts(words)), np.array(folds, np.int32), np.array(labels, kind))


def _draw(seed: int, n: int, labels: list[float]) -> tuple[list[str | None], list[int], list[float]]:
    random = np.random.default_rng(seed)
    words = [[None, "", "a", "b", "a longer word"][i] for i in random.integers(0, 5, n)]
    return words, random.integers(0, 3, n).tolist(), [labels[i] for i in random.integers(0, len(labels), n)]


@pytest.mark.parametrize("labels", [[0.0, 1.0], [-1.0, 3.0, float("nan")], [0.5, 1e-9, -1.5], WILD, *INTEGERS, *SMALL, NEAR])
def test_sums_are_those_of_fractions_and_states_do_not_depend_on_the_order(labels: list[float]) -> None:
    words, folds, drawn = _draw(3, 300, labels)
    analyzer = LabelSums(3)
    found = analyzer.finish(analyzer.update(analyzer.empty(), _rows(words, folds, drawn)))
    rows = [(w, f, x) for w, f, x in zip(words, folds, drawn, strict=True) if x == x]
    places = [None, *sorted({w for w, _, _ in rows if w is not None}, key=str.encode)]
    for place, word in enumerate(["all", *places]):
        mine = [(f, x) for w, f, x in rows if word == "all" or w == word]
        for k in range(4):
            of = [x for f, x in mine if k == 0 or f != k - 1]
            assert found["label_counts"][place, k] == len(of)
            assert found["label_sums"][place, k] == float(sum(map(Fraction, of)))
    want = None
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(words)).tolist()
        states = []
        for start in range(0, len(words), 90):
            part = order[start : start + 90]
            rows_of = _rows([words[i] for i in part], [folds[i] for i in part], [drawn[i] for i in part])
            states.append(analyzer.update(analyzer.empty(), rows_of))
        state = analyzer.from_bytes(analyzer.to_bytes(states[0]))
        for other in states[1:]:
            state = analyzer.merge(state, other)
        want = want or analyzer.to_bytes(state)
        assert analyzer.to_bytes(state) == want
        assert all(found[name].tobytes() == array.tobytes() for name, array in analyzer.finish(state).items())


@pytest.mark.parametrize("odd", [2.0**-65, 2.0**31, -(2.0**31), 1e300, 5e-324])
@pytest.mark.parametrize("at", [0, 63, 64, 130, 199])
def test_one_label_of_other_digits_is_added_among_near_ones(odd: float, at: int) -> None:
    analyzer, labels = LabelSums(1), [0.25, -3.0, 2.0**-40, 1e6 + 0.125] * 50
    labels[at] = odd
    found = analyzer.finish(analyzer.update(analyzer.empty(), _rows(["a"] * 200, [0] * 200, labels)))
    assert found["label_counts"].tolist() == [[200, 0], [0, 0], [200, 0]]
    assert found["label_sums"][:, 0].tolist() == [float(sum(map(Fraction, labels))), 0.0, float(sum(map(Fraction, labels)))]


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_small_labels_wait_until_they_are_too_many(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels.label_sums, "MOST_ROWS", 100)
    analyzer = LabelSums(2)
    state = analyzer.empty()
    for start in (0, 250):
        terms = Tokens(_texts([f"w{i % 3}" for i in range(start, start + 250)]))
        folds, labels = np.arange(250, dtype=np.int32) % 2, np.full(250, 255, kind)
        state = analyzer.update(state, LabelledTerms(terms, folds, labels))
    found = analyzer.finish(state)
    assert found["label_counts"].tolist() == [[500, 250, 250], [0, 0, 0], [167, 83, 84], [167, 84, 83], [166, 83, 83]]
    assert (found["label_sums"] == 255.0 * found["label_counts"]).all()


def _states(words: list[str | None], dictionary: list[str], labels: Array, folds: list[int]) -> tuple[bytes, bytes]:
    """Return the state of words, and that of codes of them in a dictionary."""
    analyzer, numbers = LabelSums(3), np.array(folds, np.int32)
    codes = np.array([-1 if word is None else dictionary.index(word) for word in words], np.int32)
    second = codes.copy()
    second[1::2] = [
        code if code < 0 else len(dictionary) - 1 - dictionary[::-1].index(dictionary[code]) for code in codes[1::2]
    ]
    plain = analyzer.update(analyzer.empty(), LabelledTerms(Tokens(_texts(words)), numbers, labels))
    coded = analyzer.update(analyzer.empty(), LabelledTerms(Tokens(_texts([*dictionary]), second), numbers, labels))
    return analyzer.to_bytes(plain), analyzer.to_bytes(coded)


@pytest.mark.parametrize("dictionary", [["b", "", "a", "a longer word"], ["b", "", "b", "a longer word", "a", "", "unused"]])
@pytest.mark.parametrize("labels", [[0, 1], [0.0, 7.0], [0.5, -2.0], [1e-300, 3.0]])
def test_codes_of_a_dictionary_are_counted_by_its_texts(dictionary: list[str], labels: list[float]) -> None:
    words, folds, drawn = _draw(8, 200, labels)
    kind = np.int64 if all(isinstance(label, int) for label in labels) else np.float64
    plain, coded = _states(words, dictionary, np.array(drawn, kind), folds)
    assert plain == coded


@pytest.mark.parametrize("labels", [np.array([1, 0, 1]), np.array([0.5, 0.25, 1.0]), np.array([1e-300, 1.0, 1.0])])
def test_codes_and_folds_that_are_not_there_are_refused(labels: Array) -> None:
    analyzer, texts = LabelSums(2), _texts(["a", "b"])
    for codes, folds in (([0, 1, 2], [0, 0, 0]), ([0, 1, 1], [0, 0, 2]), ([0, -1, 1], [0, -1, 0])):
        rows = LabelledTerms(Tokens(texts, np.array(codes, np.int32)), np.array(folds, np.int32), labels)
        with pytest.raises(errors.DataError, match=r"LabelSums\.v1"):
            analyzer.update(analyzer.empty(), rows)
    with pytest.raises(errors.DataError, match=r"LabelSums\.v1"):
        LabelSums(1, False).update(LabelSums(1, False).empty(), LabelledTerms(Tokens(texts, np.array([0, 2], np.int32))))


def test_classes_are_counted_by_term_and_fold() -> None:
    analyzer = LabelSums(2)
    classes = Tokens(_texts(["x", "y", "z"]), np.array([0, 1, 2, -1, 2], np.int32))
    rows = LabelledTerms(Tokens(_texts(["a", "b", "a", "a", None])), np.array([0, 1, 1, 0, 0], np.int32), None, classes)
    found = analyzer.finish(analyzer.update(analyzer.empty(), rows))
    assert found["label_counts"].tolist() == [[4, 2, 2], [1, 0, 1], [2, 1, 1], [1, 1, 0]]
    all_rows = found["label_sums"].reshape(4, 3, 3)[:, 0].tolist()
    assert all_rows == [[1, 1, 2], [0, 0, 1], [1, 0, 1], [0, 1, 0]]  # of all, of missing, of a and of b


def test_an_infinite_label_is_refused_with_its_row() -> None:
    analyzer = LabelSums(3)
    with pytest.raises(errors.DataError, match="a label is infinite") as raised:
        analyzer.update(analyzer.empty(), _rows(["a", "b", "a"], [0, 1, 2], [0.25, 1.0, float("-inf")]))
    assert raised.value.row == 2


def _float(first: int, limbs: list[int]) -> float:
    return float(sum(Fraction(limb) * Fraction(2) ** (32 * (first + j) - 1088) for j, limb in enumerate(limbs)))


def test_sums_are_rounded_once_to_the_nearest_even() -> None:
    random = np.random.default_rng(5)
    for width in (1, 2, 3, 5, 9):
        limbs = random.integers(-(2**62), 2**62, (60, width)) >> random.integers(0, 62, (60, width))
        limbs[random.random(limbs.shape) < 0.4] = 0
        assert to_float(31, limbs).tolist() == [_float(31, row) for row in limbs.tolist()]
    half = [[1, 2**21], [2**31, 2**21], [2**31, 2**21 + 1], [2**31 + 1, 2**21]]  # beside 2^53 units of a limb's half
    assert to_float(34, np.array(half, np.int64)).tolist() == [_float(34, row) for row in half]


@pytest.mark.parametrize("many", [3, 64, 65, 700])
def test_texts_have_the_numbers_of_their_first_occurrence(many: int) -> None:
    random = np.random.default_rng(many)
    words = ["", "é", "1234567", "12345678", "a text that is long", *(f"w{i}" for i in range(many))][:many]
    drawn = [None if i % 11 == 0 else words[k] for i, k in enumerate(random.integers(0, many, 900))]
    seen: dict[str, int] = {}
    want = [-1 if word is None else seen.setdefault(word, len(seen)) for word in drawn]
    table = TextNumbers()
    found: list[Array] = [table.add(_texts(drawn[at : at + 350])) for at in range(0, 900, 350)]
    assert np.concatenate(found).tolist() == want
    assert [table.taken(np.array([i], np.int32))[0].decode() for i in range(table.used)] == list(seen)


@pytest.mark.parametrize("labels", [[0.5, 1.5], [1.0, 2.0], [1, 2]])
def test_states_whose_last_rows_have_new_terms_and_no_labels_are_merged(labels: list[float]) -> None:
    """There is no room for sums of terms that had no label yet."""
    analyzer = LabelSums(1)
    one, two = analyzer.empty(), analyzer.empty()
    for state in (one, two):
        analyzer.update(state, _rows(["a", "b"], [0, 0], labels))
    new: list[str | None] = [f"n{i}" for i in range(100)]
    analyzer.update(two, _rows(new, [0] * 100, [NAN] * 100))
    found = analyzer.finish(analyzer.merge(one, two))
    assert found["label_counts"][:, 0].tolist() == [4, 0, 2, 2]
    assert found["label_sums"][:, 0].tolist() == [2 * sum(labels), 0, 2 * labels[0], 2 * labels[1]]
