"""The public names and signatures are those of tests/public_names.txt, and docs/api.md has them all: changes show in review."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_page", ROOT / "tools" / "api_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["api_page"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("path", "text"), [("tests/public_names.txt", "names_file"), ("docs/api.md", "page")])
def test_what_is_public_is_written_down(path: str, text: str, tool: ModuleType) -> None:
    if (ROOT / path).read_text("utf-8") != getattr(tool, text)():
        pytest.fail(f"{path} is out of date; run `{tool.COMMAND}` and commit what it writes", pytrace=False)


def test_every_integration_has_a_section(tool: ModuleType) -> None:
    prefix = "featurecols.integrations."
    folder = ROOT / "featurecols" / "integrations"
    files = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    files = [path for path in files if "\n__all__ = [" in path.read_text("utf-8")]
    modules = {prefix + (path.parent.name if path.stem == "__init__" else path.stem) for path in files}
    assert {module for module in tool.MODULES if module.startswith(prefix)} == modules


def test_the_page_has_every_name_of_the_list(tool: ModuleType) -> None:
    page = tool.page()
    missing = [n.name for module in tool.MODULES for n in tool.public_names(module) if f"{n.name}" not in page]
    assert missing == []
