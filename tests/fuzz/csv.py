"""CSV files of random text, quotes, line ends and encodings: what pyarrow reads, and what the csv module reads."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from random import Random

import pyarrow as pa
from pyarrow import csv as arrow_csv

from featurecols.data.sources import as_source
from tests.fuzz.damage import damage_bytes

PIECES = (
    "a",
    "b",
    "0",
    "1.5",
    "True",
    "NA",
    "",
    " ",
    "é",
    "日本",
    "\U0001f600",
    '"',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\\",
    "\0",
)
Rows = list[dict[str, "str | None"]]


def make(folder: Path) -> CsvTarget:
    """Return the target; nothing has to be made first."""
    return CsvTarget()


class CsvTarget:
    """A file that the csv module wrote, as it is or damaged."""

    def __init__(self) -> None:
        self.rows: Rows | None = None

    def damage(self, random: Random, path: Path) -> str:
        width, pieces = random.randrange(1, 5), random.sample(PIECES, random.randrange(3, len(PIECES)))
        if random.randrange(2):
            pieces = [piece for piece in pieces if piece not in ("\0", "\n", "\r\n")] or ["a"]
        names = [f"f{i}" for i in range(width)]
        text = [["".join(random.choices(pieces, k=random.randrange(4))) for _ in names] for _ in range(random.randrange(1, 30))]
        out = io.StringIO()
        ends = random.choice(("\n", "\r\n"))
        writer = csv.writer(out, lineterminator=ends, quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
        writer.writerows([names, *text])
        encoding = random.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16"))
        data, done = out.getvalue().encode(encoding, "replace"), f"{encoding}, {len(text)} rows of {width}"
        self.rows = None
        if random.randrange(2):
            data, how = damage_bytes(random, data)
            done += f", {how}"
        elif encoding.startswith("utf-8"):
            self.rows = [{name: value or None for name, value in zip(names, row, strict=True)} for row in text]
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        return done

    def read(self, path: Path) -> object:
        source = as_source(path)
        names = source.schema().names
        rows: Rows = []
        for batch in source.batches([(name, "category") for name in names]):
            columns = [batch.column(name).to_pylist() for name in names]
            rows += [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        return rows

    def judge(self, path: Path, ours: object) -> str | None:
        if self.rows is not None:
            if isinstance(ours, Exception):
                return "refused"
            return None if ours == self.rows else "wrong"
        reference = pyarrow_rows(path)
        if reference is None:
            return None if isinstance(ours, Exception) else "wrong"
        return "refused" if isinstance(ours, Exception) else None if ours == reference else "wrong"


def pyarrow_rows(path: Path) -> Rows | None:
    """The rows as pyarrow reads them as text, None where it refuses."""
    try:
        first = arrow_csv.open_csv(path, parse_options=arrow_csv.ParseOptions(newlines_in_values=True)).schema.names
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
        leading = next((i for i, line in enumerate(lines) if line), 0)  # empty lines before the header are none of its rows
        found = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(skip_rows=leading if len(first) == 1 else 0),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(first) > 1),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(first, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (pa.ArrowException, OSError, ValueError):
        return None
    return found.to_pylist()
