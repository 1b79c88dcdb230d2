"""What fc.suggest finds in a label: pairs of fields that say together what neither says alone, and nothing in chance."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols._core.arrays import Array
from featurecols.plan.suggestions.additive_fit import AdditiveFit
from featurecols.plan.suggestions.cell_effects import Remainder

N = 1600


def table(label: Array) -> pa.Table:
    """Five fields that are independent of each other, and a label."""
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 6, N), rng.integers(0, 5, N)
    return pa.table(
        {
            "a": [f"a{k}" for k in a],
            "b": b,
            "x": rng.random(N) * 100,
            "y": rng.random(N) ** 2,
            "user": [f"u{k}" for k in rng.integers(0, 300, N)],
            "label": label,
        }
    )


def crosses(data: pa.Table) -> dict[str, fc.Suggestion]:
    """What is suggested beside the fields themselves."""
    return {one.field: one for one in fc.suggest(data, "label").fields if one.field not in data.schema.names}


def planted() -> tuple[pa.Table, Array]:
    """A label to which a and b add, and say more together; and how much of the rest they explain together."""
    data = table(np.zeros(N))
    a, b = data["a"].to_numpy(), data["b"].to_numpy()
    rng = np.random.default_rng(6)
    pair = np.where((a == "a1") == (b == 2), 1.0, -1.0)
    number = np.asarray((b == 3) * 2.0 + (a == "a5") * 3.0 + data["x"].to_numpy() / 25 + 0.6 * pair + rng.normal(size=N))
    return data.drop_columns("label").append_column("label", pa.array(number)), number


def test_terms_that_say_more_together() -> None:
    data, number = planted()
    cross = fc.Crossed(["a", "b"], 128)
    said = "together they explain 9.7 % of what the fields one by one leave of label"
    (found,) = crosses(data).values()
    assert found == fc.Suggestion(
        "a x b",
        f"{said} (chance: 0 ± 0.52 %)",
        (fc.Indicator(cross),),
        (cross,),
        (fc.Embedding(cross, 8),),
        dnn_reason=f"{said} (chance: 0 ± 0.52 %); embeddings of 8 dimensions",
    )
    shuffled = data.take(pa.array(np.random.default_rng(1).permutation(N)))
    assert repr(fc.suggest(shuffled, "label")) == repr(fc.suggest(data, "label"))
    of_classes = data.set_column(5, "label", pa.array(np.where(number > 2.5, "late", "on time")))
    assert list(crosses(of_classes)) == ["a x b"]


def test_numbers_that_say_more_together() -> None:
    data = table(np.zeros(N))
    x, y = data["x"].to_numpy(), data["y"].to_numpy()
    label = np.where((x > 50) == (y > 0.25), 1.0, -1.0) + np.random.default_rng(7).normal(size=N)
    (found,) = crosses(data.set_column(5, "label", pa.array(label))).values()
    sides = [fc.Bucketized(key, fc.Quantiles(10)) for key in ("x", "y")]
    assert (found.field, found.linear) == ("x x y", (fc.Crossed(sides, 256),))
    assert found.reason.endswith("; 10 intervals of each")


def test_numbers_whose_ratio_says_more() -> None:
    """People a household, of towns of any size: neither number says it, nor does their sum."""
    rng = np.random.default_rng(14)
    homes = np.floor(np.exp(rng.normal(6, 1, N)))
    each = np.exp(rng.normal(1, 0.2, N))
    towns = {"homes": homes, "people": np.floor(homes * each), "rain": rng.random(N) * 1000}
    label = (each > np.e) * 2.0 + rng.normal(size=N)
    data = pa.table({**towns, "label": label})
    (found,) = crosses(data).values()
    ratio = fc.Ratio("people", "homes")
    number = fc.Numeric(ratio, default=fc.Median(), normalizer=[fc.Log1p(), fc.ZScore(), fc.Clip(-5, 5)])
    said = "their ratio explains 48 % of what the fields one by one leave of label (chance: 0 ± 0.5 %)"
    assert found == fc.Suggestion(
        "people / homes",
        said,
        (number,),
        (number, fc.Bucketized(ratio, fc.Quantiles(32))),
        (number,),
        linear_reason=f"{said}; up to 32 intervals for what a line cannot follow",
    )
    shuffled = data.take(pa.array(rng.permutation(N)))
    assert repr(fc.suggest(shuffled, "label")) == repr(fc.suggest(data, "label"))
    below = data.set_column(0, "homes", pa.array(homes - 40))  # no amounts: a ratio of numbers of both signs means little
    assert "people / homes" not in crosses(below)
    gone = [None if i % 40 == 0 else x for i, x in enumerate(homes)]
    some = data.set_column(0, "homes", pa.array([0.0 if i % 50 == 1 else x for i, x in enumerate(gone)]))
    assert list(crosses(some)) == ["people / homes"]
    assert np.isfinite(fc.fit(fc.suggest(some, "label"), some).transform(some)).all()
    far = {"homes": homes * 1e-158, "people": towns["people"] * 5e149, "rain": towns["rain"], "label": label}
    assert crosses(pa.table(far)) == {}  # some ratios are infinite, which no column learns from


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_found_in_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = [rng.normal(size=N), np.exp(3 * rng.normal(size=N)), rng.random(N) < 0.03, rng.integers(0, 6, N)]
    assert [list(crosses(table(label))) for label in labels] == [[]] * 4


def test_what_adds_up_is_no_reason_to_cross() -> None:
    data = table(np.zeros(N))
    a, x = data["a"].to_numpy(), data["x"].to_numpy()
    number = (a == "a1") * 3.0 + np.sin(x / 9) + np.random.default_rng(8).normal(size=N)
    odds = 1 / (1 + np.exp(-2 * number + 1)) > np.random.default_rng(9).random(N)
    assert crosses(data.set_column(5, "label", pa.array(number))) == {}
    assert crosses(data.set_column(5, "label", pa.array(odds))) == {}
    near = data.set_column(3, "y", pa.array(x + np.random.default_rng(12).normal(size=N)))
    both = (x + near["y"].to_numpy()) ** 2 / 4000
    noise = np.random.default_rng(13).normal(size=N) / 5
    assert crosses(near.set_column(5, "label", pa.array(x + both * 0 + near["y"].to_numpy() * 2 + noise))) == {}


@pytest.mark.parametrize("classes", [0, 3])
def test_many_terms_that_say_something(classes: int) -> None:
    data = table(np.zeros(N))
    effects = np.random.default_rng(10).normal(size=300)
    number = effects[[int(key[1:]) for key in data["user"].to_pylist()]] + np.random.default_rng(11).normal(size=N)
    label = np.digitize(number, [-0.7, 0.7]) if classes else number
    data = data.set_column(5, "label", pa.array(label))
    (found,) = crosses(data).values()
    mean: fc.Column = fc.TargetMean("user", fc.Field("label", type="text") if classes else "label")
    if not classes:  # which may be of any size
        mean = fc.Numeric(mean, normalizer=fc.ZScore(), name="user_mean_label")
    assert (found.field, found.columns, found.linear, found.dnn) == ("user, each value", (), (mean,), (mean,))
    said = "each of its 299 values by itself: they explain 49 % of what the other fields leave of label (chance: 0 ± 1.9 %)"
    assert classes or found.reason == f"{said}: the mean label of each"
    suggested = fc.suggest(data, "label")
    width = fc.fit(suggested.dnn, data).transform_training(data).shape[1]
    assert width == fc.fit([one for one in suggested.dnn if one != mean], data).transform(data).shape[1] + (3 if classes else 1)
    assert crosses(data.select(["user", "label"])) == {}  # no other field decides the fold of a row


def test_effects_of_cells() -> None:
    """Products of all pairs of rows of one cell, counted one by one."""
    rng = np.random.default_rng(3)
    m, cells = 60, rng.integers(0, 7, 60)
    left, information = rng.normal(size=(m, 2)), rng.random((m, 2)) + 0.5
    weights = rng.integers(1, 4, m).astype(float)
    scores, seen = weights[:, None] * left, weights[:, None] * information
    pairs = [(i, j) for i in range(m) for j in range(m) if i != j and cells[i] == cells[j]]
    products = sum(scores[i] @ scores[j] for i, j in pairs)
    spread = 2 * sum((scores[i] ** 2) @ (scores[j] ** 2) for i, j in pairs)
    found = Remainder(left, information, weights).effect(cells, 7)
    assert found.deviations == pytest.approx(products / np.sqrt(2 * spread))
    assert found.variance == pytest.approx(max(products, 0) / sum(seen[i] @ seen[j] for i, j in pairs))
    assert Remainder(left, information, weights).effect(np.arange(m), m).gain == 0  # no pairs


def test_an_additive_fit_finds_effects() -> None:
    rng = np.random.default_rng(4)
    m, codes = 4000, {key: rng.integers(0, k, 4000) for key, k in (("p", 4), ("q", 300), ("noise", 50))}
    effects = {"p": np.array([-1.0, 0.0, 1.0, 2.0]), "q": rng.normal(size=300), "noise": np.zeros(50)}
    signal = sum(effects[key][codes[key]] for key in codes)
    fit = AdditiveFit((signal + rng.normal(size=m))[:, None], np.ones(m), codes, classes=False)
    assert fit.remainder().dispersion == pytest.approx(1.0, abs=0.12)
    odds = (1 / (1 + np.exp(-signal)) > rng.random(m)).astype(float)
    fit = AdditiveFit(odds[:, None], np.ones(m), {**codes, "same": codes["p"]}, classes=True)
    assert abs(fit.without("noise").effect(codes["noise"], 50).deviations) < 3
    assert fit.remainder().dispersion == pytest.approx(1.0, abs=0.15)


def test_a_label_that_is_always_missing_says_nothing_and_one_of_any_size_the_same():
    random = np.random.default_rng(1)
    a, b = random.integers(0, 2, (2, 1000))
    fields = {"a": [f"a{i}" for i in a], "b": [f"b{i}" for i in b]}
    assert [one.field for one in fc.suggest({**fields, "y": [None] * 1000}, "y").fields] == ["a", "b", "y"]
    y = (a ^ b) + random.normal(size=1000) / 8
    want = fc.suggest({**fields, "y": y}, "y")
    assert [one.field for one in want.fields] == ["a", "b", "a x b"]
    for power in (-900, 900):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert repr(fc.suggest({**fields, "y": np.ldexp(y, power)}, "y")) == repr(want)
