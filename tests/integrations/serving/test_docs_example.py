"""The example of docs/serving.md: the program runs, and the server answers to curl what stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integrations.serving.server import ROOT, Server

PAGE = (ROOT / "docs" / "serving.md").read_text("utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, timeout=600)
    said = re.findall(r"^\$ curl -d '(.*)' localhost:8501(\S+)\n(.*)$", PAGE, re.MULTILINE)
    assert len(said) == 2
    with Server(tmp_path / "late") as server:
        for body, path, text in said:
            want = json.loads(text)
            _, found = server.ask(path, raw=body.encode())
            if "predictions" in want:
                ((mine,), (theirs,)) = found["predictions"], want["predictions"]
                assert list(mine) == list(theirs)
                for key in mine:
                    assert mine[key] == pytest.approx(theirs[key], abs=1e-4)
            else:
                assert found == want
