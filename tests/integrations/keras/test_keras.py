"""The Keras layer on the backends that are tested here: torch and jax. A backend is chosen once in a process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = ROOT / "docs" / "integrations.md"


def run(code: list[str], backend: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": backend, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, *code], cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_every_check_holds(backend: str) -> None:
    found = json.loads(run(["-m", "tests.integrations.keras.on_backend"], backend, ROOT).splitlines()[-1])
    assert found.pop("backend") == backend
    assert len(found) == 5
    assert {check: said for check, said in found.items() if said != "ok"} == {}


def test_the_program_of_the_page_runs(tmp_path: Path) -> None:
    every = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (program,) = [text for text in every if "integrations.keras" in text]
    run(["-c", program], "torch", tmp_path)
    assert (tmp_path / "flights.keras").is_file()
