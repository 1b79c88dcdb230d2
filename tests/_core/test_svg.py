"""Charts: where points are, round numbers on axes, and text that cannot become HTML."""

from __future__ import annotations

import math

import pytest

from featurecols._core.svg import Chart, ticks


def test_corners_of_the_chart_are_the_ends_of_its_axes() -> None:
    chart = Chart((0, 10), (-1, 1), ("x", "y"), (460, 300))
    assert chart.at(0, -1) == (52, 260)
    assert chart.at(10, 1) == (448, 10)
    assert chart.at(5, 0) == (250, 135)


def test_bars_stand_on_zero() -> None:
    assert (
        "<rect x='52.0' y='10.0' width='197.0' height='125.0'/>"
        in Chart((0, 10), (-1, 1), ("", "")).bars([(0, 5, 1)], "red").svg()
    )


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3.2, 4.1, ["-2", "0", "2", "4"]),
        (0, 2_000_000, ["0", "500k", "1M", "1.5M", "2M"]),
        (999_990, 1_000_010, ["999,990", "999,995", "1,000,000", "1,000,005", "1,000,010"]),
        (0, 3e-7, ["0", "1e-07", "2e-07", "3e-07"]),
    ],
)
def test_axes_have_round_numbers(low: float, high: float, texts: list[str]) -> None:
    found = ticks(low, high)
    assert [text for _, text in found] == texts
    assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in found)


def test_no_range_and_no_number_have_a_place() -> None:
    assert Chart((2, 2), (math.nan, math.inf), ("", "")).at(2, 0) == (250, 135)


def test_labels_are_escaped() -> None:
    text = Chart((0, 1), (0, 1), ("<b>", "a & b")).svg()
    assert "&lt;b&gt;" in text
    assert "a &amp; b" in text
    assert "<b>" not in text
