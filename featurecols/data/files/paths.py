"""What the text of a path says: whether it is a URL, and which fields the names of its folders hold."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from featurecols import errors

PARQUET = (".parquet", ".pq", ".parq")
CSV = (".csv", ".tsv")
TEXT = (*CSV, ".txt", ".dat", ".data")  # names of CSV files in a folder where a caller says how CSV is written
JSON_LINES = (".jsonl", ".ndjson")
ARROW = (".arrow", ".feather", ".ipc")
PACKED = (".gz", ".bz2", ".zst", ".lz4", ".xz", ".zip")  # of CSV and JSON lines
NULL = "__HIVE_DEFAULT_PARTITION__"  # what Hive, Spark and Arrow write for a missing value
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)/?(.*)", re.DOTALL)


def is_url(path: str) -> bool:
    """Return whether a path is a URL.

    >>> is_url("s3://bucket/key"), is_url("folder/file.csv"), is_url("folder")
    (True, False, False)
    """
    return "://" in path and _URL.fullmatch(path) is not None


def require_local(path: str | os.PathLike[str]) -> Path:
    """Return the path of a folder to save into. Raises OutputError for a URL, which pathlib takes for the name of a folder."""
    if isinstance(path, str) and is_url(path):
        raise errors.output(path, "is a URL, and what is saved is a folder on a disk", "save it to a path, and copy the folder")
    return Path(path)


def require_not_collapsed(path: Path) -> None:
    """Raise OutputError for a path that was a URL before pathlib read it, such as s3:/bucket."""
    if path.parts and _SCHEME.fullmatch(path.parts[0]):
        raise errors.output(path, "is a URL, and what is saved is a folder on a disk", "give a path, and copy the folder")


def split(url: str) -> tuple[str, str, str]:
    """Return scheme, host and the rest of a URL.

    >>> split("s3://bucket/a/b c.csv")
    ('s3', 'bucket', 'a/b c.csv')
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise errors.unreadable(url, "is not a URL")
    scheme, host, rest = found.groups()
    return scheme, host, rest


def name_of(path: str) -> str:
    """Return a path, or a URL of a web server without its query.

    >>> name_of("https://host/a.csv?key=1"), name_of("s3://bucket/a?b.csv")
    ('https://host/a.csv', 's3://bucket/a?b.csv')
    """
    return path.partition("?")[0].partition("#")[0] if path.startswith(("http://", "https://")) else path


def plain(path: str) -> str:
    """Return the local path of a file:// URL; everything else as it is.

    >>> plain("file:///tmp/a%20b.csv"), plain("s3://bucket/key")
    ('/tmp/a b.csv', 's3://bucket/key')
    """
    if not path.startswith("file://"):
        return path
    from urllib.parse import urlsplit  # for these alone
    from urllib.request import url2pathname

    return url2pathname(urlsplit(path).path)


def kind_of(name: str, text: bool = False) -> str | None:
    """Return what a name says that a file is; None where it says nothing. `text`: CSV files may have other names.

    >>> [kind_of(name) for name in ("a.parquet", "b.CSV.gz", "c.txt")], kind_of("c.txt", text=True)
    (['Parquet', 'CSV', None], 'CSV')
    """
    lower = name.lower()
    if lower.endswith(PARQUET):
        return "Parquet"
    if lower.endswith(ARROW):
        return "Arrow"
    for ending in PACKED:
        lower = lower.removesuffix(ending)
    if lower.endswith(JSON_LINES):
        return "JSON lines"
    return "CSV" if lower.endswith(TEXT if text else CSV) else None


def keys_of(path: str) -> dict[str, str | None]:
    """Return the fields of the folders of a path or URL, as text; None where the value is missing.

    >>> keys_of("raw/year=2024/city=S%C3%A3o Paulo/a=1.parquet")
    {'year': '2024', 'city': 'São Paulo'}
    """
    pairs = [folder.partition("=") for folder in re.split(r"[/\\]", path)[:-1]]
    return {unquote(key): None if value == NULL else unquote(value) for key, mark, value in pairs if key and mark}


def folder_of(keys: Mapping[str, str | None]) -> str:
    """Return the folders that hold rows with these values.

    >>> folder_of({"year": "2024", "city": "a/b"})
    'year=2024/city=a%2Fb'
    """
    return "/".join(f"{quote(key, ' ')}={NULL if value is None else quote(value, ' ')}" for key, value in keys.items())
