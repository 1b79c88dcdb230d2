from __future__ import annotations

import sys

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNClassifier, History, LinearClassifier, WideDeepClassifier, neighbours, top_weights
from featurecols.models.errors import ModelError
from featurecols.models.inspection import plots
from featurecols.models.objective import metrics
from featurecols.models.optimization.optimizers import Adam
from featurecols.models.training.hooks import Summaries
from tests.models.people import AGE, BOTH, CITY, DEEP, JOB, WIDE, people

DATA, TEST = people(3000), people(500, seed=1)


@pytest.fixture(scope="module")
def linear():
    return LinearClassifier([AGE, JOB, BOTH]).train(DATA, label="rich", epochs=5)


def test_top_weights_say_what_they_mean(linear):
    found = top_weights(linear, 400)
    by_meaning = {w.meaning: w for w in found}
    assert by_meaning["job = pilot"].weight > 0 > by_meaning["job = cook"].weight
    age = by_meaning["age (ZScore)"]
    assert (age.slot, age.id, age.weight) == ("age", 0, float(linear.get_variable_value("linear/kernel")[0, 0]))
    sizes = [abs(w.weight) for w in found]
    assert sizes == sorted(sizes, reverse=True)
    assert str(age) == f"age (ZScore): {age.weight:+.2f}"
    assert repr(found).splitlines()[0] == str(found[0])
    assert len(top_weights(linear, 7)) == 7


def test_hash_buckets_are_spelled_by_data(linear):
    numbered = next(w for w in top_weights(linear, 50) if w.slot == "city_X_job" or w.slot == "job_X_city")
    assert numbered.meaning.startswith("job x city = hash ") or numbered.meaning.startswith("city x job = hash ")
    spelled = next(w for w in top_weights(linear, 50, data=DATA) if (w.slot, w.id) == (numbered.slot, numbered.id))
    assert " = city" in spelled.meaning
    assert " x " in spelled.meaning
    parts = dict(part.split(" = ") for part in spelled.meaning.split(" (")[0].split(" x "))
    ids = linear.plan.encode({"age": [0.0], "job": [parts["job"]], "city": [parts["city"]]}).ids[spelled.slot]
    assert ids.values.tolist() == [spelled.id]


def test_several_values_in_a_bucket_are_owned_up_to():
    model = LinearClassifier([fc.Hashed("city", 2)]).train(DATA, label="rich", epochs=1)
    for weight in top_weights(model, 2, data=DATA):
        assert weight.meaning.startswith("city = city")
        assert weight.meaning.endswith("% of the bucket)")


def test_a_bucket_of_a_cross_is_spelled_by_its_parts():
    """Columns by what their ids mean, list fields by the element that is in the combination."""
    data = {
        "age": [10.0, 10.0, 30.0, 70.0] * 20,
        "tags": [["a", "b"], ["b"], ["c"], ["a"]] * 20,
        "score": [[1.0, 2.0], [1.0], [1.0], [3.0]] * 20,
        "y": [0, 1, 1, 0] * 20,
    }
    band = fc.Bucketized("age", [18, 65])
    columns = [fc.Crossed([band, "tags"], 5000, name="cross"), fc.Weighted(fc.Vocabulary("tags", ["a", "b"]), "score")]
    model = LinearClassifier(columns).train(data, label="y", epochs=3)
    found = {w.meaning: w for w in top_weights(model, data=data)}
    assert {m: w.count for m, w in found.items()} == {
        "age < 18 x tags = a": 20,
        "age < 18 x tags = b": 40,
        "age = [18, 65) x tags = c": 20,
        "age >= 65 x tags = a": 20,
        "tags = a, weighted by score": 40,
        "tags = b, weighted by score": 40,
    }
    assert {w.slot for w in top_weights(model, slots="cross")} == {"cross"}
    often = top_weights(model, slots=["cross"], data=data, min_count=21)
    assert [(w.meaning, w.count) for w in often] == [("age < 18 x tags = b", 40)]
    assert all(w.count is None for w in top_weights(model))
    with pytest.raises(ModelError, match="top_weights: min_count counts in data, and there are none, got 5; give data="):
        top_weights(model, min_count=5)
    with pytest.raises(ModelError, match="top_weights: unknown slot 'age'; known are cross, tags_weighted_by_score"):
        top_weights(model, slots=["age"])


def test_classes_and_cells_and_wide_parts():
    columns = [fc.Numeric("both", shape=(2,)), JOB]
    data = {**DATA, "both": [[a, -a] for a in (DATA["age"] - 50) / 15]}
    model = LinearClassifier(columns, n_classes=3, normalize=False).train(data, label="colour", epochs=3)
    assert {w.meaning for w in top_weights(model, 10, output=2)} >= {"both[0]", "both[1]", "job = pilot"}
    assert top_weights(model, 1, output=0)[0].weight != top_weights(model, 1, output=2)[0].weight
    wide = WideDeepClassifier(WIDE, DEEP, [8]).train(DATA, label="rich", epochs=1)
    assert len(top_weights(wide, 5)) == 5
    with pytest.raises(ModelError, match="top_weights: needs a linear part, got 'DNNClassifier'"):
        top_weights(DNNClassifier(DEEP, [4]).train(DATA, label="rich", steps=1))


def test_neighbours():
    columns = [fc.Embedding(JOB, 4), fc.Embedding(CITY, 4)]
    model = DNNClassifier(columns, [8], optimizer=Adam(0.01)).train(DATA, label="rich", epochs=5)
    found = neighbours(model, "job_embedding", "pilot", 10)
    assert {word for word, _ in found} == {"cook", "nurse", "judge", "clerk"}
    table = model.get_variable_value("dnn/inputs/tables/job_embedding")
    words = [model.plan.describe_id("job_embedding", i).label for i in range(5)]
    a, b = table[words.index("pilot")], table[words.index("judge")]
    assert dict(found)["judge"] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-5)
    assert [c for _, c in found] == sorted((c for _, c in found), reverse=True)
    near = neighbours(model, "city_embedding", "city3", 5, data=DATA)
    assert len(near) == 5
    assert all(word.startswith("city") and word != "city3" for word, _ in near)
    with pytest.raises(ModelError, match="neighbours: unknown term 'sailor'; known are"):
        neighbours(model, "job_embedding", "sailor")
    with pytest.raises(ModelError, match="neighbours: unknown embedding 'age'; known are job_embedding, city_embedding"):
        neighbours(model, "age", "1")
    with pytest.raises(ModelError, match="neighbours: the plan does not know what its hash buckets hold, got 'city_embedding'"):
        neighbours(model, "city_embedding", "city3")
    with pytest.raises(ModelError, match="neighbours: min_count counts in data"):
        neighbours(model, "job_embedding", "pilot", min_count=2)
    assert repr(found).splitlines()[0] == f"{found[0][0]}: {found[0][1]:.2f}"


def test_neighbours_that_share_a_bucket_are_named_together():
    """murmur3 puts a and g into one of two buckets, b and c into the other."""
    data = {"city": ["a"] * 9 + ["g"] * 6 + ["b"] * 3 + ["c"], "y": [0, 1] * 9 + [1]}
    model = DNNClassifier([fc.Embedding(fc.Hashed("city", 2), 3)], [2]).train(data, label="y", steps=2)
    assert [word for word, _ in neighbours(model, "city_embedding", "g", data=data)] == ["b, c"]
    assert [word for word, _ in neighbours(model, "city_embedding", "c", data=data)] == ["a, g"]
    assert neighbours(model, "city_embedding", "a", data=data, min_count=5) == []


def test_plots_draw_the_numbers(linear):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    y, p = np.array(TEST["rich"]), linear.predict(TEST)
    z, chance = p["logits"], p["probabilities"][:, 1]
    ax = plots.roc(y, z, name="linear")
    assert ax.lines[0].get_xdata().tolist() == metrics.roc(y, z).x.tolist()
    assert ax.get_legend().get_texts()[0].get_text() == f"linear, AUC {metrics.auc(y, z):.3f}"
    assert plots.roc(y, -z, ax=ax) is ax
    assert len(ax.lines) == 3  # two curves and one diagonal
    ax = plots.precision_recall(y, z)
    assert ax.lines[0].get_ydata().tolist() == metrics.precision_recall(y, z).y.tolist()
    ax = plots.calibration(y, chance, bins=5)
    assert ax.lines[0].get_ydata().tolist() == metrics.calibration(y, chance, bins=5).observed.tolist()
    ax = top_weights(linear, 6).plot()
    assert len(ax.patches) == 6
    assert ax.get_yticklabels()[-1].get_text() == top_weights(linear, 1)[0].meaning
    plt.close("all")


def lines(ax):
    return {line.get_label(): [*zip(line.get_xdata(), line.get_ydata(), strict=True)] for line in ax.lines}


@pytest.fixture
def plt():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_a_history_plots_its_metrics(plt):
    rows = [{"step": 5, "epoch": 1, "loss": 0.7, "val_loss": 0.8, "val_auc": 0.6}]
    rows += [{"step": 10, "epoch": 2, "loss": 0.5, "val_loss": 0.6, "val_auc": 0.9}]
    ax = History(rows).plot()
    assert lines(ax) == {"training": [(1, 0.7), (2, 0.5)], "validation": [(1, 0.8), (2, 0.6)]}
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("epoch", "loss", "loss by epoch")
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    both = History(rows).plot("loss", "val_auc")
    assert [one.get_ylabel() for one in both] == ["loss", "auc"]
    assert lines(both[1]) == {"validation": [(1, 0.6), (2, 0.9)]}
    ax = plt.subplots()[1]
    assert History(rows).plot("loss", "auc", ax=ax) is ax
    assert list(lines(ax)) == ["loss, training", "loss, validation", "auc, validation"]
    again = History([*rows, {"step": 15, "epoch": 1, "loss": 0.4}])  # a second call of train
    assert lines(again.plot())["training"] == [(5, 0.7), (10, 0.5), (15, 0.4)]
    with pytest.raises(ModelError, match="history: unknown metric 'mae'; known are loss, auc"):
        History(rows).plot("mae")
    with pytest.raises(ModelError, match="history: has no metrics, got 0; plot it after training"):
        History().plot()


def test_one_epoch_is_one_dot_and_needs_no_legend(plt):
    ax = History([{"step": 5, "epoch": 1, "loss": 0.7}]).plot()
    assert lines(ax) == {"training": [(1, 0.7)]}
    assert ax.lines[0].get_marker() == "o"
    assert ax.get_xticks().tolist() == [1]
    assert ax.get_legend() is None


def test_summaries_plot_themselves(plt, tmp_path):
    """Losses of single steps lie behind those of epochs, never on one line with them."""
    path = tmp_path / "summaries.jsonl"
    model = LinearClassifier([JOB]).train(
        DATA, label="rich", epochs=3, batch_size=300, validation=TEST, hooks=[Summaries(path, every=4)]
    )
    history = History.read(path)
    ax = history.plot()
    steps = {row["step"]: row["loss"] for row in history.rows if "epoch" not in row}
    assert list(steps) == [4, 8, 12, 16, 20, 24, 28]
    whole = model.history.rows
    assert lines(ax) == {
        "single steps": [*steps.items()],
        "training": [(row["step"], row["loss"]) for row in whole],
        "validation": [(row["step"], row["val_loss"]) for row in whole],
    }
    assert ax.get_xlabel() == "step"
    assert lines(History([r for r in history.rows if "epoch" not in r]).plot()) == {"training": [*steps.items()]}


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ModelError) as told:
        History([{"step": 5, "loss": 0.7}]).plot()
    assert str(told.value) == 'plot: matplotlib is not installed; pip install "featurecols[plot]"'
