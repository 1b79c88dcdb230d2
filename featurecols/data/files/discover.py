"""Files of a path, URL, folder or glob, and the first bytes of one."""

from __future__ import annotations

import glob
import os

from featurecols import errors
from featurecols._core import regular_files
from featurecols.data.files import paths
from featurecols.data.remote import urls


def expand(path: str, text: bool) -> list[str]:
    """Return the files that a path, URL, folder or glob means; `text`: CSV files may have other names.

    Raises DataError where there is none.
    """
    if urls.is_url(path):
        return _expand_url(path, text)
    if os.path.isdir(path):
        found = _inside(path, text)
        if not found:
            raise errors.unreadable(path, "folder holds no Parquet, CSV, JSON lines or Arrow file", None)
        return found
    if os.path.exists(path):
        return [path]
    if not glob.has_magic(path):
        raise errors.missing_data(path, "no such file or folder")
    matches = glob.glob(path, recursive=True)
    found = sorted({f for m in matches for f in (_inside(m, text) if os.path.isdir(m) else [m])}, key=os.fsencode)
    if not found:
        raise errors.missing_data(path, "nothing matches")
    return found


def _expand_url(url: str, text: bool) -> list[str]:
    """Return the objects of a URL, which may be a folder or a glob; of several, those that are data by their names."""
    found = urls.expand(url)
    data = found if found == [url] else [each for each in found if paths.kind_of(urls.name_of(each), text)]
    if not data:
        raise errors.unreadable(url, "folder holds no Parquet, CSV, JSON lines or Arrow file", None)
    return data


def _inside(folder: str, text: bool) -> list[str]:
    """Return the data files of a folder; names that start with "." or "_" are markers and drafts of other programs."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith((".", "_"))]
        found += [os.path.join(root, n) for n in names if not n.startswith((".", "_")) and paths.kind_of(n, text)]
    return sorted(found, key=os.fsencode)


def read_head(path: str) -> bytes:
    """Return the first bytes of a file."""
    try:
        with urls.open_url(path, 4) if urls.is_url(path) else regular_files.open_regular(path) as file:
            return file.read(4) or b""
    except OSError as error:
        raise errors.unreadable(path, "is not a readable file", error.strerror or error) from None
