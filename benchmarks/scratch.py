"""Rivals that need a process of their own, run right after our own runs: TensorFlow (numpy 1), Keras 3 and Spark.

pip install -e '.[bench]'
python3.11 -m venv tf && tf/bin/pip install 'tensorflow-cpu==2.15.*' 'numpy<2' 'pandas<3' 'pyarrow<18'
python3.11 -m venv keras && keras/bin/pip install tensorflow-cpu pandas pyarrow
FEATURECOLS_TF_PYTHON=tf/bin/python FEATURECOLS_KERAS_PYTHON=keras/bin/python python -m benchmarks adult

What is not set or not installed is left out. Spark runs where pyspark is installed beside us, and java is found.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import data, harness
from benchmarks.harness import Result

THREADS = ((1, 1), (2, 1), (2, 2))  # inside an operation, between operations


def tensorflow(result: Result, claim: str, only: str = "") -> None:
    """Add TensorFlow's and Keras' seconds for `claim` (contestants with `only` in their names), each in its best threads."""
    for variable in ("FEATURECOLS_TF_PYTHON", "FEATURECOLS_KERAS_PYTHON"):
        python = None if harness.quick else os.environ.get(variable)
        if python and not (variable == "FEATURECOLS_KERAS_PYTHON" and claim != "adult"):
            for threads in THREADS:
                _keep(result, _run(python, "tensorflow_rival.py", claim, result.rows, *threads), only)


def spark(result: Result, claim: str, path: Path) -> None:
    """Add Spark's seconds from the Parquet file at `path` to a sink that keeps nothing."""
    if not harness.quick and importlib.util.find_spec("pyspark") and shutil.which("java"):
        _keep(result, _run(sys.executable, "spark_rival.py", claim, path))


def networks(result: Result, path: Path, shape: str) -> None:
    """Add one epoch by torch, Keras 3 (on torch here, on TensorFlow in its own environment) and tf.estimator."""
    here = [name for name in ("torch", "keras") if importlib.util.find_spec("torch") and importlib.util.find_spec(name)]
    runs = [(sys.executable, name) for name in here]
    for variable, library in (("FEATURECOLS_KERAS_PYTHON", "keras"), ("FEATURECOLS_TF_PYTHON", "estimator")):
        if python := os.environ.get(variable):
            runs.append((python, library))
    for python, library in runs:
        backend = {"KERAS_BACKEND": "torch" if python == sys.executable else "tensorflow"}
        _keep(result, _run(python, "network_rival.py", library, path, shape, **backend))


def _run(python: str, script: str, *arguments: object, **more: str) -> dict[str, dict[str, list[float]]]:
    env = {**os.environ, "FEATURECOLS_DATA": str(data.folder().resolve()), "TF_CPP_MIN_LOG_LEVEL": "3", **more}
    command = [python, str(Path(__file__).with_name(script)), *map(str, arguments)]
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)}: {run.stderr[-2000:]}")
    found: dict[str, dict[str, list[float]]] = json.loads(run.stdout.splitlines()[-1])
    return found


def _keep(result: Result, found: dict[str, dict[str, list[float]]], only: str = "") -> None:
    """Seconds into the result, where they are the contestant's best yet."""
    result.versions |= found["versions"]
    for name, runs in found["seconds"].items():
        kept = result.seconds.get(name)
        if only in name and (kept is None or statistics.median(runs) < statistics.median(kept)):
            result.seconds[name] = runs
