"""The names of tf.estimator give the shapes and types of tf.estimator."""

from __future__ import annotations

import numpy as np
import pytest

from featurecols import models
from tests.models.people import DEEP, WIDE, people

DATA = people(400)
TEST = {key: DATA[key][:5] for key in ("age", "job", "city")}


def classifier(**more):
    return models.DNNLinearCombinedClassifier(
        linear_feature_columns=WIDE, dnn_feature_columns=DEEP, dnn_hidden_units=[4], **more
    )


@pytest.mark.parametrize(
    ("label", "more", "words"),
    [
        ("rich", {}, [b"0", b"1"]),
        ("income", {}, [b"<=50K", b">50K"]),
        ("colour", {"n_classes": 3}, [b"blue", b"green", b"red"]),
    ],
)
def test_predictions_of_a_classifier_are_those_of_tf_estimator(label, more, words):
    model = classifier(**more).train(DATA, label=label)
    found, k = model.predict(TEST), len(words)
    shapes = {key: (found[key].dtype.str, found[key].shape) for key in found.keys()}  # noqa: SIM118 - no dict
    one = {"logistic": ("<f4", (5, 1))} if k == 2 else {}
    assert shapes == {
        "logits": ("<f4", (5, k if k > 2 else 1)),
        **one,
        "probabilities": ("<f4", (5, k)),
        "class_ids": ("<i8", (5, 1)),
        "classes": ("|O", (5, 1)),
        "all_class_ids": ("<i4", (5, k)),
        "all_classes": ("|O", (5, k)),
    }
    assert found["classes"][:, 0].tolist() == [words[i] for i in found["class_ids"][:, 0]]
    assert found["all_classes"].tolist() == [words] * 5
    assert found["all_class_ids"].tolist() == [list(range(k))] * 5
    assert next(found)["classes"].tolist() == [words[found["class_ids"][0, 0]]]


def test_predictions_of_a_regressor_are_those_of_tf_estimator():
    model = models.DNNLinearCombinedRegressor(linear_feature_columns=WIDE).train(DATA, label="wealth")
    assert model.predict(TEST)["predictions"].shape == (5, 1)


def test_a_saved_model_is_a_wide_deep_model(tmp_path):
    model = classifier().train(DATA, label="rich")
    again = models.load(model.save(tmp_path / "model"))
    assert type(again) is models.WideDeepClassifier
    assert again.fingerprint == model.fingerprint
    want = model.predict(TEST)
    assert again.predict(TEST)["logits"].tobytes() == want["logits"].tobytes()
    assert again.predict(TEST)["classes"].tolist() == [int(word) for word in want["classes"][:, 0]]
    model.predict_files(_file(tmp_path), tmp_path / "out.parquet")
    again.predict_files(_file(tmp_path), tmp_path / "again.parquet")
    assert _columns(tmp_path / "out.parquet") == _columns(tmp_path / "again.parquet")


def test_checkpoints_are_those_of_wide_deep_models(tmp_path):
    model = classifier(model_dir=tmp_path).train(DATA, label="rich", max_steps=2)
    wide = models.WideDeepClassifier(WIDE, DEEP, [4], dnn_optimizer="Adagrad", model_dir=tmp_path)
    assert np.array_equal(wide.predict(TEST)["logits"], model.predict(TEST)["logits"][:, 0])


def _file(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "test.parquet"
    pq.write_table(pa.table(TEST), path)
    return path


def _columns(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {name: table[name].to_pylist() for name in table.column_names}
