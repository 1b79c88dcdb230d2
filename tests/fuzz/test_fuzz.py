"""A few damaged files of each kind, as `python -m tests.fuzz` tries them for minutes."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import FAULTS, run


@pytest.mark.slow
@pytest.mark.parametrize("target", ["parquet", "plan", "model", "csv"])
def test_damaged_files_give_errors_or_the_right_values(target: str, tmp_path: Path) -> None:
    found = run(target, 20.0, 1, tmp_path / "kept", most=60)
    assert sum(found.values()) > 0
    assert {name: found[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
