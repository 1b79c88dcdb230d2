"""Parse specs and parsing of examples given as dicts."""

from __future__ import annotations

import sys
from collections import namedtuple
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

F32, I64, STRING = fc.dtypes.float32, fc.dtypes.int64, fc.dtypes.string


def test_equal_specs_of_one_key_go_together() -> None:
    n = fc.numeric_column("n")
    spec = fc.make_parse_example_spec([n, fc.bucketized_column(n, [0]), fc.indicator_column(fc.bucketized_column(n, [1]))])
    assert spec == {"n": fc.FixedLenFeature((1,), F32, None)}
    assert fc.make_parse_example_spec(iter([n])) == spec


@pytest.mark.parametrize(
    "columns", [["a"], [3], fc.numeric_column("n"), {"n": fc.numeric_column("n")}, [fc.numeric_column("n"), None]]
)
def test_what_is_no_list_of_columns(columns: Any) -> None:
    with pytest.raises(ValueError, match="feature column"):
        fc.make_parse_example_spec(columns)


def test_examples() -> None:
    spec = {"n": fc.FixedLenFeature((2,), F32, (1.0, 2.0)), "v": fc.VarLenFeature(STRING), "i": fc.FixedLenFeature((), I64, 5)}
    parsed = fc.parse_example([{"n": [3.0, 4.0], "v": ["a", b"\xff"]}, {"v": [], "i": 7}, {"v": np.array(["é"])}], spec)
    assert parsed["n"].tolist() == [[3, 4], [1, 2], [1, 2]]
    assert parsed["n"].dtype == np.float32
    assert parsed["i"].tolist() == [5, 7, 5]
    assert parsed["v"].values.tolist() == [b"a", b"\xff", "é".encode()]
    assert (parsed["v"].indices.tolist(), parsed["v"].shape) == ([[0, 0], [0, 1], [2, 0]], (3, 2))


def test_no_examples() -> None:
    parsed = fc.parse_example([], {"n": fc.FixedLenFeature((2,), F32), "v": fc.VarLenFeature(I64)})
    assert parsed["n"].shape == (0, 2)
    assert (parsed["v"].shape, parsed["v"].dtype) == ((0, 0), I64)


@pytest.mark.parametrize(
    ("feature", "example"),
    [
        (fc.FixedLenFeature((1,), F32), {}),
        (fc.FixedLenFeature((2,), F32), {"x": [1.0]}),
        (fc.FixedLenFeature((1,), F32, 1.0), {"x": []}),
        (fc.FixedLenFeature((1,), F32), {"x": [1]}),
        (fc.FixedLenFeature((1,), F32), {"x": ["1"]}),
        (fc.VarLenFeature(I64), {"x": [1.0]}),
        (fc.VarLenFeature(I64), {"x": [True]}),
        (fc.VarLenFeature(STRING), {"x": [1]}),
        (fc.VarLenFeature(STRING), {"x": np.zeros(0, np.int64)}),
        (fc.VarLenFeature(fc.dtypes.int32), {"x": [1]}),
    ],
)
def test_what_an_example_cannot_hold(feature: Any, example: dict[str, Any]) -> None:
    with pytest.raises(fc.InvalidArgumentError):
        fc.parse_example([example], {"x": feature})


def test_a_spec_is_needed() -> None:
    with pytest.raises(ValueError, match="needs a spec"):
        fc.parse_example([{}], {})


def test_specs_are_of_tensorflow_where_the_program_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """G12: tf.io.parse_example asks for its own classes, tuples of the same fields; TensorFlow 2.15 was seen to take them."""
    fixed = namedtuple("FixedLenFeature", ["shape", "dtype", "default_value"])
    variable = namedtuple("VarLenFeature", ["dtype"])
    module = ModuleType("tensorflow")
    vars(module).update(io=SimpleNamespace(FixedLenFeature=fixed, VarLenFeature=variable), as_dtype=lambda name: f"tf.{name}")
    columns = [fc.numeric_column("n", 2, 1.0), fc.categorical_column_with_hash_bucket("v", 10)]
    own = fc.make_parse_example_spec(columns)
    assert own == {"n": fc.FixedLenFeature((2,), F32, (1.0, 1.0)), "v": fc.VarLenFeature(STRING)}
    monkeypatch.setitem(sys.modules, "tensorflow", module)
    spec = fc.make_parse_example_spec(columns)
    assert spec == {"n": fixed((2,), "tf.float32", (1.0, 1.0)), "v": variable("tf.string")}
    assert [type(feature) for feature in spec.values()] == [fixed, variable]
