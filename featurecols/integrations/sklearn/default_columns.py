"""The columns of a table of which nothing is declared: numbers as ZScore, texts as indicators of their frequent terms."""

from __future__ import annotations

import pandas as pd

from featurecols import errors
from featurecols.analyzers.placeholders import Mean, TopTerms
from featurecols.columns.base import Column
from featurecols.columns.indicator import Indicator
from featurecols.columns.normalizers import ZScore
from featurecols.columns.numeric import Numeric
from featurecols.columns.vocabulary import Vocabulary
from featurecols.data.batch import Source
from featurecols.data.field_types import UNKNOWN, FieldType, join
from featurecols.data.tables import MemorySource

TERMS = 100  # of a field of texts, the most frequent ones
NUMBERS = ("integer", "float", "decimal")
CATEGORIES = ("text", "boolean", "bytes")
HINT = "declare it: columns=[...]; fields that no column reads are left out"


def default_columns(source: Source) -> list[Column]:
    """Return a column for each field: numbers with their mean where they are missing, and texts and booleans one-hot.

    Raises DataError for a field of another type, such as a date, or of lists of numbers.
    """
    return [_column(key, found) for key, found in _types(source).items()]


def _types(source: Source) -> dict[str, FieldType]:
    """Return the type of every field, by key, in order."""
    found: dict[str, FieldType] = {}
    for batch in source.batches(None):
        if not found and (known := source.field_types(batch.names)) is not None:
            return {key: known[key] for key in batch.names}
        for key in batch.names:
            found[key] = join(found.get(key, UNKNOWN), batch.field(key, ()).value_type())
    if isinstance(source, MemorySource) and isinstance(source.data, pd.DataFrame):  # a category of numbers is one
        categories = [key for key, of in source.data.dtypes.items() if isinstance(of, pd.CategoricalDtype)]
        found |= {key: FieldType("text", found[key].list_depth) for key in categories}
    return found


def _column(key: str, found: FieldType) -> Column:
    if found.type in CATEGORIES:
        return Indicator(Vocabulary(key, TopTerms(TERMS)))
    if found.list_depth or found.type not in (*NUMBERS, None):
        got = "lists of numbers" if found.list_depth else str(found.type)
        raise errors.DataError(key, "no default column reads this field", field=key, got=got, hint=HINT)
    return Numeric(key, default=Mean(), normalizer=ZScore())
