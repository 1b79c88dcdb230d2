"""The command line: what it prints, what it writes, and the code that it ends with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli import quickstart_models
from featurecols.cli.main import COMMANDS, main
from tests.jobs.data import folder, listing, table, whole

ROOT = Path(__file__).parents[2]
SPEC = [
    {"type": "Numeric", "source": "age", "default": {"type": "Median"}},
    {"type": "Indicator", "source": {"type": "Vocabulary", "source": "city", "terms": {"type": "TopTerms", "n": 3}}},
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data and a spec, as the current folder."""
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "raw")
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    return tmp_path


def fails(capsys: pytest.CaptureFixture[str], code: int, *argv: str) -> str:
    """The one line of an error."""
    assert main(argv) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("featurecols: ")
    return said.err


def test_fit_transform_inspect(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "spec.json", "raw", "-o", "plan"]) == 0
    said = capsys.readouterr()
    plan = fc.load("plan")
    assert said.out.startswith(f"{plan}\n")
    assert "plan: learned from 150 rows in " in said.out
    assert said.err == ""
    assert plan == fc.fit(fc.columns_from_json(SPEC), "raw")

    assert main(["transform", "plan", "raw", "-o", "out", "--keep", "id,city", "--layout", "columns"]) == 0
    assert capsys.readouterr().out.startswith("out: 150 rows in 3 files, ")
    made = whole(here / "out")
    assert made.column_names == ["id", "city", *plan.feature_names]
    assert np.array_equal(
        np.column_stack([made[n].to_numpy() for n in plan.feature_names]), plan.transform(whole(here / "raw"))
    )

    assert main(["inspect", "plan"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{plan}\nreads age (float) as number\nreads city (text) as category\n"
    assert main(["inspect", "plan", "--feature", "0", plan.feature_names[3], "-1"]) == 0
    assert capsys.readouterr().out == f"{plan.describe(0)}\n{plan.describe(3)}\n{plan.describe(3)}\n"


def test_json_for_scripts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "spec.json", "raw/part-0.parquet", "raw/part-1.parquet", "-o", "plan", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    plan = fc.load("plan")
    assert about.pop("seconds") >= 0
    assert about == {"plan": "plan", "fingerprint": plan.fingerprint, "columns": 2, "rows": 100, "passes": plan.passes}

    assert main(["transform", "plan", "raw", "-o", "out.npy", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["target"], about["files"], about["rows"], about["resumed"]) == ("out.npy", 3, 150, 0)
    assert about["bytes"] == os.path.getsize("out.npy")
    assert np.array_equal(np.load("out.npy"), plan.transform("raw"))

    Path("bad.csv").write_text("age,city\nold,Oslo\n31,Rome\n")
    assert main(["transform", "plan", "bad.csv", "-o", "bad.npy", "--on-error", "quarantine", "--max-errors", "1,0.5"]) == 0
    assert capsys.readouterr().out.endswith(" s; 1 bad row, listed in bad.quarantine.parquet\n")
    assert np.load("bad.npy").shape == (1, plan.width)
    assert main(["transform", "plan", "raw", "-o", "grown", "--new-only", "--json"]) == 0
    assert main(["transform", "plan", "raw", "-o", "grown", "--new-only", "--resume"]) == 0
    assert ": 150 rows in 3 files, 3 of them left as they were, " in capsys.readouterr().out
    assert main(["transform", "plan", "raw", "-o", "cut", "--partition-by", "city", "--rows-per-file", "100"]) == 0
    assert "city=Oslo/part-00000.parquet" in listing(Path("cut"))
    capsys.readouterr()
    assert "max_errors (40% of the rows) allows" in fails(
        capsys, 2, "transform", "plan", "bad.csv", "-o", "b", "--on-error", "null", "--max-errors", "0.4"
    )

    assert main(["inspect", "plan", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["names"] == list(plan.feature_names)
    assert about["fields"] == {"age": ["number"], "city": ["category"]}
    assert fc.columns_from_json(about["columns"]) == plan.columns
    assert main(["inspect", "plan", "--feature", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["features"][0]["name"] == plan.feature_names[1]


def test_a_plan_of_bare_categories_is_inspected_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fc.compile([fc.Hashed("city", 10)]).save("plan")
    assert main(["inspect", "plan", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["width"], about["names"], about["slots"][0]["num_buckets"]) == (0, [], 10)


def test_wrong_data_is_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere: no such file or folder" in fails(capsys, 2, "fit", "spec.json", "nowhere", "-o", "plan")
    pq.write_table(table(5, 0).drop_columns(["age"]), "raw/part-1.parquet")
    assert "age: field is not in" in fails(capsys, 2, "fit", "spec.json", "raw", "-o", "plan")
    assert not Path("plan").exists()


def test_a_field_that_nothing_is_learned_from_must_be_there_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.json").write_text(json.dumps([*SPEC, {"type": "Numeric", "source": "ages", "default": 0}]))
    assert "ages: field is not in raw" in fails(capsys, 2, "fit", "other.json", "raw", "-o", "plan")
    assert not Path("plan").exists()
    Path("given.json").write_text('[{"type": "Numeric", "source": "age", "default": 0}]')
    assert main(["fit", "given.json", "raw", "-o", "plan"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "plan: written; nothing is to be learned"


def test_a_wrong_spec_or_plan_is_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.json: cannot be read" in fails(capsys, 2, "fit", "nowhere.json", "raw", "-o", "plan")
    Path("bad.json").write_text('[{"type": "Numerc", "source": "age"}]')
    assert "unknown type, got 'Numerc'" in fails(capsys, 2, "fit", "bad.json", "raw", "-o", "plan")
    fails(capsys, 2, "inspect", "raw")
    fails(capsys, 2, "transform", "nowhere", "raw", "-o", "out")
    fc.compile([fc.Hashed("city", 10)]).save("bare")
    assert "wrap it in Indicator or Embedding" in fails(capsys, 2, "transform", "bare", "raw", "-o", "out")
    assert not Path("out").exists()


def test_an_output_that_cannot_be_written_is_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fc.compile([fc.Numeric("age", default=0.0)]).save("plan")
    assert "exists already" in fails(capsys, 2, "fit", "spec.json", "raw", "-o", "plan")
    Path("out").mkdir()
    assert "exists already" in fails(capsys, 2, "transform", "plan", "raw", "-o", "out")
    assert main(["transform", "plan", "raw", "-o", "out", "--overwrite"]) == 0
    assert main(["fit", "spec.json", "raw", "-o", "plan", "--overwrite"]) == 0
    capsys.readouterr()
    assert fc.load("plan").width == 4


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fit"],
        ["fit", "spec.json", "raw"],
        ["transform", "plan", "raw"],
        ["transform", "plan", "raw", "-o", "out", "--layout", "wide"],
        ["transform", "plan", "raw", "-o", "out", "--threads", "0"],
        ["transform", "plan", "raw", "-o", "out", "--max-errors", "few"],
        ["transform", "plan", "raw", "-o", "out", "--processes", "0"],
        ["transform", "plan", "raw", "-o", "out", "--row-group-rows", "-1"],
        ["nonsense"],
    ],
)
def test_a_wrong_command_line_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: featurecols" in capsys.readouterr().err


def test_a_bug_is_70_and_shows_its_place_when_asked(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arguments: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(COMMANDS["warm"], "run", broken)
    assert fails(capsys, 70, "warm") == (
        "featurecols: unexpected ZeroDivisionError: two lines; please report it, FEATURECOLS_DEBUG=1 shows where\n"
    )
    monkeypatch.setenv("FEATURECOLS_DEBUG", "1")
    assert main(["warm"]) == 70
    assert "in broken" in capsys.readouterr().err


def test_interrupted_is_130(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(arguments: object) -> None:
        raise KeyboardInterrupt

    def stopped_in_a_wait(arguments: object) -> None:
        try:
            stopped(arguments)
        finally:
            raise RuntimeError("release unlocked lock")  # what threading.Condition makes of it at one moment

    for run in (stopped, stopped_in_a_wait):
        monkeypatch.setattr(COMMANDS["warm"], "run", run)
        assert fails(capsys, 130, "warm") == "featurecols: interrupted\n"
    monkeypatch.setattr(COMMANDS["transform"], "run", stopped)
    said = "featurecols: interrupted; the same command goes on where it stopped\n"
    assert fails(capsys, 130, "transform", "plan", "raw", "-o", "out") == said


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert [
        name
        for name in ("fit", "transform", "inspect", "train", "evaluate", "predict", "quickstart", "warm")
        if name not in said
    ] == []
    assert "2    the command line, the spec" in said


def test_names_are_given_with_commas_or_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fc.compile([fc.Numeric("age", default=0.0)]).save("plan")
    pq.write_table(table(5, 0).rename_columns(["a, b", *table(5, 0).column_names[1:]]), "one.parquet")
    assert main(["transform", "plan", "one.parquet", "-o", "out", "--keep", '"a, b",city', "--keep", "when"]) == 0
    assert pq.read_schema("out/one.parquet").names == ["a, b", "city", "when", "features"]
    for names in ("", "id,", ",", '"id'):
        with pytest.raises(SystemExit) as caught:
            main(["transform", "plan", "one.parquet", "-o", "p", "--keep", names])
        assert caught.value.code == 2
    assert "--keep: must be names such as id,date, got ','" in capsys.readouterr().err


def test_a_model_is_inspected_with_its_plan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {"age": [20.0, 30.0, 40.0] * 20, "city": ["Oslo", "Rome", "Oslo"] * 20, "rich": [0, 1, 1] * 20}
    model = fc.models.LinearClassifier(fc.columns_from_json(SPEC)).train(rows, label="rich", steps=3)
    model.evaluate(rows)
    model.export("model")
    assert main(["inspect", "model"]) == 0
    said = capsys.readouterr().out
    weights = sum(value.size for value in model.variables.values.values())
    assert said.startswith(f"LinearClassifier of rich, {weights:,} weights, step 3\nfingerprint {model.fingerprint}\neval:\n")
    assert said.endswith(f"{model.plan}\nreads age (float) as number\nreads city (text) as category\n")
    assert main(["inspect", "model", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["model"]["kind"], about["model"]["steps"], about["model"]["label"]) == ("LinearClassifier", 3, ["rich"])
    assert about["fingerprint"] == model.plan.fingerprint
    name = model.plan.feature_names[1]
    assert main(["inspect", "model", "--feature", name]) == 0
    assert capsys.readouterr().out == f"{model.plan.describe(1)}\n"
    assert f"no feature has this name, got 'cty_indicator=Oslo'; did you mean {name!r}?" in fails(
        capsys, 2, "inspect", "model", "--feature", "cty_indicator=Oslo"
    )


def test_a_reader_that_has_enough_gets_no_traceback(here: Path) -> None:
    fc.compile([fc.Indicator(fc.Hashed("city", 50_000))]).save("plan")
    command = f"{sys.executable} -m featurecols inspect plan --json | head -c 20; echo ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].endswith("141")


@pytest.mark.slow
def test_quickstart_leaves_everything_and_can_be_run_again(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["quickstart", "--dir", "look"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("LinearClassifier: trained ")
    assert len(said.err.splitlines()) == 2  # a line for each model that chooses its length
    plan = fc.load("look/plan")
    assert str(plan) in said.out
    assert said.out.count(" features are not zero") == 2
    kept = ["features.parquet", "late.json", "model", "plan", "spec.json", "test.parquet", "train.parquet"]
    assert sorted(p.name for p in Path("look").iterdir()) == kept
    scores = {line[:12].strip(): float(line.split()[-4]) for line in said.out.splitlines() if line.endswith(" s")}
    assert scores["the majority"] == 0.5
    assert scores["the majority"] + 0.2 < scores["linear"] + 0.01 < scores["wide & deep"]
    train, test = (pq.read_table(f"look/{part}.parquet") for part in ("train", "test"))
    assert (len(train), len(test), train["late"].null_count) == (46_648, 11_662, 0)
    model = fc.models.load("look/model")
    assert scores["wide & deep"] == round(model.evaluate("look/test.parquet")["auc"], 3)
    known = {"carrier", "origin", "dest", "month", "weekday", "hour", "temp", "wind_speed", "pressure", "visib", "precip"}
    assert set(model.plan.input_schema) == known | {"distance", "sched_dep_time", "plane_year"}
    again = fc.models.model_from_json("look/late.json")
    assert (again.columns, again.network) == (model.columns, model.network)
    assert fc.columns_from_json("look/spec.json") == fc.columns_from_json(plan.to_json())
    kinds = {type(c).__name__ for c in _all(plan.columns)}
    assert kinds >= {
        "Numeric", "Bucketized", "Identity", "Vocabulary", "Hashed", "Crossed", "Weighted", "Sequence", "Indicator", "Embedding"
    }  # fmt: skip
    made = pq.read_table("look/features.parquet")
    assert made.column_names == ["time_hour", "late", "features"]
    flat = made["features"].combine_chunks().flatten().to_numpy().reshape(60_000, plan.width)
    assert np.array_equal(flat, plan.transform(fc.datasets.flights()))

    inside = ["card.json", "model.json", "plan/plan.json", "plan/terms-dest.jsonl", "weights.safetensors"]
    plans = ["plan/plan.json", "plan/terms-dest.jsonl", "plan/terms-earlier_dests.jsonl"]
    assert listing(here / "look") == sorted([*kept[:2], *[f"model/{name}" for name in inside], *plans, *kept[4:]])

    few = dict(list(quickstart_models.declare_models().items())[:1])  # the others take seconds, and are those of before
    monkeypatch.setattr(quickstart_models, "declare_models", lambda: few)
    assert main(["quickstart", "--dir", "look", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["width"], about["rows"], about["fingerprint"]) == (plan.width, 60_000, plan.fingerprint)
    assert (list(about["models"]), about["models"]["the majority"]["auc"]) == (["the majority"], 0.5)
    inside.remove("plan/terms-dest.jsonl")  # which the majority does not read
    assert listing(here / "look") == sorted([*kept[:2], *[f"model/{name}" for name in inside], *plans, *kept[4:]])


def _all(columns: tuple[object, ...]) -> list[object]:
    """Columns and the columns that they read."""
    found: list[object] = []
    for column in columns:
        if isinstance(column, fc.Column):
            found += [column, *_all(column.inputs())]
    return found


def test_a_warning_is_one_line_without_the_source_of_the_program() -> None:
    lines = [
        "import warnings, featurecols.cli.main as cli",
        "cli.schema.run = lambda arguments: warnings.warn('no\\n terms', stacklevel=1)",
        "cli.main(['schema'])",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == "featurecols: warning: no terms\n"
