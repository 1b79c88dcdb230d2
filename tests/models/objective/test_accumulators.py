"""F10: metrics that are added up batch by batch are those of all rows at once, in memory that does not grow with them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn import metrics as theirs

from featurecols.models import metrics
from featurecols.models.objective import accumulators, keras_metrics
from featurecols.models.objective.accumulators import BinaryMetrics, MulticlassMetrics, RegressionMetrics
from featurecols.models.objective.score_steps import ScoreSteps

RNG = np.random.default_rng(4)
N = 3000
Y, Z, WEIGHTS = RNG.integers(0, 2, N), RNG.normal(size=N).round(2), RNG.random(N)
CLASSES, LOGITS = RNG.integers(0, 4, N), RNG.normal(size=(N, 4)).astype(np.float32)
NUMBERS = RNG.normal(size=(N, 2))
SIZES = (1, 7, 100, N)


def added(metric, size, *arrays):
    """The metric of rows that come in batches of so many rows."""
    for at in range(0, len(arrays[0]), size):
        metric.add(*(None if a is None else a[at : at + size] for a in arrays))
    return metric.result()


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_f10_batches_change_no_bit(weights):
    """F10: up to one block, the metrics of batches are those of all rows, to the bit."""
    more = {"sample_weight": weights}
    for size in SIZES:
        assert added(BinaryMetrics(), size, Y, Z, None, weights) == metrics.binary(Y, Z, **more)
        assert added(MulticlassMetrics("abcd"), size, CLASSES, LOGITS, None, weights) == metrics.multiclass(
            CLASSES, LOGITS, classes=list("abcd"), **more
        )
        assert added(RegressionMetrics(), size, NUMBERS, NUMBERS[::-1], None, weights) == metrics.regression(
            NUMBERS, NUMBERS[::-1], **more
        )


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("name", keras_metrics.KNOWN)
def test_f10_keras_metrics_of_many_blocks(name, weights, monkeypatch):
    """F10: the metrics of Sequential over many blocks are those over one, but for rounding."""
    means = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    for labels, outputs in ((CLASSES, means), (Y, means[:, :1])):
        whole = added(keras_metrics.get(name).start(True), N, labels, outputs, weights)
        with monkeypatch.context() as patch:
            patch.setattr(accumulators, "FEW", 10)
            patch.setattr(accumulators, "BLOCK", 64)
            patch.setattr(accumulators.InBlocks, "rows", 64)
            found = added(keras_metrics.get(name).start(True), 100, labels, outputs, weights)
        assert found == pytest.approx(whole, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_f10_many_blocks_add_up(weights, monkeypatch):
    """F10: over many blocks, metrics differ by rounding alone; of labels far from 0 too."""
    far = NUMBERS + 1e6
    binary = metrics.binary(Y, Z, sample_weight=weights)
    regression = metrics.regression(far, far[::-1], sample_weight=weights)
    monkeypatch.setattr(accumulators.InBlocks, "rows", 64)
    assert added(BinaryMetrics(), 100, Y, Z, None, weights) == pytest.approx(binary, rel=1e-12)
    assert added(RegressionMetrics(), 100, far, far[::-1], None, weights) == pytest.approx(regression, rel=1e-9)
    assert regression["r2"] == pytest.approx(theirs.r2_score(far, far[::-1], sample_weight=weights), rel=1e-9)


def test_f10_a_block_without_weight_changes_nothing(monkeypatch):
    """F10: rows of weight 0 that fill blocks count for nothing."""
    weights = np.repeat([1.0, 0.0, 2.0], 1000)
    expected = metrics.regression(NUMBERS, NUMBERS[::-1], sample_weight=weights)
    monkeypatch.setattr(accumulators.InBlocks, "rows", 64)
    assert added(RegressionMetrics(), 9, NUMBERS, NUMBERS[::-1], None, weights) == pytest.approx(expected, rel=1e-12)
    nothing = added(RegressionMetrics(), 9, NUMBERS, NUMBERS, None, np.zeros(N))
    each = {f"{name}/{i}": 0 for name in ("r2", "rmse") for i in range(NUMBERS.shape[1])}
    assert nothing == {"average_loss": 0, "r2": 0.0, "label/mean": 0, "mae": 0, "prediction/mean": 0, "rmse": 0, **each}


@pytest.mark.parametrize("weighted", [False, True])
def test_f10_scores_beyond_what_is_kept_lose_their_lowest_bits(weighted):
    """F10: of more distinct scores than are kept, the area is that of rounded ones, whatever the order of the rows."""
    rng = np.random.default_rng(5)
    scores = rng.normal(size=60_000) * 10.0 ** rng.integers(-3, 4, 60_000)
    labels = (rng.random(60_000) < 1 / (1 + np.exp(-scores.clip(-99, 99)))).astype(float)
    weights = rng.integers(1, 4, 60_000).astype(float) if weighted else np.ones(60_000)
    exact = theirs.roc_auc_score(labels, scores, sample_weight=weights)
    precise = theirs.average_precision_score(labels, scores, sample_weight=weights)
    found = []
    for order in (slice(None), slice(None, None, -1), rng.permutation(60_000)):
        steps = ScoreSteps(4096)
        for at in range(0, 60_000, 1000):
            steps.add(labels[order][at : at + 1000], scores[order][at : at + 1000], weights[order][at : at + 1000])
        found.append((steps.auc(), steps.average_precision(), steps.lost_bits, steps.steps()[0].tolist()))
    assert found[0] == found[1] == found[2]
    auc, average_precision, lost, kept = found[0]
    assert 40 < lost < 52
    assert 2000 < len(kept) <= 4096
    assert auc == pytest.approx(exact, abs=1e-5)
    assert average_precision == pytest.approx(precise, abs=1e-3)
    keys = scores.view(np.int64)
    keys = (keys ^ ((keys >> 63) & 0x7FFFFFFFFFFFFFFF)) >> lost
    assert len(np.unique(keys)) == len(kept)


def test_f10_memory_does_not_grow_with_the_rows():
    """F10: ten times the rows need no more memory: the scores that are kept, and one block."""
    peaks = []
    for batches in (40, 400):
        steps = ScoreSteps(4096)
        metric = BinaryMetrics()
        metric._steps = steps
        tracemalloc.start()
        for i in range(batches):
            rng = np.random.default_rng(i)
            metric.add(rng.integers(0, 2, 4096), rng.normal(size=4096), None, None)
        metric.result()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 30e6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_without_weights_are_counted_and_give_the_bits_of_weights_of_1(dtype):
    random = np.random.default_rng(3)
    scores = np.round(random.normal(size=500), 1).astype(dtype)  # with ties, and zeros of both signs
    scores[:4] = [0.0, -0.0, np.inf, -np.inf]
    labels, losses = (random.random(500) < 0.3).astype(np.int64), random.random(500)
    plain, weighted, apart = BinaryMetrics(), BinaryMetrics(), BinaryMetrics()
    plain.add_block(labels, scores[:, None], losses, None)
    weighted.add_block(labels, scores.astype(np.float64)[:, None], losses, np.ones(500))
    apart.add_block(labels[:200], scores[:200, None], losses[:200], None)
    apart.add_block(labels[200:], scores[200:, None], losses[200:], np.ones(300))
    want = weighted.compute()
    assert plain.compute() == want
    assert apart.compute() == pytest.approx(want, rel=1e-12)
    np.testing.assert_array_equal(np.stack(plain._steps.steps()), np.stack(weighted._steps.steps()))
    fractions = BinaryMetrics()
    fractions.add_block(np.full(4, 0.5), np.ones((4, 1), dtype), np.ones(4), None)
    assert fractions.compute()["label/mean"] == 0.5
