import math
import struct
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, RobustScaler

import featurecols as fc
from featurecols import kernels
from featurecols._core.fused_layout import described
from featurecols._core.normal_scores import score
from featurecols._core.numbers import Numbers
from featurecols._core.spec import decode
from featurecols.analyzers.moments import Moments
from featurecols.columns.normalizers import Clip, Log1p, MinMax, Power, RankGauss, Robust, SignedLog1p, ZScore
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
    Power(exponent=-0.75),
    Power(exponent=0),
    Power(exponent=2),
    RankGauss(quantiles=[-1, 0, 0, 0, 4, 1e300]),
    RankGauss(quantiles=[-1.7e308, 1.7e308]),
    Log1p(),
    Clip(-1, 2.5),
    Clip(0.0, INF),
]


def bits(x):
    return struct.pack("<d", math.nan if x != x else x)


def through_kernel(normalizers, x):
    code, a, b = described(op for n in normalizers for op in n.ops())
    out = np.empty(len(x))
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
        (Power(exponent=2), 3.0, 7.5),
        (Power(exponent=0.5), 3.0, 2.0),
        (Power(exponent=1), -0.1, -0.1),
        (Power(exponent=0), math.e - 1, 1.0),
        (Power(exponent=2), 1 - math.e, -1.0),
        (Power(exponent=0), -3.0, -7.5),
        (Power(exponent=9), 1e300, INF),
        (RankGauss(quantiles=[0, 10, 20]), 10.0, 0.0),
        (RankGauss(quantiles=[0, 10, 20]), 15.0, NormalDist().inv_cdf(0.75)),
        (RankGauss(quantiles=[0, 10, 10, 20, 30]), 10.0, NormalDist().inv_cdf(0.375)),  # the middle of ranks 0.25 and 0.5
        (RankGauss(quantiles=[0, 0, 0, 20, 30]), 0.0, NormalDist().inv_cdf(0.25)),
        (RankGauss(quantiles=[0, 10]), -3.0, NormalDist().inv_cdf(1e-7)),
        (RankGauss(quantiles=[0, 10]), 10.0, -NormalDist().inv_cdf(1e-7)),
        (RankGauss(quantiles=[-1.7e308, 1.7e308]), 0.0, 0.0),
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
    exact = y if type(normalizer) not in (Power, RankGauss) else pytest.approx(y, rel=1e-10, abs=0)
    assert normalizer.row(x) == exact


@pytest.mark.parametrize("normalizer", [*GIVEN, ZScore(), MinMax(), Robust(), Power(), RankGauss(7)], ids=repr)
def test_a_normalizer_is_a_value(normalizer):
    assert decode(normalizer.to_json()) == normalizer
    assert (
        eval(
            repr(normalizer),
            {type(n).__name__: type(n) for n in (*GIVEN, ZScore())},
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


@pytest.mark.parametrize("normalizer", [ZScore(), MinMax(), Power(), RankGauss()], ids=repr)
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
        (lambda: Power(exponent=INF), "Power: exponent must be a finite number, got inf; leave it out to learn it"),
        (lambda: Power(exponent="1"), "Power: exponent must be a finite number, got '1'"),
        (lambda: RankGauss(1), "RankGauss: n must be an integer from 2 to 32768, got 1"),
        (lambda: RankGauss(2.0), "RankGauss: n must be an integer"),
        (lambda: RankGauss(2**16), "got 65536"),
        (lambda: RankGauss(quantiles=[1, 0]), "RankGauss: quantiles must be two or more finite numbers in ascending order"),
        (lambda: RankGauss(quantiles=[1]), "got (1,); leave them out to learn them"),
        (lambda: RankGauss(quantiles=[0, INF]), "got (0, inf)"),
        (lambda: RankGauss(quantiles="ab"), "got 'ab'"),
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


def test_the_normal_score_is_that_of_python() -> None:
    for p in (0.0, 1e-9, 1e-7, 0.01, 0.075, 0.075001, 0.3, 0.5, 0.6, 0.925, 0.99, 1 - 1e-7, 1.0):
        assert score(p) == NormalDist().inv_cdf(min(max(p, 1e-7), 1 - 1e-7))


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_rank_gauss_is_the_quantile_transformer_of_scikit_learn(n: int) -> None:
    """Equal to the last place of float32, but for values that share an end, which have the score of the end there."""
    random = np.random.default_rng(n)
    x = random.lognormal(0, 1, 3_000)
    x[:90] = x[90]
    theirs = QuantileTransformer(n_quantiles=n, output_distribution="normal", subsample=10**9).fit(x[:, None])
    new = np.concatenate([x, random.lognormal(0, 1.5, 3_000), [-1.0, 1e300]])
    ours = fc.fit([fc.Numeric("x", normalizer=RankGauss(n))], {"x": x}).transform({"x": new})
    np.testing.assert_array_max_ulp(ours, theirs.transform(new[:, None]).astype(np.float32), maxulp=2)
    ties = fc.fit([fc.Numeric("x", normalizer=RankGauss(5))], {"x": [0.0, 0.0, 0.0, 1.0, 2.0]})
    assert ties.transform({"x": [0.0]})[0, 0] == np.float32(NormalDist().inv_cdf(0.25))


@pytest.mark.parametrize(
    "draw",
    [
        lambda random: random.lognormal(0, 1, 3_000),
        lambda random: -random.exponential(3, 3_000),
        lambda random: random.normal(1, 2, 3_000) ** 3,
        lambda random: random.exponential(1e-3, 3_000),
        lambda random: 2000 + random.normal(0, 10, 3_000),
        lambda random: random.poisson(3, 3_000).astype(float),
        lambda random: random.lognormal(0, 1, 50_000),  # more distinct values than the histogram counts one by one
    ],
    ids=["lognormal", "negative", "both signs", "small", "years", "counts", "many"],
)
def test_power_learns_the_exponent_of_scikit_learn(draw) -> None:
    """The nearest multiple of 1 / 1024, or its neighbour where values are rounded down."""
    x = draw(np.random.default_rng(5))
    theirs = PowerTransformer().fit(x[:, None])
    plan = fc.fit([fc.Numeric("x", normalizer=[Power(), ZScore()])], {"x": x})
    (exponent,) = (a["exponent"] for slots in plan._learned.values() for a in slots.values() if "exponent" in a)
    assert abs(exponent - theirs.lambdas_[0]) <= (1 if len(x) > 32_768 else 0.5001) / 1024
    given = fc.fit([fc.Numeric("x", normalizer=[Power(exponent=theirs.lambdas_[0]), ZScore()])], {"x": x})
    np.testing.assert_allclose(given.transform({"x": x}), theirs.transform(x[:, None]), rtol=0, atol=2e-5)


@pytest.mark.parametrize("x", [[3.0, 3.0], [1e308, -1e308], [0.0]])
def test_power_of_what_has_no_best_exponent_changes_nothing(x) -> None:
    assert fc.fit([fc.Numeric("x", normalizer=Power())], {"x": x}).transform({"x": [7.0]}).tolist() == [[7.0]]


@pytest.mark.parametrize("normalizer", [Power(), RankGauss(), Power(exponent=-1), RankGauss(quantiles=[0, 1])], ids=repr)
def test_what_power_and_ranks_make_finite_is_refused_where_it_was_infinite(normalizer) -> None:
    plan = fc.fit([fc.Numeric("x", normalizer=normalizer)], {"x": [1.0, 2.0, 5.0]})
    with pytest.raises(fc.DataError, match="a number is infinite in field 'x' at row 1"):
        plan.transform({"x": [1.0, INF]})
    with pytest.raises(fc.DataError, match="a number is infinite"):
        plan.transform_row({"x": INF})


def test_numbers_beyond_the_quantiles_are_out_of_range() -> None:
    plan = fc.fit([fc.Numeric("x", normalizer=[Clip(-9, 9), RankGauss(3), Clip(-9, 9)])], {"x": [1.0, 2.0, 5.0]})
    assert plan.check({"x": [0.5, 1.0, 4.0, 6.0]}).fields["x"].out_of_range == 0.5
