"""Quotes that are not closed, as the parser of pyarrow sees them."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from pyarrow import csv

from featurecols.data.files.open_quotes import ends_inside, file_ends_inside, stream_ends_inside


def swallows(text: bytes, delimiter: bytes) -> bool | None:
    """Whether a line that is put behind the text becomes a part of its last value; None where pyarrow refuses the text."""
    line = delimiter.join((b"END", b"END"))
    options = csv.ParseOptions(delimiter=delimiter.decode(), newlines_in_values=True)
    try:
        found = csv.read_csv(
            io.BytesIO(text + b"\n" + line + b"\n"),
            read_options=csv.ReadOptions(column_names=["a", "b"]),
            parse_options=options,
            convert_options=csv.ConvertOptions(column_types={"a": pa.string(), "b": pa.string()}),
        )
    except pa.ArrowInvalid:
        return None
    return found.slice(len(found) - 1).to_pylist() != [{"a": "END", "b": "END"}]


@pytest.mark.parametrize("delimiter", [b",", b"\t"])
def test_random_texts_end_where_the_parser_says(delimiter: bytes) -> None:
    random, seen = Random(5), [0, 0]
    for _ in range(3000):
        parts = [b'"', b'"', b'""', b"a", b"\r\n", b"\n", delimiter, b" "]
        values = [b"".join(random.choices(parts, k=random.randrange(5))) for _ in range(2 * random.randrange(1, 4))]
        text = b"\n".join(delimiter.join(values[i : i + 2]) for i in range(0, len(values), 2))
        want = swallows(text, delimiter)
        if want is None:
            continue
        seen[want] += 1
        assert ends_inside([text], delimiter, whole=True) == want, text
        assert stream_ends_inside(io.BytesIO(text).read, delimiter) == want
        assert ends_inside([bytes([b]) for b in text], delimiter, whole=True) == want, text
        for cut in range(len(text)):
            assert ends_inside([text[cut:]], delimiter, whole=False) in (None, want), (text, cut)
    assert min(seen) > 100


@pytest.mark.parametrize("filling", [b"b\n", b'"x",""\n', b'a,",\n'])
@pytest.mark.parametrize("size", [10, 1 << 11, 1 << 15, 1 << 17])
def test_a_long_file_is_known_by_its_end(filling: bytes, size: int, tmp_path: Path) -> None:
    for start in (b"k\n", b'\xef\xbb\xbf"k"\n', b'k,"'):
        text = start + filling * (size // len(filling))
        (tmp_path / "a.csv").write_bytes(text)
        with (tmp_path / "a.csv").open("rb") as file:
            found = file_ends_inside(file, b",", size + 100)
        assert found == ends_inside([text], b",", whole=True)
