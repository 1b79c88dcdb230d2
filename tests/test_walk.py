"""Two everyday calls pass through no more files of the package than tools/walk.py allows."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_everyday_calls_stay_within_their_files() -> None:
    command = [sys.executable, "tools/walk.py", "--check", "--list"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
