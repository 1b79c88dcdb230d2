from __future__ import annotations

import numpy as np
import pytest

from featurecols.models.autodiff.variables import KINDS, Variables
from featurecols.models.errors import CheckpointError
from featurecols.models.training import checkpoints


def variables(step):
    made = Variables(seed=7)
    made.values = {"a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3) + step, "empty": np.zeros((0, 3), np.float32)}
    made.states = {"norm/mean": np.array([0.5], np.float32)}
    made.slots = {"a/kernel/Adam.m": np.ones((2, 3), np.float32), "a/kernel/Adam.count": np.array([step])}
    made.step, made.start = step, 3
    return made


def test_what_is_saved_comes_back(tmp_path):
    path = checkpoints.save(tmp_path, variables(12), {"run": {"epoch": 2}, "words": ["é", "<=50K"]})
    assert path == tmp_path / "step-000000012.safetensors"
    arrays, about = checkpoints.read(path)
    assert about == {"format": 1, "run": {"epoch": 2}, "words": ["é", "<=50K"], "step": 12, "start": 3, "seed": 7}
    got = Variables()
    got.values["gone"] = np.zeros(1)
    checkpoints.restore(got, arrays, about)
    want = variables(12)
    assert (got.step, got.start, got.seed) == (12, 3, 7)
    for part in KINDS:
        mine, theirs = getattr(got, part), getattr(want, part)
        assert list(mine) == sorted(theirs)
        for name in mine:
            assert mine[name].dtype == theirs[name].dtype
            assert mine[name].tolist() == theirs[name].tolist()


def test_only_the_last_are_kept_and_the_last_is_found(tmp_path):
    assert checkpoints.latest(tmp_path) is None
    assert checkpoints.latest(tmp_path / "nowhere") is None
    for step in (1, 5, 20, 100):
        checkpoints.save(tmp_path, variables(step), {}, keep=2)
    assert [p.name for p in checkpoints.found(tmp_path)] == ["step-000000020.safetensors", "step-000000100.safetensors"]
    assert checkpoints.latest(tmp_path).name == "step-000000100.safetensors"
    checkpoints.save(tmp_path, variables(7), {}, keep=1)  # an older step that is written now is kept
    assert "step-000000007.safetensors" in [p.name for p in checkpoints.found(tmp_path)]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = checkpoints.save(tmp_path, variables(1), {"n": 1})

    def fail(source, target):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.os, "replace", fail)
        with pytest.raises(OSError, match="no space left"):
            checkpoints.save(tmp_path, variables(1), {"n": 2})
    assert checkpoints.read(path)[1]["n"] == 1
    assert checkpoints.latest(tmp_path) == path


def test_what_a_kill_left_behind_goes_with_the_next_write(tmp_path):
    (tmp_path / ".step-000000001.safetensors.999").write_bytes(b"half")
    checkpoints.save(tmp_path, variables(1), {})
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000001.safetensors"]


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" * 99, lambda b: b"\xff" * 8 + b[8:]]
)
def test_damaged_files(tmp_path, damage):
    path = checkpoints.save(tmp_path, variables(1), {})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match="not a readable checkpoint"):
        checkpoints.read(path)


def test_other_files(tmp_path):
    with pytest.raises(CheckpointError, match=r"step-000000009.safetensors: not a file; give a checkpoint"):
        checkpoints.read(tmp_path / "step-000000009.safetensors")
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(1)}, tmp_path / "plain.safetensors")
    with pytest.raises(CheckpointError, match=r"not a readable checkpoint \(damaged \(TypeError\)\)"):
        checkpoints.read(tmp_path / "plain.safetensors")
    save_file({"a": np.zeros(1)}, tmp_path / "new.safetensors", {"featurecols": '{"format": 99}'})
    with pytest.raises(CheckpointError, match="needs format 1; use the version of featurecols that wrote it"):
        checkpoints.read(tmp_path / "new.safetensors")
