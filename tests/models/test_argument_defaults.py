"""fc.defaults and fc.configurable: who reads a block, and who does not."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
import threading

import pytest

import featurecols as fc
from featurecols import feature_column
from featurecols.models import DNNClassifier, RunConfig, Sequential, layers, load, optimizers
from featurecols.plan.load import load as load_plan


@fc.configurable
def tower(width, depth=2, **more):
    return [width] * depth, more


def test_columns_layers_and_others_read_the_block():
    with fc.defaults(
        {
            fc.Hashed: {"hash": "farmhash64"},
            fc.Embedding: {"dimension": 16},
            "Dense": {"activation": "relu"},
            optimizers.Adam: {"learning_rate": 0.5},
            fc.ZScore: {"mean": 1.0, "std": 2.0},
            fc.Field: {"missing": ("?",)},
        }
    ):
        assert fc.Hashed("city", 10).hash == "farmhash64"
        assert fc.Embedding(fc.Hashed("city", 10)).dimension == 16
        assert layers.Dense(3).activation == "relu"
        assert optimizers.Adam().learning_rate == 0.5
        assert fc.Numeric("x", normalizer="ZScore").normalizer == (fc.ZScore(mean=1.0, std=2.0),)
        assert fc.Numeric("x").source == fc.Field("x", missing=("?",))
        assert fc.Crossed(["a", "b"], 9).sources[1].missing == ("?",)
    assert fc.Hashed("city", 10).hash == "murmur3"
    assert layers.Dense(3).activation is None
    assert fc.Numeric("x").source.missing == ()


def test_what_a_call_gives_wins_even_if_it_is_the_default():
    with fc.defaults({fc.Hashed: {"hash": "farmhash64", "num_buckets": 7}, fc.Numeric: {"shape": (2,)}}):
        assert fc.Hashed("city", hash="murmur3").to_dict() == {"type": "Hashed.v1", "source": "city", "num_buckets": 7}
        assert fc.Hashed("city", 9).num_buckets == 9
        assert fc.Numeric("x", shape=()).shape == ()


def test_blocks_nest_by_argument_and_are_used_again():
    with fc.defaults({fc.Hashed: {"seed": 1, "num_buckets": 5}}):
        with fc.defaults({fc.Hashed: {"seed": 2}}) as inner:
            assert fc.Hashed("a") == fc.Hashed("a", 5, seed=2)
        assert fc.Hashed("a") == fc.Hashed("a", 5, seed=1)
    with pytest.raises(fc.ArgumentError, match="num_buckets"):
        fc.Hashed("a")
    with fc.defaults(inner):
        assert fc.Hashed("a") == fc.Hashed("a", 5, seed=2)
        with inner:
            assert fc.Hashed("a").seed == 2
        assert fc.Hashed("a").seed == 2
    assert repr(inner) == "Defaults({Hashed: {'seed': 2, 'num_buckets': 5}})"
    with pytest.raises(ZeroDivisionError), inner:
        1 / 0  # noqa: B018
    assert fc.Hashed("a", 5).seed == 0


def test_what_a_block_changed_is_saved():
    with fc.defaults({fc.Hashed: {"hash": "farmhash64"}}):
        column = fc.Hashed("city", 10)
        assert column.to_dict()["hash"] == "farmhash64"
        assert repr(column) == "Hashed('city', 10, hash='farmhash64')"
    assert fc.columns_from_json(fc.columns_to_json([column])) == (column,)


def test_what_the_package_makes_by_itself_reads_no_block(tmp_path):
    columns = [fc.Hashed("city", 10), fc.Numeric("x", normalizer=fc.ZScore()), fc.Embedding(fc.Hashed("shop", 9), 2)]
    rows = {"city": ["a", "b", "c"], "shop": ["a", "b", "c"], "x": [1.0, 2.0, 3.0], "y": [0, 1, 1]}
    plan = fc.fit(columns, rows)
    plan.save(tmp_path / "plan")
    config = RunConfig(progress=False)
    model = DNNClassifier(columns[1:], [4], config=config).train(rows, label="y", epochs=1)
    model.save(tmp_path / "model")
    network = Sequential([layers.DenseFeatures(columns[1:]), layers.Dense(1, "sigmoid")])
    network.compile("adam", "binary_crossentropy")
    network.fit(rows, label="y", verbose=0)
    network.save(tmp_path / "network")
    json = fc.columns_to_json(columns)
    dialect = feature_column.categorical_column_with_hash_bucket("city", 10)
    want = feature_column.sparse_tensors(dialect, {"city": ["a"]}).id_tensor.values.tolist()
    with fc.defaults(
        {
            fc.Hashed: {"seed": 3},
            fc.Field: {"missing": ("a",)},
            fc.Numeric: {"default": 5.0},
            fc.ZScore: {"mean": 9.0, "std": 1.0},
            fc.Embedding: {"combiner": "sum"},
            "Dense": {"use_bias": False},
        }
    ):
        assert fc.columns_from_json(json) == tuple(columns)
        assert load_plan(tmp_path / "plan") == plan
        assert pickle.loads(pickle.dumps(columns)) == columns
        assert copy.deepcopy(columns) == columns
        assert columns[0].replace(num_buckets=11) == fc.Hashed(fc.Field("city", missing=()), 11, seed=0)
        assert dataclasses.replace(columns[0], num_buckets=11).seed == 0
        assert load(tmp_path / "model").fingerprint == model.fingerprint
        assert load(tmp_path / "network").fingerprint == network.fingerprint
        assert DNNClassifier(columns[1:], [4], config=config).train(rows, label="y", epochs=1).fingerprint == model.fingerprint
        dialect = feature_column.categorical_column_with_hash_bucket("city", 10)
        assert feature_column.sparse_tensors(dialect, {"city": ["a"]}).id_tensor.values.tolist() == want
        assert columns[0].to_dict() == {"type": "Hashed.v1", "source": "city", "num_buckets": 10}


def test_threads_begin_without_and_tasks_inherit():
    def seed():
        return fc.Hashed("a", 5).seed

    async def both():
        async def task():
            with fc.defaults({fc.Hashed: {"seed": 8}}):
                await asyncio.sleep(0)
                return seed()

        async def other():
            await asyncio.sleep(0)
            return seed()

        return await asyncio.gather(task(), other(), asyncio.create_task(other()))

    with fc.defaults({fc.Hashed: {"seed": 7}}):
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(seed()))
        thread.start()
        thread.join()
        assert found == [0]
        assert asyncio.run(both()) == [8, 7, 7]
        assert seed() == 7


def test_functions_of_ones_own():
    with fc.defaults({tower: {"width": 3, "name": "a"}}):
        assert tower() == ([3, 3], {"name": "a"})
        assert tower(5, 1) == ([5], {"name": "a"})
        with fc.defaults({"tower": {"depth": 1}}):
            assert tower() == ([3], {"name": "a"})
    with pytest.raises(TypeError, match="width"):
        tower()


def test_wrong_names_are_errors():
    with pytest.raises(fc.ColumnError, match="no column or layer has this name, got 'Hash'"):
        fc.defaults({"Hash": {"seed": 1}})
    with pytest.raises(fc.ArgumentError, match="Hashed: no argument is called 'buckets'; did you mean num_buckets"):
        fc.defaults({fc.Hashed: {"buckets": 1}})
    with pytest.raises(fc.ColumnError, match="takes no arguments from a block"):
        fc.defaults({print: {"end": ""}})
    with pytest.raises(fc.ColumnError, match="takes no arguments from a block"):
        fc.defaults({dict: {}})
    with pytest.raises(fc.ColumnError, match="needs a dict of arguments, got 3"):
        fc.defaults({fc.Hashed: 3})
    with pytest.raises(fc.ColumnError, match="needs a dict of arguments by class"):
        fc.defaults([fc.Hashed])
