"""`featurecols suggest` prints columns with reasons, and writes specs that fit and train take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli.commands.train import MODELS
from featurecols.cli.main import main
from featurecols.columns.json import columns_from_json
from tests.plan.test_suggest import LEFT_OUT, WANT, mixed


def test_from_data_to_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, spec, model, out = (str(tmp_path / name) for name in ("a.csv", "spec.json", "model", "p.parquet"))
    pa_csv.write_csv(mixed(), data)
    assert main(["suggest", data, "--label", "paid", "-o", spec]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "12 columns from 240 rows, to predict paid"
    assert printed[-1] == f"{spec}: written"
    assert fc.read_columns(spec) == tuple(WANT)
    assert main(["fit", spec, data, "-o", str(tmp_path / "plan"), "--quiet"]) == 0
    assert main(["suggest", data, "--label", "paid", "-o", spec]) == 2
    assert "exists already" in capsys.readouterr().err
    give = ["--overwrite", "--model", "WideDeepClassifier", "--leave-out", "id,name", "--json"]
    assert main(["suggest", data, "--label", "paid", "-o", spec, *give]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["warnings"] == {key: reason for key, reason in LEFT_OUT.items() if key not in ("id", "name")}
    assert (found["model"], found["label"], found["rows"]) == ("WideDeepClassifier", "paid", 240)
    assert main(["train", spec, data, "-o", model, "--epochs", "1", "--quiet"]) == 0
    assert main(["predict", model, data, "-o", out]) == 0


AREA, ROOMS = (fc.Numeric(key, default=fc.Median(), normalizer=fc.ZScore()) for key in ("area", "rooms"))
BUCKETS, TERMS, CITY = (
    fc.Bucketized("area", fc.Quantiles(10)),
    fc.Vocabulary("rooms", fc.TopTerms(5)),
    fc.Vocabulary("city", fc.TopTerms(70)),
)
LINEAR = [AREA, BUCKETS, TERMS, CITY]
DNN = [AREA, fc.Embedding(fc.Piecewise("area", fc.Quantiles(48)), 8), ROOMS, fc.Indicator(TERMS), fc.Embedding(CITY, 6)]


@pytest.mark.parametrize("kind", [None, *MODELS])
def test_what_is_printed_is_what_is_written(kind: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    i = np.arange(1200)
    area = i * 389 % 1201 + 0.5
    data, path = str(tmp_path / "a.parquet"), tmp_path / "spec.json"
    rent = np.sin(area / 90) + np.cos(area * 7)
    pq.write_table(pa.table({"area": area, "rooms": i % 5, "city": [f"c{k % 70}" for k in i], "rent": rent}), data)
    assert main(["suggest", data, "--label", "rent", "-o", str(path), *([] if kind is None else ["--model", kind])]) == 0
    _, _, *lines, _ = capsys.readouterr().out.splitlines()
    printed = [re.split("  +", line[7:])[0] for line in lines]
    spec: dict[str, Any] = json.loads(path.read_text())
    named = [name for entry in spec["reasons"] for name in entry["columns"]]
    if kind is not None and kind.startswith("WideDeep"):
        assert (list(columns_from_json(spec["linear"])), list(columns_from_json(spec["dnn"]))) == (LINEAR, DNN)
        linear, dnn = ([f"{column!r} ({part})" for column in of] for part, of in (("linear", LINEAR), ("dnn", DNN)))
        assert printed == [*linear[:2], *dnn[:2], linear[2], *dnn[2:4], linear[3], dnn[4]]
        assert named == [column.name for column in [*LINEAR[:2], *DNN[:2], LINEAR[2], *DNN[2:4], LINEAR[3], DNN[4]]]
        return
    hot = [AREA, fc.Indicator(BUCKETS), ROOMS, fc.Indicator(TERMS), fc.Indicator(CITY)]
    want = hot if kind is None else DNN if kind.startswith("DNN") else LINEAR
    assert list(columns_from_json(spec["columns"])) == want
    assert printed == [repr(column) for column in want]
    assert named == [column.name for column in want]
