"""Serialized Examples: the bytes were written, and the answers given, by TensorFlow 2.15."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

SPEC: Any = {
    "n": fc.FixedLenFeature((2,), fc.dtypes.float32),
    "i": fc.FixedLenFeature((1,), fc.dtypes.int64, 9),
    "v": fc.VarLenFeature(fc.dtypes.string),
}
GOOD: Any = {  # name -> message, n, i, v
    "good0": (
        "CjcKDQoBdhIICgYKAWEKAf8KEQoBbhIMEgoKCAAAwD8AACBAChMKAWkSDhoMCgr///////////8B",
        [[1.5, 2.5]],
        [[-1]],
        [[[0, 0], [0, 1]], [b"a", b"\xff"], [1, 2]],
    ),
    "good1": (
        "CicKEQoBbhIMEgoKCAAAQEAAAIBAChIKAWkSDRoLCgn//////////38=",
        [[3.0, 4.0]],
        [[9223372036854775807]],
        [[], [], [1, 0]],
    ),
    "good2": ("CigKBwoBdhICCgAKEQoBbhIMEgoKCAAAoEAAAMBACgoKAWkSBRoDCgEH", [[5.0, 6.0]], [[7]], [[], [], [1, 0]]),
    "unpacked floats": ("Ch4KEQoBbhIMEgoNAADAPw0AACBACgkKAWkSBBoCCAU=", [[1.5, 2.5]], [[5]], [[], [], [1, 0]]),
    "dup key": ("CjEKEQoBbhIMEgoKCAAAgD8AAABAChEKAW4SDBIKCggAAEBAAACAQAoJCgFpEgQaAggF", [[3.0, 4.0]], [[5]], [[], [], [1, 0]]),
    "two kinds": ("CiIKFQoBbhIQEgoKCAAAgD8AAABAGgIIBQoJCgFpEgQaAggF", [[1.0, 2.0]], [[5]], [[], [], [1, 0]]),
    "unknown field": ("Ch4KEQoBbhIMEgoKCAAAgD8AAABACgkKAWkSBBoCCAVKA3p6eg==", [[1.0, 2.0]], [[5]], [[], [], [1, 0]]),
    "empty feature v": ("CiUKBQoBdhIAChEKAW4SDBIKCggAAIA/AAAAQAoJCgFpEgQaAggF", [[1.0, 2.0]], [[5]], [[], [], [1, 0]]),
    "packed ints": ("CigKEQoBbhIMEgoKCAAAgD8AAABAChMKAWkSDhoMCgr///////////8B", [[1.0, 2.0]], [[-1]], [[], [], [1, 0]]),
    "key utf8": ("CioKCgoCw7ESBBoCCAUKEQoBbhIMEgoKCAAAgD8AAABACgkKAWkSBBoCCAU=", [[1.0, 2.0]], [[5]], [[], [], [1, 0]]),
    "two features": ("ChMKEQoBbhIMEgoKCAAAgD8AAABACgsKCQoBaRIEGgIIBQ==", [[1.0, 2.0]], [[5]], [[], [], [1, 0]]),
}
BAD = {
    "good3": "ChMKBQoBbhIACgoKAWkSBRoDCgEB",
    "empty": "",
    "mixed packed": "Ch8KEgoBbhINEgsNAADAPwoEAAAgQAoJCgFpEgQaAggF",
    "two lists": "CiIKFQoBbhIQEgYKBAAAgD8SBgoEAAAAQAoJCgFpEgQaAggF",
    "no key": "Ci4KDhIMEgoKCAAAgD8AAABAChEKAW4SDBIKCggAAIA/AAAAQAoJCgFpEgQaAggF",
    "no value": "CiMKAwoBdgoRCgFuEgwSCgoIAACAPwAAAEAKCQoBaRIEGgIIBQ==",
    "wrong type": "ChYKCQoBbhIEGgIIBQoJCgFpEgQaAggF",
    "wrong type v": "CikKCQoBdhIEGgIIBQoRCgFuEgwSCgoIAACAPwAAAEAKCQoBaRIEGgIIBQ==",
    "empty list type v": "CicKBwoBdhICGgAKEQoBbhIMEgoKCAAAgD8AAABACgkKAWkSBBoCCAU=",
    "empty n": "ChQKBwoBbhICEgAKCQoBaRIEGgIIBQ==",
    "short n": "ChoKDQoBbhIIEgYKBAAAgD8KCQoBaRIEGgIIBQ==",
    "cut": "CjcKDQoBdhIICgYKAWEKAf8KEQoBbhIMEgoKCAAAwD8AACBAChMKAWkSDhoMCgr//////////w==",
    "cut1": "Cg==",
    "garbage": "////",
    "text": "aGVsbG8=",
    "float len": "ChkKDAoBbhIHEgUKAwAAAAoJCgFpEgQaAggF",
    "group": "Ch4KEQoBbhIMEgoKCAAAgD8AAABACgkKAWkSBBoCCAULDA==",
}


def shown(parsed: Any) -> Any:
    sparse = [parsed["v"].indices.tolist(), parsed["v"].values.tolist(), list(parsed["v"].dense_shape)]
    return parsed["n"].tolist(), parsed["i"].tolist(), sparse


@pytest.mark.parametrize("name", list(GOOD))
def test_examples(name: str) -> None:
    """G12."""
    data, n, i, v = GOOD[name]
    parsed = fc.parse_example([base64.b64decode(data)], SPEC)
    assert shown(parsed) == (n, i, v)
    assert (parsed["n"].dtype, parsed["i"].dtype, parsed["v"].dtype) == (np.float32, np.int64, fc.dtypes.string)


@pytest.mark.parametrize("name", list(BAD))
def test_examples_that_are_refused(name: str) -> None:
    """G12: InvalidArgumentError, as in TensorFlow."""
    with pytest.raises(fc.InvalidArgumentError, match="parse_example: "):
        fc.parse_example([base64.b64decode(BAD[name])], SPEC)


def test_batches_and_single_examples() -> None:
    """G12: a list, an array, a tensor's array, a message, or one example without its axis."""
    data = [base64.b64decode(GOOD[name][0]) for name in ("good0", "good1", "good2")]

    class Message:
        def SerializeToString(self) -> bytes:
            return data[0]

    whole = ([[1.5, 2.5], [3, 4], [5, 6]], [[-1], [2**63 - 1], [7]], [[[0, 0], [0, 1]], [b"a", b"\xff"], [3, 2]])
    for given in (data, tuple(data), np.array(data, object), [Message(), *data[1:]]):
        assert shown(fc.parse_example(given, SPEC)) == whole
    for single in (data[0], Message(), np.array(data[0], object)):
        assert shown(fc.parse_example(single, SPEC)) == ([1.5, 2.5], [-1], [[[0], [1]], [b"a", b"\xff"], [2]])
    assert fc.parse_example([], SPEC)["n"].shape == (0, 2)
    with pytest.raises(fc.InvalidArgumentError, match="must be a list"):
        fc.parse_example(np.array([data], object), SPEC)
    with pytest.raises(TypeError, match="example 1 must be bytes or a dict"):
        fc.parse_example([data[0], 5], SPEC)  # type: ignore[list-item]


def test_specs_of_tensorflow_are_told_by_their_names() -> None:
    """G12: TensorFlow's classes are tuples of the same fields."""

    class VarLenFeature:
        dtype = fc.dtypes.string

    class RaggedFeature:
        dtype = fc.dtypes.string

    data = base64.b64decode(GOOD["good0"][0])
    assert fc.parse_example([data], {"v": VarLenFeature()})["v"].values.tolist() == [b"a", b"\xff"]  # type: ignore[dict-item, union-attr]
    with pytest.raises(ValueError, match="must be a FixedLenFeature or a VarLenFeature"):
        fc.parse_example([data], {"v": RaggedFeature()})  # type: ignore[dict-item]


def test_parsed_examples_feed_layers() -> None:
    """G12: from bytes to a matrix."""
    columns = [fc.numeric_column("n", 2), fc.indicator_column(fc.categorical_column_with_vocabulary_list("v", ["a", "b"]))]
    data = [base64.b64decode(GOOD[name][0]) for name in ("good0", "good1")]
    features = fc.parse_example(data, fc.make_parse_example_spec(columns))
    assert fc.DenseFeatures(columns)(features).tolist() == [[1.5, 2.5, 1, 0], [3, 4, 0, 0]]
