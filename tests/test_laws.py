"""The laws over drawn columns and rows: what nobody thought of writing down as an Example."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from tests import formats, laws
from tests.laws import Example
from tests.reference import canonical

pytestmark = pytest.mark.law

NAN = math.nan
EDGES = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e300, -1e300, 2.0**53, 0.1, NAN, math.inf, -math.inf]

texts = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["", "\0", "a\0", "\0a", "é" * 50, "x" * 10_000, "🎉", "a", "b", "05", "5"]
)
integers = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-3, 9)
floats = st.floats(width=64) | st.sampled_from(EDGES) | st.floats(-10, 10, width=16)
whole = st.integers(-(2**53) + 1, 2**53 - 1).map(float) | st.sampled_from([0.0, -0.0, 5.0, NAN])
binary = st.binary(max_size=12)
CATEGORIES = {"text": texts, "integer": integers, "boolean": st.booleans(), "bytes": binary, "whole": whole}


def values(draw: Any, scalars: Any, count: int) -> list[Any]:
    """One value for each row, some missing; or lists of them."""
    cell = st.none() | scalars
    if draw(st.booleans()):
        cell = st.none() | st.lists(cell, max_size=5)
    return draw(st.lists(cell, min_size=count, max_size=count))


def hashing(draw: Any) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"hash": "farmhash64"}
    return {"seed": draw(st.integers(0, 2**32 - 1) | st.just(0))}


@st.composite
def categorical(draw: Any, key: str, count: int) -> tuple[Any, dict[str, list[Any]]]:
    """A column over one field, and the field."""
    which = draw(st.sampled_from(["hashed", "vocabulary", "identity", "bucketized"]))
    if which == "identity":
        column = fc.Identity(key, draw(st.integers(1, 9)), out_of_range=draw(st.sampled_from(["drop", "keep", 0])))
        return column, {key: values(draw, integers, count)}
    if which == "bucketized":
        cuts = sorted(set(draw(st.lists(st.floats(-10, 10) | st.sampled_from([0.1, -1e300, 5e-324]), min_size=1, max_size=5))))
        cuts = [c for i, c in enumerate(cuts) if i == 0 or c > cuts[i - 1]]
        missing = draw(st.none() | st.integers(0, len(cuts) + 1))
        return fc.Bucketized(key, cuts, missing_bucket=missing), {key: values(draw, floats | integers.map(float), count)}
    scalars = CATEGORIES[draw(st.sampled_from(sorted(CATEGORIES)))]
    field = {key: values(draw, scalars, count)}
    if which == "hashed":
        return fc.Hashed(key, draw(st.integers(1, 50) | st.integers(1, 2**31 - 1)), **hashing(draw)), field
    terms = draw(st.lists(texts, min_size=1, max_size=6)) + [str(canonical(v), "latin-1") for v in _some(field[key])]
    terms = list(dict.fromkeys(terms)) if not any(v is True or v is False for v in _some(field[key])) else [True]
    unseen: dict[str, Any] = draw(st.sampled_from([{}, {"unseen": 0}, {"unseen": 9}]))
    if draw(st.booleans()):
        unseen = {"num_oov_buckets": draw(st.integers(1, 20)), **hashing(draw)}
    return fc.Vocabulary(key, terms, **unseen), field


def _some(cells: list[Any]) -> list[Any]:
    """The first three present scalars of a field."""
    flat = [v for cell in cells for v in (cell if isinstance(cell, list) else [cell])]
    return [v for v in flat if v is not None and v == v][:3]


@st.composite
def crossed(draw: Any, count: int) -> tuple[Any, dict[str, list[Any]]]:
    sources: list[Any] = []
    fields: dict[str, list[Any]] = {}
    for i in range(draw(st.integers(2, 3))):
        if draw(st.booleans()):
            column, field = draw(categorical(f"f{i}", count))
            sources.append(column)
        else:
            scalars = CATEGORIES[draw(st.sampled_from(sorted(CATEGORIES)))]
            field = {f"f{i}": values(draw, scalars, count)}
            sources.append(f"f{i}")
        fields.update(field)
    arguments = {**hashing(draw), "keep_unseen": draw(st.booleans())}
    return fc.Crossed(sources, draw(st.integers(1, 100) | st.integers(1, 2**31 - 1)), **arguments), fields


@st.composite
def numeric(draw: Any, count: int) -> tuple[Any, dict[str, list[Any]]]:
    steps = st.one_of(
        st.just(fc.Log1p()),
        st.builds(lambda a, b: fc.ZScore(mean=a, std=b), st.floats(-5, 5), st.floats(0, 5)),
        st.builds(lambda a, b: fc.MinMax(min=a, max=a + b), st.floats(-5, 5), st.floats(0, 5)),
        st.builds(lambda a, b: fc.Clip(a, a + b), st.floats(-5, 5), st.floats(0, 5)),
    )
    width = draw(st.none() | st.integers(1, 3))
    column = fc.Numeric(
        "x",
        shape=() if width is None else (width,),
        dtype=draw(st.sampled_from(["float64", "float32"])),
        default=draw(st.just(NAN) | st.floats(-5, 5)),
        normalizer=draw(st.lists(steps, max_size=3)),
    )
    scalars = st.none() | draw(st.sampled_from([floats, integers, st.booleans()]))
    cell = scalars if width is None else st.none() | st.lists(scalars, min_size=width, max_size=width)
    return column, {"x": draw(st.lists(cell, min_size=count, max_size=count))}


def refused(column: Any, rows: list[dict[str, Any]]) -> list[int]:
    """The rows that the reference refuses."""
    kind = Example("drawn", [column], rows).reference().of(column)
    found = []
    for i, row in enumerate(rows):
        try:
            kind.ids(row) if column.categorical else kind.features(row)
        except ValueError:
            found.append(i)
    return found


def holds_or_refuses(column: Any, fields: dict[str, list[Any]], draw: Any) -> None:
    """What the reference refuses is refused over arrays, in any blocks, and over rows: at the same first row."""
    rows = [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)]
    bad = refused(column, rows)
    if bad:
        plan = fc.compile([fc.Indicator(column) if column.categorical else column])
        with laws.blocks_of(draw(st.integers(1, 5))):
            for run in (plan.transform, plan.encode):
                with pytest.raises(fc.DataError) as caught:
                    run(formats.FORMATS[draw(st.sampled_from(sorted(formats.FORMATS)))](Example("", [column], rows).table()))
                assert caught.value.row == bad[0]
        for i in bad:
            with pytest.raises(fc.DataError):
                plan.transform_row(rows[i])
    kept = {key: [v for i, v in enumerate(values) if i not in bad] for key, values in fields.items()}
    if len(rows) > len(bad):
        holds(column, kept, draw)


def holds(column: Any, fields: dict[str, list[Any]], draw: Any) -> None:
    """The reference, the row path, a drawn format and drawn blocks agree on every bit."""
    keys, count = list(fields), len(next(iter(fields.values())))
    rows = [{k: fields[k][i] for k in keys} for i in range(count)]
    example = Example("drawn", [column], rows)
    if not rows:
        return
    results = laws.Results(example)
    laws.agrees(example, results, example.reference())
    table = example.table()
    name = draw(st.sampled_from(sorted(formats.FORMATS)))
    want = results.of(lambda: table)
    with laws.blocks_of(draw(st.integers(1, 5))):
        laws.same(want, results.of(lambda: formats.FORMATS[name](table), threads=2), name)


counts = st.integers(1, 12)


def test_the_page_has_every_law() -> None:
    page = (Path(__file__).parent.parent / "docs" / "laws.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [law.__name__ for law in laws.LAWS]


@given(st.data())
def test_one_field(data: Any) -> None:
    column, fields = data.draw(categorical("f", data.draw(counts)))
    holds(column, fields, data.draw)


@given(st.data())
def test_crosses(data: Any) -> None:
    holds(*data.draw(crossed(data.draw(counts))), data.draw)


@given(st.data())
def test_numbers(data: Any) -> None:
    holds_or_refuses(*data.draw(numeric(data.draw(counts))), data.draw)


@given(st.data())
def test_buckets_of_numbers(data: Any) -> None:
    column, fields = data.draw(numeric(data.draw(counts)))
    cuts = sorted(set(data.draw(st.lists(st.integers(-20, 20), min_size=1, max_size=5))))
    holds_or_refuses(fc.Bucketized(column, [c / 8 for c in cuts]), fields, data.draw)


@given(st.data())
def test_embeddings_of_weighted_lists(data: Any) -> None:
    lists = data.draw(st.lists(st.none() | st.lists(st.integers(-2, 6), max_size=5), min_size=1, max_size=12))
    weight = st.none() | st.floats(-4, 4, width=32) | st.sampled_from([0.0, 1e-30, 1e30, 0.1])
    weights = [None if v is None else data.draw(st.lists(weight, min_size=len(v), max_size=len(v))) for v in lists]
    source = fc.Weighted(fc.Identity("q", 5, out_of_range="drop"), "w", default=data.draw(st.floats(-2, 2)))
    column = fc.Embedding(
        data.draw(st.sampled_from([source, source.source])),
        data.draw(st.integers(1, 9)),
        combiner=data.draw(st.sampled_from(["sum", "mean", "sqrtn"])),
        max_norm=data.draw(st.none() | st.floats(0.125, 3)),
    )
    if any(isinstance(v, list) for v in lists):
        holds(column, {"q": lists, "w": weights}, data.draw)


@given(st.data())
def test_sequences(data: Any) -> None:
    bands = fc.Bucketized("x", [0, 1])
    inner = data.draw(st.sampled_from([fc.Numeric("x", default=0.5), fc.Indicator(bands), fc.Embedding(bands, 2)]))
    steps = floats.filter(lambda x: not math.isinf(x)) if isinstance(inner, fc.Numeric) else floats
    lists = data.draw(st.lists(st.none() | st.lists(st.none() | steps, max_size=6), min_size=1, max_size=12))
    column = fc.Sequence(inner, data.draw(st.integers(1, 5)), keep=data.draw(st.sampled_from(["last", "first"])))
    if any(isinstance(v, list) for v in lists):
        holds(column, {"x": lists}, data.draw)


@laws.learns_little
@given(st.lists(st.none() | floats.filter(math.isfinite), min_size=1, max_size=40), st.integers(2, 9), st.data())
def test_learning_numbers(found: list[float | None], n: int, data: Any) -> None:
    if all(v is None for v in found):
        return
    rows = [{"x": v} for v in found]
    median = fc.Numeric("x", default=fc.Median())
    columns = [fc.Bucketized("x", fc.Quantiles(n)), median, fc.Numeric("x", default=0, normalizer=fc.MinMax(), name="m")]
    example = Example("drawn", columns, rows)
    laws.what_is_learned_is_exact(example)
    order = data.draw(st.permutations(rows))
    with laws.blocks_of(2):
        again = fc.fit(columns, formats.arrow_chunks(formats.table_of(order)), threads=2)
    assert again.to_bytes() == example.plan().to_bytes()


@laws.learns_little
@given(st.lists(st.none() | texts, min_size=1, max_size=60), st.integers(1, 9), st.integers(1, 3), st.data())
def test_learning_terms(found: list[str | None], n: int, min_count: int, data: Any) -> None:
    rows = [{"v": v} for v in found]
    columns = [fc.Vocabulary("v", fc.TopTerms(n, min_count=min_count), num_oov_buckets=2)]
    if all(v is None for v in found):
        return  # an error (E3)
    example = Example("drawn", columns, rows)
    laws.what_is_learned_is_exact(example)
    order = data.draw(st.permutations(rows))
    again = fc.fit(columns, formats.arrow_chunks_dictionaries(formats.table_of(order)), threads=2)
    assert again.to_bytes() == example.plan().to_bytes()


@given(st.lists(texts, max_size=4), st.integers(0xD800, 0xDFFF), texts)
def test_a_lone_surrogate_is_a_clear_error_on_every_path(before: list[str], surrogate: int, around: str) -> None:
    bad = around + chr(surrogate) + around
    plan = fc.compile([fc.Hashed("v", 10), fc.Vocabulary("v", ["a"], name="w")])
    dense = fc.compile([fc.Indicator(fc.Crossed(["v", "v"], 10))])
    for data in ({"v": [*before, bad]}, [{"v": v} for v in [*before, bad]], {"v": [[*before, bad]]}):
        for run in (plan.encode, dense.transform):
            with pytest.raises(fc.DataError, match="surrogate") as caught:
                run(data)
            assert caught.value.row == (0 if isinstance(data, dict) and isinstance(data["v"][0], list) else len(before))
    with pytest.raises(fc.DataError, match="surrogate"):
        dense.transform_row({"v": bad})


@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_float32_is_rounded_once(found: list[float]) -> None:
    got = fc.compile([fc.Numeric("x", default=NAN)]).transform({"x": found})[:, 0].tolist()
    for x, y in zip(found, got, strict=True):
        try:
            want = struct.unpack("<f", struct.pack("<f", x))[0]
        except OverflowError:
            want = math.copysign(math.inf, x)
        assert want == y or (want != want and y != y)
