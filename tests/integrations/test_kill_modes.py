"""Runs of all modes that are killed at every second step, or interrupted: more processes than README's command should start."""

from pathlib import Path

import pytest

from tests.interrupts.__main__ import FAULTS, interrupts
from tests.interrupts.jobs import JOBS
from tests.jobs.test_faults import check_ctrl_c
from tests.jobs.test_kill import check_every_second_step, killed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "most"),
    [
        ("new-npy", -1),
        ("overwrite", 2),
        ("overwrite-file", 1),
        ("new-quarantine", -1),
        ("new-quarantine-npy", -1),
        ("grow", 0),
    ],
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


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_interrupted_jobs_are_complete_or_absent_and_are_taken_up(job: str, tmp_path: Path) -> None:
    found = interrupts(job, 12, 2, tmp_path)
    assert sum(found.values()) == 12
    assert {outcome: n for (_, outcome), n in found.items() if outcome in FAULTS} == {}


@pytest.mark.slow
def test_ctrl_c_at_random_moments_is_a_keyboard_interrupt_and_nothing_else(tmp_path: Path) -> None:
    check_ctrl_c(tmp_path, 30)
