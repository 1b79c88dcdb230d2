"""train, evaluate, predict on the command line: what Python does, in files, with messages and exit statuses."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import models
from featurecols.cli.commands.train import MODELS
from featurecols.cli.main import main
from featurecols.models.estimators.loading import KINDS
from featurecols.models.optimization.optimizers import AdamW
from featurecols.models.training import checkpoints
from tests.cli.test_main import fails
from tests.jobs.data import listing
from tests.models.people import DEEP, WIDE, people

ROOT = Path(__file__).parents[3]
SPEC = {
    "model": "WideDeepClassifier",
    "linear": fc.columns_to_json(WIDE),
    "dnn": fc.columns_to_json(DEEP),
    "hidden_units": [8, 4],
    "dnn_optimizer": {"type": "AdamW", "learning_rate": 0.01},
}
TRAIN = ("train", "spec.json", "raw", "--epochs", "1", "--label", "income", "-o", "model")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data of two files and specs, as the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    for i in range(2):
        pq.write_table(pa.table(people(400, seed=i)), tmp_path / "raw" / f"{i}.parquet", row_group_size=150)
    pq.write_table(pa.table(people(300, seed=9)), tmp_path / "test.parquet")
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    (tmp_path / "columns.json").write_text(json.dumps(fc.columns_to_json(WIDE)))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_train_evaluate_predict_are_what_python_does(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--epochs", "3", "--batch-size", "64", "--seed", "5", "--hidden-units", "6,3", "--weight", "weight")
    assert main([*TRAIN, *options, "--cross-layers", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("model: WideDeepClassifier, 6 columns, ")
    assert "800 rows, epoch 3, step 39, loss " in said.out
    assert said.err == ""
    config = models.RunConfig(seed=5)
    more = {"dnn_optimizer": AdamW(0.01), "weight_column": "weight", "cross_layers": 1}
    want = models.WideDeepClassifier(WIDE, DEEP, [6, 3], **more, config=config)
    want.train("raw", label="income", epochs=3, batch_size=64)
    assert models.load("model").fingerprint == want.fingerprint

    assert main(["evaluate", "model", "test.parquet", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["metrics"] == want.evaluate("test.parquet")
    assert (about["kind"], about["label"], about["fingerprint"]) == ("WideDeepClassifier", "income", want.fingerprint)
    assert main(["evaluate", "model", "test.parquet", "--label", "income"]) == 0
    assert f"\nauc                   {about['metrics']['auc']:.6g}\n" in capsys.readouterr().out
    assert main(["evaluate", "model", "test.parquet", "--html", "page.html", "--slices", "job,cars"]) == 0
    assert f"\nauc                   {about['metrics']['auc']:.6g}\n" in capsys.readouterr().out
    page = Path("page.html").read_text("utf-8")
    assert page == want.report("test.parquet", slices=["job", "cars"], title="model").to_html()
    Path("page.html").unlink()
    assert "--slices are those of the page" in fails(capsys, 2, "evaluate", "model", "test.parquet", "--slices", "job")
    assert main(["evaluate", "model", "test.parquet", "--html", "no/page.html"]) == 2
    assert "no/page.html: cannot be written" in capsys.readouterr().err

    assert main(["predict", "model", "raw", "-o", "out", "--keep", "job,age"]) == 0
    assert capsys.readouterr().out.startswith("out: 800 rows in 2 files, ")
    assert listing(here / "out") == ["0.parquet", "1.parquet"]
    for name in ("0.parquet", "1.parquet"):
        made, raw, found = pq.read_table(f"out/{name}"), pq.read_table(f"raw/{name}"), want.predict(f"raw/{name}")
        assert made.column_names == ["job", "age", "class", "probability_>50K"]
        assert made["probability_>50K"].to_numpy().tobytes() == found["probabilities"][:, 1].tobytes()
        assert made["class"].to_pylist() == found["classes"].tolist()
        assert made.select(["job", "age"]).equals(raw.select(["job", "age"]))
    assert names(here) == ["columns.json", "model", "out", "raw", "spec.json", "test.parquet"]


def test_columns_alone_with_options_and_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "columns.json", "raw/0.parquet", "raw/1.parquet", "--label", "colour", "-o", "model", "--json"]
    command += ["--model", "LinearClassifier", "--n-classes", "3", "--validation", "test.parquet", "--epochs", "2"]
    assert main(command) == 0
    about = json.loads(capsys.readouterr().out)
    want = models.LinearClassifier(WIDE, n_classes=3).train("raw", label="colour", epochs=2)
    assert about["metrics"] == want.evaluate("test.parquet")
    assert [row["val_auc/blue"] for row in about["history"]][-1] == about["metrics"]["auc/blue"]
    assert (about["kind"], about["rows"], about["steps"], about["columns"]) == ("LinearClassifier", 800, 8, 4)
    assert about["fingerprint"] == want.fingerprint
    assert json.loads(Path("model/card.json").read_text())["metrics"]["validation"]["loss"] == about["metrics"]["loss"]

    assert main(["predict", "model", "test.parquet", "-o", "out.parquet", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["target"], about["files"], about["rows"], about["fingerprint"]) == ("out.parquet", 1, 300, want.fingerprint)
    assert pq.read_schema("out.parquet").names == ["class", "probability_blue", "probability_green", "probability_red"]


def test_early_stopping_is_that_of_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "columns.json", "raw", "--label", "income", "-o", "model", "--json", "--epochs", "9"]
    command += ["--model", "LinearClassifier", "--validation", "test.parquet", "--early-stopping", "val_auc"]
    assert main([*command, "--patience", "1", "--mode", "max", "--min-delta", "0.02"]) == 0
    hook = models.hooks.EarlyStopping("val_auc", mode="max", patience=1, min_delta=0.02)
    want = models.LinearClassifier(WIDE).train("raw", label="income", epochs=9, validation="test.parquet", hooks=[hook])
    about = json.loads(capsys.readouterr().out)
    assert len(about["history"]) == len(want.history.rows) < 9
    assert about["fingerprint"] == want.fingerprint
    shared = ["--patience", "1", "--mode", "max", "--min-delta", "0.02", "--overwrite"]
    assert main([*command, *shared, "--no-restore-best-weights"]) == 0
    last = models.LinearClassifier(WIDE).train("raw", label="income", epochs=len(want.history.rows))
    assert json.loads(capsys.readouterr().out)["fingerprint"] == last.fingerprint != want.fingerprint
    assert "--patience needs --early-stopping" in fails(capsys, 2, *TRAIN, "--patience", "2")


def test_class_weights_are_those_of_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "columns.json", "raw", "-o", "model", "--json", "--epochs", "1", "--overwrite"]
    command += ["--model", "LinearClassifier"]

    def fingerprints(label: str, given: list[str], wanted: dict[object, float] | str) -> list[str]:
        assert main([*command, "--label", label, *given]) == 0
        want = models.LinearClassifier(WIDE).train("raw", label=label, epochs=1, class_weight=wanted)
        return [json.loads(capsys.readouterr().out)["fingerprint"], want.fingerprint]

    one, want = fingerprints("income", ["--class-weight", "<=50K=0.5", "--class-weight", ">50K=20"], {"<=50K": 0.5, ">50K": 20})
    assert one == want
    numbered, want = fingerprints("rich", ["--class-weight", "1=20"], {1: 20.0})
    assert numbered == want
    balanced, want = fingerprints("rich", ["--class-weight", "balanced"], "balanced")
    assert balanced == want != numbered
    spec = {"model": "LinearClassifier", "columns": fc.columns_to_json(WIDE), "label": "rich", "class_weight": {"1": 20.0}}
    (here / "spec.json").write_text(json.dumps(spec))
    assert main(["train", "spec.json", "raw", "-o", "model", "--json", "--epochs", "1", "--overwrite"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == numbered
    wrong = [*command, "--label", "rich", "--class-weight"]
    with pytest.raises(SystemExit):
        main([*wrong, "yes"])
    assert "must be CLASS=WEIGHT, such as yes=20, or balanced, got 'yes'" in capsys.readouterr().err
    assert "--class-weight says one thing twice" in fails(capsys, 2, *wrong, "1=2", "--class-weight", "1=3")
    assert "a class that is not there, got '2'; the classes are 0, 1" in fails(capsys, 2, *wrong, "2=2")
    (here / "spec.json").write_text(json.dumps({**spec, "class_weight": 3}))
    assert "class_weight must be an object" in fails(capsys, 2, "train", "spec.json", "raw", "-o", "other")


def test_several_labels_are_those_of_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = people(200)
    table |= {"blue": [int(c == "blue") for c in table["colour"]]}
    pq.write_table(pa.table(table), here / "labels.parquet")
    command = ["train", "columns.json", "labels.parquet", "--model", "LinearClassifier", "--multi-label", "--epochs", "2"]
    assert main([*command, "--label", "rich", "--label", "blue", "-o", "model", "--json"]) == 0
    want = models.LinearClassifier(WIDE, multi_label=True).train("labels.parquet", ["rich", "blue"], epochs=2)
    assert json.loads(capsys.readouterr().out)["fingerprint"] == want.fingerprint
    assert main(["evaluate", "model", "labels.parquet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == want.evaluate("labels.parquet")


def test_a_regressor_says_its_errors(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "columns.json", "raw", "--label", "wealth", "-o", "model", "--epochs", "2"]
    assert main([*command, "--model", "LinearRegressor"]) == 0
    assert main(["evaluate", "model", "test.parquet"]) == 0
    said = capsys.readouterr().out
    want = models.load("model").evaluate("test.parquet")
    assert [f"\n{name.ljust(15)}  {want[name]:.6g}" in said for name in ("mae", "r2", "rmse")] == [True] * 3


def test_a_sequential_is_evaluated_and_predicts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = models.Sequential([models.DenseFeatures(DEEP), models.layers.Dense(1, activation="sigmoid")])
    network.compile("adam", "binary_crossentropy", metrics=["auc"])
    network.fit("raw/0.parquet", label="rich", verbose=0)
    network.save("network")
    assert main(["evaluate", "network", "test.parquet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == network.evaluate("test.parquet", return_dict=True)
    assert main(["predict", "network", "test.parquet", "-o", "out.parquet"]) == 0
    assert pq.read_table("out.parquet")["probability_1"].to_numpy().tobytes() == network.predict("test.parquet").tobytes()


def test_wrong_data_is_3_and_leaves_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(here)
    train = ("train", "columns.json", "raw", "-o", "model", "--model", "LinearClassifier", "--label")
    assert "incme: field is not in raw/0.parquet; did you mean 'income'?" in fails(capsys, 2, *train, "incme")
    assert "label has 3 different values" in fails(capsys, 2, *train, "colour")
    assert "weigth: field is not in" in fails(capsys, 2, *train, "income", "--weight", "weigth")
    assert "nowhere: no such file" in fails(capsys, 2, *train, "income", "--validation", "nowhere")
    assert names(here) == before
    assert main([*train, "income", "--epochs", "1"]) == 0
    capsys.readouterr()
    assert "a label that training did not see at row 0" in fails(
        capsys, 2, "evaluate", "model", "test.parquet", "--label", "job"
    )
    pq.write_table(pa.table(people(20)).drop_columns(["city"]), "raw/1.parquet")
    assert "city: field is not in raw/1.parquet" in fails(capsys, 2, "predict", "model", "raw", "-o", "out")
    assert "city: field is not in raw/1.parquet" in fails(capsys, 2, "evaluate", "model", "raw")
    assert "idd: field is not in" in fails(capsys, 2, "predict", "model", "test.parquet", "-o", "out", "--keep", "idd")
    assert names(here) == sorted([*before, "model"])


def test_a_wrong_spec_or_model_is_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = fails(capsys, 2, "train", "columns.json", "raw", "--label", "income", "-o", "model")
    assert 'columns.json: names no model, got None; give "model" (--model)' in said
    Path("bad.json").write_text(json.dumps({**SPEC, "hiden": 3}))
    assert "bad.json: WideDeepClassifier has no argument 'hiden', got 3" in fails(capsys, 2, "train", "bad.json", *TRAIN[2:])
    assert "cannot be read" in fails(capsys, 2, "train", "nowhere.json", *TRAIN[2:])
    fails(capsys, 2, "predict", "raw", "test.parquet", "-o", "out")
    fails(capsys, 2, "evaluate", "nowhere", "test.parquet")
    assert main(list(TRAIN)) == 0
    weights = Path("model/weights.safetensors")
    weights.write_bytes(weights.read_bytes()[:-9])
    capsys.readouterr()
    assert "weights.safetensors: not a readable checkpoint" in fails(capsys, 2, "predict", "model", "test.parquet", "-o", "out")
    assert not Path("out").exists()


def test_an_output_that_is_there_is_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(TRAIN)) == 0
    first = models.load("model").fingerprint
    capsys.readouterr()
    assert "model: exists already" in fails(capsys, 2, *TRAIN, "--seed", "3")
    assert models.load("model").fingerprint == first
    assert main([*TRAIN, "--seed", "3", "--overwrite"]) == 0
    assert models.load("model").fingerprint != first
    other = ("train", "spec.json", "raw", "--label", "income", "--overwrite", "-o")
    capsys.readouterr()
    assert "raw: exists and is not a model" in fails(capsys, 2, *other, "raw")
    assert "would hold the checkpoints" in fails(capsys, 2, *other, "new", "--model-dir", "new/steps")
    assert main(["predict", "model", "test.parquet", "-o", "out"]) == 0
    capsys.readouterr()
    assert "out: exists already" in fails(capsys, 2, "predict", "model", "test.parquet", "-o", "out")
    assert "two columns named" in fails(capsys, 2, "predict", "model", "test.parquet", "-o", "p", "--keep", "job,job")
    assert names(here) == ["columns.json", "model", "out", "raw", "spec.json", "test.parquet"]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (TRAIN[:-2], "-o/--output"),
        ((*TRAIN, "--model", "linear"), "must be one of LinearClassifier, LinearRegressor, DNNClassifier"),
        ((*TRAIN, "--hidden-units", "10,x"), "must be positive integers such as 100,50, got '10,x'"),
        ((*TRAIN, "--epochs", "0"), "must be a positive integer"),
        (("evaluate", "model"), "DATA"),
        (("predict", "model", "raw"), "-o/--output"),
    ],
)
def test_a_wrong_command_line_is_2(argv: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert says in capsys.readouterr().err


def test_a_spec_says_how_it_is_trained_and_options_go_before_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"label": "income", "weight": "weight", "epochs": 2, "validation": "test.parquet"}
    Path("whole.json").write_text(json.dumps({"$schema": "x.json", **SPEC, **said}))
    assert main(["train", "whole.json", "raw", "-o", "a", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    options = ("--label", "income", "--weight", "weight", "--epochs", "2", "--validation", "test.parquet")
    assert main(["train", "spec.json", "raw", "-o", "b", *options, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert first["fingerprint"] == again["fingerprint"]
    assert first["metrics"] == again["metrics"] is not None
    assert main(["train", "whole.json", "raw", "-o", "c", "--epochs", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] * 2 == first["steps"]
    said = fails(capsys, 2, "train", "spec.json", "raw", "-o", "d")
    assert 'spec.json: has no label, got None; give --label FIELD, or "label" in the spec' in said


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_what_is_left_out_is_chosen_as_in_python(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = [fc.Numeric("age"), fc.Indicator(fc.Vocabulary("job", ["cook", "pilot"]))]
    Path("raw.json").write_text(json.dumps({"columns": fc.columns_to_json(columns), "model": "LinearRegressor"}))
    pq.write_table(pa.table(people(100)), "few.parquet")
    command = ["train", "raw.json", "few.parquet", "--label", "weight", "--json", "--model-dir", "steps", "--quiet"]
    assert main([*command, "-o", "a"]) == 0
    about = json.loads(capsys.readouterr().out)
    want = models.LinearRegressor(columns, config=models.RunConfig(progress=False)).train("few.parquet", label="weight")
    assert about["fingerprint"] == want.fingerprint
    assert about["steps"] == want.variables.step
    assert main([*command, "-o", "b"]) == 0  # complete already: nothing is trained
    assert json.loads(capsys.readouterr().out)["fingerprint"] == want.fingerprint
    assert "of another training" in fails(capsys, 2, *command, "-o", "c", "--steps", "3")

    options = ["--no-normalize", "--no-standardize-label", "--label-transform", "log1p", "--validation-share", "0.25"]
    assert main([*command[:-3], *options, "-o", "d", "--steps", "3", "--batch-size", "16"]) == 0
    capsys.readouterr()
    given = {"normalize": False, "standardize_label": False, "label_transform": "log1p"}
    training = {"steps": 3, "batch_size": 16, "validation_share": 0.25}
    other = models.LinearRegressor(columns, **given).train("few.parquet", label="weight", **training)
    assert models.load("d").fingerprint == other.fingerprint
    spec = {**other.spec(), **other.arguments()["train"]}
    Path("again.json").write_text(json.dumps(spec))
    assert main(["train", "again.json", "few.parquet", "-o", "e", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == other.fingerprint


def test_the_seed_of_a_spec_and_of_the_option(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = {"columns": fc.columns_to_json(WIDE), "model": "LinearClassifier", "label": "income", "epochs": 1, "seed": 7}
    Path("seed.json").write_text(json.dumps(spec))
    for options, seed in (([], 7), (["--seed", "0"], 0)):
        assert main(["train", "seed.json", "raw", "-o", f"m{seed}", "--quiet", *options]) == 0
        want = models.LinearClassifier(WIDE, seed=seed).train("raw", label="income", epochs=1)
        assert models.load(f"m{seed}").fingerprint == want.fingerprint
    capsys.readouterr()


def test_specs_of_other_formats(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fc.write_columns(WIDE, "columns.toml")
    assert (
        main(
            ["train", "columns.toml", "raw", "--model", "LinearClassifier", "--label", "income", "-o", "model", "--epochs", "1"]
        )
        == 0
    )
    assert fc.models.load("model").columns == tuple(WIDE)


def test_every_kind_of_model_has_its_name() -> None:
    assert sorted(MODELS) == sorted(KINDS)


def child(*argv: str, **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "featurecols", *argv]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, text=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)  # type: ignore[call-overload]


def kill_when(process: subprocess.Popen[str], seen: Path, pattern: str) -> None:
    """SIGKILL, once something is there."""
    until = time.monotonic() + 300  # a busy machine
    while not list(seen.glob(pattern)) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_training_that_was_killed_ends_as_if_it_had_not_been(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*TRAIN, "--epochs", "20", "--batch-size", "16"]
    resumed = [*command, "--model-dir", "steps", "--checkpoint-steps", "10"]
    kill_when(child(*resumed), here / "steps", "step-*")
    assert not Path("model").exists()
    step = int(checkpoints.latest(Path("steps")).stem.removeprefix("step-"))  # type: ignore[union-attr]
    assert 0 < step < 1000
    assert main(resumed) == 0
    assert "epoch 20, step 1,000, loss " in capsys.readouterr().out
    found = models.load("model").fingerprint
    assert main([*resumed, "--overwrite"]) == 0  # trained already: written again, not trained on
    assert "step 1,000, trained before\n" in capsys.readouterr().out
    assert models.load("model").fingerprint == found
    assert main([*resumed, "--overwrite", "--validation", "test.parquet"]) == 0  # killed when it was about to be measured
    assert "average_loss" in capsys.readouterr().out
    longer = [*TRAIN, "--epochs", "21", "--batch-size", "16", "--model-dir", "steps", "--overwrite"]
    capsys.readouterr()
    assert main(longer) != 0
    said = capsys.readouterr().err
    assert "steps: holds step 1,000 of another training (20 epochs over " in said
    assert "give another --model-dir" in said
    assert models.load("model").fingerprint == found
    assert main([*command, "--overwrite"]) == 0
    assert models.load("model").fingerprint == found


@pytest.mark.slow
def test_a_training_of_open_length_that_was_killed_ends_as_if_it_had_not_been(here: Path) -> None:
    columns = [fc.Numeric("age"), fc.Indicator(fc.Vocabulary("job", ["cook", "pilot"]))]
    Path("raw.json").write_text(
        json.dumps({"columns": fc.columns_to_json(columns), "model": "DNNRegressor", "hidden_units": [8]})
    )
    pq.write_table(pa.table(people(200)), "few.parquet")
    whole = ["train", "raw.json", "few.parquet", "--label", "weight", "--quiet", "-o", "whole"]
    assert main(whole) == 0
    resumed = [*whole[:-1], "model", "--model-dir", "steps", "--checkpoint-steps", "3"]
    kill_when(child(*resumed), here / "steps", "step-*")
    assert not Path("model").exists()
    step = int(checkpoints.latest(Path("steps")).stem.removeprefix("step-"))  # type: ignore[union-attr]
    want = models.load("whole")
    assert 0 < step < want.variables.step
    assert main(resumed) == 0
    found = models.load("model")
    assert found.fingerprint == want.fingerprint
    assert found.data == want.data
    for name in ("weights.safetensors", "model.json"):
        assert (here / "model" / name).read_bytes() == (here / "whole" / name).read_bytes()


KILLED = """
import os, signal, sys
from featurecols.cli.main import main
def hook(event, arguments):
    if event == "open" and "3.parquet" in str(arguments[0]) and ".out.staging" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
main(sys.argv[1:])
"""


def test_predictions_that_were_killed_look_like_nothing_and_are_continued(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run ends where it opens its fourth file."""
    assert main(list(TRAIN)) == 0
    for i in range(6):
        pq.write_table(pa.table(people(300, seed=i)), f"raw/{i}.parquet")
    predict = ["predict", "model", "raw", "-o", "out", "--keep", "age"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", KILLED, *predict], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert names(here / ".out.staging" / "data")[:3] == ["0.parquet", "1.parquet", "2.parquet"]
    assert not Path("out").exists()
    capsys.readouterr()
    assert main([*predict, "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["files"], about["rows"], about["resumed"]) == (6, 1_800, 3)
    model = models.load("model")
    for i in range(6):
        made = pq.read_table(f"out/{i}.parquet")
        assert (
            made["probability_>50K"].to_numpy().tobytes() == model.predict(f"raw/{i}.parquet")["probabilities"][:, 1].tobytes()
        )
    assert names(here) == ["columns.json", "model", "out", "raw", "spec.json", "test.parquet"]


def test_a_terminal_sees_how_far_training_is_unless_quiet(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    for options in ((), ("--quiet",)):
        ours, theirs = pty.openpty()
        with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            assert main([*TRAIN, "--overwrite", *options]) == 0
        said = b""
        try:
            while piece := os.read(ours, 65536):
                said += piece
        except OSError:  # Linux says so at the end
            pass
        os.close(ours)
        seen[options] = said.decode()
    assert ", step 4/4, loss " in seen[()]
    assert seen[("--quiet",)] == ""


@pytest.mark.slow
def test_interrupted_says_what_goes_on(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    process = child(*TRAIN, "--epochs", "10000", "--model-dir", "steps", "--checkpoint-steps", "10")
    until = time.monotonic() + 300  # a busy machine
    while not list(here.glob("steps/step-*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == "featurecols: interrupted; the same command goes on where it stopped\n"
    assert process.returncode == 130
    assert names(here) == ["columns.json", "raw", "spec.json", "steps", "test.parquet"]
