"""Which staging a target has."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TypeAlias

from featurecols.jobs.object_staging import ObjectStaging, open_object_staging
from featurecols.jobs.staging import Staging, open_staging
from featurecols.jobs.tables.staging import TableStaging, open_table_staging
from featurecols.jobs.targets import TableTarget, Target, UrlTarget

AnyStaging: TypeAlias = Staging | ObjectStaging | TableStaging


def open_any(
    target: Target, *, single: bool, manifest: Mapping[str, object], fingerprint: str
) -> AbstractContextManager[AnyStaging]:
    """Give the staging of a target, to a job with this manifest."""
    if isinstance(target, UrlTarget):
        return open_object_staging(target, single=single)
    if isinstance(target, TableTarget):
        return open_table_staging(target, manifest, fingerprint)
    return open_staging(target, single=single)
