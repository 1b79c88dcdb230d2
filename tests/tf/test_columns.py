import json
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from featurecols import errors
from featurecols import feature_column as fc
from featurecols.feature_column.vocabulary import VocabularyListCategoricalColumn
from featurecols.tf.columns import columns_from_json, columns_to_json, from_tensorflow, map_columns
from tests.fuzz.damage import damage_json
from tests.tf import tf_case

JOB = fc.categorical_column_with_vocabulary_list("job", ["a", "b"], num_oov_buckets=1)


def through_json(columns: list[Any], **custom: Any) -> list[Any]:
    return columns_from_json(json.loads(json.dumps(columns_to_json(columns))), custom)


def test_every_kind_of_column_comes_back() -> None:
    columns = tf_case.columns()
    again = through_json(columns, halve=tf_case.halve)
    assert [type(c) for c in again] == [type(c) for c in columns]
    assert [c.name for c in again] == [c.name for c in columns]
    embeddings = [type(c).__name__.endswith("EmbeddingColumn") for c in columns]
    for one, other, embedding in zip(columns, again, embeddings, strict=True):
        assert embedding or one == other
    assert again[-1].shared_embedding_column_creator is again[-2].shared_embedding_column_creator
    assert again[-1].shared_embedding_column_creator is not columns[-1].shared_embedding_column_creator


def test_what_tensorflow_wrote_is_read() -> None:
    data = json.loads((tf_case.DATA / "combined_v2" / "columns.json").read_text())
    names = [column.name for column in columns_from_json(data["dnn"])]
    vectors = ["city_embedding", "city_X_job_embedding", "city_weighted_by_weight_embedding"]
    assert names == ["hours", "job_indicator", *vectors, "age_bucketized"]
    assert columns_from_json(data["dnn"])[4].max_norm == 0.5


def test_an_initializer_that_is_not_known_is_no_hindrance() -> None:
    (data,) = columns_to_json([fc.embedding_column(JOB, 2)])
    data["config"] |= {
        "initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0}},
        "ckpt_to_load_from": "/x",
        "tensor_name_in_ckpt": "y",
    }
    (column,) = columns_from_json([data])
    assert column.ckpt_to_load_from is None
    assert column.initializer((2, 2)).tolist() == [[0, 0], [0, 0]]


def identity(number_buckets: Any) -> Any:
    config = {"key": "a", "number_buckets": number_buckets, "default_value": None}
    return {"class_name": "IdentityCategoricalColumn", "config": config}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "needs a list of columns"),
        ("NumericColumn", "needs a list of columns"),
        ([5], "class_name"),
        (["a"], "class_name"),
        ([{"class_name": "NumericColumn"}], "class_name"),
        ([{"class_name": "NumericColumn", "config": {}}], "config must have exactly"),
        ([{"class_name": "os.system", "config": {}}], "unknown class"),
        ([{"class_name": ["x"], "config": {}}], "cannot be made"),
        ([identity("x")], "num_buckets must be an int"),
        ([identity(0)], "num_buckets"),
        ([{"class_name": "IndicatorColumn", "config": {"categorical_column": "a"}}], "cannot be made"),
        ([{"class_name": "BucketizedColumn", "config": {"source_column": "a", "boundaries": [1]}}], "cannot be made"),
        ([{"class_name": "CrossedColumn", "config": {"keys": 5, "hash_bucket_size": 5, "hash_key": None}}], "cannot be made"),
        ([{"class_name": "SharedEmbeddingColumn", "config": {}}], "config must have exactly"),
    ],
)
def test_data_that_is_no_columns(data: Any, words: str) -> None:
    with pytest.raises(errors.ColumnError, match=words):
        columns_from_json(data)


@pytest.mark.parametrize("path", sorted(tf_case.DATA.rglob("columns.json")), ids=lambda path: path.parent.name)
def test_d8_damaged_columns_json_gives_columns_or_an_error_of_the_package(path: Path) -> None:
    """D8"""
    found = json.loads(path.read_text())
    for part in found.values() if isinstance(found, dict) else [found]:
        for seed in range(150):
            data, done = damage_json(Random(seed), json.dumps(part).encode())
            try:
                assert all(column.name for column in columns_from_json(json.loads(data)))
            except errors.FeatureColumnsError:
                continue
            except Exception as error:
                raise AssertionError(f"{done}: {type(error).__name__}: {error}") from error


def test_shared_columns_of_one_table_must_agree() -> None:
    data = columns_to_json(fc.shared_embeddings([JOB], 2, shared_embedding_collection_name="t"))
    data += columns_to_json(fc.shared_embeddings([JOB], 3, shared_embedding_collection_name="t"))
    with pytest.raises(errors.ColumnError, match="columns of table t differ in size"):
        columns_from_json(data)


def test_vocabulary_files_become_lists(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"a\nb\n\xff\n")
    column = fc.categorical_column_with_vocabulary_file("job", str(tmp_path / "words"), vocabulary_size=2, num_oov_buckets=1)
    (found,) = through_json([fc.indicator_column(column)])
    assert found.categorical_column == VocabularyListCategoricalColumn("job", ("a", "b"), column.dtype, -1, 1)
    with pytest.raises(errors.ColumnError, match="not UTF-8"):
        columns_to_json([fc.categorical_column_with_vocabulary_file("job", str(tmp_path / "words"))])


def test_map_columns_reaches_every_level() -> None:
    seen = []
    cross = fc.crossed_column([fc.bucketized_column(fc.numeric_column("age"), [1]), JOB, "x"], 9)
    column = fc.embedding_column(fc.weighted_categorical_column(cross, "w"), 2)
    assert map_columns(column, lambda c: (seen.append(c.name), c)[1]) is column
    assert seen == ["age", "age_bucketized", "job", cross.name, f"{cross.name}_weighted_by_w", column.name]


# TensorFlow's columns are named tuples; those below have the same names and fields.


@dataclass(frozen=True)
class DType:
    name: str
    as_numpy_dtype: Any


FLOAT32, INT64, STRING = DType("float32", np.float32), DType("int64", np.int64), DType("string", object)
NumericColumn = namedtuple("NumericColumn", "key shape default_value dtype normalizer_fn")
BucketizedColumn = namedtuple("BucketizedColumn", "source_column boundaries")
IdentityCategoricalColumn = namedtuple("IdentityCategoricalColumn", "key number_buckets default_value")
HashedCategoricalColumn = namedtuple("HashedCategoricalColumn", "key hash_bucket_size dtype")
CrossedColumn = namedtuple("CrossedColumn", "keys hash_bucket_size hash_key")
IndicatorColumn = namedtuple("IndicatorColumn", "categorical_column")
EMBEDDING = "categorical_column dimension combiner initializer ckpt_to_load_from tensor_name_in_ckpt max_norm trainable"
EmbeddingColumn = namedtuple("EmbeddingColumn", f"{EMBEDDING} use_safe_embedding_lookup")
SharedEmbeddingColumn = namedtuple(
    "SharedEmbeddingColumn", "categorical_column shared_embedding_column_creator combiner max_norm use_safe_embedding_lookup"
)
OLD_SHARED = EMBEDDING.replace("initializer", "initializer shared_embedding_collection_name")
OldShared = namedtuple("_SharedEmbeddingColumn", OLD_SHARED)
OldIdentity = namedtuple("_IdentityCategoricalColumn", "key num_buckets default_value")
OldEmbedding = namedtuple("_EmbeddingColumn", EMBEDDING.replace("initializer", "layer_creator"))
OldFile = namedtuple(
    "_VocabularyFileCategoricalColumn", "key vocabulary_file vocabulary_size num_oov_buckets dtype default_value"
)


class TruncatedNormal:
    def get_config(self) -> dict[str, Any]:
        return {"mean": 0.0, "stddev": 0.25, "seed": None, "dtype": "float32"}


class Creator:
    _name, _num_buckets, _dimension, _initializer, _trainable = "day_shared", 7, 2, TruncatedNormal(), True


AGE = NumericColumn("age", (1,), None, FLOAT32, None)
DAY = IdentityCategoricalColumn("day", 7, None)


def test_live_columns_by_duck_typing() -> None:
    bands = BucketizedColumn(AGE, (1.0, 2.0))
    found = from_tensorflow(
        [
            AGE,
            bands,
            DAY,
            HashedCategoricalColumn("c", 9, INT64),
            CrossedColumn(("x", bands, DAY), 5, None),
            IndicatorColumn(DAY),
        ]
    )
    age, day = fc.numeric_column("age"), fc.categorical_column_with_identity("day", 7)
    ours = fc.bucketized_column(age, [1.0, 2.0])
    hashed = fc.categorical_column_with_hash_bucket("c", 9, fc.as_dtype("int64"))
    assert found == [age, ours, day, hashed, fc.crossed_column(["x", ours, day], 5), fc.indicator_column(day)]
    assert from_tensorflow(AGE) == age
    assert from_tensorflow([age]) == [age]


def test_live_embeddings_keep_their_initializers() -> None:
    known = from_tensorflow(EmbeddingColumn(DAY, 2, "mean", TruncatedNormal(), None, None, None, True, True))
    assert known.initializer.stddev == 0.25
    own = from_tensorflow(EmbeddingColumn(DAY, 2, "sum", np.ones, None, None, 1.5, True, False))
    assert own.initializer is np.ones
    assert (own.combiner, own.max_norm, own.use_safe_embedding_lookup) == ("sum", 1.5, False)


def test_live_shared_columns_share_again() -> None:
    creator = Creator()
    one, two = from_tensorflow([SharedEmbeddingColumn(DAY, creator, "mean", None, True) for _ in range(2)])
    assert one.shared_embedding_column_creator is two.shared_embedding_column_creator
    assert (one.shared_embedding_column_creator.name, one.dimension, one.name) == ("day_shared", 2, "day_shared_embedding")
    old = [OldShared(DAY, 2, "mean", None, "both", None, None, None, True) for _ in range(2)]
    one, two = from_tensorflow(old)
    assert one.shared_embedding_column_creator is two.shared_embedding_column_creator
    assert one.shared_embedding_column_creator.v1


def test_live_columns_of_tensorflow_1(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("a\nb\n")
    file = OldFile("w", str(tmp_path / "words"), 2, 0, STRING, -1)
    found = from_tensorflow([OldIdentity("day", 7, None), OldEmbedding(DAY, 4, "mean", None, None, None, None, True), file])
    assert found[0] == fc.categorical_column_with_identity("day", 7)
    assert found[1].initializer.stddev == 0.5
    assert found[2] == fc.categorical_column_with_vocabulary_file("w", str(tmp_path / "words"))


@pytest.mark.parametrize("thing", [object(), 5, None, namedtuple("Other", "key")("a"), IndicatorColumn(5), [AGE, 5]])
def test_what_is_no_live_column(thing: Any) -> None:
    if isinstance(thing, IndicatorColumn):
        assert from_tensorflow(thing).categorical_column == 5  # checked when it is used, as in TensorFlow
        return
    with pytest.raises(errors.ColumnError, match="not a feature column of TensorFlow"):
        from_tensorflow(thing)
