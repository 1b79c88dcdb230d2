"""Models of several labels, of which a row may have any number: their numbers, metrics, files and errors."""

import enum
import functools
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

import featurecols as fc
from featurecols import models
from featurecols.errors import DataError
from featurecols.models.errors import ModelError

QUIET = models.RunConfig(progress=False)
N = 160
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(N, 3))
NAMES = ["blue", "green", "red"]
Y = (X @ [[2.0, 0.0, -1.0], [0.0, 2.0, 1.0], [1.0, -1.0, 0.0]] + RANDOM.normal(size=(N, 3)) > [0.0, 1.0, -1.0]).astype(int)
ROWS = pd.DataFrame(
    {
        **{f"x{i}": X[:, i] for i in range(3)},
        **{name: Y[:, k] for k, name in enumerate(NAMES)},
        "tags": [[name for name, there in zip(NAMES, row, strict=True) if there] for row in Y],
        "hot": [row.tolist() for row in Y],
    }
)
COLUMNS = [fc.Numeric(f"x{i}") for i in range(3)]
FAST = {"optimizer": models.optimizers.Adam(0.02)}
KINDS = {
    "linear": lambda **more: models.LinearClassifier(COLUMNS, multi_label=True, **{"config": QUIET, **more}),
    "deep": lambda **more: models.DNNClassifier(COLUMNS, [8], multi_label=True, **{"config": QUIET, **FAST, **more}),
    "both": lambda **more: models.WideDeepClassifier(COLUMNS, COLUMNS, [8], multi_label=True, **{"config": QUIET, **more}),
}


def train(kind, label=NAMES, **more):
    return KINDS[kind](**more).train(ROWS, label, epochs=20, batch_size=32)


class Cut(models.hooks.Hook):
    def after_step(self, run):
        if run.step == 50:
            raise KeyboardInterrupt


@functools.cache
def trained(kind):
    """A model that tests leave as it is."""
    return train(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_of_each_label_and_metrics_those_of_scikit_learn(kind):
    model = trained(kind)
    found, metrics = model.predict(ROWS), model.evaluate(ROWS)
    assert {name: array.shape for name, array in found.arrays.items()} == dict.fromkeys(
        ("logits", "probabilities", "multi_hot"), (N, 3)
    )
    assert model.classes_.tolist() == NAMES
    np.testing.assert_allclose(found["probabilities"], 1 / (1 + np.exp(-found["logits"].astype(float))), rtol=1e-6)
    np.testing.assert_array_equal(found["multi_hot"], found["probabilities"] > 0.5)
    areas = [roc_auc_score(Y[:, k], found["logits"][:, k]) for k in range(3)]
    assert min(areas) > 0.8
    assert [metrics[f"auc/{name}"] for name in NAMES] == pytest.approx(areas, abs=1e-12)
    assert metrics["auc"] == pytest.approx(np.mean(areas), abs=1e-12)
    precise = [average_precision_score(Y[:, k], found["logits"][:, k]) for k in range(3)]
    assert metrics["auc_precision_recall"] == pytest.approx(np.mean(precise), abs=1e-12)
    right = found["multi_hot"] == Y
    assert metrics["accuracy"] == pytest.approx(right.mean(), abs=1e-12)
    assert metrics["exact_match"] == pytest.approx(right.all(axis=1).mean(), abs=1e-12)
    losses = np.logaddexp(0, found["logits"]) - Y * found["logits"]
    assert metrics["average_loss"] == pytest.approx(losses.mean(), rel=1e-6)
    assert metrics["recall/red"] == pytest.approx(right[Y[:, 2] == 1, 2].mean(), abs=1e-12)
    assert model.score(ROWS) == metrics["accuracy"]


def test_one_label_is_the_logistic_model_of_it_and_several_do_not_share_a_linear_model():
    """A linear model of three labels is three models, at three times the gradient: the loss is the mean over the labels."""
    rate = models.optimizers.SGD(0.3)
    several = train("linear", optimizer=rate).predict(ROWS)["logits"]
    for k, name in enumerate(NAMES):
        one = models.LinearClassifier(COLUMNS, optimizer=models.optimizers.SGD(0.1), config=QUIET)
        one.train(ROWS, name, epochs=20, batch_size=32)
        np.testing.assert_allclose(several[:, k], one.predict(ROWS)["logits"], rtol=1e-4, atol=1e-5)


def test_lists_of_words_of_0_and_1_and_fields_are_the_same_labels():
    want = trained("linear").predict(ROWS)["logits"].tobytes()
    for label in ("tags", "hot"):
        assert train("linear", label).predict(ROWS)["logits"].tobytes() == want
    assert train("linear", "tags").classes_.tolist() == NAMES
    assert train("linear", "hot").classes_.tolist() == ["0", "1", "2"]
    pair = KINDS["linear"](label_vocabulary=NAMES).train((ROWS[["x0", "x1", "x2"]], Y), epochs=20, batch_size=32)
    assert pair.predict(ROWS)["logits"].tobytes() == want
    assert pair.classes_.tolist() == NAMES


@pytest.mark.parametrize("kind", KINDS)
def test_saved_resumed_rows_and_bytes_have_the_same_bits(kind, tmp_path):
    model = trained(kind)
    again = models.load(model.save(tmp_path / "saved"))
    assert again.fingerprint == model.fingerprint
    spec = json.loads((tmp_path / "saved" / "model.json").read_text())
    assert (spec["multi_label"], spec["label_vocabulary"], spec["label"]) == (True, NAMES, NAMES)
    found = again.predict(ROWS)
    assert found["logits"].tobytes() == model.predict(ROWS)["logits"].tobytes()
    row = model.predict_row(ROWS.iloc[3].to_dict())
    assert {name: np.asarray(values).tobytes() for name, values in row.items()} == {
        name: found[name][3].tobytes() for name in list(found.arrays)
    }
    config = models.RunConfig(str(tmp_path / "here"), save_checkpoints_steps=7, progress=False)
    with pytest.raises(KeyboardInterrupt):
        KINDS[kind](config=config).train(ROWS, NAMES, epochs=20, batch_size=32, hooks=[Cut()])
    resumed = KINDS[kind](config=config).train(ROWS, NAMES, epochs=20, batch_size=32)
    assert resumed.fingerprint == model.fingerprint


def test_files_explanations_and_starts(tmp_path):
    model = trained("both")
    ROWS.to_parquet(tmp_path / "rows.parquet")
    model.predict_files(tmp_path / "rows.parquet", tmp_path / "out.parquet")
    made = pq.read_table(tmp_path / "out.parquet")
    assert made.column_names == [f"probability_{name}" for name in NAMES]
    assert made["probability_red"].to_numpy().tobytes() == model.predict(ROWS)["probabilities"][:, 2].tobytes()
    row = ROWS.iloc[0].to_dict()
    parts = model.explain(row, output="green")
    assert parts.output == "logit of green"
    assert parts.total == pytest.approx(float(model.predict_row(row)["logits"][1]), rel=1e-6)
    fewer = KINDS["linear"](warm_start_from=trained("linear").save(tmp_path / "first"))
    fewer.train(ROWS, ["red", "blue"], steps=1, batch_size=32)
    kernel, first = fewer.variables.values["linear/kernel"], trained("linear").variables.values["linear/kernel"]
    np.testing.assert_allclose(kernel, first[:, [2, 0]], atol=0.1)
    assert np.abs(first[:, 0] - first[:, 2]).max() > 1
    start = KINDS["linear"]().train(ROWS, NAMES, steps=1, batch_size=N).variables.values["linear/bias"]
    shares = Y.mean(axis=0)
    np.testing.assert_allclose(start, np.log(shares / (1 - shares)), atol=0.1)


BAD = ROWS.assign(green=[*[0] * 7, 2, *[1] * (N - 8)], few=[["red"]] * 5 + [["pink"]] * (N - 5))


def test_a_report_has_the_metrics_of_each_label_and_slices_by_the_share_that_is_right():
    model, rows = trained("linear"), ROWS.assign(w=np.arange(N) % 3, place=np.where(np.arange(N) % 4, "Oslo", "Lima"))
    report = model.report(rows, weight="w", slices=["place"], repeats=0)
    assert report.metrics == model.evaluate(rows, weight="w")
    right = (model.predict(rows)["multi_hot"] == Y).mean(axis=1)
    oslo = rows["place"] == "Oslo"
    found = {one.meaning: one for one in report.slices}
    assert found["place = Oslo"].rows == oslo.sum()
    assert found["place = Oslo"].score == pytest.approx(np.average(right[oslo], weights=rows["w"][oslo]))
    page = report.to_html()
    assert "<th>class</th><th>accuracy</th><th>auc</th><th>label/mean</th><th>precision</th><th>prediction/mean</th>" in page
    assert f"<tr><td>green</td><td>{report.metrics['accuracy/green']:.4g}</td>" in page


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: train("linear").evaluate(BAD),
            "green: one label of several must be 0 or 1 at row 7, got 2.0; give several fields",
        ),
        (
            lambda: train("linear", "tags").evaluate(BAD, "few"),
            "few: a label that training did not see at row 5, got 'pink'; known",
        ),
        (lambda: train("linear", "x0"), "x0: one label of several must be 0 or 1 at row 0"),
        (
            lambda: KINDS["linear"]().train(ROWS.assign(t="red"), "t", steps=1),
            "t: labels must be lists of words at row 0, got 'red'",
        ),
        (
            lambda: KINDS["linear"]().train(ROWS.assign(t=[[]] * N), "t", steps=1),
            "t: no row has a label, got None; give several fields",
        ),
        (
            lambda: KINDS["linear"]().train(ROWS.assign(t=[["red"], [], None] + [["blue"]] * (N - 3)), "t", steps=1),
            "t: a label is missing at row 2, got None",
        ),
        (
            lambda: train("linear", label_vocabulary=NAMES).evaluate(ROWS.assign(t=[[], None] + [["blue"]] * (N - 2)), "t"),
            "t: a label is missing at row 1, got None",
        ),
        (
            lambda: train("linear").evaluate(ROWS.assign(green=[0.0] * 7 + [np.nan] + [1.0] * (N - 8)), NAMES),
            "^green: a label is missing at row 7, got None",
        ),
        (lambda: KINDS["linear"](n_classes=3), "leave n_classes out: the labels are counted"),
        (lambda: KINDS["linear"](label_vocabulary=["a", "a"]), "label_vocabulary must name different labels"),
        (lambda: trained("linear").rank({"x0": 1.0}, ROWS), "several labels are not one score"),
        (
            lambda: KINDS["linear"]().train(ROWS, NAMES, class_weight={"red": 2.0}),
            "class_weight is of one class a row, and rows have several labels, got",
        ),
        (lambda: KINDS["linear"]().train(ROWS.assign(t=[[1]] + [[1, 0]] * (N - 1)), "t"), "got 2; give a field, or an entry"),
        (lambda: train("linear", label_vocabulary=["a", "b"]), "labels must have 2 numbers a row, got 3; give a field"),
        (lambda: trained("linear").explain(ROWS.iloc[0].to_dict(), output="pink"), "unknown output 'pink'"),
    ],
)
def test_errors_name_the_row_and_the_way_out(call, message):
    with pytest.raises((DataError, ModelError, fc.ColumnError, AttributeError), match=message):
        call()


def test_fields_are_their_labels_in_any_order():
    model, last = trained("linear"), NAMES[::-1]
    assert model.evaluate(ROWS, last) == model.evaluate(ROWS, NAMES)
    apart = {name: Y[:, NAMES.index(name)] for name in last}
    assert model.evaluate(ROWS[["x0", "x1", "x2"]], apart) == model.evaluate(ROWS, NAMES)
    turned = KINDS["linear"](label_vocabulary=last).train(ROWS, NAMES, steps=2)
    want = {f"label/mean/{name}": pytest.approx(Y[:, k].mean()) for k, name in enumerate(NAMES)}
    assert want.items() <= turned.evaluate(ROWS).items()


def test_a_vocabulary_of_bytes_and_of_classes_made_of_str_is_their_text():
    class Colour(str, enum.Enum):  # noqa: UP042 - StrEnum prints its text
        RED = "red"

    assert KINDS["linear"](label_vocabulary=[b"blue", Colour.RED, np.str_("green")]).head.words == ("blue", "red", "green")
