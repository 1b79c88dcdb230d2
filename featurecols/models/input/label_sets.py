"""Labels of which a row has any number: fields of 0 and 1, or one field of lists, as 0 and 1 for each label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.models import errors
from featurecols.models.input import labels
from featurecols.models.input.classes import MAX_CLASSES, is_text
from featurecols.models.input.labels import require_label

LISTS = "give several fields of 0 and 1, or one field of lists of words"
_SAME = "give a field, or an entry of the list, for each label; lists of what a row has hold words"


def learn(batches: Iterable[Batch], keys: Sequence[str], *, ends: bool) -> tuple[str, ...]:
    """Return the labels: the names of several fields; the words that lists hold, sorted; the places of 0 and 1 in lists.

    Args:
        batches: the labels.
        keys: the fields.
        ends: whether the batches come to an end without much work; of others, lists of words must be named before.

    Raises DataError for a field that holds neither.
    """
    if len(keys) > 1:
        return tuple(keys)
    key, words, seen = keys[0], set[str](), 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        if not is_text(batch, key):
            found = labels.field(batch, key).numbers()
            count = None if found.offsets is None else int(np.diff(found.offsets)[0])
            if count == 0:  # lists of nothing, whose type says nothing either
                continue
            return (key,) if count is None else tuple(str(i) for i in range(count))
        if not ends:
            hint = "name them all with label_vocabulary=[...]"
            raise errors.labels(key, "labels are words, and the data may have no end", None, None, hint)
        try:
            words.update(word for row in _lists(batch, key) for word in row)
        except errors.DataError as e:
            raise e.shifted(seen) from None
        seen += batch.num_rows
        if len(words) > MAX_CLASSES:
            raise errors.labels(
                key, f"has more than {MAX_CLASSES} different labels", len(words), None, "is it the right field?"
            )
    if not words:
        raise errors.labels(key, "no row has a label", None, None, LISTS)
    return tuple(sorted(words, key=str.encode))


def read(batch: Batch, keys: Sequence[str], names: Sequence[str]) -> Array:
    """Return labels as float32 [n, len(names)] of 0 and 1; raise DataError at the first row that holds anything else.

    Fields that bear the names of the labels are these labels, in whatever order they are given.
    """
    if len(keys) > 1 and sorted(keys) == sorted(names):
        keys = names
    if len(keys) == 1 and is_text(batch, keys[0]):
        return _of_words(batch, keys[0], {name: i for i, name in enumerate(names)})
    found = labels.numbers(batch, keys, len(names), hint=_SAME)
    wrong = (found != 0) & (found != 1)
    if wrong.any():
        row, output = (int(i) for i in np.argwhere(wrong)[0])
        key = keys[output] if len(keys) > 1 else keys[0]
        raise errors.labels(key, "one label of several must be 0 or 1", found[row, output].item(), row, LISTS)
    return found


def _of_words(batch: Batch, key: str, numbers: Mapping[str, int]) -> Array:
    """Return 1 for each word that a row lists, float32 [n, labels]; an empty list has none."""
    out = np.zeros((batch.num_rows, len(numbers)), np.float32)
    for row, words in enumerate(_lists(batch, key)):
        for word in words:
            if word not in numbers:
                known = ", ".join(errors.show(name, 20) for name in list(numbers)[:8]) + (" ..." if len(numbers) > 8 else "")
                raise errors.labels(key, "a label that training did not see", word, row, f"known labels are {known}")
            out[row, numbers[word]] = 1
    return out


def _lists(batch: Batch, key: str) -> list[list[str]]:
    """Return the words of each row; raise DataError for a row without a list, and for a word that is missing."""
    found, missing = [], batch.column(key).is_null()
    if missing.true_count:
        require_label(key, True, missing.index(True).as_py())
    for row, words in enumerate(batch.field(key).to_pylist()):
        if not isinstance(words, (list, tuple)):
            raise errors.labels(key, "labels must be lists of words", words, row, LISTS)
        require_label(key, any(word is None for word in words), row)
        found.append([word.decode() if isinstance(word, bytes) else str(word) for word in words])
    return found
