"""Kernels that were compiled elsewhere: used where they fit, under any path, and refused where they do not."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from featurecols.errors import ColumnError
from featurecols.kernels import code_cache, shipped_code
from featurecols.kernels.machine_code import Code

ROOT = Path(__file__).parent.parent.parent
CODE = Code("entry", ("log1p",), b"machine code")
GATHER = """
import sys
import numpy as np
from featurecols import kernels
print(kernels.texts.gather(np.array([10, 20], np.int32), np.array([1, -1], np.int32)).tolist(), "numba" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one kernel for this processor, which the environment names; code of this machine lies elsewhere."""
    made = tmp_path / "made elsewhere"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(made))
    code_cache.write("some.kernel-0", CODE)
    (made / shipped_code.ABOUT).write_text(code_cache.describe(shipped_code.processor_of(None)))
    shutil.move(made, tmp_path / "shipped")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "own"))
    monkeypatch.setenv(shipped_code.VARIABLE, str(tmp_path / "shipped"))
    for found in (shipped_code.find, code_cache._shipped):
        found.cache_clear()
    yield tmp_path / "shipped"
    for found in (shipped_code.find, code_cache._shipped):
        found.cache_clear()


def change(folder: Path, **values: object) -> None:
    path = folder / shipped_code.ABOUT
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_code_is_found_under_another_path_and_written_elsewhere(folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert code_cache.read("some.kernel-0") == CODE
    assert code_cache.read("another.kernel-0") is None
    code_cache.write("another.kernel-0", CODE)
    assert sorted(folder.iterdir()) == before
    assert code_cache.read("another.kernel-0") == CODE


def test_a_damaged_file_counts_as_missing(folder: Path) -> None:
    (path,) = folder.glob("*.kernel")
    path.write_bytes(path.read_bytes()[:-1] + b"E")
    assert code_cache.read("some.kernel-0") is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"sources": "0"}, "other versions of featurecols, numba, llvmlite, numpy or Python made it"),
        ({"environment": "0"}, "other versions of featurecols, numba, llvmlite, numpy or Python made it"),
        ({"needs": ["avx9000"]}, "this processor lacks avx9000"),
        ({"format": 2}, "format 2"),
    ],
)
def test_a_folder_for_something_else_is_refused(folder: Path, values: dict[str, object], why: str) -> None:
    change(folder, **values)
    with pytest.warns(UserWarning, match=f"FEATURECOLS_KERNEL_CACHE: .* is not used .*{why}"):
        assert code_cache.read("some.kernel-0") is None
    assert code_cache.read("some.kernel-0") is None  # and warned of once


@pytest.mark.parametrize("text", ["", "[]", "{}", "no JSON"])
def test_a_damaged_description_is_refused(folder: Path, text: str) -> None:
    (folder / shipped_code.ABOUT).write_text(text)
    with pytest.warns(UserWarning, match="is not used"):
        assert code_cache.read("some.kernel-0") is None


@pytest.mark.parametrize("name", [".", shipped_code.ABOUT])
def test_what_others_can_write_is_refused(folder: Path, name: str) -> None:
    os.chmod(folder / name, 0o777)
    with pytest.warns(UserWarning, match="others can write"):
        assert code_cache.read("some.kernel-0") is None


def test_levels_have_their_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(
        shipped_code.llvm, "get_host_cpu_features", lambda: dict.fromkeys(shipped_code.LEVELS["x86-64-v3"], True)
    )
    found = shipped_code.processor_of("x86-64-v2")
    assert found.instructions == "+cx16,+popcnt,+sahf,+sse3,+sse4.1,+sse4.2,+ssse3"
    with pytest.raises(ColumnError, match="this processor lacks avx512bw"):
        shipped_code.processor_of("x86-64-v4")
    for name in ("znver9", "x86-64-v5"):
        with pytest.raises(ColumnError, match="not a level of processors"):
            shipped_code.processor_of(name)


def test_code_for_a_level_runs_on_other_processors_and_not_on_lesser_ones(tmp_path: Path) -> None:
    level = shipped_code.Processor(
        "x86-64-v2", ",".join(f"+{f}" for f in shipped_code.LEVELS["x86-64-v2"]), ("popcnt", "ssse3")
    )
    if platform.machine() != "x86_64":
        level = shipped_code.processor_of(None)
    made = tmp_path / "made"
    assert run(GATHER, shipped_code.variables_of(level, made)) == ("[20, -1] True\n", "")
    (made / shipped_code.ABOUT).write_text(code_cache.describe(level))
    shipped = shutil.move(made, tmp_path / "elsewhere")
    given = {shipped_code.VARIABLE: str(shipped), "NUMBA_CACHE_DIR": str(tmp_path / "own")}
    assert run(GATHER, given) == ("[20, -1] False\n", "")
    out, warned = run(GATHER, {**given, "NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"})
    assert out == "[20, -1] True\n"
    assert "this processor lacks " in warned


def run(code: str, environment: dict[str, str]) -> tuple[str, str]:
    """Return what a fresh process writes, and what it warns of."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/dev/null", "PYTHONPATH": str(ROOT), **environment}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return found.stdout, found.stderr
