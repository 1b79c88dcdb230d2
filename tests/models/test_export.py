from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import featurecols as fc
from featurecols import models
from featurecols.errors import SavedPlanError
from featurecols.models.errors import CheckpointError, ModelError
from featurecols.models.estimators.schema import spec_schema
from featurecols.models.objective.losses import Poisson
from featurecols.models.optimization.optimizers import Adam, Ftrl
from featurecols.models.optimization.schedules import Cosine
from featurecols.models.training import checkpoints
from tests.models.estimators.test_base import FLOWERS, iris, iris_model_fn
from tests.models.people import AGE, DEEP, WIDE, people
from tests.plan.test_saved_text import places

SAVED = Path(__file__).parents[1] / "saved" / "v0_60ad15a" / "models"
SPECS = Draft202012Validator(spec_schema())
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
    "regressor of members": (lambda: models.DNNRegressor(DEEP, [8, 4], members=3, dropout=0.1), "wealth"),
    "regressor of crosses": (lambda: models.DNNRegressor(DEEP, [4], cross_layers=2, members=2), "wealth"),
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


@pytest.mark.parametrize("kind", KINDS)
def test_f2_training_goes_on_after_load_as_if_there_were_no_export(tmp_path, kind):
    """F2: training goes on after load as if there were no export."""
    make, label = KINDS[kind]
    model = make().train(DATA, label=label, epochs=2, batch_size=100)
    model.export(tmp_path / "model")
    again = models.load(tmp_path / "model")
    for one in (model, again):
        one.train(DATA, label=label, epochs=1, batch_size=100)
    assert again.fingerprint == model.fingerprint
    slots = model.variables.arrays("slots")
    assert {k: v.tobytes() for k, v in again.variables.arrays("slots").items()} == {k: v.tobytes() for k, v in slots.items()}


def without_slots(folder):
    """Rewrite the weights of a folder as versions wrote them that kept no slots."""
    arrays, about = checkpoints.read(folder / "weights.safetensors")
    assert any(name.startswith("slots/") for name in arrays)
    checkpoints.write(folder / "weights.safetensors", {k: v for k, v in arrays.items() if not k.startswith("slots/")}, about)


def test_f2_ftrl_goes_on_from_the_weights_of_an_export_without_slots(tmp_path):
    """F2: FTRL goes on from the weights of an export without slots."""
    optimizer = Ftrl(0.1, l1=0.001, l2=0.01, beta=1.0)
    model = models.LinearClassifier(WIDE, optimizer=optimizer).train(DATA, label="income", epochs=5)
    before = {name: value.copy() for name, value in model.variables.values.items()}
    model.export(tmp_path)
    without_slots(tmp_path)
    again = models.load(tmp_path)
    assert again.evaluate(TEST) == model.evaluate(TEST)
    again.train(DATA, label="income", steps=1, batch_size=2)  # moves the rows of two examples, and the rest not at all
    for name, value in again.variables.values.items():
        assert np.abs(value - before[name]).max() < 0.2
        assert (value != 0).sum() >= (before[name] != 0).sum() - 2
    rate = again.evaluate(TEST)["average_loss"] / model.evaluate(TEST)["average_loss"]
    assert 0.9 < rate < 1.1


@pytest.mark.parametrize("name", ["linear_classifier", "wide_deep_classifier", "sequential", "dnn_regressor"])
def test_f2_models_that_were_exported_without_slots_load_and_train_on(tmp_path, name):
    """F2: models that were exported without slots load and train on."""
    shutil.copytree(SAVED / name / "model", tmp_path / "model")
    model = models.load(tmp_path / "model")
    assert model.variables.slots == {}
    assert model.variables.trained == set(model.variables.values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_exported_spec_makes_an_equal_model_that_is_not_trained(tmp_path, kind):
    make, label = KINDS[kind]
    model = make().train(DATA, label=label, steps=1)
    model.export(tmp_path)
    assert list(SPECS.iter_errors(json.loads((tmp_path / "model.json").read_text()))) == []
    again = models.model_from_json(tmp_path / "model.json")
    assert type(again) is type(model)
    head = model.head.with_scaling(None) if hasattr(model.head, "scaling") else model.head
    found = model.arguments()
    assert found.pop("train") == {"batch_size": 256, "steps": 1}
    assert (again.arguments(), again.head, again.columns) == (found, head, model.columns)
    assert again.weight_column == model.weight_column
    assert again.variables is None
    again.train(DATA, label=label, steps=1)
    assert again.fingerprint == model.fingerprint


def test_the_spec_is_what_a_reviewer_reads(tmp_path):
    columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Hashed("job", 9)]
    model = models.LinearClassifier(columns, optimizer="Adam", weight_column="weight")
    model.train(DATA, label="income", steps=1).save(tmp_path)
    assert (
        (tmp_path / "model.json").read_text()
        == """\
{
 "model": "LinearClassifier",
 "columns": [
  {"type": "Numeric.v1", "source": "age", "normalizer": [{"type": "ZScore.v1"}]},
  {"type": "Hashed.v1", "source": "job", "num_buckets": 9}
 ],
 "optimizer": {"type": "models.Adam.v1"},
 "sparse_combiner": "sum",
 "label": "income",
 "weight": "weight",
 "n_classes": 2,
 "label_vocabulary": ["<=50K", ">50K"]
}
"""
    )


def test_the_card_says_what_training_found(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", epochs=2, batch_size=100)
    model.evaluate(TEST, name="test")
    model.metrics["odd"] = {"auc": float("nan"), "loss": float("inf")}
    assert model.export(tmp_path) == tmp_path
    card = json.loads((tmp_path / "card.json").read_text(), parse_constant=pytest.fail)
    assert card["format"] == 2
    assert card["created_by"] == f"featurecols {fc.__version__}"
    assert card["step"] == 12
    assert card["head"]["words"] == ["<=50K", ">50K"]
    assert card["metrics"]["test"]["auc"] == model.evaluate(TEST)["auc"]
    assert card["metrics"]["odd"] == {"auc": {"float": "nan"}, "loss": {"float": "inf"}}
    assert card["data"]["rows"] == 600
    assert len(card["data"]["fingerprint"]) == 32
    assert card["plan"] == model.plan.fingerprint
    assert card["fingerprint"] == model.fingerprint
    assert card["versions"]["featurecols"] == fc.__version__
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "model.json", "plan", "weights.safetensors"]
    again = models.load(tmp_path)
    assert (again.label, again.metrics["test"], again.data) == (("income",), model.metrics["test"], model.data)
    assert again.metrics["odd"]["loss"] == float("inf")


def test_another_model_is_replaced_only_when_that_is_said(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", steps=1)
    other = models.DNNClassifier(DEEP, [4]).train(DATA, label="income", steps=1)
    network = models.Sequential([models.layers.Dense(1)])
    model.save(tmp_path / "a")
    model.save(tmp_path / "a")  # an equal model is written again
    for refused in (other, network):
        with pytest.raises(
            fc.OutputError,
            match=r"a: exists already; choose another path, or pass overwrite=True \(--overwrite\) to replace it",
        ):
            refused.save(tmp_path / "a")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    other.export(tmp_path / "a", overwrite=True)
    assert models.load(tmp_path / "a").fingerprint == other.fingerprint
    assert (tmp_path / "a" / "notes.txt").exists()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes.txt").write_text("mine")
    with pytest.raises(fc.OutputError, match="exists already"):
        model.save(tmp_path / "b")
    for overwrite in (False, True):
        with pytest.raises(fc.OutputError, match="is a file, and a model is saved as a folder; choose another path"):
            model.save(tmp_path / "b" / "notes.txt", overwrite=overwrite)
    with pytest.raises(fc.OutputError, match="cannot be written"):
        model.save(tmp_path / "b" / "notes.txt" / "c")


def test_no_folder_holds_a_plan_and_a_model_at_once(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", steps=1)
    model.save(tmp_path / "model")
    model.plan.save(tmp_path / "plan")
    with pytest.raises(fc.OutputError, match="model: holds a model; choose another path"):
        model.plan.save(tmp_path / "model", overwrite=True)
    with pytest.raises(fc.OutputError, match="plan: holds a plan; choose another path"):
        model.save(tmp_path / "plan", overwrite=True)


def test_each_loader_names_the_other(tmp_path):
    model = models.LinearClassifier(WIDE).train(DATA, label="income", steps=1)
    model.save(tmp_path / "model")
    with pytest.raises(SavedPlanError, match=r"model: holds a model; use fc\.models\.load\(path\)"):
        fc.load(tmp_path / "model")
    with pytest.raises(CheckpointError, match=r"plan: holds a plan; use fc\.load\(path\)"):
        models.load(tmp_path / "model" / "plan")
    (tmp_path / "model" / "card.json").unlink()
    with pytest.raises(CheckpointError, match=r"no card\.json; use fc\.models\.model_from_json\(path\)"):
        models.load(tmp_path / "model")
    with pytest.raises(CheckpointError, match=r"nowhere.model\.json: cannot be read as a model \(FileNotFoundError\)"):
        models.load(tmp_path / "nowhere")


@pytest.mark.filterwarnings("ignore:.*far from one")
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
        ("model.json", lambda b: b[:50], CheckpointError, "cannot be read as a model"),
        ("card.json", lambda b: b[:50], CheckpointError, "cannot be read as a model"),
        ("card.json", lambda b: b"[]", CheckpointError, "card.json: is not an object"),
        ("card.json", lambda b: b.replace(b'"format": 2', b'"format": 3'), CheckpointError, "format 2, has 3; upgrade"),
        ("model.json", lambda b: b.replace(b"LinearClassifier", b"os.system"), CheckpointError, "holds a 'os.system'"),
        (
            "model.json",
            lambda b: b.replace(b"models.Ftrl.v1", b"models.Evil.v1"),
            CheckpointError,
            "holds a component that is not known",
        ),
        ("model.json", lambda b: b.replace(b"models.Ftrl.v1", b"models.SGD.v1"), CheckpointError, "its fingerprint differs"),
        (
            "card.json",
            lambda b: b.replace(b"models.ClassHead.v1", b"models.Dense.v1"),
            CheckpointError,
            "holds a component that is not known",
        ),
        ("model.json", lambda b: b.replace(b'"sparse_combiner"', b'"combined"'), CheckpointError, "is damaged"),
        ("model.json", lambda b: b.replace(b'"sum"', b'"all"'), CheckpointError, "is damaged.*unknown combiner"),
        ("model.json", lambda b: b.replace(b'"label": "income"', b'"label": 5'), CheckpointError, "wrong label, 5"),
        ("model.json", lambda b: b.replace(b'">50K"', b'">60K"'), CheckpointError, "name different labels or losses"),
        ("model.json", lambda b: b.replace(b'"age"', b'"edge"'), CheckpointError, "not those of the plan"),
        ("card.json", lambda b: b.replace(b'"head"', b'"heed"'), CheckpointError, "lacks 'head'"),
        ("weights.safetensors", lambda b: b[:-10], CheckpointError, "not a readable checkpoint"),
        ("plan/plan.json", lambda b: b.replace(b'"job"', b'"jab"'), SavedPlanError, "is named .city_X_jab."),
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


@pytest.mark.parametrize("kind", ["wide and deep", "linear regressor", "sequential"])
def test_any_value_in_the_place_of_another_is_an_error_or_the_same_model(tmp_path, kind):
    if kind == "sequential":
        model = models.Sequential([models.DenseFeatures(DEEP), models.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(DATA, label="wealth")
    else:
        make, label = KINDS[kind]
        model = make().train(DATA, label=label, steps=1)
    model.save(tmp_path)
    mark, luck = model.fingerprint, random.Random(2)
    for name in ("model.json", "card.json"):
        text = (tmp_path / name).read_text()
        for _ in range(150):
            found = json.loads(text)
            place, key = luck.choice(list(places(found)))
            place[key] = luck.choice(VALUES)
            (tmp_path / name).write_text(json.dumps(found))
            try:
                again = models.load(tmp_path)
            except (CheckpointError, SavedPlanError):
                continue
            assert again.fingerprint == mark
        (tmp_path / name).write_text(text)
    assert models.load(tmp_path).fingerprint == mark


VALUES = [
    None,
    True,
    -1,
    10**30,
    0.5,
    "x",
    "",
    [],
    {},
    [[]],
    {"type": "Numeric.v1"},
    {"float": "x"},
    {"type": "models.Dense.v1"},
]


def test_damage_of_a_model_of_format_1(tmp_path):
    shutil.copytree(SAVED / "linear_classifier" / "model", tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    text = path.read_text("utf-8")
    for old, new, message in [
        ('"format": 1', '"format": 3', "needs format 2, has 3; upgrade featurecols"),
        ('"label": [', '"labels": [', "lacks 'label'"),
        ("models.ClassHead.v1", "models.Evil.v1", "holds a component that is not known"),
    ]:
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(CheckpointError, match=message):
            models.load(tmp_path / "model")


SAVE_WITH_LITTLE_SPACE = """
import resource, signal, sys
import featurecols as fc
from featurecols import models
from tests.models.people import DEEP, people
model = models.DNNClassifier(DEEP, [8, 4], n_classes=3).train(people(600), label="colour", steps=3)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in (1, 4000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for path in sys.argv[1:]:
        try:
            model.save(path, overwrite=True)
        except fc.OutputError as error:
            print(error)
"""


def test_a_full_disk_leaves_the_model_that_was_there_or_nothing(tmp_path):
    """D7: the plan was replaced before the weights were written, so that no model was left."""
    make, label = KINDS["linear"]
    model = make().train(DATA, label=label, steps=1)
    model.save(tmp_path / "old")
    before = {path: path.read_bytes() for path in (tmp_path / "old").rglob("*") if path.is_file()}
    command = [sys.executable, "-c", SAVE_WITH_LITTLE_SPACE, str(tmp_path / "old"), str(tmp_path / "new")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.count("cannot be written (File too large)") == 4
    assert {path: path.read_bytes() for path in (tmp_path / "old").rglob("*") if path.is_file()} == before
    assert models.load(tmp_path / "old").fingerprint == model.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


TRAIN_WITH_LITTLE_SPACE = """
import resource, signal, sys
import featurecols as fc
from featurecols import models
from tests.models.people import people
cache, model_dir = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
data = models.from_data(people(600), label="income").batch(50)
for train in (
    lambda: models.LinearClassifier([fc.Numeric("age")]).train(data.cache(cache), steps=3),
    lambda: models.LinearClassifier([fc.Hashed("job", 1000)], model_dir=model_dir).train(data, steps=3),
):
    try:
        train()
    except fc.OutputError as error:
        print(error)
"""


def test_a_full_disk_is_an_output_error_of_training_too(tmp_path):
    """D7: it was an OSError that named no place."""
    command = [sys.executable, "-c", TRAIN_WITH_LITTLE_SPACE, str(tmp_path / "cache"), str(tmp_path / "model_dir")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    for place in ("cache", "model_dir"):
        assert f"{place}: cannot be written (File too large); free space, or choose another path" in done.stdout
        left = [path.name for path in (tmp_path / place).rglob("*") if path.is_file()]
        assert left in ([], ["plan.json"])
