"""Which columns suit texts, booleans and lists of terms."""

from __future__ import annotations

from featurecols.analyzers.placeholders import TopTerms
from featurecols.columns.base import Column, Field
from featurecols.columns.embedding import Embedding
from featurecols.columns.hashed import Hashed
from featurecols.columns.indicator import Indicator
from featurecols.columns.token_fields import Split, Words
from featurecols.columns.vocabulary import Vocabulary
from featurecols.plan.statistics import percent
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.suggestions import Suggestion
from featurecols.plan.suggestions.text_shape import TextShape

HOT = 50  # terms, up to which a network gets them one-hot; an embedding beyond
MANY = 1_000  # terms, beyond which a column of any model is a hash
LEAST_ROWS = 200  # rows, below which terms that occur once are terms too
RARE = 5  # times that a term occurs at least, in more rows
BUCKETS = 512  # of the hash of many terms
TERMS = 100_000  # of a vocabulary that stays sparse
WORDS = 1_000  # words of a text that are terms
LARGEST = 16  # dimensions of an embedding


def suggest_terms(profile: FieldProfile) -> Suggestion:
    """Return what suits a field of terms of which at least two differ."""
    kind = {"boolean": "true and false", "integer": "integers"}.get(str(profile.type.type), "terms")
    lists = "lists of " if profile.type.list_depth else ""
    distinct = "more than a million" if profile.distinct is None else f"{profile.distinct:,}"
    said = f"{lists}{kind}" if profile.type.type == "boolean" else f"{lists}{distinct} different {kind}"
    frequent = sum(count >= _least(profile) for _, count in profile.top)
    if profile.distinct is None or profile.distinct > MANY or (frequent < 2 and profile.distinct > HOT):
        return _many(profile, profile.key, said)
    return _few(profile, said)


def suggest_texts(profile: FieldProfile, shape: TextShape) -> Suggestion | None:
    """Return what suits texts that are lists with a separator, or words; None where they are terms."""
    if shape.separator is not None:
        said = f"lists with {shape.separator!r}, {shape.average:.1f} entries on average"
        source: Field = Split(profile.key, shape.separator)
    elif shape.words:
        said, source = f"text of {shape.average:.0f} words on average", Words(profile.key)
    else:
        return None
    n = min(shape.tokens, WORDS)
    terms = Vocabulary(source, TopTerms(n, min_count=_least(profile)))
    what = f"the {n:,} most frequent" if shape.tokens > n else f"all {n:,}"
    said = f"{said}: {what} of its {'words' if shape.words else 'entries'}"
    dense = Indicator(terms) if n <= HOT else Embedding(terms, _dimension(n), combiner="sqrtn")
    return Suggestion(profile.key, said, (Indicator(terms),), (terms,), (dense,))


def _few(profile: FieldProfile, said: str) -> Suggestion:
    """Return what suits so few terms that each may have a feature."""
    least = _least(profile)
    n = sum(count >= least for _, count in profile.top)
    rare = len(profile.top) - n
    if n < 2:  # all are rare
        n, rare, least = len(profile.top), 0, 1
    if rare:
        said += f", {rare:,} of them rare, which share a bucket"
    gaps = bool(profile.missing) and not profile.type.list_depth
    if gaps:
        said += f"; {percent(profile.missing / profile.values)} missing, a bucket of their own"
    others = int(rare > 0)
    terms = Vocabulary(profile.key, TopTerms(n), num_oov_buckets=others, missing_bucket=n + others if gaps else None)
    hot = Indicator(terms)
    dense: Column = hot if n <= HOT else Embedding(terms, _dimension(n))
    if n > HOT:
        said += "; an embedding for networks"
    return Suggestion(profile.key, said, (hot,), (terms,), (dense,))


def _many(profile: FieldProfile, key: str, said: str) -> Suggestion:
    """Return what suits many terms."""
    covered = sum(count for _, count in profile.top) / max(profile.present, 1)
    if profile.top:
        said += f", the {len(profile.top):,} most frequent are {percent(covered)} of all"
    said += f": a hash of {BUCKETS} buckets; a vocabulary for linear models, an embedding for networks"
    terms = Vocabulary(key, TopTerms(TERMS, min_count=_least(profile)), num_oov_buckets=1)
    n = min(profile.distinct or TERMS, TERMS)
    return Suggestion(key, said, (Indicator(Hashed(key, BUCKETS)),), (terms,), (Embedding(terms, _dimension(n)),))


def _least(profile: FieldProfile) -> int:
    """Return how often a term must occur to be one."""
    return 1 if profile.rows < LEAST_ROWS else RARE


def _dimension(terms: int) -> int:
    """Return the dimension of an embedding of so many terms.

    >>> [_dimension(n) for n in (60, 1000, 100_000)]
    [6, 16, 16]
    """
    return min(LARGEST, 1 + int(terms**0.4))
