"""Vocabulary: known terms in a given or learned order, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Literal

import numpy as np

from featurecols import errors, kernels
from featurecols._core import counters, limits
from featurecols._core.arrays import Array, Ids, Texts
from featurecols._core.buckets import Bucket
from featurecols._core.expressions import Expression, HashOf, Lookup, as_text
from featurecols._core.fork_safe import cached_property
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import canonical
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.placeholders import Marker
from featurecols.columns._categorical import (
    HASH_LIMITS,
    check_field,
    check_hash,
    check_missing_bucket,
    if_missing,
    meaning_with_missing,
    row_hash,
    row_of,
    with_missing,
)
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds, id_dtype
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.spelled import value_of

Term = str | bytes | int | bool


@frozen
class Vocabulary(Column):
    """The position of a value in a list of terms.

    Missing: id -1, or `missing_bucket`.
    Unseen: one of `num_oov_buckets` ids after the terms, by hash; or the id `unseen`; else -1.
    Learns: the terms, when they are TopTerms(n, min_count=...).

    Args:
        source: the field. Values and terms are compared by canonical bytes: 5, "5" and 5.0 are one term.
        terms: strings, bytes, integers or booleans, of one type, no two alike; or TopTerms.
        num_oov_buckets: how many ids beyond the terms the unseen values share.
        unseen: the id of every unseen value; any id from 0, and it may lie beyond the terms.
        hash, seed: how unseen values are hashed, as in Hashed.
        missing_bucket: the id of a missing value: one of the ids, or one past the last to give it a bucket of its own. The ids
            of TopTerms(n) are n and num_oov_buckets, whatever is learned; TopTerms(None) has no such limit, and takes none.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a category, or booleans where the terms
            are strings.

    >>> import featurecols as fc
    >>> v = fc.Vocabulary("job", ["nurse", "pilot"], num_oov_buckets=1)
    >>> fc.compile([v]).encode({"job": ["pilot", "clown", None]}).ids["job"].values
    array([ 1,  2, -1], dtype=int32)
    """

    categorical: ClassVar[bool] = True
    old_names: ClassVar[Mapping[str, str]] = {"source": "key"}

    source: Converted[str | Field, Field]
    terms: Converted[Sequence[Term] | Array | Marker, tuple[Term, ...] | Marker]
    num_oov_buckets: int = field(default=0, kw_only=True)
    unseen: int | None = field(default=None, kw_only=True)
    hash: Literal["murmur3", "farmhash64"] = field(default="murmur3", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    missing_bucket: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        check_field(self.source, "Vocabulary")
        subject = f"Vocabulary {self.source.key}"
        if not (isinstance(self.terms, Marker) and self.terms.gives == "terms"):
            self._check_terms(subject)
        check_hash(subject, self.hash, self.seed)
        if self.hash == "farmhash64" and self.seed:
            raise errors.argument(subject, "farmhash64 takes no seed", self.seed, 'leave it 0, or use hash="murmur3"')
        n = self.num_oov_buckets
        most = min(HASH_LIMITS[self.hash], 2**62)
        if type(n) is not int or not 0 <= n <= most:
            raise errors.argument(subject, f"num_oov_buckets must be 0 to {most}", n, "0 leaves unseen values out")
        if self.unseen is not None and (type(self.unseen) is not int or not 0 <= self.unseen < 2**62):
            raise errors.argument(
                subject, "unseen must be an id, 0 or more", self.unseen, "leave it out to give unseen values no id"
            )
        if self.unseen is not None and n:
            raise errors.argument(
                subject, "unseen values get num_oov_buckets or unseen, not both", (n, self.unseen), "drop one"
            )
        if (self.hash != "murmur3" or self.seed) and not n:
            raise errors.argument(
                subject, "hash and seed say how unseen values are hashed", self.hash, "give num_oov_buckets, or leave them out"
            )
        if self.missing_bucket is not None:
            known = getattr(self.terms, "n", None) if isinstance(self.terms, Marker) else len(self.terms)
            if known is None:
                what = "missing_bucket needs to know how many terms there are"
                raise errors.argument(subject, what, self.terms, "give TopTerms(n), or the terms")
            check_missing_bucket(subject, self.missing_bucket, max(known + n, 0 if self.unseen is None else self.unseen + 1))

    def _check_terms(self, subject: str) -> None:
        terms = self.terms
        if not isinstance(terms, tuple) or not terms:
            raise errors.argument(subject, "terms must be a non-empty list or TopTerms(n)", terms, "give the known values")
        kinds = {type(t) for t in terms}
        if float in kinds and all(type(t) is float and t.is_integer() and abs(t) < 2.0**53 for t in terms):
            object.__setattr__(self, "terms", tuple(int(t) for t in terms))  # type: ignore[arg-type]
        elif len(kinds) != 1 or not kinds <= {str, bytes, int, bool}:
            odd = next(t for t in terms if type(t) is not type(terms[0]) or type(t) not in (str, bytes, int, bool))
            raise errors.argument(
                subject, "terms must all be strings, all bytes, all integers or all booleans", odd, "cast them to one type"
            )
        seen: dict[bytes, object] = {}
        for term in self.terms:  # type: ignore[union-attr]
            try:
                text = canonical(term, subject, self.source.key)
            except errors.DataError as e:
                raise errors.argument(subject, e.problem, term, e.hint) from None
            if text in seen:
                raise errors.argument(
                    subject,
                    f"terms {errors.show(seen[text])} and {errors.show(term)} are the same",
                    term,
                    "name it once; TopTerms(n) learns terms from data",
                )
            seen[text] = term

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        return {"terms": self.terms.analyzer()} if isinstance(self.terms, Marker) and "terms" not in learned else {}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> VocabularyBound:
        if isinstance(self.terms, Marker):
            return VocabularyBound(self, Texts(learned["terms"]["offsets"], learned["terms"]["data"]))
        name = learned.types[self.source.key].type if self.source.key in learned.types else None
        values = self.terms if name is None else [_value_of(term, name) for term in self.terms]
        texts = [canonical(value, self.name, self.source.key) for value in values]
        if name is not None and len(set(texts)) < len(texts):
            twice = next(i for i, text in enumerate(texts) if text in texts[:i])
            what = f"two terms are the same in a field of type {name}"
            raise errors.argument(
                f"Vocabulary {self.source.key}", what, self.terms[twice], "name it once; TopTerms(n) learns terms from data"
            )
        offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
        no_booleans = all(issubclass(kind, (str, bytes)) for kind in set(map(type, values)))
        return VocabularyBound(self, Texts(offsets, np.frombuffer(b"".join(texts), dtype=np.uint8)), no_booleans)


def _value_of(term: Term, name: str) -> object:
    """Return a term as the value of a field of a type: what it spells, where that is a category."""
    value = value_of(term, name)
    return term if isinstance(value, float) and not (value.is_integer() and abs(value) < 2.0**53) else value


class VocabularyBound(CategoricalBound):
    """A Vocabulary column with what it needs to run."""

    column: Vocabulary

    def __init__(self, column: Vocabulary, terms: Texts, no_booleans: bool = False) -> None:
        self.column, self.terms = column, terms
        self.size = len(terms)
        if self.size > limits.LIMITS.terms:
            raise limits.exceeded("terms", column.name, "a vocabulary has too many terms", self.size)
        self._own = max(self.size + column.num_oov_buckets, 0 if column.unseen is None else column.unseen + 1)
        self.missing_id = -1 if column.missing_bucket is None else column.missing_bucket
        self.num_buckets = max(self._own, self.missing_id + 1)
        self.dtype = id_dtype(self.num_buckets)
        self.no_booleans = no_booleans
        self._key, self._hash = column.source.key, row_hash(column.hash, column.seed)
        self._unseen = -1 if column.unseen is None else column.unseen
        self.num_seen, self.unseen_id = self.size, self._unseen if 0 <= self._unseen < self.size else -1

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        """Position by term, for the row path alone: made when a row first asks."""
        counters.increment("terms")
        return {self.terms[i]: i for i in range(self.size)}

    def ids(self, view: FieldView) -> Ids:
        if self.no_booleans and view.tokens().kind == "boolean":
            raise self._boolean("bool")
        found = view.map_texts(self, self._of_texts)
        return found if self.missing_id < 0 else with_missing(found, view, self.missing_id)

    def _of_texts(self, texts: Texts) -> Array:
        table = self.terms.once("lookup", _lookup)
        found = kernels.lookup.find(table, texts.offsets, texts.data, texts.valid).astype(self.dtype, copy=False)
        unseen = found == -1
        if unseen.any() and self.column.num_oov_buckets:
            buckets = kernels.texts.buckets(texts, self.column.hash, self.column.seed, self.column.num_oov_buckets)
            found = np.where(unseen, buckets.astype(self.dtype, copy=False) + self.size, found)
        elif self._unseen >= 0:
            found[unseen] = self._unseen
        return np.maximum(found, -1, out=found)

    def unseen(self, view: FieldView) -> Array:
        tokens = view.tokens()
        texts = tokens.texts
        found = kernels.lookup.find(self.terms.once("lookup", _lookup), texts.offsets, texts.data, texts.valid) < 0
        return found if tokens.codes is None else np.append(found, False)[tokens.codes]

    def _boolean(self, got: object) -> errors.DataError:
        return errors.wrong_type(
            self.column.name, self._key, got, "strings, as its terms are", "cast booleans to text, or list True and False"
        )

    @cached_property
    def row(self) -> Callable[[object], RowIds]:  # type: ignore[override]
        """One row: a known string, which is what most rows hold, costs one look into a dict."""
        known, one = {term: i for b, i in self._ids.items() if (term := _text(b)) is not None}, self._id
        find, missing_id = known.get, self.missing_id

        def row(value: object) -> RowIds:
            if type(value) is str:
                found = find(value)
                return one(value) if found is None else found
            return row_of(value, one, missing_id)

        return row

    def _id(self, value: object) -> int:
        if self.no_booleans and (value is True or value is False):
            raise self._boolean("bool")
        text = canonical(value, self.column.name, self._key)
        found = self._ids.get(text)
        if found is not None:
            return found
        n = self.column.num_oov_buckets
        return self.size + self._hash(text) % n if n else self._unseen

    @property
    def fills(self) -> str:
        if self._unseen < 0 or self.column.num_oov_buckets:
            return ""
        return f"unseen counts as {str(self.meaning(self._unseen))!r}"

    def filled(self, *values: Any) -> str:
        listed = values[0] if isinstance(values[0], list) else [values[0]]
        known = (v is None or canonical(v, self.column.name, self._key) in self._ids for v in listed)
        return "" if not self.fills or all(known) else self.fills

    def expression(self, *inputs: Expression) -> Expression:
        text, c = as_text(inputs[0]), self.column
        unseen = HashOf(text, c.hash, c.seed, c.num_oov_buckets, self.size) if c.num_oov_buckets else self._unseen
        found = Lookup(text, tuple(self.terms[i] for i in range(self.size)), unseen)
        return if_missing(inputs, self.missing_id, found)

    def meaning(self, bucket: int) -> Bucket:
        return meaning_with_missing(bucket, self.missing_id, self._own, self._meaning)

    def _meaning(self, bucket: int) -> Bucket:
        if bucket >= self.size:
            return Bucket("unseen", bucket - self.size, many=self.column.num_oov_buckets > 1)
        return Bucket("term", bucket, self.terms[bucket].decode("utf-8", "backslashreplace"))


def _lookup(terms: Texts) -> Any:
    counters.increment("lookup")
    return kernels.lookup.build(terms.offsets, terms.data)


def _text(term: bytes) -> str | None:
    try:
        return term.decode()
    except UnicodeDecodeError:
        return None
