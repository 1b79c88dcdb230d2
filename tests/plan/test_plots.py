"""Pictures of columns: what is drawn, by the numbers of the artists."""

from __future__ import annotations

import math
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch

import featurecols as fc

matplotlib.use("Agg")
ROWS = {"x": [0.0, 1.0, 2.0, 4.0, None], "job": ["cook", "cook", "clerk", "pilot", None]}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_edges_stand_over_the_histogram_of_the_field() -> None:
    plan = fc.fit([fc.Indicator(fc.Bucketized("x", [1, 3, 9]))], ROWS, statistics=True)
    ax = plan.plot("x_bucketized_indicator")
    assert [line.get_xdata()[0] for line in ax.lines] == [1, 3, 9]
    (bars,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    assert bars.get_data().values.sum() == 4
    assert [text.get_text() for text in ax.texts] == ["1 edges beyond"]
    assert ax.get_xlabel() == "x"
    assert ax.get_title() == "x_bucketized_indicator"
    alone = fc.compile([fc.Bucketized("x", [1, 3])]).plot("x_bucketized")
    assert len(alone.lines) == 2
    assert not alone.patches


def test_curves_go_from_the_first_boundary_to_the_last() -> None:
    plan = fc.compile([fc.Piecewise("x", [0, 1, 3])])
    ax = plan.plot("x_piecewise")
    first, second = ax.lines[0], ax.lines[1]
    assert (first.get_xdata()[0], first.get_xdata()[-1]) == (0, 3)
    np.testing.assert_allclose(first.get_ydata(), np.minimum(first.get_xdata(), 1), atol=1e-6)
    np.testing.assert_allclose(second.get_ydata(), np.clip((second.get_xdata() - 1) / 2, 0, 1), atol=1e-6)
    scaled = fc.fit([fc.Numeric("x", default=0, normalizer=fc.MinMax())], ROWS).plot("x", ROWS)
    np.testing.assert_allclose(scaled.lines[0].get_ydata(), scaled.lines[0].get_xdata() / 4, atol=1e-6)


def test_a_vocabulary_is_a_point_on_its_coverage() -> None:
    plan = fc.fit([fc.Indicator(fc.Tfidf(fc.Vocabulary("job", ["cook", "pilot"])))], ROWS, statistics=True)
    curve, point = plan.plot("job").lines
    np.testing.assert_allclose(curve.get_ydata(), [0.5, 0.75, 1.0])
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (2, 0.75)
    assert plan.plot("job_tfidf_indicator").texts[0].get_text() == "2 terms, 75.0% of the values"


@pytest.mark.parametrize("with_statistics", [False, True])
def test_hash_buckets_are_counted_by_their_terms(with_statistics: bool) -> None:
    jobs = {"job": [f"job {i}" for i in range(40)]}
    plan = fc.fit([fc.Hashed("job", 16)], jobs, statistics=with_statistics)
    ax = plan.plot("job", None if with_statistics else jobs)
    heights = [bar.get_height() for bar in ax.patches]
    ids = plan.encode(jobs).ids["job"].values
    assert heights == np.bincount(np.bincount(ids, minlength=16)).tolist()
    (chance,) = ax.lines
    assert chance.get_ydata()[0] == pytest.approx(16 * math.exp(-40 / 16))


MEANS = {
    "job": ["cook"] * 6 + ["clerk"] * 3 + [None, "pilot", "pilot"],
    "x": [1, 1, 9, 9, 9, 9, 5, 5, None, 9, 1, 1],
    "late": [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, None],
    "id": list(range(12)),
}


def labels_of(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def test_means_of_a_few_terms_have_a_line_each() -> None:
    mean = fc.TargetMean("job", "late", smoothing=1, fold_by="id")
    plan = fc.fit([fc.Numeric(mean, normalizer=fc.ZScore(), name="scaled")], MEANS)
    ax = plan.plot("scaled")
    points, unseen = ax.lines
    assert labels_of(ax) == ["pilot  1", "missing  1", "cook  6", "clerk  3"]
    p = 6 / 11
    np.testing.assert_allclose(points.get_xdata(), [p / 2, p / 2, (3 + p) / 7, (3 + p) / 4])
    assert unseen.get_xdata()[0] == pytest.approx(p)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["unseen terms: 0.545"]
    ordered = fc.fit([fc.TargetMean(fc.Bucketized("x", [4, 8]), "job", smoothing=0, fold_by="id")], MEANS)
    ax = ordered.plot("x_bucketized_mean_job")
    assert labels_of(ax) == ["missing  1", ">= 8  4", "[4, 8)  2", "< 4  4"]
    assert [line.get_label() for line in ax.lines[:3]] == ["clerk", "cook", "pilot"]
    np.testing.assert_allclose(ax.lines[1].get_xdata(), [0, 1, 0, 0.5])


def test_parts_of_times_are_in_the_order_of_time() -> None:
    days = {"day": [f"2024-01-{1 + k % 5:02}" for k in range(12)], "late": [k % 5 in (0, 3) for k in range(12)]}
    weekday = fc.DatePart("day", "weekday")
    plan = fc.fit([fc.TargetMean(weekday, "late", name="mean"), fc.Count(weekday, name="rows")], days)
    days_of_week = ["Monday  3", "Tuesday  3", "Wednesday  2", "Thursday  2", "Friday  2"]
    assert labels_of(plan.plot("mean"))[::-1] == labels_of(plan.plot("rows")) == days_of_week


def test_means_of_many_terms_stand_over_their_rows() -> None:
    rows = {"u": [f"u{i}" for i in range(30) for _ in range(i + 1)], "id": list(range(465)), "y": [i % 5 for i in range(465)]}
    plan = fc.fit([fc.TargetMean("u", "y", fold_by="id"), fc.Count("u")], rows)
    ax = plan.plot("u_mean_y")
    (points,) = ax.collections
    terms = {"u": [f"u{i}" for i in range(29, -1, -1)]}
    np.testing.assert_allclose(points.get_offsets(), np.stack([np.arange(30, 0, -1), plan.transform(terms)[:, 0]], axis=1))
    assert [text.get_text() for text in ax.texts] == ["u29"]
    ax = plan.plot("u_count")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.arange(30, 0, -1))
    assert [text.get_text() for text in ax.texts] == ["u29  30"]


def test_counts_of_a_few_terms_are_bars() -> None:
    ax = fc.fit([fc.Count("job")], MEANS).plot("job_count")
    assert labels_of(ax) == ["cook  6", "clerk  3", "pilot  2", "missing  1"]
    assert [bar.get_width() for bar in ax.patches] == [6, 3, 2, 1]


def test_what_has_no_picture_says_what_to_do() -> None:
    plan = fc.compile([fc.Hashed("job", 16), fc.Vocabulary("job", ["a"], name="v"), fc.Identity("n", 3), fc.Numeric("x")])
    with pytest.raises(fc.PlanError, match=r"no column has that name, got 'y'; give one of job"):
        plan.plot("y")
    for name in ("job", "v", "x"):
        with pytest.raises(fc.PlanError, match=rf"plot: {name}: .*statistics=True"):
            plan.plot(name)
    with pytest.raises(fc.PlanError, match=r"n: there is a picture of intervals, terms.*Identity"):
        plan.plot("n")


def test_a_notebook_shows_what_a_column_declares() -> None:
    text = fc.Indicator(fc.Vocabulary("job", ["<b>"], num_oov_buckets=2), name="jobs")._repr_html_()
    assert "Indicator jobs" in text
    assert "&lt;b&gt;" in text
    assert "<td" in text
    assert "seed" not in text
