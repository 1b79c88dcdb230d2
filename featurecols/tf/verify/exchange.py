"""The exchange of verify-tf with an interpreter that has TensorFlow: arrays and JSON in a folder, no pickle on either side."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols.feature_column.tensors import tensor_of

WORKER = Path(__file__).with_name("worker.py")
Answer = dict[str, Any]  # name -> array; or {"error": class name, "message": text}


def write_request(folder: Path, features: Mapping[str, Any], questions: Sequence[Mapping[str, Any]]) -> None:
    """Write request.json and features.npz."""
    arrays, about = {}, []
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
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise errors.argument("verify_tf", f"the other interpreter failed ({errors.show(said[-1], 200)})", python, hint)


def read_response(folder: Path) -> tuple[str, list[Answer]]:
    """Return TensorFlow's version, and an answer to each question, in order."""
    response = json.loads((folder / "response.json").read_text("utf-8"))
    answers: list[Answer] = [{} if answer is None else answer for answer in response["answers"]]
    with np.load(folder / "response.npz") as arrays:
        for name in arrays.files:
            number, _, part = name.partition("/")
            answers[int(number)][part] = arrays[name]
    return response["tensorflow"], answers
