"""explain and importance: contributions against the weights of linear models and the sum of networks, importance by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import models
from featurecols.errors import ColumnError
from featurecols.models import BaselineRegressor, DNNClassifier, LinearClassifier, LinearRegressor, RunConfig, WideDeepRegressor
from featurecols.models.errors import ModelError
from featurecols.models.inspection.explanations import Contribution, Explanation

QUIET = RunConfig(progress=False)
CITY, TAGS = fc.Vocabulary("city", ["Rome", "Oslo"]), fc.Vocabulary("tags", ["a", "b", "c"])


def table(count=300):
    random = np.random.default_rng(4)
    age, city = random.normal(40, 10, count), random.choice(["Rome", "Oslo", "Bonn"], count)
    paid = 3 * age + 20 * (city == "Rome") + random.normal(size=count)
    tags = [random.choice(["a", "b", "c"], 2).tolist() for _ in range(count)]
    return {
        "age": age,
        "noise": random.normal(size=count),
        "city": city.tolist(),
        "tags": tags,
        "paid": paid,
        "rich": paid > 130,
    }


DATA = table()
ROW = {"age": 55.0, "noise": 0.3, "city": "Rome", "tags": ["a", "c"]}


def test_linear_contributions_are_the_weights():
    model = LinearRegressor([fc.Numeric("age"), CITY, TAGS], config=QUIET).train(DATA, label="paid", epochs=5)
    explained = model.explain(ROW)
    found = {row.column: row.weight for row in explained}
    deviation, mean = model.head.scaling.deviation[0], model.head.scaling.mean[0]
    weights = model.get_variable_value("linear/weights")[:, 0].astype(float)
    assert found["city"] == pytest.approx(deviation * weights[0])
    assert found["tags"] == pytest.approx(deviation * (weights[2] + weights[4]))
    scaled = float(model.plan.encode([ROW]).dense[0, 0])
    assert found["age"] == pytest.approx(deviation * scaled * float(model.get_variable_value("linear/kernel")[0, 0]))
    assert explained.base == pytest.approx(deviation * float(model.get_variable_value("linear/bias")[0]) + mean)
    assert explained.total == pytest.approx(float(model.predict([ROW])["predictions"][0]))
    assert abs(explained.error) < 1e-4
    assert repr(explained).splitlines()[0].endswith("  age = 55.0")


def test_networks_add_up_to_the_logit():
    deep = [fc.Numeric("age"), fc.Embedding(CITY, 2), fc.Indicator(TAGS)]
    model = DNNClassifier(deep, [6, 4], activation="tanh", batch_norm=True, config=QUIET).train(DATA, label="rich", epochs=3)
    coarse, fine = model.explain(ROW, steps=4), model.explain(ROW, steps=400)
    assert abs(fine.error) < 1e-4
    assert abs(fine.error) <= abs(coarse.error) + 1e-6
    assert fine.total == pytest.approx(float(model.predict([ROW])["logits"][0]), abs=1e-6)
    assert fine.output == "logit of True"
    assert {row.column for row in fine} == {"age", "city_embedding", "tags_indicator", "age_bucketized_indicator"} & {
        column.name for column in model.plan.columns
    }
    both = WideDeepRegressor([CITY], deep, [4], config=QUIET).train(DATA, label="paid", epochs=2)
    found = both.explain(ROW, steps=400)
    assert abs(found.error) < 0.02  # of 20: a relu has corners
    assert found.total == pytest.approx(float(both.predict([ROW])["predictions"][0]), rel=1e-5)


def test_each_class_has_its_own_explanation():
    model = LinearClassifier([fc.Numeric("age")], n_classes=3, config=QUIET).train(DATA, label="city", epochs=2)
    logits = model.predict([ROW])["logits"][0]
    assert model.explain(ROW, output="Oslo").total == pytest.approx(float(logits[1]))
    assert model.explain(ROW).total == pytest.approx(float(logits.max()))
    with pytest.raises(ModelError, match="explain: unknown output 'Paris'"):
        model.explain(ROW, output="Paris")
    with pytest.raises(ModelError, match="is not explained"):
        BaselineRegressor([CITY], config=QUIET).train(DATA, label="paid").explain(ROW)


def test_importance_is_what_shuffling_costs():
    columns = [fc.Numeric("age"), fc.Numeric("noise"), CITY]
    model = LinearRegressor(columns, config=QUIET).train(DATA, label="paid", epochs=20)
    found = model.importance(DATA, repeats=2, seed=3)
    assert [row.field for row in found][:2] == ["age", "city"]
    assert (found.metric, found.rows) == ("rmse", 300)
    order = [np.random.default_rng([3, 0, repeat]).permutation(300) for repeat in (0, 1)]
    worse = [model.evaluate({**DATA, "age": DATA["age"][o]})["rmse"] - model.evaluate(DATA)["rmse"] for o in order]
    assert found[0].weight == pytest.approx(np.mean(worse), rel=1e-6)
    assert [row.field for row in model.importance(DATA, fields=["noise"], metric="mae", repeats=1)] == ["noise"]
    with pytest.raises(ModelError, match="importance: unknown metric 'auc'"):
        model.importance(DATA, metric="auc")


def test_both_are_drawn():
    pytest.importorskip("matplotlib")
    model = LinearRegressor([fc.Numeric("age"), CITY], config=QUIET).train(DATA, label="paid", epochs=1)
    explained = model.explain(ROW)
    ax = explained.plot()
    assert [bar.get_width() for bar in ax.patches] == [row.weight for row in reversed(explained)]
    assert ax.get_title() == f"prediction: {explained.total:.4g}, of which base {explained.base:.4g}"
    ax = model.importance(DATA, repeats=2).plot()
    assert ax.get_xlabel() == "rmse is worse by"
    assert len(ax.collections) == 1  # a line for the deviation of each field
    many = Explanation([Contribution(f"c{i}", float(i), "w" * 99) for i in range(25)], "prediction", 1.0, 301.0)
    ax = many.plot()
    assert [bar.get_width() for bar in ax.patches] == [0 + 1 + 2 + 3 + 4, *range(5, 25)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["5 other columns", *["w" * 59 + "…"] * 20]


def test_files_have_the_importance_of_their_rows(tmp_path):
    model = LinearRegressor([fc.Numeric("age"), CITY], config=QUIET).train(DATA, label="paid", epochs=1)
    rows = {key: DATA[key] for key in ("age", "city", "paid")}
    for i in range(2):  # dictionaries in some row groups, plain values in others
        part = pa.table({key: values[i * 150 : (i + 1) * 150] for key, values in rows.items()})
        pq.write_table(part, tmp_path / f"{i}.parquet", use_dictionary=i == 0)
    assert model.importance(str(tmp_path), repeats=1) == model.importance(rows, repeats=1)


FORMS = {
    "a CSV file": lambda rows, x, y, w, folder: (csv(rows, folder / "rows.csv"), "rich"),
    "a CSV file of decimal commas": lambda rows, x, y, w, folder: (
        fc.csv(csv(rows, folder / "rows.txt", sep=";", decimal=","), separator=";", decimal=","),
        "rich",
    ),
    "a pipeline": lambda rows, x, y, w, folder: (models.from_data(rows, label="rich", weight="w"), None),
    "a pair": lambda rows, x, y, w, folder: ((x, y), None),
    "a pair of named labels": lambda rows, x, y, w, folder: ((x, {"rich": y, "other": w}), "rich"),
    "labels apart": lambda rows, x, y, w, folder: (x, y),
    "pairs": lambda rows, x, y, w, folder: ([(x[:100], y[:100]), (x[100:], y[100:])], None),
    "labels and weights apart": lambda rows, x, y, w, folder: ((x.drop(columns="w"), y, w), None),
}


def csv(rows, path, **how):
    rows.to_csv(path, index=False, **how)
    return str(path)


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_any_form_have_the_same_importance_and_report(form, tmp_path):
    """Text of a CSV file was not parsed, labels that came apart were not found, and pipelines not read."""
    rows = pd.DataFrame({key: DATA[key] for key in ("age", "noise", "city", "rich")}).assign(w=np.arange(300) % 3)
    x, y, w = rows.drop(columns="rich"), rows["rich"], rows["w"]
    columns = [fc.Numeric("age"), fc.Numeric("noise"), CITY]
    model = LinearClassifier(columns, weight_column="w", config=QUIET).train(rows, label="rich", epochs=5)
    data, label = FORMS[form](rows, x, y, w, tmp_path)
    want = model.importance(rows, repeats=2)
    found = model.importance(data, label, repeats=2)
    assert found == want
    assert (found.value, found.rows) == (want.value, 300)
    if form != "pairs":  # which are read once for each report, and may have no end
        page = model.report(data, label, repeats=2).to_html().replace(">label of 300 rows", ">rich of 300 rows")
        assert page == model.report(rows, repeats=2).to_html()


def test_weights_of_rows_count_in_importance_and_report():
    """A report with weights had an importance without."""
    model = LinearClassifier([fc.Numeric("age"), fc.Numeric("noise")], config=QUIET).train(DATA, label="rich", epochs=5)
    times = np.arange(300) % 3
    weighted = {**DATA, "w": times}
    found = model.importance(weighted, weight="w")
    assert found.value == pytest.approx(model.evaluate(weighted, weight="w")["auc"])
    assert found.value != pytest.approx(model.importance(DATA).value, abs=1e-6)
    report = model.report(weighted, weight="w")
    assert report.importance.value == pytest.approx(report.metrics["auc"])


def test_several_labels_that_came_apart_have_an_importance():
    x = {"age": DATA["age"], "noise": DATA["noise"]}
    labels = {"a": DATA["age"] > 40, "b": DATA["age"] > 50}
    model = LinearClassifier([fc.Numeric("age"), fc.Numeric("noise")], multi_label=True, config=QUIET)
    model.train((x, labels), epochs=5)
    assert model.importance((x, labels)) == model.importance(x | labels, label=["a", "b"])
    numbers = np.stack([DATA["age"], DATA["paid"]], axis=1)
    two = LinearRegressor([fc.Numeric("age"), fc.Numeric("noise")], label_dimension=2, config=QUIET)
    two.train(x, numbers, epochs=5)
    assert two.importance(x, numbers) == two.importance(x | {"label": numbers.tolist()})


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_what_is_no_count(wrong):
    """Of none the answers were NaN, and a warning of numpy."""
    model = LinearRegressor([fc.Numeric("age")], config=QUIET).train(DATA, label="paid", epochs=1)
    with pytest.raises(ColumnError, match=f"importance: repeats must be an integer of at least 1, got {wrong}"):
        model.importance(DATA, repeats=wrong)
    with pytest.raises(ColumnError, match=f"explain: steps must be an integer of at least 1, got {wrong}"):
        model.explain(ROW, steps=wrong)


def test_rows_of_one_class_have_an_importance():
    """Their auc is NaN, and so was all that was said."""
    model = LinearClassifier([fc.Numeric("age"), fc.Numeric("noise")], config=QUIET).train(DATA, label="rich", epochs=5)
    rich = {key: [value for value, is_rich in zip(DATA[key], DATA["rich"], strict=True) if is_rich] for key in DATA}
    found = model.importance(rich)
    assert found.metric == "accuracy"
    assert [(row.field, row.weight > 0) for row in found] == [("age", True), ("noise", False)]
