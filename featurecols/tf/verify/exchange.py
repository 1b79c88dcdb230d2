"""The exchange of verify-tf with an interpreter that has TensorFlow: arrays and JSON in a folder, no pickle on either side."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.feature_column.tensors import Features, tensor_of

WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True, slots=True)
class Failure:
    """An error instead of an answer: the name of its class in TensorFlow, and its text."""

    error: str
    message: str


Answer: TypeAlias = dict[str, Array] | Failure  # arrays by name


def write_request(folder: Path, features: Features, questions: Sequence[Mapping[str, object]]) -> None:
    """Write request.json and features.npz."""
    arrays: dict[str, Array] = {}
    about = []
    for i, (key, value) in enumerate(features.items()):
        tensor = tensor_of(key, value)
        text = isinstance(tensor.values, pa.Array)
        about.append({"key": key, "text": text, "sparse": tensor.is_sparse, "shape": list(tensor.shape)})
        if isinstance(tensor.values, pa.Array):
            values = tensor.values.to_pylist()
            arrays[f"{i}/offsets"] = np.cumsum([0, *map(len, values)], dtype=np.int64)
            arrays[f"{i}/data"] = np.frombuffer(b"".join(values), np.uint8)
        else:
            arrays[f"{i}/values"] = tensor.values
        if tensor.indices is not None:
            arrays[f"{i}/indices"] = tensor.indices
    np.savez(folder / "features.npz", **arrays)  # type: ignore[arg-type]
    request = {"features": about, "questions": list(questions)}
    (folder / "request.json").write_text(json.dumps(request), "utf-8")


def ask(folder: Path, python: str) -> None:
    """Run the worker. It starts isolated, so that a module beside it or in PYTHONPATH cannot replace one of TensorFlow's."""
    hint = "name a Python with tensorflow-cpu 2.15 and numpy below 2"
    try:
        done = subprocess.run([python, "-I", str(WORKER), str(folder)], capture_output=True, text=True, check=False)
    except OSError as error:
        raise errors.argument("verify_tf", f"cannot be started ({error.strerror})", python, hint) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise errors.argument("verify_tf", f"the other interpreter failed ({errors.show(lines[-1], 200)})", python, hint)


def read_response(folder: Path) -> tuple[str, list[Answer]]:
    """Return TensorFlow's version, and an answer to each question, in order."""
    response = json.loads((folder / "response.json").read_text("utf-8"))
    found: list[dict[str, Array]] = [{} for _ in response["answers"]]
    with np.load(folder / "response.npz") as arrays:
        for name in arrays.files:
            number, _, part = name.partition("/")
            found[int(number)][part] = arrays[name]
    given = zip(response["answers"], found, strict=True)
    return response["tensorflow"], [arrays if failed is None else Failure(**failed) for failed, arrays in given]
