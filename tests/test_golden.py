"""The golden cases made by running TensorFlow 2.15.1; FEATURECOLS_GOLDEN names another folder of the same form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.feature_column import cases

FOLDER = Path(os.environ.get("FEATURECOLS_GOLDEN") or Path(__file__).parent / "golden")
CASES = cases.load(FOLDER)


def test_the_folder_holds_cases() -> None:
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert case["op"] in cases.OPS, f"op {case['op']} is not known to the runner"
    assert cases.differences(case["expect"], cases.run(case, FOLDER), case["op"]) == []
