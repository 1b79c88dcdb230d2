"""A sample of the kill campaign: jobs that are killed on the way to S3 and to tables, and run again."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent


def test_a_sample_of_the_kill_campaign() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.integrations.kill_campaign",
        "--kills",
        "10",
        "--targets",
        "object-folder,object,delta",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout[done.stdout.index("{") :]) if "{" in done.stdout else {}
    assert found.get("wrong") == [], done.stderr
    assert found["kills"] == 10
