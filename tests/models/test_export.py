from __future__ import annotations

import json

import pytest

import featurecols as fc
from featurecols import models
from featurecols.errors import SavedPlanError
from featurecols.models.errors import CheckpointError, ModelError
from featurecols.models.objective.losses import Poisson
from featurecols.models.optimization.optimizers import Adam, Ftrl
from featurecols.models.optimization.schedules import Cosine
from tests.models.estimators.test_base import FLOWERS, iris, iris_model_fn
from tests.models.people import AGE, DEEP, WIDE, people

DATA, TEST = people(600), people(300, seed=1)
KINDS = {
    "linear": (lambda: models.LinearClassifier(WIDE, optimizer=Ftrl(0.1, l1=0.5), sparse_combiner="mean"), "income"),
    "linear regressor": (lambda: models.LinearRegressor(WIDE, loss=Poisson(), weight_column="weight"), "cars"),
    "dnn": (
        lambda: models.DNNClassifier(
            DEEP, [8, 4], n_classes=3, optimizer=Adam(Cosine(0.01)), activation="gelu", dropout=0.1, batch_norm=True
        ),
        "colour",
    ),
    "dnn regressor": (lambda: models.DNNRegressor(DEEP, [8], label_dimension=2), ["wealth", "debt"]),
    "wide and deep": (lambda: models.WideDeepClassifier(WIDE, DEEP, [8], label_vocabulary=[">50K", "<=50K"]), "income"),
    "wide and deep regressor": (lambda: models.WideDeepRegressor(WIDE, DEEP, [8]), "wealth"),
    "baseline": (lambda: models.BaselineClassifier([AGE]), "income"),
    "baseline regressor": (lambda: models.BaselineRegressor([AGE]), "wealth"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_exported_comes_back(tmp_path, kind):
    make, label = KINDS[kind]
    model = make().train(DATA, label=label, epochs=2, batch_size=100)
    found = model.evaluate(TEST)
    model.export(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert type(again) is type(model)
    key = "predictions" if "regressor" in kind else "logits"
    assert again.predict(TEST)[key].tobytes() == model.predict(TEST)[key].tobytes()
    assert again.evaluate(TEST) == found
    assert again.arguments() == model.arguments()
    assert again.head == model.head
    assert again.plan == model.plan
    again.train(DATA, label=label, steps=1)
    assert again.variables.step == model.variables.step + 1


def test_the_card_says_what_the_model_is(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", epochs=2, batch_size=100)
    model.evaluate(TEST, name="test")
    model.export(tmp_path)
    card = json.loads((tmp_path / "model.json").read_text())
    assert card["kind"] == "LinearClassifier"
    assert card["step"] == 12
    assert card["label"] == ["income"]
    assert card["head"]["words"] == ["<=50K", ">50K"]
    assert card["metrics"]["test"]["auc"] == model.evaluate(TEST)["auc"]
    assert card["data"]["rows"] == 600
    assert len(card["data"]["fingerprint"]) == 32
    assert card["plan"] == model.plan.fingerprint
    assert card["versions"]["featurecols"] == fc.__version__
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "plan", "weights.safetensors"]


def test_the_fingerprint_of_the_data_tells_data_apart(tmp_path):
    def fingerprint(data):
        return models.LinearClassifier(fc.compile([fc.Numeric("age")])).train(data, label="rich", steps=1).data["fingerprint"]

    assert fingerprint(DATA) == fingerprint(people(600))
    assert fingerprint(DATA) != fingerprint(TEST)
    assert fingerprint(DATA) != fingerprint({**DATA, "rich": 1 - DATA["rich"]})


def test_a_model_fn_of_ones_own(tmp_path):
    model = iris().train(FLOWERS, label="species", epochs=20, batch_size=16)
    model.export(tmp_path)
    params = {"hidden_units": [10, 10], "n_classes": 3}
    again = models.load(tmp_path, model_fn=iris_model_fn, params=params)
    assert again.predict(FLOWERS)["probabilities"].tobytes() == model.predict(FLOWERS)["probabilities"].tobytes()
    assert again.evaluate(FLOWERS)["accuracy"] == model.evaluate(FLOWERS)["accuracy"] > 0.9
    with pytest.raises(ModelError, match=r"load: the model has a model_fn of its own, got None; give it: load"):
        models.load(tmp_path)


def test_sequential_loads_too(tmp_path):
    model = models.Sequential([models.DenseFeatures(DEEP), models.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(DATA, label="wealth")
    model.save(tmp_path)
    assert models.load(tmp_path).predict(TEST).tobytes() == model.predict(TEST).tobytes()


def test_warm_start_from_an_export(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", epochs=2)
    model.export(tmp_path)
    warm = models.LinearClassifier(model.plan, warm_start_from=tmp_path)
    assert warm.predict(TEST)["logits"].tobytes() == model.predict(TEST)["logits"].tobytes()
    assert warm.variables.step == 0


@pytest.mark.parametrize(
    ("file", "damage", "error", "message"),
    [
        ("model.json", lambda b: b[:50], CheckpointError, "is no readable card"),
        ("model.json", lambda b: b"[]", CheckpointError, "needs format 1"),
        (
            "model.json",
            lambda b: b.replace(b"LinearClassifier", b"os.system"),
            CheckpointError,
            "holds a 'os.system'",
        ),
        ("model.json", lambda b: b.replace(b"models.Ftrl.v1", b"models.Evil.v1"), CheckpointError, "holds no such part"),
        ("model.json", lambda b: b.replace(b"models.ClassHead.v1", b"models.Dense.v1"), CheckpointError, "holds no such part"),
        ("model.json", lambda b: b.replace(b'"sparse_combiner"', b'"combined"'), CheckpointError, "is damaged"),
        ("model.json", lambda b: b.replace(b'"sum"', b'"all"'), CheckpointError, "is damaged.*unknown combiner"),
        ("model.json", lambda b: b.replace(b'"label": [', b'"labels": ['), CheckpointError, "lacks 'label'"),
        ("weights.safetensors", lambda b: b[:-10], CheckpointError, "is no readable checkpoint"),
        (
            "plan/plan.json",
            lambda b: b.replace(b'"job"', b'"jab"'),
            SavedPlanError,
            "is named .city_X_jab.",
        ),
    ],
)
def test_damage_is_an_error_that_says_where(tmp_path, file, damage, error, message):
    models.LinearClassifier(WIDE).train(DATA, label="income", steps=1).export(tmp_path)
    path = tmp_path / file
    before = path.read_bytes()
    path.write_bytes(damage(before))
    assert path.read_bytes() != before
    with pytest.raises(error, match=message):
        models.load(tmp_path)


def test_a_plan_of_another_model(tmp_path):
    models.LinearClassifier(WIDE).train(DATA, label="income", steps=1).export(tmp_path / "a")
    fc.fit(WIDE, TEST).save(tmp_path / "b")
    (tmp_path / "a" / "plan").rename(tmp_path / "old")
    (tmp_path / "b").rename(tmp_path / "a" / "plan")
    assert fc.load(tmp_path / "a" / "plan") != fc.load(tmp_path / "old")
    with pytest.raises(CheckpointError, match="the plan is not the one that the card names"):
        models.load(tmp_path / "a")
