"""CSV files, read as text, so that `007` stays `007`; what is needed as a number is parsed by the field that is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from featurecols import errors
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch
from featurecols.data.files.base import PACKED, File, Fragment, Needs

_BLOCK_BYTES = 1 << 23


class CsvFile(File):
    """One CSV file, which is read as text."""

    kind = "CSV"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        names = self._reader(None).schema.names
        self.schema = pa.schema([(name, pa.string()) for name in names])
        self.fragments = [Fragment(path, None, None)]

    def _reader(self, needs: Needs | None) -> pa.csv.CSVStreamingReader:
        csv = import_module("pyarrow.csv")
        plain = self.path.lower()
        for ending in PACKED:
            plain = plain.removesuffix(ending)
        options: dict[str, object] = {}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        try:
            return csv.open_csv(
                pa.input_stream(self.path, compression="detect"),
                read_options=csv.ReadOptions(block_size=_BLOCK_BYTES),
                parse_options=csv.ParseOptions(delimiter="\t" if plain.endswith(".tsv") else ",", newlines_in_values=True),
                convert_options=csv.ConvertOptions(null_values=[""], strings_can_be_null=True, check_utf8=False, **options),
            )
        except (pa.ArrowException, OSError) as error:
            raise errors.unreadable(self.path, "is not a readable CSV file", error) from None

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        needs = needs or [(self.schema.names[0], "number")]
        reader = self._reader(needs)
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:
                raise errors.unreadable(self.path, "is not a readable CSV file", error) from None
            if batch.num_rows:
                yield Batch.arrow(batch, parse=True)
