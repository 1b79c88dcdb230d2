"""History.read: what a Summaries hook wrote, and what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

import featurecols as fc
from featurecols.models import History


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no: no such file; give the summaries\.jsonl of a model_dir") as caught:
        History.read(tmp_path / "no")
    assert isinstance(caught.value, fc.CheckpointError)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for place, why in ((tmp_path, "Is a directory"), (tmp_path / "bytes", "not text")):
        with pytest.raises(fc.CheckpointError, match=rf"cannot be read \({why}\); give the summaries"):
            History.read(place)


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "summaries.jsonl").write_text('{"step": 1, "loss": 0.5}\n{"step": 2, "lo')
    assert History.read(tmp_path / "summaries.jsonl").rows == [{"step": 1, "loss": 0.5}]
