"""Named arrays as files: what is written is read, and nothing else is."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as tensors

import featurecols as fc
from featurecols._core import tensor_files
from featurecols._core.tensor_files import DamagedError, decode, encode, read

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array(7),
    "empty": np.zeros((0, 4)),
    "\ud800": np.ones(2),
    'json:"x"': np.zeros(1),
}


def test_what_is_written_is_read_and_equal_things_have_equal_bytes(tmp_path: Path) -> None:
    blob = encode(ARRAYS, "text sha256:x")
    assert blob == encode(dict(reversed(ARRAYS.items())), "text sha256:x")
    (tmp_path / "file").write_bytes(blob)
    for arrays, text in (decode(blob), read(tmp_path / "file")):
        assert text == "text sha256:x"
        assert {name: (a.dtype, a.shape, a.tolist()) for name, a in arrays.items()} == {
            name: (a.dtype, a.shape, a.tolist()) for name, a in ARRAYS.items()
        }


def test_the_digest_does_not_change() -> None:
    assert tensor_files.digest({"a": np.arange(3, dtype=np.int32), "b": np.array(2.5)}) == "e400be52ca50857b17bcc0da79f1c333"


def test_d6_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """D6: every flipped bit is found."""
    blob = encode({"a": np.arange(40, dtype=np.float32)}, "text")
    for i in range(8 * len(blob)):
        damaged = bytearray(blob)
        damaged[i // 8] ^= 1 << i % 8
        (tmp_path / "file").write_bytes(damaged)
        for load in (lambda data=bytes(damaged): decode(data), lambda: read(tmp_path / "file")):
            with suppress(DamagedError):
                assert load()[0].keys() != {"a"} or load()[1] != "text"
    for cut in range(len(blob)):
        with pytest.raises(DamagedError):
            decode(blob[:cut])


def test_d6_files_of_older_versions_have_no_checksum() -> None:
    """D6: files of older versions have no checksum."""
    assert decode(tensors.save({"a": np.ones(1)}, {"featurecols": "text"}))[1] == "text"
    for metadata in ({}, {"other": "text"}, None):
        with pytest.raises(DamagedError):
            decode(tensors.save({"a": np.ones(1)}, metadata))


def test_d6_a_flipped_bit_of_a_plan_or_a_model_is_refused(tmp_path: Path) -> None:
    """D6: a flipped bit of a plan or a model is refused."""
    data = {"x": [1.0, 2.0, 5.0], "c": ["a", "b", "a"], "y": [0, 1, 0]}
    columns = [fc.Numeric("x", normalizer=fc.ZScore()), fc.Embedding(fc.Vocabulary("c", fc.TopTerms(2)), 2)]
    plan = fc.fit(columns, data)
    plan.with_tables({name: np.ones((2, 2), np.float32) for name in plan.tables}).save(tmp_path / "plan")
    fc.models.DNNClassifier(columns, [2]).train(data, label="y").export(tmp_path / "model")
    for path, load in (
        (tmp_path / "plan" / "learned.safetensors", fc.load),
        (tmp_path / "model" / "weights.safetensors", fc.models.load),
    ):
        whole = path.read_bytes()
        load(path.parent)
        for i in range(8 + int.from_bytes(whole[:8], "little"), len(whole)):
            path.write_bytes(whole[:i] + bytes([whole[i] ^ 0x40]) + whole[i + 1 :])
            with pytest.raises(fc.FeatureColumnsError, match=r"checksum differs|holds other values than"):
                load(path.parent)


def test_d8_a_table_with_a_lone_surrogate_in_its_name_is_saved(tmp_path: Path) -> None:
    """D8: a table with a lone surrogate in its name is saved."""
    plan = fc.compile([fc.Embedding(fc.Hashed("c", 3), 2, table="\ud800")])
    plan = plan.with_tables({"\ud800": np.arange(6, dtype=np.float32).reshape(3, 2)})
    plan.save(tmp_path / "plan")
    assert fc.load(tmp_path / "plan") == plan
    assert np.array_equal(fc.load(tmp_path / "plan").transform({"c": ["x"]}), plan.transform({"c": ["x"]}))
