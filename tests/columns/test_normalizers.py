import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import RobustScaler

import featurecols as fc
from featurecols import kernels
from featurecols._core.numbers import Numbers
from featurecols._core.spec import decode
from featurecols.analyzers.moments import Moments
from featurecols.columns.normalizers import Clip, Log1p, MinMax, Robust, SignedLog1p, ZScore
from featurecols.errors import ColumnError, PlanError

INF, NAN = math.inf, math.nan
GIVEN = [
    ZScore(mean=1.5, std=0.25),
    ZScore(mean=-1e300, std=1e-300),
    ZScore(mean=3, std=0),
    MinMax(min=-2, max=6),
    MinMax(min=-1.7e308, max=1.7e308),
    MinMax(min=4, max=4),
    Robust(center=-1.5, scale=0.3),
    SignedLog1p(),
    Log1p(),
    Clip(-1, 2.5),
    Clip(0.0, INF),
]


def bits(x):
    return struct.pack("<d", math.nan if x != x else x)


def through_kernel(normalizers, x):
    ops = [n.op() for n in normalizers]
    out = np.empty(len(x))
    code, a, b = (np.array([op[i] for op in ops], dtype=t) for i, t in enumerate((np.int64, np.float64, np.float64)))
    kernels.numeric.normalize(np.array(x), np.array([NAN]), code, a, b, out)
    return out.tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.floats(), st.sampled_from([-1.0, -0.0, 0.0, 4.0, 5e-324, -INF, INF, NAN])), min_size=1))
@pytest.mark.parametrize("normalizer", GIVEN, ids=repr)
def test_one_value_has_the_bits_of_the_kernel(normalizer, x):
    assert [bits(normalizer.row(v)) for v in x] == [bits(v) for v in through_kernel([normalizer], x)]


@pytest.mark.parametrize(
    ("normalizer", "x", "y"),
    [
        (ZScore(mean=40, std=10), 50.0, 1.0),
        (ZScore(mean=40, std=0), 50.0, 0.0),
        (MinMax(min=0, max=200), 50.0, 0.25),
        (MinMax(min=0, max=200), 300.0, 1.5),
        (MinMax(min=-1.7e308, max=1.7e308), 1.7e308, 1.0),  # ends that are further apart than float64 goes: NaN before
        (MinMax(min=-1.7e308, max=1.7e308), -0.85e308, 0.25),
        (MinMax(min=7, max=7), 300.0, 0.0),
        (Robust(center=40, scale=4), 50.0, 2.5),
        (SignedLog1p(), 1 - math.e, -1.0),
        (SignedLog1p(), 1e-300, 1e-300),
        (Log1p(), math.e - 1, 1.0),
        (Log1p(), -1.0, -INF),
        (Log1p(), 1e-300, 1e-300),
        (Clip(0, 10), -3.0, 0.0),
        (Clip(0, 10), 30.0, 10.0),
        (Clip(0, 10), 3.0, 3.0),
        (Clip(-INF, 10), -3e300, -3e300),
    ],
)
def test_literal_answers(normalizer, x, y):
    assert normalizer.row(x) == y


@pytest.mark.parametrize("normalizer", [*GIVEN, ZScore(), MinMax(), Robust()], ids=repr)
def test_a_normalizer_is_a_value(normalizer):
    assert decode(normalizer.to_json()) == normalizer
    assert (
        eval(
            repr(normalizer),
            {"Robust": Robust, "SignedLog1p": SignedLog1p, "ZScore": ZScore, "MinMax": MinMax, "Log1p": Log1p, "Clip": Clip},
        )
        == normalizer
    )
    assert math.isnan(normalizer.row(NAN)) if normalizer.analyzer() is None else True


def test_integers_and_numpy_numbers_are_floats():
    assert ZScore(mean=1, std=2) == ZScore(mean=1.0, std=2.0) == ZScore(mean=np.float64(1), std=np.int64(2))
    assert ZScore(mean=1, std=2) != ZScore(mean=1, std=3) != MinMax(min=1, max=3)


def test_learning_fills_the_numbers_in():
    moments = ZScore().analyzer()
    learned = moments.finish(moments.update(moments.empty(), Numbers(np.array([2.0, NAN, 4.0]))))
    assert ZScore().given(learned) == ZScore(mean=3.0, std=1.0)
    assert MinMax().given(learned) == MinMax(min=2.0, max=4.0)
    assert (MinMax().analyzer((Clip(0, 1),), "float32")) == Moments("float32", (Clip(0, 1),))
    for normalizer in GIVEN:
        assert normalizer.analyzer() is None
        assert normalizer.given({}) == normalizer


@pytest.mark.parametrize("normalizer", [ZScore(), MinMax()], ids=repr)
def test_what_is_not_learned_cannot_run(normalizer):
    with pytest.raises(PlanError, match="must be learned"):
        normalizer.op()
    with pytest.raises(PlanError, match="must be learned"):
        normalizer.row(1.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ZScore(mean=1), "ZScore: std is missing, got (1, None); give both mean and std, or none"),
        (lambda: ZScore(std=1), "ZScore: mean is missing"),
        (lambda: ZScore(mean=NAN, std=1), "ZScore: mean must be a finite number, got nan"),
        (lambda: ZScore(mean=0, std=INF), "ZScore: std must be a finite number, got inf"),
        (lambda: ZScore(mean=0, std=-1), "ZScore: std must not be negative, got -1.0"),
        (lambda: ZScore(mean="0", std=1), "ZScore: mean must be a finite number, got '0'"),
        (lambda: ZScore(mean=True, std=1), "ZScore: mean must be a finite number, got True"),
        (lambda: ZScore(mean=10**400, std=1), "ZScore: mean must be a finite number, got 1000"),
        (lambda: MinMax(min=3, max=1), "MinMax: min must not exceed max, got (3.0, 1.0); swap them"),
        (lambda: MinMax(max=1), "MinMax: min is missing"),
        (lambda: Clip(3, 1), "Clip: min must not exceed max, got (3.0, 1.0); swap them"),
        (lambda: Clip(NAN, 1), "Clip: min must be a number, got nan"),
        (lambda: Clip(0, None), "Clip: max must be a number, got None"),
    ],
)
def test_wrong_arguments_fail_when_made(make, says):
    with pytest.raises(ColumnError) as e:
        make()
    assert says in str(e.value)


def test_what_is_learned_is_given_by_name() -> None:
    for call in (lambda: ZScore(40, 10), lambda: MinMax(0, 1)):
        with pytest.raises(TypeError, match="no argument by position"):
            call()
    assert Clip(0, 1) == Clip(min=0, max=1)
    assert repr(MinMax(min=0, max=1)) == "MinMax(min=0.0, max=1.0)"


def test_e1_an_older_version_of_log1p_keeps_its_bits() -> None:
    """E1: plans that were saved before go on giving -inf and NaN; what is declared today is the newer version."""
    assert fc.Numeric("x", normalizer="Log1p").normalizer == (Log1p(),)
    assert decode({"type": "Log1p"}) == Log1p() != decode({"type": "Log1p.v1"})
    assert Log1p().to_json() == {"type": "Log1p.v2"}
    spec = [{"type": "Numeric", "source": "x", "normalizer": {"type": "Log1p.v1"}}]
    old, x = fc.compile(fc.columns_from_json(spec)), [-1.0, -2.0, 0.0]
    assert old.transform({"x": x}).ravel().tolist()[::2] == [-INF, 0.0]
    assert [bits(float(v)) for v in old.transform({"x": x}).ravel()] == [bits(float(old.transform_row({"x": v})[0])) for v in x]
    assert fc.Plan.from_bytes(old.to_bytes()) == old
    with pytest.raises(fc.DataError, match="infinite"):
        old.transform({"x": [INF]})
    new = fc.compile([fc.Numeric("x", normalizer="Log1p")])
    assert new != old
    with pytest.raises(fc.DataError, match=r"Log1p needs numbers above -1 in field 'x' at row 0, got -1\.0"):
        new.transform({"x": x})


def test_robust_learns_what_scikit_learn_does():
    x = np.random.default_rng(1).standard_t(2, 501)
    x[::50] = NAN
    theirs = RobustScaler().fit(x[:, None])
    plan = fc.fit([fc.Numeric("x", default=NAN, normalizer=Robust())], {"x": x})
    np.testing.assert_array_max_ulp(plan.transform({"x": x}), theirs.transform(x[:, None]).astype(np.float32), maxulp=1)
    even = fc.fit([fc.Numeric("x", normalizer=[Clip(0, 100), Robust()])], {"x": [1.0, 2.0, 4.0, 1000.0]})
    assert even.transform({"x": [3.0, 29.25, 500.0]}).ravel().tolist() == [
        0.0,
        np.float32(26.25 / 26.25),
        np.float32(97 / 26.25),
    ]


def test_robust_of_equal_quartiles_divides_by_one():
    plan = fc.fit([fc.Numeric("x", normalizer=Robust())], {"x": [0.0] * 9 + [5.0]})
    assert plan.transform({"x": [0.0, 5.0]}).ravel().tolist() == [0.0, 5.0]
    with pytest.raises(ColumnError, match="scale must be positive"):
        Robust(center=1, scale=0)


def test_what_robust_cannot_learn_from_is_named_with_its_row():
    for normalizer, value in (([Robust()], INF), ([Log1p(), Robust()], -1.0)):
        with pytest.raises(fc.DataError, match="at row 1"):
            fc.fit([fc.Numeric("x", normalizer=normalizer)], {"x": [1.0, value]})
        plan = fc.fit([fc.Numeric("x", default=NAN, normalizer=normalizer)], {"x": [1.0, value, 3.0, 2.0]})
        assert np.isfinite(plan.transform({"x": [1.0]})).all()
