"""Nothing is computed in the dialect: no kernels, and no arithmetic but on sizes and positions. Read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import featurecols.feature_column

FILES = sorted(Path(featurecols.feature_column.__file__).parent.glob("*.py"))
# numpy that makes arrays, moves values or names types
NUMPY = {
    *(
        "arange",
        "argsort",
        "array",
        "asarray",
        "broadcast_to",
        "column_stack",
        "concatenate",
        "empty",
        "frombuffer",
        "full",
        "indices",
    ),
    *("ravel_multi_index", "repeat", "searchsorted", "stack", "where", "zeros", "zeros_like"),
    *(
        "bool_",
        "dtype",
        "errstate",
        "float32",
        "float64",
        "floating",
        "generic",
        "iinfo",
        "int32",
        "int64",
        "integer",
        "ndarray",
        "number",
    ),
    *("object_", "uint64"),
}
# numpy that computes: on sizes, positions and lengths; the two of linear.py are the linear model itself
COMPUTING = {
    ("to_dense.py", "np.maximum.at(lengths, rows, steps // size + 1)"),
    ("linear.py", "np.add.reduce([*sums, np.broadcast_to(self.bias, sums[0].shape)], axis=0)"),
    ("linear.py", "np.matmul(values, weight)"),
    ("lower.py", "np.diff(offsets)"),
    ("sparse_indices.py", "np.diff(arrow_buffers.texts(values)[0])"),
    ("tensors.py", "np.diff(offsets)"),
}
# every arithmetic expression of the package: sizes, positions, and what a declaration says of itself
ARITHMETIC = {
    ("base.py", "self + other"),
    ("dense.py", "1 / math.sqrt(dimension)"),
    ("examples.py", "len(data) % 4"),
    ("examples.py", "value & 4294967295"),
    ("to_dense.py", "(rows >= 0) & (rows < ids.shape[0])"),
    ("to_dense.py", "batch * size"),
    ("to_dense.py", "counted & (pair.weight_tensor.values > 0)"),
    ("to_dense.py", "int(pair.id_tensor.indices[:, 0].max()) + 1"),
    ("to_dense.py", "math.prod(lead) + 1"),
    ("to_dense.py", "max(batch, 1) * size"),
    ("to_dense.py", "padded.size % (batch * size)"),
    ("to_dense.py", "math.prod(tensor.shape) * dtype.itemsize"),
    ("to_dense.py", "rows * width"),
    ("to_dense.py", "rows * width * 4"),
    ("to_dense.py", "steps // size"),
    ("to_dense.py", "steps // size + 1"),
    ("to_dense.py", "values.shape[0] * width"),
    ("to_dense.py", "whole // (max(batch, 1) * size)"),
    ("raw_inputs.py", "len(self) + 1"),
    ("raw_inputs.py", "len(offsets) - 1"),
    ("raw_inputs.py", "values.size + 1"),
    ("layers.py", "batch * steps"),
    ("layers.py", "batch * steps * size"),
    ("layers.py", "start + column.variable_shape.num_elements()"),
    ("layers.py", "values.shape[0] * size"),
    ("lower.py", "batch * width"),
    ("lower.py", "column.num_buckets // (len(column.boundaries) + 1)"),
    ("lower.py", "len(column.boundaries) + 1"),
    ("lower.py", "batch + 1"),
    ("lower.py", "np.arange(len(rows), dtype=np.int64) - np.repeat(offsets[:-1], counts)"),
    ("lower.py", "seed % 2 ** 64"),
    ("numeric.py", "(len(self.boundaries) + 1) * self.source_column.shape[0]"),
    ("numeric.py", "len(self.boundaries) + 1"),
    ("sparse_indices.py", "count + 1"),
    ("sparse_indices.py", "-rest // stride"),
    ("sparse_indices.py", "axis + 1"),
    ("sparse_indices.py", "columns[-1] * stride"),
    ("sparse_indices.py", "indices @ np.array(strides, dtype=np.int64)"),
    ("sparse_indices.py", "np.arange(count + 1, dtype=np.int64) * math.prod(tensor.shape[1:])"),
    ("sparse_indices.py", "rest - columns[-1] * stride"),
    ("sparse_indices.py", "rest // stride"),
    ("serialize.py", "depth + 1"),
    ("tensors.py", "np.arange(len(rows), dtype=np.int64) - np.repeat(offsets[:-1], lengths)"),
    ("vocabulary.py", "len(found) + 1"),
    ("vocabulary.py", "len(self.vocabulary_list) + self.num_oov_buckets"),
    ("vocabulary.py", "self.vocabulary_size + self.num_oov_buckets"),
    ("vocabulary_files.py", "self.ready += self.stream.decompress(self.packed, _BLOCK)"),
    ("vocabulary_files.py", "size + 4"),
}
REDUCTIONS = {"clip", "cumprod", "cumsum", "dot", "mean", "prod", "round", "std", "sum", "var"}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            yield path.name, node


def root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def test_no_module_imports_kernels() -> None:
    imported = {
        f"{getattr(node, 'module', None) or ''}.{alias.name}"
        for _, node in nodes()
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert len(imported) > 50
    assert [name for name in imported if "kernels" in name or "mmh3" in name or "farmhash" in name] == []


def test_arithmetic_is_on_sizes_and_positions_only() -> None:
    found = {
        (name, ast.unparse(node))
        for name, node in nodes()
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and not isinstance(node.op, ast.BitOr) and not literal(node)
    }
    assert found == ARITHMETIC


def literal(node: ast.BinOp | ast.AugAssign) -> bool:
    """Constants such as 2 ** 63, and lists and strings put together."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
    plain = all(isinstance(part, (ast.BinOp, ast.Constant, ast.UnaryOp)) for part in parts)
    return plain or any(isinstance(part, (ast.ListComp, ast.Constant)) and joined(part) for part in parts)


def joined(part: ast.expr) -> bool:
    return isinstance(part, ast.ListComp) or (isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_numpy_makes_and_moves_arrays_only() -> None:
    calls = {(name, ast.unparse(n)) for name, n in nodes() if isinstance(n, ast.Call) and root(n.func) == "np"}
    computing = {(name, text) for name, text in calls if text.split("(")[0].removeprefix("np.") not in NUMPY}
    assert computing == COMPUTING
    used = {n.attr for _, n in nodes() if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "np"}
    assert used - NUMPY == {"add", "diff", "matmul", "maximum"}


def test_no_array_is_reduced() -> None:
    methods = [
        ast.unparse(n)
        for _, n in nodes()
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in REDUCTIONS
        and root(n.func) not in ("np", "math")
    ]
    assert methods == []
