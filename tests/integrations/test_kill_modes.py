"""Runs of all modes that are killed at every second step: more processes than README's command should start."""

from pathlib import Path

import pytest

from tests.jobs.test_kill import check_every_second_step, killed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "most"), [("new-npy", -1), ("overwrite-file", 1), ("new-quarantine", -1), ("new-quarantine-npy", -1), ("grow", 0)]
)
def test_killed_at_every_second_step(tmp_path: Path, mode: str, most: int) -> None:
    check_every_second_step(tmp_path, mode, most)


@pytest.mark.slow
def test_killed_while_bad_data_is_found(tmp_path: Path) -> None:
    seen = killed(tmp_path, "bad", 1)
    assert seen["wrong"] == []
    assert seen["kills"] >= 10
    assert set(seen["resumed"]) == {-2}


@pytest.mark.slow
def test_killed_while_another_run_is_replaced(tmp_path: Path) -> None:
    seen = killed(tmp_path, "other", 2)
    assert seen["wrong"] == []
    assert seen["kills"] >= 20
    assert 1 in seen["resumed"]  # before the other run's files were given up
