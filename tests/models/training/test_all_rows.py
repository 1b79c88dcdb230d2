"""The search for a number of passes: when it stops, which pass it wants, and what several of them say together."""

import numpy as np
import pytest

from featurecols.models.autodiff.variables import Variables
from featurecols.models.training.all_rows import FoundPasses, HeldOutLosses, PassSearch
from featurecols.models.training.automatic import choose
from featurecols.models.training.run import Run


def search(curve, *, late=False, patience=3, steps=1):
    """A search over losses of 4 rows whose means are those of the curve; the first one is before the first step."""
    rows = iter(curve)
    spread = np.array([-0.3, 0.3, -0.1, 0.1])

    def measure():
        mean = next(rows)
        return HeldOutLosses(mean + spread * mean, np.ones(4))

    found, run = PassSearch(measure, patience, late=late), Run(Variables())
    found.begin(run)
    while run.why is None and run.epoch < len(curve) - 1:
        run.epoch, run.variables.step = run.epoch + 1, run.variables.step + steps
        found.after_epoch(run)
    return found, run


def test_it_stops_when_the_loss_has_not_fallen_for_some_passes():
    found, run = search([9.0, 3.0, 2.0, 2.5, 2.4, 2.3, 1.0])
    assert (found.first, found.best, found.found, run.epoch) == (9.0, 2.0, 2, 5)
    assert run.why == "the loss over rows held out was lowest after pass 2"


def test_a_start_that_is_never_beaten_is_pass_0():
    assert search([1.0, 2.0, 2.0, 2.0])[0].found == 0
    assert search([1.0, float("nan"), float("nan"), float("nan")])[0].found == 0


def test_a_linear_model_goes_on_while_the_loss_is_higher_by_chance_alone():
    """Losses of mean m are m * (0.7, 1.3, 0.9, 1.1): differences of mean d have a standard error of d * 0.224 / 2."""
    curve = [9.0, 2.0, 2.0, 2.0, 2.0]
    assert search(curve, late=True)[0].found == 4
    assert search(curve, late=True, steps=2000)[0].found == 2  # within 5,000 steps
    assert search(curve)[0].found == 1
    assert search([9.0, 2.0, 2.1, 2.1, 2.1], late=True)[0].found == 1  # 0.1 above, with an error of 0.011


def test_losses_are_alike_within_the_standard_error_of_their_difference():
    ones = np.ones(4)
    base = HeldOutLosses(np.zeros(4), ones)
    assert HeldOutLosses(np.array([1.0, -1.0, 1.0, 0.0]), ones).is_alike(base)  # 0.25 with an error of 0.415
    assert not HeldOutLosses(np.array([1.0, 1.0, 1.0, 0.0]), ones).is_alike(base)  # 0.75 with an error of 0.217
    assert HeldOutLosses(np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])).is_alike(base)
    assert HeldOutLosses(np.array([1.0, 4.0]), np.array([3.0, 1.0])).mean() == 1.75
    assert np.isnan(HeldOutLosses(ones, np.zeros(4)).mean())


@pytest.mark.parametrize(("falling", "passes"), [(False, 7), (True, 9)])
def test_the_median_counts_and_a_falling_rate_trains_for_a_quarter_longer(falling, passes):
    searches = [search([4.0, *[3.0] * 40], patience=40)[0] for _ in range(3)]
    for one, found in zip(searches, (30, 2, 7), strict=True):
        one.found = found
    assert FoundPasses.of(searches, choose(331, 0), falling=falling) == FoundPasses(4.0, 3.0, 7, passes)


def test_passes_and_steps_have_limits():
    one = search([4.0, 3.0])[0]
    one.found = 190
    assert FoundPasses.of([one], choose(331, 0), falling=True).passes == 200
    assert FoundPasses.of([one], choose(331, 0, 1), falling=True).passes == 50_000 // 331


def test_training_in_vain_is_told_by_the_mean_of_all_rows():
    """The mean of the rows held out is chosen with their labels: it does not count."""
    one = search([4.0, 3.0, 3.5])[0]
    assert not FoundPasses.of([one], choose(331, 0), falling=False, means=[2.0], starts=[3.1]).in_vain
    found = FoundPasses.of([one], choose(331, 0), falling=False, means=[2.0], starts=[2.8])
    assert found.in_vain
    start = search([3.0, 3.5, 3.5, 3.5])[0]
    assert FoundPasses.of([start], choose(331, 0), falling=False, means=[3.0], starts=[3.0]).in_vain
    assert not FoundPasses.of([start], choose(331, 0), falling=False, means=[np.inf], starts=[np.inf]).in_vain  # one label
    assert (found.ratio, found.by_start) == (1.5, pytest.approx(3 / 2.8))
