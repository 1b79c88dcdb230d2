"""F1: a warm start moves weights to rows of equal meaning, never to rows of equal position."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import CheckpointError
from featurecols.models.training import checkpoints
from tests.models.people import AGE, people

N = 400
RNG = np.random.default_rng(0)
TOWN = RNG.choice(["oslo", "lima", "bern"], N, p=[0.5, 0.3, 0.2]).tolist()
RICH = [{"oslo": 0, "lima": 1, "bern": 1}[t] for t in TOWN]
DATA = {"town": TOWN, "age": RNG.uniform(0, 99, N).tolist(), "rich": RICH, "word": ["yes" if r else "no" for r in RICH]}
ROWS = {"town": ["oslo", "lima", "bern"], "age": [1.0, 50.0, 90.0]}


def linear(columns, **options):
    return models.LinearClassifier(columns, **options)


def weights(model, name="linear/weights"):
    """Return {slot and meaning: weight} of a linear model that has been used."""
    values = model.variables.values[name][:, 0]
    return {
        (slot, model.plan.describe_id(slot, i).label): float(values[first + i])
        for slot, first, last in model._rows_of()[name]
        for i in range(last - first)
    }


def warm(old, tmp_path, new, data=ROWS):
    """Return `new`, made by a function of the place of `old`, after a prediction."""
    old.export(tmp_path / "old")
    model = new(tmp_path / "old")
    model.predict(data)
    return model


def test_f1_a_vocabulary_in_another_order(tmp_path):
    """F1: a vocabulary in another order."""
    old = linear([fc.Vocabulary("town", ["oslo", "lima", "bern"])]).train(DATA, label="rich", epochs=5)
    new = warm(old, tmp_path, lambda at: linear([fc.Vocabulary("town", ["bern", "rome", "oslo", "lima"])], warm_start_from=at))
    have = weights(old)
    assert weights(new) == {**have, ("town", "rome"): 0.0}
    assert new.predict(ROWS)["logits"].tobytes() == old.predict(ROWS)["logits"].tobytes()
    assert new.warm_start_report.to_dict() == {
        "linear/weights": {"matched": 3, "kept": 1},
        "linear/bias": {"matched": 1, "kept": 0},
    }
    assert "linear/weights: 3 matched, 1 kept initial values" in str(new.warm_start_report)


def test_f1_a_vocabulary_that_was_learned_in_another_order(tmp_path):
    """F1: a vocabulary that was learned in another order."""
    top = [fc.Vocabulary("town", fc.TopTerms(3))]
    old = linear(top, model_dir=tmp_path / "old").train(DATA, label="rich", epochs=5)
    swapped = {**DATA, "town": [{"oslo": "bern", "bern": "oslo"}.get(t, t) for t in TOWN]}
    new = linear(top, warm_start_from=tmp_path / "old", optimizer=models.optimizers.SGD(1e-9))
    new.train(swapped, label="rich", steps=1)
    assert new.plan.fingerprint != old.plan.fingerprint
    np.testing.assert_allclose(new.predict(ROWS)["logits"], old.predict(ROWS)["logits"], atol=1e-6)


def test_f1_intervals_that_both_have(tmp_path):
    """F1: intervals that both have."""
    old = linear([fc.Bucketized("age", [20.0, 40.0, 60.0])]).train(DATA, label="rich", epochs=5)
    new = warm(old, tmp_path, lambda at: linear([fc.Bucketized("age", [20.0, 40.0, 50.0, 60.0])], warm_start_from=at))
    have = weights(old)
    kept = [("age_bucketized", "< 20"), ("age_bucketized", "[20, 40)"), ("age_bucketized", ">= 60")]
    assert weights(new) == {
        **{k: have[k] for k in kept},
        ("age_bucketized", "[40, 50)"): 0.0,
        ("age_bucketized", "[50, 60)"): 0.0,
    }


@pytest.mark.parametrize(
    ("other", "matched"),
    [
        (fc.Hashed("town", 10, seed=0), 10),
        (fc.Hashed("town", 10, seed=1), 0),
        (fc.Hashed("town", 11), 0),
        (fc.Hashed("town", 10, hash="farmhash64"), 0),
        (fc.Hashed("word", 10, name="town"), 0),
        (fc.Identity("town", 10), 0),
    ],
)
def test_f1_hash_buckets_only_where_the_hash_is_the_same(tmp_path, other, matched):
    """F1: hash buckets only where the hash is the same."""
    old = linear([fc.Hashed("town", 10)]).train(DATA, label="rich", epochs=5)
    data = {"town": [1, 2, 3]} if isinstance(other, fc.Identity) else DATA
    new = warm(old, tmp_path, lambda at: linear([other], warm_start_from=at), data)
    assert new.warm_start_report.matched["linear/weights"] == matched
    assert bool(new.variables.values["linear/weights"].any()) == bool(matched)


def test_f1_a_cross_of_what_was_learned_otherwise_is_another_cross(tmp_path):
    """F1: a cross of what was learned otherwise is another cross."""
    columns = [fc.Crossed([fc.Vocabulary("town", fc.TopTerms(3)), "word"], 50)]
    old = linear(columns, model_dir=tmp_path).train(DATA, label="rich", epochs=5)
    again = linear(columns, warm_start_from=tmp_path).train(DATA, label="rich", steps=1)
    assert again.warm_start_report.matched["linear/weights"] == 50
    swapped = {**DATA, "town": [{"oslo": "bern", "bern": "oslo"}.get(t, t) for t in TOWN]}
    other = linear(columns, warm_start_from=tmp_path).train(swapped, label="rich", steps=1)
    assert other.warm_start_report.matched["linear/weights"] == 0
    assert old.warm_start_report is None


def test_f1_unseen_values_in_several_buckets(tmp_path):
    """F1: unseen values in several buckets."""
    old = linear([fc.Vocabulary("town", ["oslo"], num_oov_buckets=4)]).train(DATA, label="rich", epochs=5)
    same = warm(
        old,
        tmp_path / "a",
        lambda at: linear([fc.Vocabulary("town", ["x", "oslo"], num_oov_buckets=4)], warm_start_from=at),
    )
    assert weights(same) == {**weights(old), ("town", "x"): 0.0}
    other = warm(
        old, tmp_path / "b", lambda at: linear([fc.Vocabulary("town", ["oslo"], num_oov_buckets=5)], warm_start_from=at)
    )
    assert other.warm_start_report.to_dict()["linear/weights"] == {"matched": 1, "kept": 5}


def test_f1_embeddings_and_the_kernel_above_them(tmp_path):
    """F1: embeddings and the kernel above them."""

    def network(terms, at=None, columns=2):
        deep = [fc.Embedding(fc.Vocabulary("town", terms), columns), fc.Indicator(fc.Vocabulary("word", terms[::-1])), AGE]
        return models.DNNClassifier(deep, [4], warm_start_from=at)

    old = network(["oslo", "lima", "yes", "no"]).train(DATA, label="rich", epochs=3)
    old.export(tmp_path / "old")
    new = network(["no", "bern", "lima", "oslo"], tmp_path / "old")
    new.train(DATA, label="rich", steps=1)
    fresh = network(["no", "bern", "lima", "oslo"]).train(DATA, label="rich", steps=1)
    name = "dnn/inputs/tables/town_embedding"
    assert new.warm_start_report.to_dict() == {
        name: {"matched": 3, "kept": 1},
        "dnn/hidden_0/kernel": {"matched": 1 + 2 + 3, "kept": 1},
        "dnn/hidden_0/bias": {"matched": 4, "kept": 0},
        "dnn/logits/kernel": {"matched": 4, "kept": 0},
        "dnn/logits/bias": {"matched": 1, "kept": 0},
    }
    start, table = old.variables.values[name], new.variables.values[name]
    np.testing.assert_allclose(table[[0, 2, 3]], start[[3, 1, 0]], atol=0.01)  # one step of Adam moved them
    np.testing.assert_allclose(table[1], fresh.variables.values[name][1], atol=0.01)


def test_f1_two_label_words_in_the_other_order(tmp_path):
    """F1: two label words in the other order."""
    columns = [fc.Vocabulary("town", ["oslo", "lima", "bern"])]
    old = linear(columns, label_vocabulary=["no", "yes"]).train(DATA, label="word", epochs=5)
    new = warm(old, tmp_path, lambda at: linear(columns, label_vocabulary=["yes", "no"], warm_start_from=at))
    assert (new.predict(ROWS)["logits"] == -old.predict(ROWS)["logits"]).all()
    assert new.predict(ROWS)["classes"].tolist() == old.predict(ROWS)["classes"].tolist()
    other = warm(old, tmp_path / "b", lambda at: linear(columns, label_vocabulary=["maybe", "no"], warm_start_from=at))
    assert not other.predict(ROWS)["logits"].any()
    assert other.warm_start_report.to_dict()["linear/weights"] == {"matched": 0, "kept": 3}


def test_f1_label_words_that_training_learns(tmp_path):
    """F1: the words are known after the labels were read, and a prediction before that changes nothing."""
    columns = [fc.Vocabulary("town", ["oslo", "lima", "bern"])]
    old = linear(columns, label_vocabulary=["yes", "no"]).train(DATA, label="word", epochs=5)
    old.export(tmp_path)
    new = linear(columns, warm_start_from=tmp_path, optimizer=models.optimizers.SGD(1e-9))
    assert new.predict(ROWS)["logits"].tobytes() == old.predict(ROWS)["logits"].tobytes()
    new.train(DATA, label="word", steps=1)
    assert new.head.words == ("no", "yes")
    np.testing.assert_allclose(new.predict(ROWS)["logits"], -old.predict(ROWS)["logits"], atol=1e-6)


def test_f1_more_classes_in_another_order(tmp_path):
    """F1: more classes in another order."""
    data, test = people(600), people(50, seed=1)
    columns = [fc.Indicator(fc.Vocabulary("job", ["cook", "pilot"])), fc.Numeric("age")]

    def model(words, **options):
        return models.WideDeepClassifier(
            [fc.Vocabulary("job", ["cook", "pilot"])], columns, [4], n_classes=len(words), label_vocabulary=words, **options
        )

    old = model(["red", "green", "blue"]).train(data, label="colour", epochs=3)
    old.export(tmp_path)
    new = model(["blue", "grey", "red", "green"], warm_start_from=tmp_path)
    have, want = new.predict(test)["logits"], old.predict(test)["logits"]
    np.testing.assert_allclose(have[:, [2, 3, 0]], want, rtol=1e-5)
    assert new.warm_start_report.to_dict()["dnn/logits/bias"] == {"matched": 3, "kept": 1}


def test_f1_ftrl_keeps_the_weights_of_a_warm_start(tmp_path):
    """F1, F2: z is made of the weights that came."""
    columns = [fc.Vocabulary("town", ["oslo", "lima", "bern"])]
    old = linear(columns).train(DATA, label="rich", epochs=20)
    old.export(tmp_path)
    new = linear(columns, warm_start_from=tmp_path).train(DATA, label="rich", steps=1)
    assert new.evaluate(DATA)["average_loss"] < 1.02 * old.evaluate(DATA)["average_loss"]


def test_f1_rows_of_a_checkpoint_without_its_plan_cannot_be_told_apart(tmp_path):
    """F1: rows of a checkpoint without its plan cannot be told apart."""
    columns = [fc.Vocabulary("town", ["oslo", "lima", "bern"])]
    linear(columns, model_dir=tmp_path / "a").train(DATA, label="rich", steps=1)
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(checkpoints.latest(tmp_path / "a").read_bytes())
    with pytest.raises(CheckpointError, match=r"its plan is not beside it.*; give the model_dir or the export"):
        linear(columns, warm_start_from=alone).predict(ROWS)


def test_f1_a_regressor_predicts_in_the_units_of_the_labels_before_it_is_trained(tmp_path):
    """F1: a prediction from a warm start alone is that of the model whose weights it has."""
    data = {"x": np.linspace(0, 1, 60), "y": np.linspace(2e5, 3e5, 60)}
    old = models.LinearRegressor([fc.Numeric("x")]).train(data, "y", epochs=5)
    old.save(tmp_path / "old")
    new = models.LinearRegressor([fc.Numeric("x")], warm_start_from=tmp_path / "old")
    assert old.head.scaling is not None
    assert new.predict(data)["predictions"].tolist() == old.predict(data)["predictions"].tolist()
    new.train(data, "y", steps=1)
    assert new.head.scaling == old.head.scaling


def test_f1_intervals_of_numbers_that_are_normalized_otherwise(tmp_path):
    """F1: one deviation is not two: an interval of z-scores means something else where the deviation was declared otherwise."""

    def model(std, at=None):
        age = fc.Numeric("age", normalizer=fc.ZScore(mean=50, std=std))
        return linear([fc.Bucketized(age, [-1.0, 0.0, 1.0])], warm_start_from=at)

    old = model(20.0).train(DATA, label="rich", epochs=2)
    assert warm(old, tmp_path, lambda at: model(20.0, at)).warm_start_report.matched["linear/weights"] == 4
    assert warm(old, tmp_path, lambda at: model(40.0, at)).warm_start_report.matched["linear/weights"] == 0


def test_f1_a_shared_table_by_whichever_slot_both_models_have(tmp_path):
    """F1: the slots that share a table mean the same by its rows, whether the first of them is there or not."""
    data = {**DATA, "home": TOWN[::-1]}

    def model(keys, terms, at=None):
        shared = [fc.Embedding(fc.Vocabulary(key, terms), 2, table="towns", name=key) for key in keys]
        return models.DNNClassifier(shared, [4], warm_start_from=at)

    old = model(["town", "home"], ["oslo", "lima", "bern"]).train(data, label="rich", epochs=2)
    new = warm(old, tmp_path, lambda at: model(["home"], ["bern", "rome", "oslo"], at), {"home": ["bern", "oslo"]})
    name = "dnn/inputs/tables/towns"
    assert new.warm_start_report.to_dict()[name] == {"matched": 2, "kept": 1}
    assert new.variables.values[name][[0, 2]].tolist() == old.variables.values[name][[2, 0]].tolist()
