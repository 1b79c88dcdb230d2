"""Declared values: equality by type and bits, repr and JSON that give them back, and no way in for anything else."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols._core import spec
from featurecols._core.spec import KINDS, Spec, decode, encode

NAN = math.nan
GOOD = [
    fc.Field("a", missing=("?", -999)),
    fc.Numeric("x", shape=(2,), default=(1, NAN), normalizer=[fc.Log1p(), fc.ZScore()]),
    fc.Bucketized(fc.Numeric("x"), [1, 2]),
    fc.Identity("q", 3),
    fc.Vocabulary("v", ["a", "b"], num_oov_buckets=2),
    fc.Hashed("h", 3),
    fc.Crossed(["a", fc.Hashed("b", 3)], 3),
    fc.Weighted(fc.Hashed("h", 3), "w"),
    fc.Sequence(fc.Numeric("x"), 3),
    fc.Indicator(fc.Hashed("h", 3)),
    fc.Embedding(fc.Hashed("h", 3), 2),
    fc.DatePart("t", "year", timezone="Europe/Paris", years=(2000, 2030)),
    fc.Elapsed("t", fc.Timestamp("2024-01-01"), default=0),
    fc.Timestamp("2024-01-01T12:30:00+01:00"),
    fc.Missing("a"),
    fc.TargetMean("a", "y", smoothing=3, folds=4, fold_by=["id", fc.Field("t", missing="?")]),
    fc.Count(fc.Hashed("a", 9), log=False),
    fc.Piecewise("x", [0, 2.5]),
    fc.EqualWidth(3),
    fc.Ratio("a", "b"),
    fc.Difference("a", fc.Numeric("b"), default=0),
    fc.Product("a", "b", default=NAN),
    fc.Split("a", ",", max_tokens=3),
    fc.Words("a", max_tokens=3),
    fc.NGrams(fc.Words("a"), (1, 2)),
    fc.Prefix("a", 2, missing="?"),
    fc.Tfidf(fc.Hashed(fc.Words("a"), 9), norm=None),
    fc.Cyclic(fc.DatePart("t", "hour"), 24, default=0),
    fc.ZScore(mean=0, std=1),
    fc.MinMax(min=0, max=1),
    fc.Clip(0, 1),
    fc.Log1p(),
    fc.Robust(),
    fc.SignedLog1p(),
    fc.Power(exponent=0.5),
    fc.RankGauss(3),
    fc.RankGauss(quantiles=(-1.0, 0.5)),
    fc.TopTerms(3),
    fc.Quantiles(3),
    fc.Mean(),
    fc.Median(),
    fc.TruncatedNormal(),
    fc.Uniform(-1, 1),
    fc.Zeros(),
    fc.Constant(1),
]
WEIRD = [
    *(None, True, 0, -1, 1, 2**31, 2**64, 10**400, 10**5000, 0.5, NAN, math.inf, -math.inf, 1j),
    *("", "x", "\ud800", "a" * 1000, b"", b"x", (), ("a",), [1, 2], [[1], [2]], [[]], [None], [1, "a"], ["b\ud800"]),
    *({}, {"a": 1}, {1}, range(3), object(), len, int, Exception(), np.arange(3), np.float32(1), np.array("x")),
    *(np.datetime64("2020"), fc.Field("a"), fc.Numeric("x"), fc.Hashed("h", 3), fc.TopTerms(3), fc.Zeros(), fc.Mean()),
    *([fc.Field("a"), fc.Numeric("x")], [fc.Hashed("h", 3), "b"], [True, False], [1.0, math.inf]),
]


# Equality -----------------------------------------------------------------------------------------------------------


def test_equal_values_are_equal_by_type_and_bits() -> None:
    def column(default: Any) -> fc.Numeric:
        return fc.Numeric("x", default=default)

    assert column(NAN) == column(float("nan")) == column(np.float64("nan"))
    assert column(0.0) != column(-0.0)
    assert column(1) != column(1.0)
    assert fc.Identity("q", 2, out_of_range=1) == fc.Identity("q", 2, out_of_range=np.int8(1))
    assert fc.Field("a", missing=1) != fc.Field("a", missing=True)
    assert fc.Vocabulary("v", ["1"]) != fc.Vocabulary("v", [1]) != fc.Vocabulary("v", [b"1"])
    assert fc.Bucketized("x", np.array([1, 2])) == fc.Bucketized("x", [1, 2]) == fc.Bucketized("x", (1.0, 2.0))


def test_a_kind_is_part_of_the_value() -> None:
    assert fc.Mean() != fc.Median()
    assert fc.Hashed("a", 3) != fc.Identity("a", 3)
    assert fc.Hashed("a", 3) != "Hashed('a', 3)"
    assert len({fc.Hashed("a", 3), fc.Hashed("a", 3), fc.Hashed(fc.Field("a"), 3), fc.Identity("a", 3)}) == 2


def test_equal_values_hash_equally() -> None:
    for value in GOOD:
        assert hash(value) == hash(value.replace())
        assert value == value.replace()


def test_values_are_frozen() -> None:
    for value in GOOD:
        for field in dataclasses.fields(value):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, field.name, None)


def test_replace_derives_a_name_anew_and_keeps_a_given_one() -> None:
    assert fc.Bucketized("age", [1]).replace(source="height").name == "height_bucketized"
    assert fc.Bucketized("age", [1], name="band").replace(source="height").name == "band"


# repr and JSON ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (fc.Field("a"), "Field('a')"),
        (fc.Hashed("city", 10), "Hashed('city', 10)"),
        (fc.Hashed(fc.Field("city", missing="?"), 10, seed=3), "Hashed(Field('city', missing=('?',)), 10, seed=3)"),
        (fc.Numeric("x", default=NAN), "Numeric('x', default=float(\"nan\"))"),
        (fc.Numeric("x", default=-math.inf), "Numeric('x', default=float(\"-inf\"))"),
        (fc.Bucketized("x", [1], name="b"), "Bucketized('x', (1.0,), name='b')"),
        (fc.Crossed(["a", "b"], 7), "Crossed(('a', 'b'), 7)"),
        (fc.Numeric("x", normalizer=fc.Log1p()), "Numeric('x', normalizer=(Log1p(),))"),
    ],
)
def test_repr_is_source(value: Spec, text: str) -> None:
    assert repr(value) == text
    assert (
        eval(text, {name: getattr(fc, name) for name in ("Field", "Hashed", "Numeric", "Bucketized", "Crossed", "Log1p")})
        == value
    )


def test_json_leaves_out_defaults_and_names_every_kind_with_its_version() -> None:
    assert fc.columns_to_json(
        [
            fc.Bucketized(fc.Numeric("age"), [18, 25]),
            fc.Numeric("x", default=NAN, normalizer=[fc.ZScore(mean=1, std=2)]),
            fc.Vocabulary(fc.Field("v", missing=b"\xff"), [b"a"], unseen=0, name="n"),
        ]
    ) == [
        {"type": "Bucketized.v1", "source": {"type": "Numeric.v1", "source": "age"}, "boundaries": [18.0, 25.0]},
        {
            "type": "Numeric.v1",
            "source": "x",
            "default": {"float": "nan"},
            "normalizer": [{"type": "ZScore.v1", "mean": 1.0, "std": 2.0}],
        },
        {
            "type": "Vocabulary.v1",
            "name": "n",
            "source": {"type": "Field.v1", "key": "v", "missing": [{"hex": "ff"}]},
            "terms": [{"hex": "61"}],
            "unseen": 0,
        },
    ]


def test_every_kind_reads_back_from_json() -> None:
    for value in GOOD[1:]:
        text = json.dumps(value.to_json(), allow_nan=False)
        assert decode(json.loads(text)) == value
        assert decode(json.loads(text), versions=True) == value


def test_a_spec_may_call_the_source_by_either_of_its_names() -> None:
    city = fc.Hashed(fc.Field("city", missing="?"), 10)
    field = {"type": "Field.v1", "key": "city", "missing": ["?"]}
    for name in ("key", "source"):
        assert decode({"type": "Hashed", name: field, "num_buckets": 10}) == city
        assert decode({"type": "Hashed.v1", name: field, "num_buckets": 10}, versions=True) == city
        assert decode({"type": "Identity", name: "day", "num_buckets": 7}) == fc.Identity("day", 7)
        assert decode({"type": "Numeric", name: "age"}) == fc.Numeric("age")
        assert decode({"type": "Vocabulary", name: "job", "terms": ["a"]}) == fc.Vocabulary("job", ["a"])
    for name in ("std", "stddev"):
        assert decode({"type": "TruncatedNormal", name: 0.5}) == fc.TruncatedNormal(std=0.5)
    assert fc.TruncatedNormal(std=0.5).to_dict() == {"type": "TruncatedNormal.v1", "std": 0.5}
    assert encode(city, canonical=True) == {"type": "Hashed.v1", "key": field, "num_buckets": 10}
    with pytest.raises(fc.ColumnError) as caught:
        decode({"type": "Numeric", "key": "age", "source": "age"}, "columns[0]")
    assert str(caught.value) == "columns[0]: Numeric has 'key' and 'source', which are one argument, got 'source'; give one"


def test_key_is_a_name_of_fields_alone() -> None:
    assert [cls.__name__ for cls in KINDS.values() if issubclass(cls, fc.Column) and hasattr(cls, "key")] == []
    assert fc.Numeric("age").source == fc.Field("age")
    assert fc.Numeric(source="age") == fc.Numeric("age")
    for make in (
        lambda: fc.Numeric(fc.Numeric("age")),
        lambda: fc.Hashed(fc.Numeric("age"), 5),
        lambda: fc.Identity(5, 5),
        lambda: fc.Vocabulary(None, ["a"]),
    ):
        with pytest.raises(fc.ColumnError, match="source must name a field"):
            make()


def shown(value: Spec) -> list[str]:
    return dir(value)


def test_dir_shows_arguments_and_public_methods_alone() -> None:
    assert shown(fc.Indicator(fc.Hashed("city", 3))) == ["name", "replace", "source", "to_dict", "to_json"]
    assert shown(fc.ZScore()) == ["mean", "replace", "std", "to_dict", "to_json"]
    assert shown(fc.TopTerms(3)) == ["min_count", "n", "replace", "to_dict", "to_json"]
    for value in GOOD:
        arguments = {field.name for field in dataclasses.fields(value)}
        assert set(shown(value)) == arguments | {"replace", "to_dict", "to_json"}


def test_every_public_kind_is_tried_here() -> None:
    public = {cls for cls in KINDS.values() if getattr(fc, cls.__name__, None) is cls}
    assert public == {type(value) for value in GOOD}


@pytest.mark.parametrize(
    "value", [None, True, 5, -(2**70), 0.1, -0.0, NAN, math.inf, -math.inf, "é\ud800", b"\x00", (), (1, ("a", b"b"))]
)
def test_plain_values_read_back(value: Any) -> None:
    again = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert spec._key(again) == spec._key(value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"type": "Hashing", "key": "a"}, ("unknown type", "'Hashing'", "Hashed")),
        ({"type": "Hashed.v9", "key": "a"}, ("unknown type", "'Hashed.v9'", "known are ")),
        ({"type": "vocabluary", "key": "a"}, ("unknown type", "; did you mean 'Vocabulary'?")),
        ({"type": "os.system"}, ("unknown type",)),
        ({"type": ["Hashed"]}, ("unknown type",)),
        ({"type": "Hashed", "key": "a"}, ("Hashed needs num_buckets", "num_buckets")),
        ({"type": "Hashed", "key": "a", "num_buckets": 3, "buckets": 3}, ("no argument 'buckets'", "num_buckets")),
        ({"type": "Hashed", "key": "a", "num_buckets": 0}, ("num_buckets", "got 0")),
        ({"key": "a"}, ("not a declared value",)),
        ({"hex": "zz"}, ("hexadecimal", "'zz'")),
        ({"float": "1.5"}, ("not a declared value",)),
        ({"node": 0}, ("not a declared value",)),
    ],
)
def test_what_is_no_declaration_is_refused(data: Any, says: tuple[str, ...]) -> None:
    with pytest.raises(fc.ColumnError) as caught:
        decode({"type": "Indicator", "source": data} if "type" in data else data)
    for part in says:
        assert part in str(caught.value)


def test_an_error_says_where_in_the_spec() -> None:
    data = [{"type": "Numeric", "key": "x"}, {"type": "Crossed", "num_buckets": 5, "sources": ["a", {"type": "Hash"}]}]
    with pytest.raises(fc.ColumnError, match=r"columns\[1\]\.sources\[1\]: unknown type"):
        fc.columns_from_json(data)


def test_a_text_of_json_is_no_path() -> None:
    with pytest.raises(fc.ColumnError, match=r"this is JSON, not a path: give json\.loads\(text\)"):
        fc.columns_from_json('[{"type": "Numeric", "key": "age"}]')


def test_nesting_is_bounded() -> None:
    data: Any = {"type": "Hashed", "key": "a", "num_buckets": 3}
    for _ in range(100):
        data = {"type": "Crossed", "sources": [data, "b"], "num_buckets": 3}
    with pytest.raises(fc.ColumnError, match="nested too deep"):
        decode(data)


# Anything at all ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", GOOD, ids=lambda v: type(v).__name__)
def test_a_weird_argument_is_refused_by_name_or_makes_a_value(value: Spec) -> None:
    refused = 0
    for field in dataclasses.fields(value):
        for weird in WEIRD:
            made, message = attempt(lambda f=field, w=weird: value.replace(**{f.name: w}))
            if made is None:
                refused += 1
                assert 10 < len(message) < 700
                assert message.isprintable()
            else:
                assert decode(json.loads(json.dumps(made.to_json()))) in (made, getattr(made, "key", None))
    assert refused or not dataclasses.fields(value)


def attempt(make: Any) -> tuple[Any, str]:
    """What make() gives, or the message of its ColumnError; any other error is a bug."""
    try:
        return make(), ""
    except fc.ColumnError as e:
        return None, str(e)


_names = st.sampled_from([*(k.split(".v")[0] for k in KINDS), *list(KINDS), "x"])
_keys = st.sampled_from(
    [*sorted({f.name for cls in KINDS.values() for f in dataclasses.fields(cls)}), "type", "float", "hex", "node"]
)
_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | _names
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_keys, inner, max_size=4)
        | st.builds(lambda name, rest: {**rest, "type": name}, _names, st.dictionaries(_keys, inner, max_size=4))
    ),
    max_leaves=12,
)


@given(_json)
def test_any_json_is_a_value_or_a_column_error(data: Any) -> None:
    value, message = attempt(lambda: (decode(data),))
    if value is None:
        assert len(message) < 2000
    else:
        assert spec._key(decode(encode(value))) == spec._key(value)


def test_nothing_is_imported_or_run(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    touched: list[str] = []
    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lambda name, *rest: touched.append(name) or real(name, *rest))
    for data in (
        {"type": "os"},
        {"type": "builtins.eval"},
        {"type": "__import__('os')"},
        {"type": "featurecols.cli.main.main"},
    ):
        with pytest.raises(fc.ColumnError):
            decode(data)
    assert touched == []


def test_a_kind_is_registered_once() -> None:
    before = dict(KINDS)
    with pytest.raises(TypeError, match=r"Hashed\.v1"):

        @dataclasses.dataclass(frozen=True, eq=False, repr=False)
        class Hashed(Spec):
            kind = "Hashed.v1"

    assert before == KINDS


def define(module: str, name: str = "Cyclic") -> type[Spec]:
    """A kind as a module defines it."""
    namespace = {"__module__": module, "__qualname__": name, "__annotations__": {"period": float}}
    return dataclasses.dataclass(frozen=True, eq=False, repr=False)(type(name, (Spec,), namespace))


def test_kinds_of_other_packages_have_their_name_before_their_own() -> None:
    try:
        cyclic = define("otherpkg.columns")
        assert cyclic.kind == "otherpkg.Cyclic.v1"
        value = cyclic(7.0)
        assert encode(value) == {"type": "otherpkg.Cyclic.v1", "period": 7.0}
        for name in ("otherpkg.Cyclic.v1", "otherpkg.Cyclic"):
            assert decode({"type": name, "period": 7.0}) == value
        with pytest.raises(fc.ColumnError, match="Cyclic"):
            decode({"type": "Cyclic.v1", "period": 7.0})
        again = define("otherpkg.columns")  # a cell of a notebook that is run twice
        assert KINDS["otherpkg.Cyclic.v1"] is again
        assert again(7.0) == value
        with pytest.raises(TypeError, match=r'set kind = "otherpkg\.other\.Cyclic\.v1" in the class'):
            define("otherpkg.other")
    finally:
        KINDS.pop("otherpkg.Cyclic.v1", None)


def test_a_kind_that_nobody_imported_is_named_with_its_package() -> None:
    with pytest.raises(fc.ColumnError, match=r"defined in absent, which is not imported.*import absent first"):
        decode({"type": "absent.Cyclic.v1", "period": 7.0})


def test_a_column_from_another_process_equals_its_equals():
    column = fc.Crossed([fc.Bucketized("n", [0.0]), fc.Field("a", missing=("?",))], 10, name="c")
    code = f"import pickle, sys, featurecols as fc; sys.stdout.buffer.write(pickle.dumps(fc.{column!r}))".replace(
        "(Bucketized", "(fc.Bucketized"
    ).replace("Field(", "fc.Field(")
    for seed in ("1", "2"):  # of Python's own hashes, which differ from process to process
        sent = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        found = pickle.loads(sent)
        assert found == column
        assert len({found, column}) == 1
        assert found.name == "c"
