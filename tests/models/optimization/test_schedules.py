from __future__ import annotations

import json
import math

import pytest

from featurecols._core.spec import decode
from featurecols.errors import ColumnError
from featurecols.models.component import component_from_json
from featurecols.models.errors import ModelError
from featurecols.models.optimization.schedules import (
    Cosine,
    Exponential,
    LinearDecay,
    PiecewiseConstant,
    Schedule,
    Steady,
    Warmup,
)

ALL = [
    Steady(0.3),
    Cosine(0.3, 10, warmup=3, final=0.1),
    Exponential(0.3, 0.5, 10, staircase=True),
    LinearDecay(0.3, 10, final=0.2),
    PiecewiseConstant((3, 5), (0.3, 0.2, 0.1)),
    Warmup(Cosine(0.3), 4),
]


def test_cosine_is_half_a_wave_after_the_warmup():
    schedule = Cosine(2.0, warmup=4, final=0.5)
    assert [schedule.at(s, 12) for s in range(4)] == [0.5, 1.0, 1.5, 2.0]
    for step in range(4, 13):
        want = 1.0 + 1.0 * 0.5 * (1 + math.cos(math.pi * (step - 4) / 8))
        assert schedule.at(step, 12) == pytest.approx(want, rel=1e-15)
    assert schedule.at(99, 12) == 1.0


def test_given_steps_go_before_those_of_the_run():
    assert Cosine(1.0, 4).at(2, 400) == pytest.approx(0.5)
    assert LinearDecay(1.0, 4).at(2, 400) == 0.5
    assert LinearDecay(1.0).at(100, 400) == 0.75


def test_exponential():
    assert Exponential(0.8, 0.5, 4).at(2) == pytest.approx(0.8 * 0.5**0.5, rel=1e-15)
    assert [Exponential(0.8, 0.5, 4, staircase=True).at(s) for s in (3, 4, 8)] == [0.8, 0.4, 0.2]


@pytest.mark.parametrize("schedule", [Cosine(0.1), LinearDecay(0.1)])
def test_a_run_without_an_end_needs_steps(schedule):
    with pytest.raises(ModelError, match="needs the length of the run, got None; give it steps="):
        schedule.at(0)


@pytest.mark.parametrize("schedule", ALL)
def test_json_gives_an_equal_schedule(schedule):
    assert decode(json.loads(json.dumps(schedule.to_json()))) == schedule
    assert eval(repr(schedule)) == schedule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Steady(0), "Steady: rate must be a finite number above 0, got 0"),
        (lambda: Cosine(0.1, 0), "Cosine: steps must be an integer of at least 1, got 0"),
        (lambda: Cosine(0.1, warmup=-1), "Cosine: warmup must be an integer of at least 0"),
        (lambda: Exponential(0.1, -1, 10), "Exponential: decay must be"),
        (lambda: LinearDecay(0.1, 1.5), "LinearDecay: steps must be an integer"),
        (lambda: PiecewiseConstant((5, 3), (1.0, 2.0, 3.0)), "PiecewiseConstant: needs rising boundaries and one rate more"),
        (lambda: PiecewiseConstant((5,), (1.0,)), "PiecewiseConstant: needs rising boundaries and one rate more"),
        (lambda: Warmup(0.1, 5), r"Warmup: needs a schedule, got 0.1; wrap the rate in Steady\(rate\)"),
    ],
)
def test_bad_arguments_fail_when_made(make, message):
    with pytest.raises(ColumnError, match=message):
        make()


def test_the_schedule_loads_under_its_former_name() -> None:
    rates = {"boundaries": [10], "rates": [0.1, 0.01]}
    for name in ("PiecewiseConstant", "Piecewise", "models.Piecewise.v1"):
        assert component_from_json({"type": name, **rates}, Schedule, "learning_rate") == PiecewiseConstant([10], [0.1, 0.01])
