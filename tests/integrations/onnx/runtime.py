"""ONNX Runtime over a model, and rows of one value a field that somebody wrote to break things."""

import math

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa

from featurecols.integrations.onnx import onnx_inputs

TEXTS = ["", "\0", "a\0", "é" * 50, "x" * 10_000, "🎉", "a", "b", "05", "5", "?", None, "Łódź", "\u202e", "\n", " a", "É"]
NUMBERS = [0.0, -0.0, 5e-324, -1e300, 1e300, 2.0**53, math.inf, -math.inf, math.nan, None, 0.1, 1.0, 2.0, -999.0, 3.5]
WHOLE = [0, -1, 2**53 + 1, -(2**63), 2**63 - 1, 5, None, 1, 2, -999]


def run(model: onnx.ModelProto, data: object) -> dict[str, np.ndarray]:
    """What a session gives for rows, by the name of the output."""
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = session.run(None, onnx_inputs(model, data))
    return dict(zip([output.name for output in session.get_outputs()], found, strict=True))


def hostile_rows(rows: int = 3_000, seed: int = 5) -> pa.Table:
    """Texts, floats, integers, whole floats and booleans; unicode, 10 kB, missing ones, NaN, infinities, extremes."""
    random = np.random.default_rng(seed)

    def draw(values: list, kind: pa.DataType) -> pa.Array:
        return pa.array([values[i] for i in random.integers(0, len(values), rows)], kind)

    words = ["".join(chr(c) for c in random.integers(1, 0xD7FF, random.integers(0, 9))) for _ in range(200)]
    return pa.table(
        {
            "text": draw([*TEXTS, *words], pa.string()),
            "number": draw([*NUMBERS, *random.normal(0, 3, 100).tolist()], pa.float64()),
            "whole": draw([*WHOLE, *random.integers(-(2**63), 2**63 - 1, 50).tolist()], pa.int64()),
            "float ids": draw([0.0, 1.0, -0.0, 5.0, None, -7.0, 2.0**53 - 1], pa.float64()),
            "flag": draw([True, False, None], pa.bool_()),
            "weight": draw([0.0, -1.5, 2.0, 1e-30, 0.3], pa.float64()),
        }
    )
