"""Ten seconds of the load that `python -m tests.load_serving` runs for minutes."""

import pytest

from tests.load_serving.__main__ import run


@pytest.mark.slow
def test_under_load_with_faults_every_answer_is_right() -> None:
    outcomes, faults, figures = run(10, connections=4, patience=60)
    assert faults == []
    assert outcomes["right answers"] > 50
    assert figures["versions"]
    assert sum(count for name, count in outcomes.items() if name[:3].isdecimal()) > 10
