"""warm: what it compiles is what tables of every kind and the usual models need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from featurecols.cli.main import main

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, tempfile, pandas as pd, polars as pl, pyarrow as pa, pyarrow.parquet as pq
import featurecols as fc
from featurecols import kernels
from featurecols.cli.commands.warm import USUAL, warm
from tests.cli.commands.usual_work import usual
from featurecols.kernels.compiler import Kernel

def reached():
    modules = [getattr(kernels, name) for name in kernels.MODULES]
    found = [k for m in modules for k in vars(m).values() if isinstance(k, Kernel)]
    names = {id(k): f"{k.function.__module__.split('.')[-1]}.{k.function.__qualname__}" for k in found}
    return {(names[id(k)], list(k.signatures).index(key)) for k in found for key in k}

n = 3000
text, tags = [f"t{i % 9}" if i % 7 else None for i in range(n)], [[f"t{(i + j) % 9}" for j in range(i % 4)] for i in range(n)]
frame = pd.DataFrame({"text": text, "tags": tags, "age": [i / 7 for i in range(n)], "level": [i % 5 for i in range(n)]})
frame["coded"] = frame["text"].astype("category")
columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Bucketized("age", fc.Quantiles(4)))]
for key in ("text", "tags", "level", "coded"):
    columns.append(fc.Indicator(fc.Vocabulary(key, fc.TopTerms(5), num_oov_buckets=1)))
    columns.append(fc.Embedding(fc.Hashed(key, 30), 4))
    columns.append(fc.Indicator(fc.Crossed([key, "level", fc.Bucketized("age", [20])], 50)))
warm()
assert not reached() and not any(kernels.lacking(*pair) for pair in USUAL.items())
usual()
before = {(name, n) for name, numbers in USUAL.items() for n in numbers}
assert reached() == before, reached() ^ before
for table in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame), {k: frame[k].tolist() for k in frame}):
    fc.fit(columns, table).transform(table)
flat = pa.Table.from_pandas(frame.drop(columns=["tags"]))
with tempfile.TemporaryDirectory() as folder:
    for k, options in enumerate(({}, {"use_dictionary": False, "compression": "none"}, {"row_group_size": 500})):
        pq.write_table(flat, f"{folder}/{k}.parquet", **options)
        plan = fc.fit([c for c in columns if "tags" not in c.name], f"{folder}/{k}.parquet")
        plan.transform(f"{folder}/{k}.parquet")
        plan.encode(f"{folder}/{k}.parquet")
ids, numbers = [fc.Vocabulary("text", fc.TopTerms(5)), fc.Hashed("tags", 30)], [fc.Numeric("age")]
deep = [*numbers, *map(fc.Indicator, ids), *(fc.Embedding(column, 4) for column in ids)]
frame["late"], frame["price"] = frame["level"] > 2, frame["age"] * 2
for model, label in (
    (fc.models.LinearClassifier(numbers + ids), "late"),
    (fc.models.LinearRegressor(numbers + ids[:1]), "price"),
    (fc.models.LinearClassifier(ids, n_classes=5), "level"),
    (fc.models.DNNClassifier(deep, [8]), "late"),
    (fc.models.WideDeepClassifier(numbers + ids, deep, [8], n_classes=5), "level"),
):
    model.train(frame, label=label, steps=3).predict(frame)
print(json.dumps([len(before), sorted(reached() - before)]))
"""


@pytest.mark.slow
def test_frames_and_models_find_their_kernels_compiled() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, check=True)
    before, new = json.loads(done.stdout.splitlines()[-1])
    assert before > 20
    assert new == []


def test_a_level_needs_a_folder_and_a_folder_must_be_empty(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["warm", "--cpu", "x86-64-v3"]) == 2
    assert "--cpu: needs --to" in capsys.readouterr().err
    (tmp_path / "notes").touch()
    assert main(["warm", "--to", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
