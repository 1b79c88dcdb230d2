"""Delta Lake: `delta:PATH`, where PATH is a folder or a URL of an object store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import pyarrow as pa

from featurecols.data.files.paths import is_url, plain
from featurecols.data.remote.base import library


class DeltaTarget:
    """One table, written by the package deltalake."""

    def __init__(self, place: str) -> None:
        self.place, self._deltalake = plain(place), library("deltalake", f"delta:{place}", "lake")
        url = is_url(self.place)
        http = any(os.environ.get(name, "").startswith("http://") for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT"))
        self._options = {"AWS_ALLOW_HTTP": "true"} if url and http else None

    def committed(self, job: str) -> Mapping[str, str] | None:
        """Return what a job said about its commit; None where it has made none."""
        if not self._deltalake.DeltaTable.is_deltatable(self.place, self._options):
            return None
        table = self._deltalake.DeltaTable(self.place, storage_options=self._options)
        if table.transaction_version(_transaction(job)) is None:
            return None
        found = (each for each in table.history() if each.get("featurecols.job") == job)
        return {str(name): str(value) for name, value in next(found, {}).items()}

    def commit(self, rows: Iterable[pa.RecordBatch], schema: pa.Schema, about: Mapping[str, str], overwrite: bool) -> None:
        """Append rows, or replace all rows by these, in one commit."""
        job = about["featurecols.job"]
        made = self._deltalake.CommitProperties(
            custom_metadata=dict(about), app_transactions=[self._deltalake.Transaction(_transaction(job), 1)]
        )
        self._deltalake.write_deltalake(
            self.place,
            pa.RecordBatchReader.from_batches(schema, rows),
            mode="overwrite" if overwrite else "append",
            schema_mode="overwrite" if overwrite else None,
            storage_options=self._options,
            commit_properties=made,
        )

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the package raises for a table that cannot be written."""
        return (self._deltalake.exceptions.DeltaError, OSError, ValueError)


def _transaction(job: str) -> str:
    return f"featurecols:{job}"
