"""featurecols diff and featurecols lint: what they print, and their exit status."""

from __future__ import annotations

import json

import pytest

import featurecols as fc
from featurecols.cli.main import main

OLD = fc.compile([fc.Indicator(fc.Vocabulary("job", ["cook", "nurse"]))])
NEW = fc.compile([fc.Indicator(fc.Vocabulary("job", ["nurse", "cook"])), fc.Numeric("age")])


def test_diff(tmp_path, capsys):
    OLD.save(tmp_path / "old")
    NEW.save(tmp_path / "new")
    places = [str(tmp_path / "old"), str(tmp_path / "new")]
    assert main(["diff", *places]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 of 2 columns differ"
    assert lines[2].split() == ["job_indicator", "changed", "0", "2", "0", "0"]
    assert main(["diff", "--json", *places]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["differ"], found["columns"]["age"]["change"], found["width"]) == (True, "added", [2, 3])
    assert main(["diff", places[0], places[0]]) == 0
    assert capsys.readouterr().out == "the plans are the same\n"
    assert main(["diff", places[0], str(tmp_path / "no")]) == 2


def test_diff_of_models(tmp_path, capsys):
    rows = {"job": ["cook", "nurse"] * 20, "y": [0, 1] * 20}
    columns = [fc.Embedding(fc.Vocabulary("job", ["cook", "nurse"]), dimension=2)]
    for name, seed in (("a", 0), ("b", 1)):
        model = fc.models.DNNClassifier(columns, [4], seed=seed, config=fc.models.RunConfig(progress=False))
        model.train(rows, label="y", epochs=1).save(tmp_path / name)
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 1
    assert "tables with other numbers: job_embedding" in capsys.readouterr().out


@pytest.mark.parametrize("of", ["spec", "plan"])
def test_lint(of, tmp_path, capsys):
    columns = [fc.Embedding(fc.Hashed("city", 4), dimension=8), fc.Numeric("age")]
    if of == "spec":
        fc.write_columns(columns, tmp_path / "of.json")
    else:
        fc.compile(columns).save(tmp_path / "of.json")
    (tmp_path / "rows.csv").write_text("city,age\n" + "\n".join(f"c{i},1" for i in range(20)))
    assert main(["lint", str(tmp_path / "of.json")]) == 1
    assert capsys.readouterr().out == (
        "city_embedding: 8 dimensions for 4 ids; give 4 or fewer, or use an Indicator (dimension)\n"
    )
    assert main(["lint", "--json", str(tmp_path / "of.json"), str(tmp_path / "rows.csv")]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["column"], f["rule"]) for f in found] == [
        ("city_embedding", "dimension"),
        ("city_embedding", "crowded"),
        ("age", "constant"),
    ]
    fc.write_columns([fc.Numeric("age")], tmp_path / "good.json")
    assert main(["lint", str(tmp_path / "good.json")]) == 0
    assert capsys.readouterr().out == "nothing looks wrong\n"
    assert main(["lint", str(tmp_path / "no.json")]) == 2
