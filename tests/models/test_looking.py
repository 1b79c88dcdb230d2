from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import (
    DNNClassifier,
    History,
    LinearClassifier,
    WideDeepClassifier,
    metrics,
    neighbours,
    plots,
    top_weights,
)
from featurecols.models.errors import ModelError
from featurecols.models.optimizers import Adam
from tests.models.people import AGE, BOTH, CITY, DEEP, JOB, WIDE, people

DATA, TEST = people(3000), people(500, seed=1)


@pytest.fixture(scope="module")
def linear():
    return LinearClassifier([AGE, JOB, BOTH]).train(DATA, label="rich", epochs=5)


def test_top_weights_say_what_they_mean(linear):
    found = top_weights(linear, 400)
    by_meaning = {w.meaning: w for w in found}
    assert by_meaning["job = pilot"].weight > 0 > by_meaning["job = cook"].weight
    age = by_meaning["age"]
    assert (age.slot, age.id, age.weight) == ("age", 0, float(linear.get_variable_value("linear/kernel")[0, 0]))
    sizes = [abs(w.weight) for w in found]
    assert sizes == sorted(sizes, reverse=True)
    assert str(age) == f"age: {age.weight:+.2f}"
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


def test_classes_and_cells_and_wide_parts():
    columns = [fc.Numeric("both", shape=(2,)), JOB]
    data = {**DATA, "both": [[a, -a] for a in (DATA["age"] - 50) / 15]}
    model = LinearClassifier(columns, n_classes=3).train(data, label="colour", epochs=3)
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
    words = [model.plan.describe_id("job_embedding", i) for i in range(5)]
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


def test_plots_draw_the_numbers(linear):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    y, p = np.array(TEST["rich"]), linear.predict(TEST)
    z, chance = p["logits"][:, 0], p["probabilities"][:, 1]
    ax = plots.roc(y, z, name="linear")
    assert ax.lines[0].get_xdata().tolist() == metrics.roc(y, z).x.tolist()
    assert ax.get_legend().get_texts()[0].get_text() == f"linear, AUC {metrics.auc(y, z):.4f}"
    assert plots.roc(y, -z, ax=ax) is ax
    assert len(ax.lines) == 3  # two curves and one diagonal
    ax = plots.precision_recall(y, z)
    assert ax.lines[0].get_ydata().tolist() == metrics.precision_recall(y, z).y.tolist()
    ax = plots.calibration(y, chance, bins=5)
    assert ax.lines[0].get_ydata().tolist() == metrics.calibration(y, chance, bins=5).observed.tolist()
    ax = top_weights(linear, 6).plot()
    assert len(ax.patches) == 6
    assert ax.get_yticklabels()[-1].get_text() == top_weights(linear, 1)[0].meaning
    rows = [{"step": 5, "loss": 0.7, "val_loss": 0.8}, {"step": 10, "loss": 0.5, "val_loss": 0.6}]
    history = History(rows)
    ax = history.plot()
    assert {line.get_label(): list(line.get_ydata()) for line in ax.lines} == {"loss": [0.7, 0.5], "val_loss": [0.8, 0.6]}
    assert list(ax.lines[0].get_xdata()) == [5, 10]
    with pytest.raises(ModelError, match="history: unknown metric 'auc'"):
        history.plot("auc")
    plt.close("all")
