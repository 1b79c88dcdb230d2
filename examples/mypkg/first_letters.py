"""FirstLetters: texts by how they begin, such as the district in a postcode."""

from __future__ import annotations

from typing import ClassVar

import mmh3

from featurecols.extend import Bound, Column, Converted, Field, LearnedSlots, TermwiseBound, check_count, check_field, frozen


@frozen
class FirstLetters(Column):
    """The hash of the first letters of a value, modulo num_buckets.

    Missing: id -1.

    Args:
        source: the field.
        n: how many letters count.
        num_buckets: how many ids there are.
    """

    categorical: ClassVar[bool] = True

    source: Converted[str | Field, Field]
    n: int
    num_buckets: int

    def check(self) -> None:
        check_field(self.source, "FirstLetters")
        check_count(f"FirstLetters {self.source.key}", "n", self.n, 1000)
        check_count(f"FirstLetters {self.source.key}", "num_buckets", self.num_buckets, 2**31 - 1)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> FirstLettersBound:
        return FirstLettersBound(self, self.source, self.num_buckets)


class FirstLettersBound(TermwiseBound):
    column: FirstLetters

    def id_of(self, term: bytes) -> int:
        letters = term.decode("utf-8", "surrogateescape")[: self.column.n]
        return mmh3.hash(letters.encode("utf-8", "surrogateescape"), signed=False) % self.num_buckets
