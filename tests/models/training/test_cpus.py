"""F6: what is trained, predicted and measured has the same bits on one CPU and on two, also where a run moves between them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import hashlib, os, sys
folder, kill, cpus = sys.argv[1], int(sys.argv[2]), [int(cpu) for cpu in sys.argv[3:]]
os.sched_setaffinity(0, cpus)
import numpy as np
import featurecols as fc
from featurecols import models

random = np.random.default_rng(0)
x = random.normal(size=(900, 700)).astype(np.float32)
data = {"x": list(x), "y": (x[:, :5].sum(axis=1) > 0).astype(int)}

class Kill(models.hooks.Hook):
    def after_step(self, run):
        if run.step == kill:
            os._exit(3)

config = models.RunConfig(save_checkpoints_steps=1, progress=False)
columns = [fc.Numeric("x", shape=(700,))]
model = models.DNNClassifier(columns, [512, 400], optimizer="sgd", model_dir=folder, config=config)
model.train(data, label="y", epochs=2, batch_size=600, hooks=[Kill()])
measured = sorted(model.evaluate(data).items())
logits = model.predict(data)["logits"].tobytes()
one = model.predict({"x": data["x"][:1]})["logits"].tobytes()
print(model.fingerprint, hashlib.sha256(repr(measured).encode() + logits + one).hexdigest())
"""


def run(folder: Path, cpus: list[int], kill: int = 0) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", SCRIPT, str(folder), str(kill), *map(str, cpus)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(arguments, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to CPUs")
def test_f6_one_cpu_and_two(tmp_path):
    """F6: one CPU and two."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    both, one = run(tmp_path / "two", cpus), run(tmp_path / "one", cpus[:1])
    assert both.returncode == one.returncode == 0, both.stderr + one.stderr
    assert both.stdout == one.stdout
    killed = run(tmp_path / "moved", cpus, kill=2)
    assert killed.returncode == 3, killed.stderr
    assert run(tmp_path / "moved", cpus[:1]).stdout == both.stdout
