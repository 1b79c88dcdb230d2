"""What a plan says of a row: features, ids, what was filled, and what is unseen and has no bucket."""

from __future__ import annotations

from typing import Any

import pytest

import featurecols as fc

JOB = fc.Vocabulary("job", ["nurse", "pilot"])
CITY = fc.Vocabulary("city", ["Ulm", "Rom"], num_oov_buckets=2)


def test_ids_of_columns_that_are_not_in_the_matrix_have_lines() -> None:
    plan = fc.compile([fc.Numeric("age"), JOB, CITY, fc.Vocabulary("tags", ["a", "b"])])
    found = plan.explain({"age": 31.0, "job": "pilot", "city": "Rom", "tags": ["b", "x", "a"]})
    assert [(m.name, m.index, reads) for m, reads in found.ids] == [
        ("job=pilot", 1, {"job": "pilot"}),
        ("city=Rom", 1, {"city": "Rom"}),
        ("tags=b", 1, {"tags": ["b", "x", "a"]}),
        ("tags=a", 0, {"tags": ["b", "x", "a"]}),
    ]
    assert str(found).splitlines() == [
        "1 of 1 features are not zero",
        "features  value  name       from",
        "0         31     age        age=31.0",
        "id        1      job=pilot  job='pilot'",
        "id        1      city=Rom   city='Rom'",
        "id        1      tags=b     tags=['b', 'x', 'a']",
        "id        0      tags=a     tags=['b', 'x', 'a']",
        "unseen    tags: 'x' is unseen and has no bucket",
    ]
    assert ">job=pilot</td>" in found._repr_html_()


@pytest.mark.parametrize("wrap", [lambda column: column, fc.Indicator, lambda column: fc.Embedding(column, 2)])
def test_an_unseen_value_without_a_bucket_has_a_line(wrap: Any) -> None:
    plan = fc.compile([wrap(JOB), fc.Numeric("age", default=0.0)])
    assert plan.explain({"job": "Nurse", "age": 1.0}).unseen == ("job: 'Nurse' is unseen and has no bucket",)
    assert "unseen    job: 'Nurse' is unseen and has no bucket" in str(plan.explain({"job": "Nurse", "age": 1.0}))
    for known in ("nurse", None):
        assert plan.explain({"job": known, "age": None}).unseen == ()


def test_values_that_a_bucket_takes_have_none_and_ids_out_of_range_have_one() -> None:
    other = fc.Vocabulary("job", ["nurse", "pilot"], unseen=1)
    plan = fc.compile([fc.Indicator(other), fc.Indicator(CITY), fc.Indicator(fc.Identity("day", 7, out_of_range="drop"))])
    found = plan.explain({"job": "cook", "city": "Oslo", "day": 9})
    assert found.filled == ("job: unseen counts as 'pilot'",)
    assert found.unseen == ("day: 9 is out of range and has no bucket",)
    kept = fc.compile([fc.Identity("day", 7, out_of_range="keep")]).explain({"day": 9})
    assert (kept.ids, kept.unseen) == ((), ("day: 9 is out of range and has no bucket",))
    with pytest.raises(fc.DataError, match="day: id out of range"):
        fc.compile([fc.Identity("day", 7)]).explain({"day": 9})


def test_what_a_part_of_a_cross_does_not_know_has_a_line() -> None:
    plan = fc.compile([fc.Indicator(fc.Crossed([JOB, "city"], 5))])
    assert plan.explain({"job": "cook", "city": "Oslo"}).unseen == ("job: 'cook' is unseen and has no bucket",)


def test_describe_says_what_is_asked_for_wrongly() -> None:
    plan = fc.compile([JOB, fc.Indicator(CITY)])
    ids = fc.compile([JOB])
    cases: list[tuple[Any, str]] = [
        (lambda: plan.describe("job"), r"this column gives ids, .*, got 'job'; use describe_id\('job', id\)"),
        (lambda: plan.describe("city_indicator=Rm"), "did you mean 'city_indicator=Rom'"),
        (lambda: plan.describe(True), "needs a position or a name, got True"),
        (lambda: plan.describe("zzz"), r"no feature has this name, got 'zzz'; see plan.feature_names \(featurecols inspect"),
        (
            lambda: ids.describe(0),
            r"describe: the plan has no features, got 0; its columns give ids: use describe_id\(slot, id\)",
        ),
        (lambda: plan.describe_id("jobs", 0), "no slot of ids has this name, got 'jobs'; slots of ids are job, city_indicator"),
        (lambda: plan.describe_id(0, "job"), "no slot of ids has this name, got 0"),  # type: ignore[arg-type]
        (lambda: plan.describe_id("job", 2), "slot 'job' has no such id, got 2; give 0 to 1"),
        (lambda: plan.describe_id("job", -1), "slot 'job' has no such id, got -1; give 0 to 1: a negative id marks a value"),
        (lambda: plan.describe_id("job", True), "id must be an integer, got True"),
        (lambda: fc.compile([fc.Numeric("x")]).describe_id("x", 0), r"no column gives ids: use describe\(feature\)"),
        (lambda: plan.terms({"job": ["nurse"]}, "job"), "ids by the name of their slot, got 'job'; give {'job': None}"),  # type: ignore[arg-type]
        (lambda: plan.terms({"job": ["nurse"]}, ["job"]), 'give {"city": .*}, or None for all ids'),  # type: ignore[arg-type]
    ]
    for call, message in cases:
        with pytest.raises(fc.PlanError, match=message):
            call()


def test_what_is_filled_is_said_of_columns_of_columns() -> None:
    """A column among the inputs was taken for a missing value; a denominator of 0 and what a Numeric fills were not said."""
    data = {"a": [6.0, 2.0, None, 4.0], "b": [3, 0, 2, 1], "t": ["2024-01-03", None, "2024-01-02", "2024-01-05"]}
    rows = [{key: values[i] for key, values in data.items()} for i in range(4)]

    def filled(column: fc.Column) -> list[str]:
        plan = fc.fit([column], data)
        return [str(plan.explain(row)).partition("filled")[2].strip() for row in rows]

    days = fc.Elapsed("t", fc.Timestamp("2024-01-01"))
    assert filled(fc.Ratio("a", "b", default=-1)) == ["", "a_per_b: missing counts as -1", "a: missing counts as -1", ""]
    assert filled(fc.Numeric(fc.Ratio("a", "b"), default=-2)) == ["", *["a_per_b: missing counts as -2"] * 2, ""]
    assert filled(fc.Product(days, "b", default=7)) == ["", "t_since_2024-01-01: missing counts as 7", "", ""]
    assert filled(fc.Numeric(days, default=fc.Median())) == ["", "t_since_2024-01-01: missing counts as 2", "", ""]
    assert filled(fc.Cyclic(fc.DatePart("t", "day"), 31, default=0)) == ["", "t_day: missing counts as 0", "", ""]
    assert filled(fc.Cyclic(fc.Numeric("a", default=float("nan")), 24, default=3)) == ["", "", "a: missing counts as 3", ""]
