"""Crossed: combinations of values, hashed into a fixed number of buckets."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

import mmh3
import numpy as np

from featurecols import errors, kernels
from featurecols._core import arrays, counters, farmhash, limits, memory_limit
from featurecols._core.arrays import Array, Ids, Texts
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import CrossOf, Expression, RawField, as_ids, as_text
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import DecimalFraction, canonical
from featurecols.columns._categorical import (
    HASH_LIMITS,
    check_count,
    check_hash,
    check_missing_bucket,
    if_missing,
    meaning_with_missing,
    missing_of,
)
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView

_FARM_SEED = 956888297470  # TensorFlow's default hash_key


@frozen
class Crossed(Column):
    """One id for each combination of the sources' values.

    Missing: a combination with a missing part, or an unseen one that has no id, is -1, or `missing_bucket` where the part is
        a missing value of a field; with keep_unseen=True the part enters as all ones, as TensorFlow crosses the unknown words
        of a vocabulary.
    Unseen: as the sources say.
    Learns: nothing of its own.

    Args:
        sources: two or more fields or categorical columns. A field is crossed by the hash of its canonical bytes, a column
            by its ids.
        num_buckets: how many ids; at most 2^31 - 1, with farmhash64 2^63 - 1.
        hash: "murmur3": `mmh3.hash(struct.pack("<kI", *parts), seed, signed=False) % num_buckets`, a part being the seed-0
            murmur3 of a field's bytes or the id of a column. "farmhash64": TensorFlow's crosses; strings enter by
            Fingerprint64, integers and ids as uint64.
        seed: unsigned 32-bit for murmur3; for farmhash64 TensorFlow's hash_key, 0 being its default.
        keep_unseen: see Missing.
        missing_bucket: the id of a combination with a missing value of a field among the sources (columns among them say by
            themselves what theirs are): one of the ids, or num_buckets to give it a bucket of its own; not beside keep_unseen.

    Lists are multi-valued: a row has the product of its parts' values, the last part fastest.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a category.

    >>> import featurecols as fc
    >>> cross = fc.Crossed([fc.Bucketized("age", [18, 65]), "job"], 100)
    >>> f = fc.compile([cross]).encode({"age": [30, 30, None], "job": ["nurse", "pilot", "nurse"]})
    >>> f.ids["age_bucketized_X_job"].values
    array([56, 26, -1], dtype=int32)
    """

    categorical: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("sources",)

    sources: Converted[Sequence[str | Field | Column], tuple[Field | Column, ...]]
    num_buckets: int
    hash: Literal["murmur3", "farmhash64"] = field(default="murmur3", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    keep_unseen: bool = field(default=False, kw_only=True)
    missing_bucket: int | None = field(default=None, kw_only=True)

    def derived_name(self) -> str:
        return "_X_".join(sorted(source.name for source in self.sources))

    def check(self) -> None:
        if not isinstance(self.sources, tuple) or len(self.sources) < 2:
            raise errors.argument(
                "Crossed", "sources must be two or more fields or columns", self.sources, "give a list of them"
            )
        for source in self.sources:
            if not isinstance(source, Field) and not (isinstance(source, Column) and source.categorical):
                raise errors.argument(
                    "Crossed", "a source must be a field or a categorical column", source, "bucketize numbers first"
                )
            if source.weight_field is not None:
                raise errors.argument(
                    "Crossed", "a weighted column cannot be crossed", source, "cross its source, and weigh the cross"
                )
        subject = f"Crossed {self.derived_name()}"
        check_hash(subject, self.hash, self.seed)
        if self.hash == "farmhash64" and self.seed >= 2**64:
            raise errors.argument(subject, "seed must be below 2^64", self.seed, "0 is TensorFlow's default")
        check_count(subject, "num_buckets", self.num_buckets, HASH_LIMITS[self.hash])
        if type(self.keep_unseen) is not bool:
            raise errors.argument(
                subject, "keep_unseen must be True or False", self.keep_unseen, "False leaves such combinations out"
            )
        check_missing_bucket(subject, self.missing_bucket, self.num_buckets)
        if self.missing_bucket is not None and self.keep_unseen:
            what = "missing parts enter the hash or have missing_bucket, not both"
            raise errors.argument(subject, what, self.missing_bucket, "leave out keep_unseen, or missing_bucket")
        if self.missing_bucket is not None and not any(isinstance(source, Field) for source in self.sources):
            hint = "give it to the columns: Bucketized(..., missing_bucket=n)"
            raise errors.argument(subject, "missing_bucket needs a field among the sources", self.missing_bucket, hint)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> CrossedBound:
        return CrossedBound(self, [b.num_buckets if isinstance(b, CategoricalBound) and b.bounded else 0 for b in inputs])

    def term_fields(self) -> list[str]:
        return [key for source in self.sources for key in source.term_fields()]


_FEW = 1 << 10  # combinations of a row up to this many are hashed one by one
_TABLE = 1 << 16  # combinations up to this many are hashed once and looked up, if there are enough rows


class _Part(NamedTuple):
    """Element hashes (uint32 for murmur3, uint64 for farmhash64) of one source, which are there, and whose row they are.

    With codes int32 [n], hashes and valid are those of the distinct values, and a row's are at its code (-1 is none).
    `texts` is the dictionary that the codes point into.
    """

    hashes: Array
    valid: Array | None  # None: all
    offsets: Array | None
    codes: Array | None = None
    texts: Texts | None = None

    def spread(self) -> _Part:
        """One hash for each element."""
        if self.codes is None:
            return self
        if not len(self.hashes):
            none = np.zeros(len(self.codes), bool)
            return _Part(none.astype(self.hashes.dtype), none, self.offsets)
        if len(self.hashes) == 1 and (self.valid is None or self.valid[0]) and not self.codes.any():
            return _Part(np.full(len(self.codes), self.hashes[0]), None, self.offsets)  # what a request gives all its items
        valid = (self.codes >= 0) & (self.codes < len(self.hashes))
        at = self.codes * valid
        return _Part(self.hashes[at], valid if self.valid is None else valid & self.valid[at], self.offsets)

    @property
    def there(self) -> Array:
        return np.ones(len(self.hashes), bool) if self.valid is None else self.valid


class CrossedBound(CategoricalBound):
    """A Crossed column with what it needs to run."""

    column: Crossed

    def __init__(self, column: Crossed, sizes: list[int]) -> None:
        self.column, self._own = column, column.num_buckets
        self.missing_id = -1 if column.missing_bucket is None else column.missing_bucket
        self.num_buckets = max(self._own, self.missing_id + 1)
        self.farm = column.hash == "farmhash64"
        self.dtype = np.uint64 if self.farm else np.uint32
        self._keys = [s.key if isinstance(s, Field) else None for s in column.sources]
        self._sizes = [n if 0 < n < _TABLE else None for n in sizes]  # of columns whose ids can index a table
        self._constant: Array | None = None
        self._pack = struct.Struct(f"<{len(column.sources)}I").pack

    def ids(self, *inputs: Any) -> Ids:
        read = zip(inputs, self._sizes, strict=True)
        parts = [self._of_ids(x, size) if isinstance(x, Ids) else self._of_raw(x) for x, size in read]
        if any(p.offsets is not None for p in parts):
            return self._product([p.spread() for p in parts])
        values = self._by_table(parts) if self._has_table(parts) else self._hashed(parts)
        for view in inputs if self.missing_id >= 0 else ():
            if isinstance(view, FieldView) and (missing := missing_of(view.tokens())) is not None:
                values[missing] = self.missing_id
        return Ids(values)

    def _product(self, parts: list[_Part]) -> Ids:
        """Return the ids of all combinations of lists, row by row. Raises DataError for a row with too many."""
        offsets = np.stack([np.arange(len(p.hashes) + 1) if p.offsets is None else p.offsets for p in parts]).astype(np.int64)
        self._check_product(np.prod(np.diff(offsets), axis=0, dtype=np.float64))
        base = np.cumsum([0, *(len(p.hashes) for p in parts[:-1])], dtype=np.int64)
        hashes, valid = np.concatenate([p.hashes for p in parts]), np.concatenate([p.there for p in parts])
        c = self.column
        lists = offsets + base[:, None]
        found, ends = kernels.crossing.cross_lists(hashes, valid, lists, c.seed, c.num_buckets, self.farm, c.keep_unseen)
        if self.missing_id >= 0 and not valid.all():
            raw = np.concatenate([p.there | (key is None) for p, key in zip(parts, self._keys, strict=True)])
            there, _ = kernels.crossing.cross_lists(hashes, raw, lists, 0, 1, self.farm, False)  # 0, or -1 where one is missing
            found[there < 0] = self.missing_id
        return Ids(found, ends)

    def _check_product(self, combinations: Array) -> None:
        """Raise DataError at the first row with more combinations than a cross makes, SizeError where they would not fit."""
        most = limits.LIMITS.combinations
        if (combinations > most).any():
            row = int(np.argmax(combinations > most))
            hint, got = "cross fewer lists, or shorter ones", int(combinations[row])
            memory_limit.check("the product of the lists of a cross", 8 * got, hint)
            problem = f"the lists of one row have more than {most:,} combinations"
            raise errors.bad_value(self.column.name, None, row, problem, got, f"{hint}; {limits.hint('combinations', got)}")

    def _hashed(self, parts: list[_Part]) -> Array:
        """Return the cross of one value a part and row."""
        parts = [p.spread() for p in parts]
        hashes, valid = [p.hashes for p in parts], [p.valid for p in parts]
        c = self.column
        return kernels.crossing.cross(hashes, valid, c.seed, c.num_buckets, self.farm, c.keep_unseen)

    def _has_table(self, parts: list[_Part]) -> bool:
        """Whether all combinations are few enough to hash them once, in the time that the rows would take."""
        if any(p.codes is None for p in parts):
            return False
        size = math.prod(len(p.hashes) + 1 for p in parts)
        return size <= min(_TABLE, 2 * len(parts[0].codes))  # type: ignore[arg-type]

    def _by_table(self, parts: list[_Part]) -> Array:
        dictionaries = [p.texts for p in parts if p.texts is not None]
        if dictionaries:  # kept with the dictionaries for all blocks that share them
            key = ("cross", self, tuple(map(id, dictionaries)))
            table, _ = dictionaries[0].once(key, lambda _: (self._table(parts), dictionaries))
        else:
            if self._constant is None:
                self._constant = self._table(parts)
                counters.increment("cross")
            table = self._constant
        codes: list[Any] = [p.codes for p in parts]
        out = arrays.empty(len(codes[0]), table.dtype)
        kernels.cross_table.look(table, codes, [len(p.hashes) for p in parts], out)
        return out

    def _table(self, parts: list[_Part]) -> Array:
        """Ids of all combinations, the last part fastest; the place after a part's codes is its missing value."""
        codes = np.indices([len(p.hashes) + 1 for p in parts], np.int32).reshape(len(parts), -1)
        return self._hashed([p._replace(codes=c) for p, c in zip(parts, codes, strict=True)])

    def _of_ids(self, ids: Ids, size: int | None) -> _Part:
        if size is not None and ids.offsets is None and ids.values.dtype == np.int32:
            return _Part(np.arange(size, dtype=self.dtype), None, None, ids.values)
        # A negative id is the same bits as all ones only when it is -1, so what is not there is marked, never read.
        return _Part(ids.values.astype(np.int64).astype(self.dtype), ids.values >= 0, ids.offsets)

    def _of_raw(self, view: FieldView) -> _Part:
        tokens = view.tokens()
        texts, codes = tokens.texts, tokens.codes
        valid = texts.valid
        if codes is None:
            return _Part(self._hashes(texts, tokens.kind), valid, tokens.offsets)
        hashes = texts.once(("part", self.farm), lambda t: self._hashes(t, tokens.kind))
        return _Part(hashes, valid, tokens.offsets, codes, texts)

    def _hashes(self, texts: Texts, kind: str) -> Array:
        if not self.farm:
            return kernels.texts.murmur3(texts.offsets, texts.data, 0)  # type: ignore[no-any-return]
        if texts.integers is not None:
            integers = texts.integers.astype(np.uint64, copy=False)
            if texts.integral is None:
                return integers
            return np.where(texts.integral, integers, kernels.texts.farmhash64(texts.offsets, texts.data))
        if kind == "boolean":  # an integer to TensorFlow, 0 or 1
            ones = np.append(texts.data == ord("1"), False)
            return ones[texts.offsets[:-1]].astype(np.uint64)
        return kernels.texts.farmhash64(texts.offsets, texts.data)  # type: ignore[no-any-return]

    def row(self, *inputs: Any) -> RowIds:
        parts = [self._row_part(x, key) for x, key in zip(inputs, self._keys, strict=True)]
        if not any(isinstance(p, list) for p in parts):
            return self._combine(tuple(parts))  # type: ignore[arg-type]
        lists = [p if isinstance(p, list) else [p] for p in parts]
        size = math.prod(map(len, lists))
        if size <= _FEW:
            return [self._combine(c) for c in itertools.product(*lists)]
        self._check_product(np.array([size], np.float64))
        return self._product([self._list_part(p) for p in lists]).values.tolist()  # type: ignore[no-any-return]

    def _list_part(self, values: list[int | None]) -> _Part:
        """Return the hashes of one row's list as those of a table of one row."""
        hashes = np.array([0 if v is None else v & (2**64 - 1) for v in values], np.uint64).astype(self.dtype)
        return _Part(hashes, np.array([v is not None for v in values], bool), np.array([0, len(values)]))

    def _row_part(self, value: Any, key: str | None) -> int | list[int | None] | None:
        one = self._id_part if key is None else self._raw_part(key)
        return [one(v) for v in value] if isinstance(value, (list, tuple)) else one(value)

    def _id_part(self, value: int) -> int | None:
        return value if value >= 0 else None

    def _raw_part(self, key: str) -> Callable[[object], int | None]:
        def part(value: object) -> int | None:
            if value is None:
                return None
            text = canonical(value, self.column.name, key)
            if self.farm and not isinstance(value, (str, bytes, DecimalFraction)):
                return int(text)
            return farmhash.fingerprint64(text) if self.farm else mmh3.hash(text, 0, signed=False)

        return part

    def _combine(self, parts: tuple[int | None, ...]) -> int:
        if None in parts and not self.column.keep_unseen:
            missing = any(p is None and key is not None for p, key in zip(parts, self._keys, strict=True))
            return self.missing_id if missing else -1
        if not self.farm:
            packed = self._pack(*(0xFFFFFFFF if p is None else p & 0xFFFFFFFF for p in parts))
            return mmh3.hash(packed, self.column.seed, signed=False) % self._own
        h = self.column.seed or _FARM_SEED
        for p in parts:
            h = farmhash.combine(h, 0xFFFFFFFFFFFFFFFF if p is None else p & 0xFFFFFFFFFFFFFFFF)
        return h % self._own

    def expression(self, *inputs: Expression) -> Expression:
        parts = tuple(as_text(x) if isinstance(x, RawField) else as_ids(x) for x in inputs)
        found = CrossOf(parts, self.column.hash, self.column.seed, self._own, self.column.keep_unseen)
        return if_missing(inputs, self.missing_id, found)

    def meaning(self, bucket: int) -> Bucket:
        return meaning_with_missing(bucket, self.missing_id, self._own, partial(Bucket, "hash"))

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return Elements.of_product([inputs(k) for k in range(len(self._keys))])
