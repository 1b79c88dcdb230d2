"""With all libraries installed, every public name of every integration is described, and docs/api.md has it."""

import os
import subprocess
import sys
from types import ModuleType

from tests.test_docstrings import undescribed
from tests.test_public_names import ROOT
from tests.test_public_names import tool as tool


def test_everything_public_is_described(tool: ModuleType) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    modules = [module for module in tool.MODULES if module.startswith("featurecols.integrations.")]
    assert {module: undescribed(module) for module in modules} == {module: [] for module in modules}


def test_the_page_has_every_name() -> None:
    command = [sys.executable, str(ROOT / "tools" / "api_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
