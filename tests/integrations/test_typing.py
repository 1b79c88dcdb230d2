"""What a user writes passes `mypy --strict`, and what the constructors refuse does not; pyright checks the same in .ci/run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GOOD = """
from pathlib import Path
from typing import Any

import numpy as np

import featurecols as fc
from featurecols.models import ClipNorm, Sequential, hooks, layers, losses, optimizers, schedules

age = fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore())
pair = fc.Numeric(fc.Field("pair", missing="?"), shape=2, default=[0.0, 1.0], normalizer=[fc.Log1p(), fc.ZScore()])
bands = fc.Bucketized("age", fc.Quantiles(10))
edges = [fc.Bucketized(age, [1, 2, 3]), fc.Bucketized("age", np.linspace(0, 1, 5))]
job = fc.Vocabulary("job", fc.TopTerms(1000, min_count=5), num_oov_buckets=1)
known = fc.Vocabulary("job", ["cook", "nurse"])
city = fc.Hashed("city", 100_000)
cross = fc.Crossed([bands, "job", city], 1000)
columns = [age, pair, fc.Indicator(bands), fc.Embedding(city), fc.Indicator(fc.Weighted(city, "weight")), fc.Identity("n", 5)]
plan = fc.fit(columns, "train/*.parquet")
width: int = plan.transform({"age": [1.0]}).shape[1]
again: fc.Plan = fc.load("plan/")

wide = fc.models.WideDeepClassifier([bands, cross], [age, fc.Embedding(city)], [100, 50], model_dir="runs/1")
wide.train("train/*.parquet", label="income", epochs=3)
found: dict[str, float] = wide.evaluate("test.parquet")
shares = [row["probabilities"] for row in wide.predict("test.parquet")]
folder: Path = wide.export("model/")

net = Sequential([layers.DenseFeatures([age, fc.Indicator(job)]), layers.Dense(128, activation="relu"), layers.Dense(1)])
net.compile(optimizers.Adam(schedules.PiecewiseConstant([10], [0.1, 0.01]), clip=ClipNorm(1.0)), loss="mse", metrics=["mae"])
curve: list[float] = net.fit({"age": [1]}, label="y", callbacks=[hooks.EarlyStopping("loss")]).history["loss"]


def model_fn(features: Any, labels: Any, mode: str) -> fc.models.EstimatorSpec:
    logits = layers.Dense(3)(layers.Inputs(["age"])(features))
    loss = losses.CategoricalCrossentropy(from_logits=True)(labels, logits)
    both = optimizers.Groups([("dense", optimizers.SGD(0.1))])
    return fc.models.EstimatorSpec(mode, loss=loss, train_op=both.minimize(loss))


fc.models.Estimator(model_fn, params={"columns": columns}).train(lambda: ({"age": [1]}, [0]), steps=3)
"""

BAD = [
    "fc.Numeric(3)",
    'fc.Numeric("age", shape="2")',
    'fc.Numeric("age", normalizer="zscore")',
    'fc.Bucketized("age", 3)',
    'fc.Vocabulary("job", 3)',
    "fc.Crossed(3, 10)",
    'fc.Hashed("city")',
    'fc.models.LinearClassifier([], model_dirs="x")',
    'fc.models.schedules.PiecewiseConstant(["a"], [0.1, 0.2])',
    'fc.Numeric("age").source.strip()',
    "fc.StandardScaler()",
    "fc.models.LogisticRegression()",
    'fc.load("plan/").fit_transform({})',
]


START = GOOD.count("\n")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, str]]]:
    """(line, error) of what `mypy --strict` refuses in each file; pandas has no types where its stubs are not installed."""
    folder = tmp_path_factory.mktemp("programs")
    paths = {"program": folder / "program.py", "programs": ROOT / "tests" / "typing" / "programs.py"}
    paths["program"].write_text("\n".join([GOOD.rstrip("\n"), *BAD]) + "\n")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", "--show-error-codes"]
    mypy.append("--disable-error-code=import-untyped")
    done = subprocess.run(
        [*mypy, "--cache-dir=/dev/null", *map(str, paths.values())],
        env={**os.environ, "MYPYPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in paths}
    for line in done.stdout.splitlines():
        if ": error:" in line:
            file, number, _, text = line.split(":", 3)
            found[Path(file).stem].append((int(number), text))
    return found


@pytest.mark.slow
def test_what_constructors_take_passes_and_what_they_refuse_does_not(refused):
    assert [text for line, text in refused["program"] if line < START + 1] == []
    assert sorted({line for line, _ in refused["program"]}) == list(range(START + 1, START + 1 + len(BAD)))


@pytest.mark.slow
def test_typical_programs_pass_and_no_type_is_any_at_the_surface(refused):
    assert refused["programs"] == []
