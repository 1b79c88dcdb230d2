"""TensorFlow beside us: it needs numpy 1, so it runs in an environment of its own, right after our own runs.

python3.11 -m venv tf && tf/bin/pip install 'tensorflow-cpu==2.15.*' 'numpy<2' 'pandas<3' 'pyarrow<18'
FEATURECOLS_TF_PYTHON=tf/bin/python python -m benchmarks adult
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from benchmarks import data


def tensorflow(claim: str, rows: int) -> dict[str, list[float]]:
    """Seconds of TensorFlow and Keras for `claim`, scaled to `rows`; empty where FEATURECOLS_TF_PYTHON is not set."""
    python = os.environ.get("FEATURECOLS_TF_PYTHON")
    if not python:
        return {}
    script = Path(__file__).with_name("tensorflow_rival.py")
    env = {**os.environ, "FEATURECOLS_DATA": str(data.folder().resolve()), "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run([python, script, claim, str(rows)], env=env, capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(run.stdout.splitlines()[-1])
    return found
