"""The programs of docs/integrations.md that need ONNX run as they stand there."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "integrations.md"
PROGRAMS = [
    text for text in re.findall(r"^```py\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL) if "onnx" in text
]


@pytest.mark.parametrize("program", range(len(PROGRAMS)))
def test_a_program_runs(program: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(PROGRAMS[program], "docs/integrations.md", "exec"), {"__name__": "__main__"})
