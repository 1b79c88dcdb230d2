"""Which columns suit texts, booleans and lists of terms."""

from __future__ import annotations

from dataclasses import replace

from featurecols.analyzers.placeholders import TopTerms
from featurecols.columns.base import Column, Field
from featurecols.columns.embedding import Embedding
from featurecols.columns.gram_fields import NGrams
from featurecols.columns.hashed import Hashed
from featurecols.columns.indicator import Indicator
from featurecols.columns.missing import Missing
from featurecols.columns.tfidf import Tfidf
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
PROSE, MANY_TEXTS, PAIRS = (
    8.0,
    2_000,
    5_000,
)  # words of a text and texts, from which on models read words and pairs, and how many
LARGEST = 16  # dimensions of an embedding


def suggest_terms(profile: FieldProfile) -> Suggestion:
    """Return what suits a field of terms of which at least two differ."""
    kind = {"boolean": "true and false", "integer": "integers"}.get(str(profile.type.type), "terms")
    lists = "lists of " if profile.type.list_depth else ""
    distinct = "more than a million" if profile.distinct is None else f"{profile.distinct:,}"
    said = f"{lists}{kind}" if profile.type.type == "boolean" else f"{lists}{distinct} different {kind}"
    frequent = sum(count >= _least(profile) for _, count in profile.top)
    if profile.distinct is None or profile.distinct > MANY or (frequent < 2 and profile.distinct > HOT):
        return _many(profile, said)
    return _few(profile, said)


def suggest_texts(profile: FieldProfile, shape: TextShape, *, complete: bool) -> Suggestion | None:
    """Return what suits texts that are lists with a separator, or words; None where they are terms.

    Args:
        profile: the field.
        shape: the shape of its texts in a sample.
        complete: whether the sample has all rows.
    """
    profile = replace(profile, source=Field(profile.key))  # tokens have no blanks around them, and words none at all
    if shape.separator is not None:
        said = f"lists with {shape.separator!r}, {shape.average:.1f} entries on average"
        source: Field = Split(profile.key, shape.separator)
    elif shape.words:
        said, source = f"text of {shape.average:.0f} words on average", Words(profile.key)
    else:
        return None
    least, tokens = _least(profile), "words" if shape.words else "entries"
    n = sum(count >= least for count in shape.counts) if complete else shape.tokens
    if n < 2:  # all are rare
        n, least = shape.tokens, 1
    kept = min(n, WORDS)
    often = f" that occur {least} times or more" if least > 1 else ""
    if complete and n == shape.tokens:
        what = f"all {n:,} of its {tokens}" if kept == n else f"the {kept:,} most frequent of its {n:,} {tokens}"
    elif complete and kept == n:
        what = f"the {n:,} of its {shape.tokens:,} {tokens}{often}"
    else:
        what = f"the {kept:,} most frequent of its {tokens}{often}"
    terms = Vocabulary(source, TopTerms(kept, min_count=least))
    reason, beside = _with_indicator(profile, f"{said}: {what}")
    hot, linear = (Indicator(terms), *beside), (terms, *beside)
    if kept <= HOT:
        return Suggestion(profile.key, reason, hot, linear, hot)
    size = _dimension(kept)
    if shape.words and shape.average >= PROSE and profile.present >= MANY_TEXTS:
        pairs = NGrams(source, (1, 2))
        rare = Tfidf(Vocabulary(pairs, TopTerms(PAIRS, min_count=least)))
        what = f"at most {PAIRS:,} of its words and pairs of words{often}, weighed by how few texts have them"
        sparse, _ = _with_indicator(profile, f"{said}: {what}")
        dense = Embedding(rare, size, combiner="sqrtn")
        both = (rare, *beside), (dense, *beside)
        return Suggestion(profile.key, reason, hot, *both, linear_reason=sparse, dnn_reason=_embedded(sparse, size))
    dense = Embedding(terms, size, combiner="sqrtn")
    return Suggestion(profile.key, reason, hot, linear, (dense, *beside), dnn_reason=_embedded(reason, size))


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
    said = "; ".join([said, *profile.cleaned])
    others = int(rare > 0)
    terms = Vocabulary(profile.source, TopTerms(n), num_oov_buckets=others, missing_bucket=n + others if gaps else None)
    hot = Indicator(terms)
    if n <= HOT:
        return Suggestion(profile.key, said, (hot,), (terms,), (hot,))
    dense = Embedding(terms, _dimension(n))
    return Suggestion(profile.key, said, (hot,), (terms,), (dense,), dnn_reason=_embedded(said, _dimension(n)))


def _many(profile: FieldProfile, said: str) -> Suggestion:
    """Return what suits many terms."""
    key, source = profile.key, profile.source
    if profile.top and len(profile.top) != profile.distinct:
        covered = sum(count for _, count in profile.top) / max(profile.present, 1)
        said += f", the {len(profile.top):,} most frequent are {percent(covered)} of all"
    hashed, least = Hashed(source, BUCKETS), _least(profile)
    empty = profile.distinct is not None and sum(count >= least for _, count in profile.top) < 2
    if empty:  # a vocabulary of frequent terms would be
        said += ", nearly all of them rare"
    by_hash, beside = _with_indicator(profile, f"{said}: a hash of {BUCKETS} buckets")
    hot = (Indicator(hashed), *beside)
    if empty:
        size = _dimension(BUCKETS)
        dense = Embedding(hashed, size)
        return Suggestion(key, by_hash, hot, (hashed, *beside), (dense, *beside), dnn_reason=_embedded(by_hash, size))
    terms = Vocabulary(source, TopTerms(TERMS, min_count=least), num_oov_buckets=1)
    often = f"those that occur {least} times or more, others share a bucket" if least > 1 else "all of them"
    most = f"at most {TERMS:,} of " if profile.distinct is None or profile.distinct > TERMS else ""
    sparse, _ = _with_indicator(profile, f"{said}: a vocabulary of {most}{often}")
    size = _dimension(min(profile.distinct or TERMS, TERMS))
    linear, dnn = (terms, *beside), (Embedding(terms, size), *beside)
    return Suggestion(key, by_hash, hot, linear, dnn, linear_reason=sparse, dnn_reason=_embedded(sparse, size))


def _with_indicator(profile: FieldProfile, said: str) -> tuple[str, tuple[Column, ...]]:
    """Return a reason with what is said of blanks and of missing values, and an indicator of these."""
    said = "; ".join([said, *profile.cleaned])
    if not profile.missing or profile.type.list_depth:
        return said, ()
    return f"{said}; {percent(profile.missing / profile.values)} missing: an indicator", (Missing(profile.source),)


def _embedded(said: str, size: int) -> str:
    return f"{said}; an embedding of {size} dimensions"


def _least(profile: FieldProfile) -> int:
    """Return how often a term must occur to be one."""
    return 1 if profile.rows < LEAST_ROWS else RARE


def _dimension(terms: int) -> int:
    """Return the dimension of an embedding of so many terms.

    >>> [_dimension(n) for n in (60, 1000, 100_000)]
    [6, 16, 16]
    """
    return min(LARGEST, 1 + int(terms**0.4))
