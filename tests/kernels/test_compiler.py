"""How kernels are compiled, cached and run without a compiler: each in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols

ROOT = Path(featurecols.__file__).parents[1]
ELSEWHERE = ("NUMBA_CACHE_DIR", "FEATURECOLS_KERNEL_CACHE")  # folders of kernels that whoever runs the tests may have named

WORK = """
import numpy as np
from featurecols import kernels
print(kernels.texts.gather(np.array([10, 20]), np.array([1, -1], np.int32)).tolist())
print(kernels.crossing.cross(np.array([[7], [9]], np.uint32), None, 0, 1000).tolist())
"""
ANSWER = "[20, -1]\n[592]\n"

ALL = """
import numpy as np
from featurecols import kernels
items = [b"", b"a", b"abc", b"hello world", b"x" * 20, b"y" * 40, b"z" * 65, b"q" * 129, b"\\0" * 7]
offsets = np.cumsum([0, *map(len, items)]).astype(np.int32)
data = np.frombuffer(b"".join(items), np.uint8)
show = lambda x: print(x.dtype, x.tobytes().hex())
show(kernels.texts.murmur3(offsets, data, 2**32 - 1))
show(kernels.texts.murmur3_buckets(offsets, data, None, 7, 2**31 - 1))
show(kernels.texts.farmhash64(offsets, data))
show(kernels.texts.farmhash64_buckets(offsets, data, np.arange(9) != 3, 1000))
parts = kernels.texts.farmhash64(offsets, data).reshape(3, 3)
show(kernels.crossing.cross(parts, parts % 5 > 0, 0, 10**12, True, True))
show(kernels.crossing.cross((parts >> np.uint64(32)).astype(np.uint32), parts % 5 > 0, 1, 1000, False))
rows = np.array([[0, 2, 3], [3, 4, 6]])
for x in kernels.crossing.cross_lists(parts.ravel(), None, rows, -3, 1000, True): show(x)
for x in kernels.crossing.cross_lists((parts >> np.uint64(32)).astype(np.uint32).ravel(), None, rows, 3, 1000): show(x)
table = kernels.lookup.build(offsets, data)
found = kernels.lookup.find(table, offsets[2:], data)
show(found)
show(kernels.texts.gather(found, np.array([3, -1, 0, 99], np.int32)))
x = np.array([-1.0, 0.0, -0.0, 0.1, 1e300, np.inf, np.nan, 3.0])
show(kernels.bucketize.bucketize(x, np.arange(30) / 10.0, 40, 2, 50))
out = np.zeros((4, 2), np.float32)
ops = np.array([3, 2, 0, 1])
a, b = np.array([0.0, 0.0, 0.1, -3.0]), np.array([1e9, 0.0, 0.7, 9.0])
print(kernels.numeric.normalize(x, np.array([1.0, 2.0]), ops, a, b, out))
show(out)
kernels.scatter.onehot(np.array([1, 0, -1, 2]), None, out)
kernels.scatter.multihot(np.array([1, 1, 0], np.int32), np.array([0, 2, 2, 3, 3]), np.array([0.5, 2, 3], np.float32), out)
show(out)
print(kernels.embedding_bag.pool(np.array([0, 2, 1, 3]), np.array([0, 3, 3, 4, 4]), None, out.copy(), 1, 1.5, out))
show(out)
ids, d = np.array([[0, 2], [2, -1], [1, 9]], np.int32), np.array([[0.5], [-1.5], [0.25]], np.float32)
starts, sizes = np.array([0, 3]), np.array([3, 3])
marks, touched, positions = np.zeros(6, np.int32), np.zeros(8, np.int64), np.zeros((3, 2), np.int32)
count = kernels.touched_rows.index_hots(ids, starts, sizes, marks, touched, positions, 1)
kernels.touched_rows.clear(marks, touched, count)
show(touched[:count]); show(positions); show(marks)
rows, weights = np.zeros((count, 1), np.float32), np.ones((6, 4), np.float32)[:, :1]
kernels.touched_rows.take(weights, touched[:count], rows); show(rows)
kernels.touched_rows.add_hots_gradient(positions, d, rows); show(rows)
sums = np.zeros((3, 1), np.float32)
kernels.one_hot_product.add_hots(ids, starts, sizes, weights, sums); show(sums)
steps, g, some = kernels.optimizer_steps, np.array([[0.1, -0.7]], np.float32), np.array([1])
p, z, n = np.full((2, 2), 0.3, np.float32), np.zeros((2, 2), np.float32), np.full((2, 2), 0.1, np.float32)
for k in range(3):
    steps.ftrl(p, g, some, z, n, 2.0, 1.0, 0.01, 0.02)
    steps.adam(p, g, some, z, n, 0.1, 0.9, 0.999, 1e-8, 0.5, 0.01, 0.99)
    steps.adagrad(p, g, None if k else some, n, 0.1, 1e-10)
    steps.sgd(p, g, some, z if k else None, 0.1, 0.9, True, 0.01)
    steps.rmsprop(p, g, some, n, None, z if k else None, 0.1, 0.9, 0.5, 1e-7)
    show(p); show(z); show(n)
table, bags = np.array([[3.0, 4.0], [0.5, -1.0]], np.float32), (np.array([0, 1, 0]), np.array([0, 2, 3]), None)
from featurecols.data.files.csv_blocks import Block, Layout, Parser
text = b'1,"a",12345678\\n2,,"b,c"\\n' * 40
block = Block(np.frombuffer(text + bytes(64), np.uint8), 0, len(text), 80)
found = Parser(Layout(b",", b'"', 3, ["2"]), [("x", 0, False), ("y", 2, True)]).parse(block)
print([view.to_pylist()[:3] for view in found.fields.values()], found.num_rows)
rows = np.zeros((3, 2), np.float32)
kernels.embedding_bag.add_pool_gradient(*bags, table, 2, 2.0, np.ones((2, 2), np.float32), np.array([1, 2, 1], np.int32), rows)
show(rows)
"""


def run(code: str, root: Path = ROOT, **environment: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(root), **environment}
    if root != ROOT:  # a copy keeps what it compiles beside itself, and finds nothing elsewhere
        env = {name: value for name, value in env.items() if name not in ELSEWHERE or name in environment}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh copy of the package, without what was compiled before."""
    shutil.copytree(ROOT / "featurecols", tmp_path / "lib" / "featurecols", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "lib"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that has compiled what WORK needs."""
    at = tmp_path_factory.mktemp("compiled") / "lib"
    shutil.copytree(ROOT / "featurecols", at / "featurecols", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(WORK, at) == ANSWER
    return at


@pytest.fixture
def compiled_copy(compiled: Path, tmp_path: Path) -> Path:
    """A copy of such a copy, times of change included."""
    return Path(shutil.copytree(compiled, tmp_path / "lib"))


def test_the_same_bits_without_the_compiler() -> None:
    compiled = run(ALL)
    assert len(compiled.splitlines()) == 35
    assert run(ALL, NUMBA_DISABLE_JIT="1") == compiled


@pytest.mark.slow
def test_what_was_compiled_from_other_sources_is_not_used(compiled_copy: Path) -> None:
    with open(compiled_copy / "featurecols" / "kernels" / "hash_scalar.py", "a") as f:
        f.write("\n\n@helper\ndef final32(h, length):\n    return np.uint32(5)\n")
    assert run(WORK, compiled_copy) == "[20, -1]\n[5]\n"


@pytest.mark.slow
def test_nowhere_to_keep_compiled_code(copy: Path) -> None:
    (copy / "featurecols" / "kernels" / "__pycache__").write_text("no folder")
    assert run(WORK, copy, NUMBA_CACHE_DIR="/dev/null/none", HOME="/dev/null", XDG_CACHE_HOME="/dev/null") == ANSWER


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew_kept_and_read_again(compiled_copy: Path) -> None:
    assert len(list(compiled_copy.rglob("*.kernel"))) >= 2
    for f in compiled_copy.rglob("*.kernel"):
        f.write_bytes(b"damaged")
    assert run(WORK, compiled_copy) == ANSWER
    assert all(f.read_bytes() != b"damaged" for f in compiled_copy.rglob("*.kernel"))
    kept = {f.name: f.stat().st_mtime_ns for f in compiled_copy.rglob("*.kernel")}
    assert run(WORK + "import sys; print('numba' in sys.modules)", compiled_copy) == f"{ANSWER}False\n"
    assert {f.name: f.stat().st_mtime_ns for f in compiled_copy.rglob("*.kernel")} == kept


def test_many_threads_may_come_first(copy: Path) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from featurecols import kernels
table, codes = np.arange(1000), np.arange(1000).astype(np.int32)[::-1].copy()
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(lambda _: kernels.texts.gather(table, codes).tobytes(), range(64)))
print(len(set(found)))
"""
    assert run(code, copy) == "1\n"


def test_nothing_is_compiled_twice() -> None:
    from featurecols import kernels

    writable, frozen = np.array([0, 1], np.int32), np.array([0, 1], np.int32)
    frozen.setflags(write=False)
    data = np.zeros(1, np.uint8)
    kernels.texts.murmur3(writable, data, 0)
    compiled = kernels.texts._MURMUR[4]
    kernels.texts.murmur3(frozen, np.frombuffer(b"a", np.uint8), 0)
    assert kernels.texts._MURMUR[4] is compiled


def test_kept_kernels_run_without_numba() -> None:
    from featurecols import kernels
    from featurecols.kernels import code_cache, machine_code
    from featurecols.kernels.compiler import Kernel

    assert kernels.texts._GATHER[4]
    assert machine_code.SUPPORTED
    for name in kernels.MODULES:
        for found in vars(getattr(kernels, name)).values():
            for number, key in enumerate(found.signatures if isinstance(found, Kernel) else ()):
                if code_cache.read(f"{found.function.__module__.rpartition('.')[2]}.{found.function.__qualname__}-{number}"):
                    assert isinstance(found[key], types.BuiltinFunctionType)


def test_what_a_kernel_takes() -> None:
    from featurecols import kernels

    class Own(np.ndarray[Any, Any]):
        pass

    gather = kernels.texts._GATHER[4]
    values, codes, out = np.array([10, 20], np.int32), np.array([1, -1], np.int32), np.zeros(2, np.int32)
    equal = np.dtype(np.int32, metadata={"made": "elsewhere"})  # equal, and another object
    for taken in (codes, codes.view(Own), codes.astype(equal), np.array([[1, 5], [-1, 5]], np.int32)[:, 0].copy()):
        out[:] = 7
        assert gather(values, taken, out) is None
        assert out.tolist() == [20, -1]
    frozen = out.copy()
    frozen.setflags(write=False)
    for refused in (codes.astype(np.int64), np.zeros((2, 2), np.int32)[:, 0], codes[None], codes.astype(">i4"), [1, -1], None):
        with pytest.raises(TypeError, match=r"kernel texts._GATHER-0, argument 1: not an array of int32 with 1 dimensions"):
            gather(values, refused, out)
    with pytest.raises(TypeError, match="argument 2"):
        gather(values, codes, frozen)
    with pytest.raises(TypeError, match="takes 3 arguments, not 2"):
        gather(values, codes)
    edges = (np.array([1.0]), np.array([0.0]), 1, 2, 3, np.zeros(1, np.int32))
    kernels.bucketize._BUCKETIZE[4](*edges)
    with pytest.raises(TypeError, match="integer"):
        kernels.bucketize._BUCKETIZE[4](*edges[:2], "1", *edges[3:])
    with pytest.raises(OverflowError):
        kernels.bucketize._BUCKETIZE[4](*edges[:2], 2**70, *edges[3:])
