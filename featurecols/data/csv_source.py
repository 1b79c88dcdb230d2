"""fc.csv: CSV files that are written in another way than with commas, a header and UTF-8."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

from featurecols import errors
from featurecols._core.suggestions import explain_arguments
from featurecols.data.files.csv_options import parse_options
from featurecols.data.open_files import OpenFileSource
from featurecols.data.sources import FileSource, Paths


@explain_arguments
def csv(
    path: Paths | BinaryIO,
    *,
    separator: str | None = None,
    header: int | str | None = "infer",
    names: Sequence[str] | None = None,
    encoding: str = "utf-8",
    nulls: str | Sequence[str] = (),
    decimal: str = ".",
    quote: str | None = '"',
    comment: str | None = None,
    skip_rows: int = 0,
) -> FileSource | OpenFileSource:
    r"""Return CSV files as data for every call that takes a path: fit, transform, transform_files, train, predict, check.

    Fields are read as the text that they are, and typed as those of other CSV files. Arguments are those of pandas.read_csv
    where they mean the same. Every option is one of the command line too: --separator, --no-header, --names, ...

    Args:
        path: a file, whatever its name is, or a folder (of .csv, .tsv, .txt, .dat, .data), a glob, a URL, or a list of these;
            or an open binary file.
        separator: one character between values; by default a tab in .tsv files, and a comma in others.
        header: 0 (or True) where the first row holds the names of the fields, which is the default without `names`; None
            (or False) where there is no such row.
        names: of the fields, instead of those of the header; without either they are f0, f1, ...
        encoding: of the text, such as "latin-1", "cp1252" or "utf-16".
        nulls: texts that are missing values in every field, besides the empty one: ("NA", "?").
        decimal: the decimal mark of numbers: with "," the text 1,5 is the number 1.5, as a category too.
        quote: what may stand around a value; "" or None where quotes are characters like others.
        comment: lines that begin with it are left out.
        skip_rows: how many lines to leave out before all others.

    Raises:
        ColumnError: for an option with which no file can be read. DataError: for paths that are not there.

    >>> import tempfile, featurecols as fc
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "wine.data"
    >>> _ = path.write_text("7,4;red\n6,9;white\n?;red\n")
    >>> wines = fc.csv(path, separator=";", header=None, names=["acidity", "colour"], decimal=",", nulls="?")
    >>> columns = [fc.Numeric("acidity", default=0.0), fc.Indicator(fc.Vocabulary("colour", fc.TopTerms(2)))]
    >>> fc.fit(columns, wines).transform(wines)
    array([[7.4, 1. , 0. ],
           [6.9, 0. , 1. ],
           [0. , 1. , 0. ]], dtype=float32)
    """
    options = parse_options(separator, header, names, encoding, nulls, decimal, quote, comment, skip_rows)
    for one in [path] if isinstance(path, bytes) else path if isinstance(path, Sequence) else ():
        if not isinstance(one, (str, os.PathLike)):
            raise errors.not_readable(f"{type(one).__name__} in place of a path", "give a path, or a list of paths")
    if isinstance(path, (str, os.PathLike, Sequence)):
        return FileSource(path, options=options)
    return OpenFileSource(path, options)
