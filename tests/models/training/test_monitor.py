"""Which value of a metric is the better one."""

from __future__ import annotations

import math

import pytest

from featurecols.errors import ColumnError
from featurecols.models.training.monitor import Monitor

NAN = math.nan


@pytest.mark.parametrize(
    ("metric", "rises"),
    [
        ("loss", False),
        ("val_loss", False),
        ("average_loss", False),
        ("mse", False),
        ("val_mse", False),
        ("mean_absolute_percentage_error", False),
        ("prediction/mean", False),
        ("my_metric", False),
        ("auc", True),
        ("val_auc", True),
        ("auc_precision_recall", True),
        ("recall/setosa", True),
        ("val_precision/0", True),
        ("r2", True),
        ("val_binary_accuracy", True),
    ],
)
def test_f3_auto_is_falling_unless_the_metric_is_known_to_rise(metric: str, rises: bool) -> None:
    """F3: auto is falling unless the metric is known to rise."""
    assert Monitor(metric).rises == rises
    assert Monitor(metric, "max").rises
    assert not Monitor(metric, "min").rises


def test_what_is_an_improvement() -> None:
    falls, rises = Monitor("loss", min_delta=0.5), Monitor("auc", min_delta=0.5)
    assert [falls.improved(v, 2.0) for v in (1.0, 1.5, 2.0, 3.0)] == [True, False, False, False]
    assert [rises.improved(v, 2.0) for v in (1.0, 2.0, 2.5, 3.0)] == [False, False, False, True]
    assert falls.improved(9.0, None)


def test_f3_nan_is_never_best() -> None:
    """F3: NaN is never best."""
    for monitor in (Monitor("loss"), Monitor("auc")):
        assert not monitor.improved(NAN, None)
        assert not monitor.improved(NAN, 1.0)
        assert monitor.improved(1.0, NAN)
        assert monitor.best([NAN, NAN]) is None
    assert Monitor("loss").best([NAN, 3.0, 2.0]) == 2.0
    assert Monitor("auc").best([NAN, 3.0, 2.0]) == 3.0


def test_a_mode_that_is_not_known() -> None:
    with pytest.raises(ColumnError, match="val_auc: unknown mode, got 'most'; known are auto, min, max"):
        Monitor("val_auc", "most")
