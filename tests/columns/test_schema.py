"""The JSON Schema of specs says what specs are: it takes what columns write, and refuses what they would refuse."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import featurecols as fc
from featurecols.columns.schema import columns_schema, kinds_of, name_of
from featurecols.models.estimators.schema import spec_schema

SCHEMA = columns_schema()
COLUMNS = Draft202012Validator(SCHEMA)
SPECS = Draft202012Validator(spec_schema())


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(spec_schema())


def test_every_kind_is_there_with_all_its_arguments_and_their_defaults() -> None:
    found = columns_schema()["$defs"]
    for cls in kinds_of(fc.Column):
        names = {"type", *(f.name for f in fields(cls)), *cls.json_names.values(), *cls.old_names.values()}
        assert set(found[name_of(cls)]["properties"]) == names
    assert found["Hashed"]["required"] == ["type", "num_buckets"]
    assert found["Hashed"]["allOf"] == [{"oneOf": [{"required": ["source"]}, {"required": ["key"]}]}]
    assert found["Hashed"]["properties"]["hash"] == {"enum": ["murmur3", "farmhash64"], "default": "murmur3"}
    how = {"enum": ["sum", "mean", "sqrtn", "mean_all", "sqrtn_all"]}
    assert found["Embedding"]["properties"]["combiner"] == {"anyOf": [how, {"type": "null"}], "default": None}
    assert found["Numeric"]["properties"]["normalizer"]["anyOf"][0] == {
        "enum": ["Log1p", "MinMax", "Power", "RankGauss", "Robust", "SignedLog1p", "ZScore"]
    }
    assert found["Indicator"]["properties"]["source"] == {"$ref": "#/$defs/Column"}
    assert found["TopTerms"]["properties"]["min_count"] == {"type": "integer", "default": 1}


HASHED = {"type": "Hashed", "key": "job", "num_buckets": 9}


@pytest.mark.parametrize(
    "spec",
    [
        [HASHED],
        {"columns": [HASHED]},
        {"$schema": "here.json", "columns": [{"type": "Embedding", "source": HASHED, "initializer": "Zeros"}]},
        [{"type": "Numeric", "key": "age", "default": "Median", "normalizer": "ZScore"}],
        [{"type": "Numeric.v1", "key": {"type": "Field", "key": "age", "missing": ["?", -1]}, "default": {"float": "nan"}}],
        [{"type": "Indicator", "source": {"type": "Vocabulary", "key": "b", "terms": [{"hex": "ff00"}]}}],
    ],
)
def test_what_is_a_spec(spec: Any) -> None:
    assert list(COLUMNS.iter_errors(spec)) == []
    assert list(SPECS.iter_errors(spec)) == []
    assert fc.columns_from_json(spec)


@pytest.mark.parametrize(
    "spec",
    [
        [],
        {},
        ["job"],
        [{"type": "Hash", "key": "job", "num_buckets": 9}],
        [{"type": "Hashed", "key": "job"}],
        [{**HASHED, "buckets": 9}],
        [{**HASHED, "num_buckets": "9"}],
        [{**HASHED, "hash": "md5"}],
        [{"type": "Indicator", "source": "job"}],
        [{"type": "Numeric", "key": "age", "normalizer": "zscore"}],
        [{"type": "ZScore"}],
        {"columns": [HASHED], "column": []},
    ],
)
def test_what_is_not_a_spec(spec: Any) -> None:
    assert not COLUMNS.is_valid(spec)
    with pytest.raises(fc.FeatureColumnsError):
        fc.compile(fc.columns_from_json(spec))


def test_an_error_is_about_the_kind_that_was_meant() -> None:
    errors = list(Draft202012Validator({**SCHEMA, "anyOf": [SCHEMA["anyOf"][0]]}).iter_errors([{**HASHED, "bucket": 9}]))
    (inner,) = errors[0].context
    assert "'bucket' was unexpected" in inner.message


def test_specs_of_models() -> None:
    spec: dict[str, Any] = {
        "model": "WideDeepClassifier",
        "linear": [HASHED],
        "dnn": [{"type": "Numeric", "key": "age"}],
        "hidden_units": [8, 4],
        "dnn_optimizer": {"type": "AdamW", "learning_rate": {"type": "Cosine", "rate": 0.02}},
        "label": "income",
        "weight": "w",
        "epochs": 3,
        "validation": ["test.parquet"],
    }
    assert list(SPECS.iter_errors(spec)) == []
    assert fc.models.model_from_json(spec).weight_column == "w"
    for change in ({"model": "Wide"}, {"linear": "age"}, {"epochs": 0}, {"hiden": 3}, {"dnn_optimizer": "Adan"}):
        assert not SPECS.is_valid({**spec, **change}), change
