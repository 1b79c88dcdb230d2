"""The programs of docs/integrations.md that need torch run as they stand there."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "integrations.md"
PROGRAMS = [
    text
    for text in re.findall(r"^```py\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if "integrations.torch" in text
]


@pytest.mark.parametrize("program", range(len(PROGRAMS)))
def test_a_program_runs(program: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(PROGRAMS[program], "docs/integrations.md", "exec"), {"__name__": "__main__"})


def test_every_public_name_is_listed_documented_and_on_the_page() -> None:
    module = importlib.import_module("featurecols.integrations.torch")
    assert [name for name in module.__all__ if not inspect.getdoc(getattr(module, name))] == []
    unsaid = {name for name in module.__all__ if name not in PAGE.read_text("utf-8")}
    assert unsaid == {"FeatureTensors", "IdTensors"}  # the types of what the page shows
