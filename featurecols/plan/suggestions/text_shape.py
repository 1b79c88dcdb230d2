"""The shape of texts: lists with a separator, words, or terms that are taken whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from featurecols._core.arrays import Array
from featurecols.data.fields.base import FieldView
from featurecols.plan.suggestions.unread_texts import problem_of

SEPARATORS = ("|", ";", ",")
_SEPARATED = 0.2  # share of the texts that hold a separator, from which on they are lists
_SOME = 0.05  # as much is enough where lists are made of half as many tokens as there are texts
_AGAIN = 1.5  # times that a token occurs on average, from which on tokens are terms
_PLACED = (
    0.9  # share of the texts of one length, and of tokens at the places where they are mostly, of records such as Doe, John
)
_SHORT = 3.5  # words of a token at most, on average
_WORDS, _MANY_WORDS = 2.5, 8.0  # words of a text on average, from which on distinct texts, and all texts, are read as words
_DISTINCT = 0.5  # share of the texts that are distinct
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class TextShape:
    """How texts are read.

    Attributes:
        separator: what stands between the tokens of lists; None for texts that are not lists.
        words: whether they are read as words.
        tokens: distinct tokens or words in the sample.
        average: tokens or words of a text.
        counts: how often each of them occurs in the sample, most frequent first; a row counts as often as it occurs.
        problem: what they are where no column reads them as what they mean, and what to do.
    """

    separator: str | None = None
    words: bool = False
    tokens: int = 0
    average: float = 1.0
    counts: tuple[int, ...] = ()
    problem: str | None = None


def shape_of(view: FieldView, counts: Array, *, few: bool) -> TextShape:
    """Return the shape of the texts of sampled rows.

    Args:
        view: a field of texts.
        counts: how often each row occurs.
        few: whether there are so few distinct texts that they are terms, unless they are made of half as many tokens.
    """
    texts: Counter[str] = Counter()
    for text, count in zip(view.to_pylist(), counts.tolist(), strict=True):
        if isinstance(text, str) and text.strip():
            texts[text] += count
    total = sum(texts.values())
    if not total:
        return TextShape()
    if (problem := problem_of(texts, few=few)) is not None:
        return TextShape(problem=problem)
    for separator in SEPARATORS:
        found = _as_lists(texts, total, separator)
        if found is not None and (not few or separator == "|" or found.tokens <= len(texts) / 2):
            return found
    words = Counter[str]()
    for text, count in texts.items():
        for word in _WORD.findall(text):
            words[word.lower()] += count
    average = sum(words.values()) / total
    again = sum(words.values()) >= _AGAIN * len(words)
    if not few and again and (average >= _MANY_WORDS or (average >= _WORDS and len(texts) >= _DISTINCT * total)):
        return _shape(None, words, total)
    return TextShape()


def _as_lists(texts: Counter[str], total: int, separator: str) -> TextShape | None:
    """Return the shape of texts as lists of tokens; None where they are not."""
    separated = {text: count for text, count in texts.items() if separator in text}
    share = sum(separated.values()) / total
    if share < _SOME:
        return None
    tokens = Counter[str]()
    for text, count in texts.items():
        for token in text.split(separator):
            if token := token.strip():
                tokens[token] += count
    if share < _SEPARATED and len(tokens) > len(texts) / 2:
        return None
    number = sum(tokens.values())
    words = sum(len(_WORD.findall(token)) * count for token, count in tokens.items())
    if not number or number < _AGAIN * len(tokens) or words > _SHORT * number:
        return None
    if separator != "|" and share > _PLACED and _are_records(separated, separator):
        return None
    return _shape(separator, tokens, total)


def _are_records(texts: Mapping[str, int], separator: str) -> bool:
    """Return whether each token has a place of its own in texts of one number of tokens, as in names and addresses."""
    lengths, places = Counter[int](), Counter[tuple[str, int]]()
    for text, count in texts.items():
        parts = [part.strip() for part in text.split(separator)]
        lengths[len(parts)] += count
        for at, part in enumerate(parts):
            places[part, at] += count
    if max(lengths.values()) < _PLACED * sum(lengths.values()):
        return False
    mostly = dict[str, int]()
    for (part, _), count in places.items():
        mostly[part] = max(count, mostly.get(part, 0))
    return sum(mostly.values()) >= _PLACED * sum(places.values())


def _shape(separator: str | None, tokens: Counter[str], texts: int) -> TextShape:
    counts = tuple(sorted(tokens.values(), reverse=True))
    return TextShape(separator, separator is None, len(tokens), sum(counts) / texts, counts)
