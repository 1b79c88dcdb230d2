"""Progress: True is a bar on standard error, a function is called, anything else is an error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import featurecols as fc
from featurecols._core.progress import reporter

PEOPLE = {"age": [31.0, 25.0, 40.0], "city": ["Rome", "Oslo", "Rome"]}
COLUMNS = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("city", fc.TopTerms(2)))]


def test_without_tqdm_true_writes_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with reporter(True, "fit") as report:
        assert report is not None
        for done in (1000, 2000, 60_000):
            report(done, 60_000)
    assert capsys.readouterr().err == "\rfit: 1,000 of 60,000 rows\rfit: 60,000 of 60,000 rows\n"
    with reporter(True, "fit") as report:
        assert report is not None
        report(7, None)
    assert capsys.readouterr().err == "\rfit: 7 rows\rfit: 7 rows\n"
    with reporter(True, "fit"):
        pass
    assert capsys.readouterr().err == ""


def test_tqdm_draws_where_it_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    assert fc.fit(COLUMNS, PEOPLE, progress=True).width == 3
    assert "fit: " in capsys.readouterr().err


def test_every_call_takes_true_none_false_and_a_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[int, int | None]] = []
    plan = fc.fit(COLUMNS, PEOPLE, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(3, 3)]
    assert fc.fit(COLUMNS, PEOPLE, progress=False) == fc.fit(COLUMNS, PEOPLE, progress=None) == plan
    (tmp_path / "people.csv").write_text("age,city\n31,Rome\n25,Oslo\n")
    assert capsys.readouterr().err == ""
    done = fc.transform_parquet(plan, tmp_path / "people.csv", tmp_path / "a.parquet", progress=True)
    assert done.rows == 2
    assert "transform_files: " in capsys.readouterr().err
    model = fc.models.LinearClassifier(COLUMNS).train({**PEOPLE, "late": [0, 1, 0]}, label="late", steps=1)
    capsys.readouterr()
    assert model.predict_files(tmp_path / "people.csv", tmp_path / "b.parquet", progress=True).rows == 2
    assert "predict_files: " in capsys.readouterr().err


def test_other_values_are_refused() -> None:
    with pytest.raises(fc.ColumnError) as caught:
        fc.fit(COLUMNS, PEOPLE, progress="yes")  # type: ignore[arg-type]
    hint = "give True for a progress bar, or a function of (rows done, rows in all)"
    assert str(caught.value) == f"fit: progress must be True or a function, got 'yes'; {hint}"
