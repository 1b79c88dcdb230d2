"""Where a job writes: a path, a URL of an object store, or a table of a lake."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar, TypeAlias

from featurecols import errors
from featurecols.data.files import paths
from featurecols.data.remote import base

TABLES = {"delta": "delta:FOLDER or delta:s3://BUCKET/FOLDER", "iceberg": "iceberg:CATALOG/NAMESPACE.TABLE"}


@dataclass(frozen=True)
class UrlTarget:
    """A URL that answers about its name as a path does."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last name of the URL."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The last name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending of the last name."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> UrlTarget:
        """The folder of the last name."""
        return UrlTarget(self.url.rpartition("/")[0])

    def with_name(self, name: str) -> UrlTarget:
        """Return the URL of another name in the same folder."""
        return self.parent / name

    def __truediv__(self, name: str) -> UrlTarget:
        return UrlTarget(f"{self.url}/{name}")


@dataclass(frozen=True)
class TableTarget:
    """A table of a lake: `delta:PLACE` or `iceberg:PLACE`. It answers about its name as a path of a folder does."""

    kind: str
    place: str

    name: ClassVar[str] = "table"
    stem: ClassVar[str] = "table"
    suffix: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"


Target: TypeAlias = Path | UrlTarget | TableTarget


def parse_target(target: str | os.PathLike[str]) -> Target:
    """Return the target that a path or a URL means.

    Raises OutputError for a URL at which no job can write.
    """
    text = paths.plain(os.fsdecode(target))
    kind, colon, place = text.partition(":")
    if colon and kind in TABLES and not place.startswith("//"):
        if not place:
            raise errors.output(text, "names no table", f"give {TABLES[kind]}")
        if kind == "iceberg" and "." not in place.rpartition("/")[2]:
            raise errors.output(text, "names no namespace", f"give {TABLES[kind]}")
        return TableTarget(kind, place)
    if not paths.is_url(text):
        return Path(text)
    scheme, _, rest = paths.split(text)
    if scheme not in base.CONDITIONAL:
        hint = f"choose a path, or one of {', '.join(f'{name}://' for name in base.CONDITIONAL)}"
        raise errors.output(text, "is a URL at which nothing can be put on a condition", hint)
    if not rest.strip("/"):
        raise errors.output(text, "is a whole bucket", "name a folder or an object in it")
    return UrlTarget(text.rstrip("/"))


def public(target: Target) -> Path | str:
    """Return a target as a caller knows it: a path, or the text of a URL or of a table."""
    return target if isinstance(target, Path) else str(target)
