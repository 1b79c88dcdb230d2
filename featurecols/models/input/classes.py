"""Classes: the labels of a classifier in their own type, learned from a label field and found in it again.

The classes of a field are words, booleans, integers or floats. Labels from a CSV file follow the rules of fields
(docs/ids.md): where every label spells a number, classes are numbers, and where every label spells a boolean, booleans; `007`
is a word. So a model that was trained on a CSV file is the one that a data frame of the same rows gives, and each evaluates
the data of the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.data.field_types import FieldType
from featurecols.models import errors
from featurecols.models.input.labels import require_label

Class: TypeAlias = str | bool | int | float
Classes: TypeAlias = tuple[Class, ...]  # all of one type

MAX_CLASSES = 10_000
EXACT = 2.0**53  # from there on, a float64 does not tell integers apart
_BOOLEANS: Mapping[bytes, bool] = {
    **dict.fromkeys((b"true", b"True", b"TRUE"), True),
    **dict.fromkeys((b"false", b"False", b"FALSE"), False),
}
_WHOLE = re.compile(rb"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NUMBERS = FieldType("float")  # of a CSV file


def learn(batches: Iterable[Batch], key: str, n_classes: int, *, ends: bool = True) -> Classes | None:
    """Return the distinct labels of a field, sorted; None where they are the class numbers 0 ... n_classes - 1 as integers.

    Numbers are sorted as numbers, words in the order of their bytes. Numbers that are all among 0 ... n_classes - 1 are
    class numbers, whether or not each of them occurs.

    Args:
        batches: the labels.
        key: the field.
        n_classes: of the classifier.
        ends: whether the batches come to an end without much work; of others, only the first one that holds numbers is read.

    Raises DataError where there are more than 10,000 different labels.
    """
    found = _Found(key, n_classes)
    for batch in batches:
        found.add(batch)
        if not ends and not found.texts:
            break
    return found.classes()


def learn_words(batches: Iterable[Batch], key: str) -> Classes | None:
    """Return the distinct words of a label field, sorted; None where labels are numbers or booleans of a data frame."""
    texts: set[bytes] = set()
    for batch in batches:
        if not is_text(batch, key):
            return None
        texts.update(_texts(batch, key))
        if len(texts) > MAX_CLASSES:
            if batch.parse and _numbers(texts) is not None:
                return None
            raise _too_many(key, len(texts))
        parse = batch.parse
    if not texts:
        return None
    if parse:
        if _numbers(texts) is not None:
            return None
        _require_exact(key, texts)
    return (_booleans(texts) if parse else None) or _words(texts)


def read(batch: Batch, key: str, classes: Classes | None, n_classes: int) -> Array:
    """Return class numbers, int64 [n]: positions in `classes`; None is the integers 0 ... n_classes - 1.

    Raises DataError at the first row whose label is missing, or is not one of the classes.
    """
    if classes is not None and isinstance(classes[0], str):
        return _of_texts(batch, key, {str(word).encode(): i for i, word in enumerate(classes)}, classes)
    if is_text(batch, key):
        if not batch.parse:
            value = next(iter(batch.field(key).slice(0, 1).to_pylist()), None)
            raise errors.labels(key, "labels are words", value, None, "name them all with label_vocabulary=[...]")
        if classes is not None and isinstance(classes[0], bool) and _booleans(_texts(batch, key)):
            numbers = {text: classes.index(_BOOLEANS[text]) for text in _texts(batch, key)}
            return _of_texts(batch, key, numbers, classes)
    values = batch.field(key, of=_NUMBERS).numbers().values
    if classes is None:
        return _class_numbers(values, key, n_classes)
    known = np.array(classes, np.float64)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], values), len(known) - 1)
    out = order[at]
    if (wrong := known[out] != values).any():
        row = int(wrong.argmax())
        require_label(key, bool(np.isnan(values[row])), row)
        raise _unseen(key, values[row].item(), row, classes)
    return np.asarray(out, np.int64)


def is_text(batch: Batch, key: str) -> bool:
    """Return whether a field holds strings."""
    return any(word in str(batch.column(key).type) for word in ("string", "binary"))


class _Found:
    """The labels that batches hold."""

    def __init__(self, key: str, n_classes: int) -> None:
        self.key, self.n_classes = key, n_classes
        self.texts: set[bytes] = set()
        self.numbers: set[float] = set()  # those outside 0 ... n_classes - 1
        self.inside = np.zeros(n_classes, np.bool_)
        self.kinds: set[str] = set()  # what batches held: "csv", "text", "boolean", "integer", "float"

    def add(self, batch: Batch) -> None:
        """Take in the labels of a batch."""
        if batch.num_rows == 0:
            return
        if is_text(batch, self.key):
            self.kinds.add("csv" if batch.parse else "text")
            self.texts.update(_texts(batch, self.key))
        else:
            kind = batch.column(self.key).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            values = batch.field(self.key).numbers().values
            whole = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and bool((values % 1 == 0)[values == values].all()))
            self.kinds.add("boolean" if pa.types.is_boolean(kind) else "integer" if whole else "float")
            self._add_numbers(values)
        if len(self.texts) > MAX_CLASSES or len(self.numbers) > MAX_CLASSES:
            raise _too_many(self.key, max(len(self.texts), len(self.numbers)))

    def _add_numbers(self, values: Array) -> None:
        inside = (values >= 0) & (values < self.n_classes) & (values == np.floor(values))
        if not inside.all():
            self.numbers.update(np.unique(values[~(inside | np.isnan(values))]).tolist())
            values = values[inside]
        self.inside |= np.bincount(values.astype(np.int64), minlength=self.n_classes) > 0

    def classes(self) -> Classes | None:
        """Return the classes, or None for class numbers."""
        kinds = self.kinds
        if not self.texts and kinds & {"csv", "text"}:
            return None
        if kinds == {"csv"}:
            if booleans := _booleans(self.texts):
                return booleans
            if (numbers := _numbers(self.texts)) is None:
                _require_exact(self.key, self.texts)
                return _words(self.texts)
            self._add_numbers(np.array(sorted(numbers), np.float64))
            kinds = {"integer" if all(_WHOLE.fullmatch(text) for text in self.texts) else "float"}
        elif self.texts:
            if kinds - {"csv", "text"}:
                hint = "give the field one type"
                raise errors.labels(self.key, "labels are words in some batches only", sorted(kinds), None, hint)
            return _words(self.texts)
        if kinds == {"boolean"}:
            return False, True
        if "boolean" in kinds:  # as in one batch, which no type holds
            hint = "give the field one type"
            raise errors.labels(self.key, "labels are booleans in some batches only", sorted(kinds), None, hint)
        whole = kinds <= {"integer"}
        if infinite := [value for value in self.numbers if not math.isfinite(value)]:
            raise errors.labels(self.key, "a label must be finite", infinite[0], None, "mend or drop the row")
        if not self.numbers:
            return None if whole else tuple(float(k) for k in range(self.n_classes))
        every = sorted({*self.numbers, *np.flatnonzero(self.inside).tolist()})
        if whole and max(abs(every[0]), abs(every[-1])) >= EXACT:
            raise _too_large(self.key, max(every, key=abs))
        return tuple(int(v) for v in every) if whole else tuple(float(v) for v in every)


def _texts(batch: Batch, key: str) -> list[bytes]:
    """Return the distinct texts that some row holds."""
    texts, codes = _encode(batch, key)
    used = np.unique(codes)
    return [texts[i] for i in used[used >= 0].tolist()]


def _encode(batch: Batch, key: str) -> tuple[Sequence[bytes], Array]:
    """Return texts, and for each row the number of its text [n], -1 for a missing one."""
    tokens = batch.field(key).tokens()
    if tokens.codes is not None:
        return [tokens.texts[i] for i in range(len(tokens.texts))], tokens.codes
    encoded = batch.column(key).cast(pa.large_binary()).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _of_texts(batch: Batch, key: str, numbers: Mapping[bytes, int], classes: Classes) -> Array:
    """Return class numbers of a field by its texts; raise DataError for a text that has none."""
    if is_text(batch, key):
        texts, codes = _encode(batch, key)
    else:  # numbers, by the texts that a categorical column sees
        tokens = batch.field(key).tokens()
        texts = [tokens.texts[i] for i in range(len(tokens.texts))]
        codes = np.arange(len(texts)) if tokens.codes is None else tokens.codes
        if tokens.texts.valid is not None and tokens.codes is None:
            codes = np.where(tokens.texts.valid, codes, -1)
    number = np.array([*(numbers.get(text, -1) for text in texts), -1], np.int64)
    out = number[codes]
    if (out < 0).any():
        row = int((out < 0).argmax())
        value = batch.field(key).slice(row, row + 1).to_pylist()[0]
        require_label(key, value is None, row)
        raise _unseen(key, value, row, classes)
    return out


def _class_numbers(values: Array, key: str, n_classes: int) -> Array:
    """Return labels that are class numbers already; raise DataError for what is not."""
    wrong = ~((values >= 0) & (values < n_classes) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        require_label(key, bool(np.isnan(values[row])), row)
        hint = f"set n_classes (it is {n_classes}), or name the labels with label_vocabulary=[...]"
        raise errors.labels(key, f"a label must be a class number from 0 to {n_classes - 1}", values[row].item(), row, hint)
    return values.astype(np.int64)


def _words(texts: Iterable[bytes]) -> Classes:
    return tuple(text.decode("utf-8", "replace") for text in sorted(texts))


def _booleans(texts: Iterable[bytes]) -> Classes | None:
    """Return False and True where all texts say one of them."""
    return (False, True) if all(text in _BOOLEANS for text in texts) else None


def _numbers(texts: Iterable[bytes]) -> set[float] | None:
    """Return texts as numbers; None where one is not a finite number, or not below 2^53."""
    if not all(_NUMBER.fullmatch(text) for text in texts):
        return None
    found = {float(text) for text in texts}
    return found if all(abs(value) < EXACT for value in found) else None


def _unseen(key: str, value: object, row: int, classes: Classes) -> errors.DataError:
    known = ", ".join(errors.show(c, 20) for c in classes[:8]) + (" ..." if len(classes) > 8 else "")
    return errors.labels(key, "a label that training did not see", value, row, f"known labels are {known}")


def _require_exact(key: str, texts: Iterable[bytes]) -> None:
    """Raise DataError where texts of a CSV file that are not all below 2^53 are all integers, as those of a table are."""
    if all(_WHOLE.fullmatch(text) for text in texts):
        digits = {text: text.removeprefix(b"-") for text in texts}
        raise _too_large(key, max(texts, key=lambda text: (len(digits[text]), digits[text])).decode())


def _too_large(key: str, value: object) -> errors.DataError:
    hint = "number the classes, or make them text and name them with label_vocabulary=[...]"
    return errors.labels(key, "a class is not below 2^53", value, None, hint)


def _too_many(key: str, count: int) -> errors.DataError:
    hint = "is it the right field? A regressor predicts numbers"
    return errors.labels(key, f"has more than {MAX_CLASSES} different labels", count, None, hint)
