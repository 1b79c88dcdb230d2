"""Iceberg: `iceberg:CATALOG/NAMESPACE.TABLE`, where CATALOG is one that pyiceberg's configuration has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from featurecols.data.remote.base import library

_FILE_BYTES = 256 << 20  # of rows in memory, that one file of a table holds at most


class IcebergTarget:
    """One table, written by the package pyiceberg."""

    def __init__(self, place: str) -> None:
        catalog, _, self.name = place.rpartition("/")
        self._pyiceberg = library("pyiceberg.catalog", f"iceberg:{place}", "lake")
        self._catalog_name = catalog or "default"

    def committed(self, job: str) -> Mapping[str, str] | None:
        """Return what a job said about its commit; None where it has made none."""
        catalog = self._pyiceberg.load_catalog(self._catalog_name)
        if not catalog.table_exists(self.name):
            return None
        about = (each.summary.additional_properties for each in catalog.load_table(self.name).snapshots() if each.summary)
        return next((found for found in about if found.get("featurecols.job") == job), None)

    def commit(self, rows: Iterable[pa.RecordBatch], schema: pa.Schema, about: Mapping[str, str], overwrite: bool) -> None:
        """Append rows, or replace all rows by these, in one commit of the table's metadata."""
        catalog = self._pyiceberg.load_catalog(self._catalog_name)
        catalog.create_namespace_if_not_exists(self.name.rpartition(".")[0])
        table = catalog.create_table_if_not_exists(self.name, schema=schema)
        root = f"{table.location().rstrip('/')}/data/featurecols-{about['featurecols.job']}"
        paths = []
        for number, batches in enumerate(_in_files(rows)):
            paths.append(f"{root}-{number:05}.parquet")
            with (
                table.io.new_output(paths[-1]).create(overwrite=True) as out,
                pq.ParquetWriter(out, schema, use_dictionary=_coded(schema)) as file,
            ):
                for batch in batches:
                    file.write_batch(batch)
        with table.transaction() as transaction:
            if overwrite and table.current_snapshot() is not None:
                transaction.delete("True", snapshot_properties={"featurecols.replaced-by": about["featurecols.job"]})
            transaction.add_files(paths, snapshot_properties=dict(about))

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the package raises for a table that cannot be written."""
        return (*_exceptions(), OSError, ValueError)


def _exceptions() -> Iterator[type[Exception]]:
    found = library("pyiceberg.exceptions", "iceberg:", "lake")
    for value in vars(found).values():
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == found.__name__:
            yield value


def _coded(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _in_files(rows: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Yield consecutive batches for one file each."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in rows:
        held.append(batch)
        size += batch.nbytes
        if size >= _FILE_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held
