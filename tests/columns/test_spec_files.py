"""Specs as files: JSON, TOML and YAML, what each gives back, and what is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import featurecols as fc

COLUMNS = (
    fc.Numeric("age", default=fc.Median(), normalizer=[fc.Clip(0, float("inf")), fc.ZScore()]),
    fc.Numeric("größe\x7f", shape=(2, 2), default=((0.5, 1e22), (-0.0, float("nan"))), name='a "name"\n'),
    fc.Indicator(fc.Vocabulary(fc.Field("job", missing=("?", -999, 1.5, b"\xff")), ["nurse", "pilot", "clown", "日本"])),
    fc.Embedding(fc.Crossed([fc.Bucketized("age", [18, 65]), "job"], 100), 4, initializer=fc.Zeros()),
    fc.Hashed("big", 2**62, hash="farmhash64"),
    fc.Identity("flag", 2, out_of_range="drop"),
)


@pytest.mark.parametrize("name", ["spec.json", "spec.toml", "spec.yaml", "spec.YML", "spec"])
def test_columns_come_back_from_every_format(name: str, tmp_path: Path) -> None:
    fc.write_columns(COLUMNS, tmp_path / name)
    assert fc.read_columns(tmp_path / name) == COLUMNS
    assert fc.columns_from_json(str(tmp_path / name)) == COLUMNS
    first = (tmp_path / name).read_bytes()
    fc.write_columns(COLUMNS[:1], tmp_path / name)
    fc.write_columns(COLUMNS, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_what_a_file_of_each_format_looks_like(tmp_path: Path) -> None:
    columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Bucketized("age", [18, 65])]
    expected = {
        "spec.json": """\
{
 "columns": [
  {"type": "Numeric.v1", "source": "age", "normalizer": [{"type": "ZScore.v1"}]},
  {"type": "Bucketized.v1", "source": "age", "boundaries": [18.0, 65.0]}
 ]
}
""",
        "spec.toml": """\
[[columns]]
type = "Numeric.v1"
source = "age"
normalizer = [{type = "ZScore.v1"}]

[[columns]]
type = "Bucketized.v1"
source = "age"
boundaries = [18.0, 65.0]
""",
        "spec.yaml": """\
columns:
- type: Numeric.v1
  source: age
  normalizer:
  - type: ZScore.v1
- type: Bucketized.v1
  source: age
  boundaries:
  - 18.0
  - 65.0
""",
    }
    for name, text in expected.items():
        fc.write_columns(columns, tmp_path / name)
        assert (tmp_path / name).read_text("utf-8") == text


def test_a_spec_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(
        json.dumps(
            {
                "$schema": "featurecols.schema.json",
                "columns": [
                    {"type": "Numeric", "source": "age", "default": "Median", "normalizer": ["Log1p", "ZScore"]},
                    {"type": "Numeric", "source": "pay", "normalizer": "MinMax"},
                    {
                        "type": "Embedding",
                        "source": {"type": "Hashed", "source": "job", "num_buckets": 9},
                        "initializer": "Zeros",
                    },
                ],
            }
        )
    )
    assert fc.read_columns(path) == (
        fc.Numeric("age", default=fc.Median(), normalizer=[fc.Log1p(), fc.ZScore()]),
        fc.Numeric("pay", normalizer=fc.MinMax()),
        fc.Embedding(fc.Hashed("job", 9), initializer=fc.Zeros()),
    )


@pytest.mark.parametrize("name", ["Clip", "zscore", "Median", "ZScore.v2", "Numeric", ""])
def test_a_bare_name_must_be_one_that_fits(name: str) -> None:
    with pytest.raises(fc.ColumnError, match="normalizer must be a Normalizer or several, got"):
        fc.Numeric("x", normalizer=name)  # type: ignore[arg-type]
    with pytest.raises(fc.ColumnError, match=r"default must be a number, Mean\(\) or Median\(\)"):
        fc.Numeric("x", default="Quantiles")  # type: ignore[arg-type]


def test_to_dict_is_what_from_json_takes() -> None:
    for column in COLUMNS:
        assert fc.columns_from_json([column.to_dict()]) == (column,)
    assert fc.Field("age").to_dict() == {"type": "Field.v1", "key": "age"}
    assert fc.ZScore().to_dict() == {"type": "ZScore.v1"}
    assert fc.TopTerms(5).to_dict() == {"type": "TopTerms.v1", "n": 5}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{", "a.json: is not JSON"),
        ("a.json", "[" * 100_000, "a.json: is not JSON"),
        ("a.toml", "columns = ", "a.toml: is not TOML"),
        ("a.yaml", "columns: [", "a.yaml: is not YAML"),
        ("a.yaml", "!!python/object/apply:os.system ['true']", "a.yaml: is not YAML"),
        ("a.yaml", "a: &a [*a, *a]", "a.yaml: is not YAML, got 'more than 1000000 values once its aliases are written out'"),
        ("a.yaml", "- 2024-01-01", r"columns\[0\]: not a declared value"),
        ("a.yaml", "5", "spec: must be a list of columns, got 5"),
        ("a.json", '{"columns": [], "columms": []}', "spec: must be a list of columns"),
        ("a.json", '{"columns": 5}', "spec: must be a list of columns, got 5"),
        ("a.json", '["age"]', r"columns\[0\]: must be a column, got 'age'"),
        ("a.json", b"\xff", "a.json: cannot be read, got 'not UTF-8'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(name: str, text: str | bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(fc.ColumnError, match=says):
        fc.read_columns(tmp_path / name)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(fc.ColumnError, match=r"nowhere\.toml: cannot be read, got 'No such file or directory'"):
        fc.read_columns(tmp_path / "nowhere.toml")
    with pytest.raises(fc.OutputError, match="cannot be written"):
        fc.write_columns(COLUMNS, tmp_path / "no folder" / "spec.json")


def test_what_toml_cannot_hold_is_said_before_anything_is_written(tmp_path: Path) -> None:
    column = fc.Indicator(fc.Vocabulary("city", fc.TopTerms(None)))
    with pytest.raises(fc.ColumnError, match=r"columns\.source\.terms\.n: TOML has no null, got None; write a"):
        fc.write_columns([column], tmp_path / "spec.toml")
    assert not (tmp_path / "spec.toml").exists()
    with pytest.raises(fc.ColumnError, match=r"columns\[0\]: must be a column, got 'age'"):
        fc.write_columns(["age"], tmp_path / "spec.json")  # type: ignore[list-item]


def test_aliases_of_yaml_may_name_a_column_again(tmp_path: Path) -> None:
    text = "- &age {type: Bucketized, source: age, boundaries: [18, 65]}\n- {type: Indicator, source: *age}\n"
    (tmp_path / "spec.yaml").write_text(text)
    age = fc.Bucketized("age", [18, 65])
    assert fc.read_columns(tmp_path / "spec.yaml") == (age, fc.Indicator(age))
