"""report: its numbers are those of evaluate, and of the rows counted by hand; its page needs nothing else."""

from __future__ import annotations

import html.parser
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.data.sources import as_source
from featurecols.models import BaselineClassifier, DNNRegressor, LinearClassifier, LinearRegressor, RunConfig
from featurecols.models.errors import ModelError, TrainingWarning
from featurecols.models.inspection import measured
from featurecols.models.inspection.slices import Slices, interval_of
from tests.models.people import AGE, CITY, JOB, people

QUIET = RunConfig(progress=False)
TEST = people(9_000, seed=1)  # of three batches


@pytest.fixture(scope="module")
def two() -> LinearClassifier:
    return LinearClassifier([AGE, JOB, CITY], config=QUIET).train(people(900), label="income", epochs=3)


@pytest.fixture(scope="module")
def three() -> LinearClassifier:
    return LinearClassifier([AGE, JOB], n_classes=3, config=QUIET).train(people(900), label="colour", epochs=3)


@pytest.fixture(scope="module")
def numbers() -> DNNRegressor:
    return DNNRegressor([AGE, fc.Indicator(JOB)], [4], config=QUIET).train(people(900), label="wealth", epochs=3)


class Page(html.parser.HTMLParser):
    """What a page has: its headings, and the addresses that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes) -> None:
        self.open.append(tag)
        self.addresses += [str(value) for name, value in attributes if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)

    def handle_endtag(self, tag) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def test_numbers_of_two_classes_are_those_of_evaluate_and_of_the_rows(two) -> None:
    report = two.report(TEST, weight="weight")
    assert report.metrics == two.evaluate(TEST, weight="weight")
    assert report.rows == 9_000
    y, w = np.array(TEST["income"]) == ">50K", TEST["weight"].astype(np.float32).astype(float)
    found = two.predict(TEST)
    p, z = found["probabilities"][:, 1].astype(float), found["logits"].astype(float)
    confusion = [[w[(y == label) & ((z > 0) == chosen)].sum() for chosen in (False, True)] for label in (False, True)]
    np.testing.assert_allclose(report.confusion.weight, confusion, rtol=1e-9)
    assert report.confusion.classes == ("<=50K", ">50K")
    bins = [np.flatnonzero((p >= i / 20) & (p < (i + 1) / 20)) for i in range(20)]
    np.testing.assert_allclose(report.calibration.observed, [np.average(y[b], weights=w[b]) for b in bins if len(b)])
    np.testing.assert_allclose(report.calibration.predicted, [np.average(p[b], weights=w[b]) for b in bins if len(b)])
    assert report.calibration.brier == pytest.approx(np.average(np.square(p - y), weights=w))
    assert np.trapezoid(report.roc.y, report.roc.x) == pytest.approx(report.metrics["auc"], abs=1e-3)  # of 400 points
    assert (len(report.roc.x), report.roc.x[-1], report.roc.y[-1]) == (400, 1.0, 1.0)
    losses = np.logaddexp(0, z) - y * z
    for one in [one for one in report.slices if one.field == "job"]:
        rows = np.array(TEST["job"]) == one.meaning.removeprefix("job = ")
        assert one.rows == rows.sum()
        assert one.loss == pytest.approx(np.average(losses[rows], weights=w[rows]), rel=1e-5)
        assert one.excess == pytest.approx(one.loss - report.metrics["average_loss"])
        assert one.score == pytest.approx(np.average((z > 0) == y, weights=w)) or one.rows < 9_000
        assert one.label == pytest.approx(np.average(y[rows], weights=w[rows]))
        assert one.prediction == pytest.approx(np.average(p[rows], weights=w[rows]), rel=1e-5)
    ages = [one for one in report.slices if one.field == "age"]
    assert sum(one.rows for one in ages) == 9_000
    assert len(ages) == 8
    assert report.importance.metric == "auc"


def test_noise_is_the_standard_error_of_the_mean_loss(two) -> None:
    report = two.report(TEST, slices=["weight"], repeats=0)
    z, y = two.predict(TEST)["logits"].astype(float), np.array(TEST["income"]) == ">50K"
    losses, first = np.logaddexp(0, z) - y * z, report.slices[0]
    edge = float(np.sort(TEST["weight"])[first.rows])
    chosen = losses[TEST["weight"] < edge]
    assert (len(chosen), first.field, first.meaning) == (first.rows, "weight", f"weight < {edge:.4g}")
    assert first.noise == pytest.approx(chosen.std(ddof=1) / len(chosen) ** 0.5, rel=1e-4)
    assert report.importance is None
    worst = report.worst(3)
    assert all(one.excess > 2 * one.noise for one in worst)


def test_the_worst_slices_are_those_that_were_made_worse(two) -> None:
    wrong = dict(TEST)
    flipped = {"<=50K": ">50K", ">50K": "<=50K"}
    pairs = zip(TEST["income"], TEST["city"], strict=True)
    wrong["income"] = [flipped[label] if city == "city7" else label for label, city in pairs]
    report = two.report(wrong, repeats=0)
    assert report.worst(1)[0].meaning == "city = city7"
    assert "\n  city = city7: loss " in repr(report)
    assert report.to_html().index("city = city7") < report.to_html().index("city = city0")


def test_three_classes_have_a_confusion_and_the_calibration_of_the_largest(three) -> None:
    report = three.report(TEST, repeats=0)
    found = three.predict(TEST)
    y, chosen, p = np.array(TEST["colour"]), found["classes"], found["probabilities"].max(axis=1).astype(float)
    names = ["blue", "green", "red"]
    assert report.confusion.weight.tolist() == [[((y == a) & (chosen == b)).sum() for b in names] for a in names]
    assert report.calibration.weight.sum() == 9_000
    assert report.calibration.brier == pytest.approx(np.square(p - (y == chosen)).mean())
    assert report.roc is None
    headings = Page(report.to_html()).headings
    assert headings[:4] == ["LinearClassifier", "Classes", "Calibration", "Confusion"]


def test_numbers_have_errors_and_residuals(numbers, monkeypatch) -> None:
    report = numbers.report(TEST, repeats=0)
    np.testing.assert_array_equal(report.errors.labels[:, 0], TEST["wealth"])
    np.testing.assert_allclose(report.errors.predictions[:, 0], numbers.predict(TEST)["predictions"], rtol=1e-6)
    assert next(one.score for one in report.slices if one.meaning == "job = judge") == pytest.approx(
        np.abs(report.errors.labels - report.errors.predictions)[np.array(TEST["job"]) == "judge"].mean()
    )
    assert Page(report.to_html()).headings[:3] == ["DNNRegressor", "Predicted and true", "Residuals"]
    monkeypatch.setattr(measured, "SAMPLE", 1_000)
    sample = numbers.report(TEST, repeats=0).errors
    assert (len(sample.labels), sample.rows) == (1_000, 9_000)
    assert abs(sample.labels.mean() - TEST["wealth"].mean()) < 0.2  # four of its standard errors


def test_the_page_needs_no_other_file_and_escapes_what_data_say(two, tmp_path) -> None:
    data = {key: list(values[:300]) for key, values in TEST.items()}
    data["job"] = ["<script>alert(1)</script>" if job == "cook" else job for job in data["job"]]
    report = two.report(data, path=tmp_path / "page.html", title="<b>&", slices=["job", "age"])
    text = (tmp_path / "page.html").read_text("utf-8")
    assert text == report.to_html()
    page = Page(text)
    assert page.addresses == []
    assert "script" not in re.findall(r"<(\w+)", text)
    assert not re.search(r"https?:|url\(|@import", text)
    assert "&lt;script&gt;alert(1)" in text
    assert page.headings[0] == "<b>&"
    assert page.headings[1:] == [
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Confusion",
        "Importance of fields",
        "Worst slices",
        "job",
        "age",
    ]


def test_files_give_what_tables_give(two, tmp_path) -> None:
    for number in range(2):
        part = {key: values[number * 4_500 : (number + 1) * 4_500] for key, values in TEST.items()}
        pq.write_table(pa.table(part), tmp_path / f"{number}.parquet", row_group_size=1_000)
    files, table = two.report(str(tmp_path)), two.report(TEST)
    assert files.slices == table.slices
    assert files.to_html() == table.to_html()


def test_rare_forms_of_fields_and_labels() -> None:
    rows = {
        "tags": [["a", "b"], ["a", "a"], [], None] * 10,
        "flag": [True, False, None, True] * 10,
        "list": [[1.0, 2.0], [3.0, 4.0]] * 20,
        "x": [None, 1.0, 2.0, 3.0] * 10,
        "y": [0.0, 1.0, 2.0, 3.0] * 10,
    }
    columns = [fc.Vocabulary("tags", ["a", "b"]), fc.Vocabulary("flag", [True]), fc.Numeric("x", default=0.0)]
    model = LinearRegressor(columns, config=QUIET).train(rows, label="y", epochs=1)
    report = model.report(rows, slices=["tags", "flag", "list", "x"])
    assert {one.meaning: one.rows for one in report.slices} == {
        **{"tags = a": 20, "tags = b": 10, "tags is missing": 20, "flag = 1": 20, "flag = 0": 10, "flag is missing": 10},
        **{f"list = {number}": 20 for number in (1, 2, 3, 4)},
        **{"x < 2": 10, "2 <= x < 3": 10, "x >= 3": 10, "x is missing": 10},
    }
    alike = LinearClassifier([fc.Numeric("x", default=0.0)], label_vocabulary=["a", "b"], config=QUIET)
    with pytest.warns(TrainingWarning):
        alike.train({"x": [1.0, 2.0], "y": ["a", "a"]}, label="y", epochs=1)
    page = alike.report({"x": [1.0, 2.0], "y": ["a", "a"]})
    assert page.roc is None
    assert "Confusion" in Page(page.to_html()).headings


def test_what_cannot_be_reported_is_said(two) -> None:
    with pytest.raises(ModelError, match="report: unknown field 'ages'"):
        two.report(TEST, slices=["ages"])
    with pytest.raises(ModelError, match="report: reads its rows several times"):
        two.report(iter([TEST]))
    with pytest.raises(fc.DataError, match="income"):
        two.report({key: TEST[key] for key in ("age", "job", "city")})
    baseline = BaselineClassifier([JOB], config=QUIET).train(TEST, label="income")
    assert baseline.report(TEST, repeats=0).metrics["auc"] == 0.5


def test_intervals_and_slices_of_no_fields() -> None:
    assert [interval_of("x", None, None), interval_of("x", 1 / 3, 2e9)] == ["x", "0.3333 <= x < 2e+09"]
    assert Slices.of(as_source({"x": [1.0]}), {}).found(0.0) == []
