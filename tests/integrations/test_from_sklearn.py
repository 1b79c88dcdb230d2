"""Fitted preprocessing of scikit-learn as plans: equal features in the same order, and what no column computes by name."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

import featurecols as fc
from featurecols.integrations.sklearn import from_sklearn

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*every value is unseen", "ignore:Found unknown categories", "ignore:Skipping features"
)
NUMBERS = ["distance", "hour", "wind_speed"]
TEXTS = ["carrier", "origin", "dest"]
AWKWARD = ["", " ", "é", "ß", "日本", "a\x00b", "x" * 2000, "0", "-0", "nan", "None", "UA"]


def flights(rows: int = 800, seed: int = 0) -> pd.DataFrame:
    table = all_flights()
    return table.iloc[np.random.default_rng(seed).integers(0, len(table), rows)].reset_index(drop=True)


@cache
def all_flights() -> pd.DataFrame:
    return fc.datasets.flights().select([*NUMBERS, *TEXTS]).to_pandas()


def hostile(rows: int = 200, seed: int = 1) -> pd.DataFrame:
    """Rows with unknown, missing and awkward texts, and with numbers of all sizes."""
    rng = np.random.default_rng(seed)
    sizes = np.array([0.0, -0.0, 1e-320, -1e-310, 1e300, -1e300, 2.0**53, 1e9 + 0.1, -7.25, np.nan, 3.0])
    numbers = {key: rng.choice(sizes, rows) * rng.choice([1.0, 0.5], rows) for key in NUMBERS}
    texts = {key: rng.choice(np.array([*AWKWARD, None], dtype=object), rows) for key in TEXTS}
    return pd.DataFrame({**numbers, **texts})


def of(fitted: BaseEstimator, rows: Any) -> np.ndarray:
    """What scikit-learn gives, rounded to float32 once."""
    found = fitted.transform(rows)
    with np.errstate(over="ignore"):
        return np.asarray(found.toarray() if issparse(found) else found).astype(np.float32)


def check(fitted: BaseEstimator, rows: pd.DataFrame, *, ulps: int = 0, known_only: bool = False) -> fc.Plan:
    """Compare a plan with what it was made of, over all rows at once and one by one; return the plan."""
    plan = from_sklearn(fitted, known_only=known_only)
    want, got = of(fitted, rows), plan.transform(rows)
    sparse = issparse(fitted.transform(rows[:1]))  # which has no negative zeros
    if ulps:
        np.testing.assert_array_max_ulp(want, got, ulps)
    else:
        np.testing.assert_array_equal(want, got)
        there = ~np.isnan(want) & (want != 0 if sparse else True)
        np.testing.assert_array_equal(np.signbit(want[there]), np.signbit(got[there]))
    for i in range(0, len(rows), 97):
        row = {key: None if value is None or value != value else value for key, value in rows.iloc[i].to_dict().items()}
        np.testing.assert_array_equal(plan.transform_row(row), got[i])
    assert fc.Plan.from_bytes(plan.to_bytes()) == plan
    return plan


def known(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Rows of which every category is in `like`."""
    return rows[rows[TEXTS].isin(like[TEXTS].to_dict("list")).all(axis=1)]


# Numbers --------------------------------------------------------------------------------------------------------------

SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    StandardScaler(with_mean=False, with_std=False),
    *(make_pipeline(SimpleImputer(strategy=s), StandardScaler()) for s in ("mean", "median", "most_frequent")),
    SimpleImputer(strategy="constant", fill_value=-3.5),
    RobustScaler(),
    RobustScaler(with_centering=False, quantile_range=(5, 95)),
    RobustScaler(with_scaling=False, unit_variance=True),
    MaxAbsScaler(),
    make_pipeline(SimpleImputer(), StandardScaler(), StandardScaler(with_std=False), "passthrough"),
]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_scaled_and_filled_numbers(scaler: BaseEstimator) -> None:
    train = flights()[NUMBERS]
    fitted = scaler.fit(train)
    check(fitted, flights(seed=2)[NUMBERS])
    check(fitted, hostile()[NUMBERS])


@pytest.mark.parametrize(
    "scaler",
    [MinMaxScaler(), MinMaxScaler((-2, 7.5)), MinMaxScaler(clip=True), make_pipeline(SimpleImputer(), MinMaxScaler())],
    ids=str,
)
def test_numbers_between_min_and_max_within_one_unit_in_the_last_place(scaler: BaseEstimator) -> None:
    fitted = scaler.fit(flights()[NUMBERS])
    check(fitted, flights(seed=2)[NUMBERS], ulps=1)
    check(fitted, hostile()[NUMBERS], ulps=1)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()], ids=str)
def test_constant_fields(scaler: BaseEstimator) -> None:
    train = pd.DataFrame({"a": [3.0, 3.0], "b": [1.0, 2.0]})
    check(scaler.fit(train), pd.DataFrame({"a": [3.0, 7.5, np.nan], "b": [0.0, 1.5, 9.0]}), ulps=1)


@pytest.mark.parametrize(("encode", "strategy"), [("onehot", "uniform"), ("onehot-dense", "quantile"), ("ordinal", "kmeans")])
def test_bins(encode: str, strategy: str) -> None:
    train = flights()[["distance", "hour"]]
    bins = KBinsDiscretizer([4, 7], encode=encode, strategy=strategy, subsample=None)
    fitted = bins.fit(train)
    edges = pd.DataFrame({"distance": np.concatenate(fitted.bin_edges_), "hour": np.concatenate(fitted.bin_edges_)})
    numbers = hostile()[["distance", "hour"]].dropna()
    check(fitted, pd.concat([flights(seed=2)[["distance", "hour"]], edges, np.nextafter(edges, -np.inf), numbers]))
    filled = make_pipeline(SimpleImputer(), StandardScaler(), bins).fit(flights()[NUMBERS[1:]])
    check(filled, hostile()[NUMBERS[1:]])


def test_markers_of_missing_numbers_and_fields_without_any() -> None:
    train = pd.DataFrame({"a": [-999.0, 2.0, 4.0], "b": [1.0, 5.0, -999.0]})
    plan = check(SimpleImputer(missing_values=-999.0).fit(train), train)
    assert plan.transform({"a": [-999], "b": [-999]}).tolist() == [[3.0, 3.0]]
    train = pd.DataFrame({"a": [np.nan, np.nan], "b": [1.0, np.nan]})
    assert check(SimpleImputer().fit(train), train).feature_names == ("b",)
    check(SimpleImputer(keep_empty_features=True).fit(train), train)


def test_infinite_numbers_are_refused_after_an_imputer() -> None:
    rows = pd.DataFrame({"a": [1.0, np.inf]})
    plan = from_sklearn(make_pipeline(SimpleImputer(), StandardScaler()).fit(rows[:1]))
    with pytest.raises(fc.DataError, match="a number is infinite in field 'a' at row 1"):
        plan.transform(rows)


# Categories -----------------------------------------------------------------------------------------------------------

ONE_HOT = [
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False, drop="first", dtype=np.float32),
    OneHotEncoder(handle_unknown="ignore", drop="if_binary"),
    OneHotEncoder(handle_unknown="ignore", drop=["UA", "JFK", "ATL"]),
    OneHotEncoder(handle_unknown="infrequent_if_exist"),
    OneHotEncoder(handle_unknown="ignore", categories=[["UA", "AA", "é", ""], ["LGA", "EWR"], ["日本", "x" * 2000]]),
]


@pytest.mark.parametrize("encoder", ONE_HOT, ids=str)
def test_one_hot_categories(encoder: OneHotEncoder) -> None:
    fitted = encoder.fit(flights()[TEXTS])
    check(fitted, flights(seed=2)[TEXTS])
    check(fitted, hostile()[TEXTS])


def test_awkward_categories() -> None:
    train = hostile()[TEXTS].dropna()
    check(OneHotEncoder(handle_unknown="ignore").fit(train), hostile(seed=5)[TEXTS])


GROUPS = [
    OneHotEncoder(),
    OneHotEncoder(drop="first"),
    OneHotEncoder(min_frequency=20),
    OneHotEncoder(min_frequency=0.02, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(max_categories=4, handle_unknown="ignore"),
    OneHotEncoder(max_categories=4, min_frequency=10, handle_unknown="warn"),
    OrdinalEncoder(),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(min_frequency=20, handle_unknown="use_encoded_value", unknown_value=99),
    OrdinalEncoder(max_categories=3, handle_unknown="use_encoded_value", unknown_value=np.nan),
]


@pytest.mark.parametrize("encoder", GROUPS, ids=str)
def test_encoders_of_known_categories_alone(encoder: BaseEstimator) -> None:
    train = flights()[TEXTS]
    fitted = encoder.fit(train)
    with pytest.raises(fc.ColumnError, match=r"from_sklearn: O\w+Encoder .*known_only=True if every category that comes"):
        from_sklearn(fitted)
    check(fitted, known(flights(seed=2), train)[TEXTS], known_only=True)


@pytest.mark.parametrize("classes", [None, 2, 3])
def test_means_of_the_target(classes: int | None) -> None:
    train = flights()
    target = train["distance"] + 0.5 if classes is None else train["hour"] % classes
    fitted = TargetEncoder(cv=2).fit(train[TEXTS], target)
    if classes == 3:
        with pytest.raises(fc.ColumnError, match="TargetEncoder has a target of type 'multiclass'; encode one class at a time"):
            from_sklearn(fitted, known_only=True)
        return
    check(fitted, flights(seed=2)[TEXTS], known_only=True)
    check(fitted, hostile()[TEXTS].dropna(), known_only=True)


def test_unknown_categories_that_are_not_missing() -> None:
    train = flights()[TEXTS]
    for encoder in (GROUPS[3], GROUPS[7]):
        check(encoder.fit(train), hostile()[TEXTS].dropna(), known_only=True)


def test_categories_that_are_numbers_and_booleans() -> None:
    rows = pd.DataFrame({"n": [3, 1, 2, 3], "f": [1.0, -2.0, 1.0, 1e15], "b": [True, False, True, True]})
    check(OneHotEncoder(handle_unknown="ignore").fit(rows), rows)
    array = OneHotEncoder(handle_unknown="ignore").fit(rows[["n"]].to_numpy())
    assert from_sklearn(array).transform({"x0": [2, 4, None]}).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


# Whole preprocessing --------------------------------------------------------------------------------------------------


def preprocessing() -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("scaled", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["wind_speed", "distance"]),
            ("bands", KBinsDiscretizer(5), ["distance"]),
            ("left", "drop", ["dest"]),
            ("hot", OneHotEncoder(handle_unknown="ignore"), make_column_selector("carrier|origin")),
        ],
        remainder="passthrough",
    )


def test_a_column_transformer_and_a_pipeline_around_it() -> None:
    train = flights()
    fitted = preprocessing().fit(train)
    rows = pd.concat([flights(seed=2), hostile().dropna(subset=["distance"])])
    plan = check(fitted, rows)
    assert plan.feature_names[:2] == ("wind_speed", "scaled__distance")
    assert plan.feature_names[2].startswith("bands__distance=")
    assert plan.feature_names[-1] == "hour"
    assert check(Pipeline([("all", preprocessing()), ("same", "passthrough")]).fit(train), rows) == plan


@pytest.mark.parametrize(
    "chosen",
    [["distance", "hour"], [0, 1], [0, -2], slice(0, 2), slice("distance", "hour"), [True, True, False], np.array([0, 1])],
    ids=str,
)
def test_the_ways_to_choose_fields(chosen: Any) -> None:
    train = flights()[NUMBERS].fillna(0.0)
    check(make_column_transformer((StandardScaler(), chosen)).fit(train), train)


def test_a_field_alone_and_arrays() -> None:
    rows = flights()[NUMBERS].fillna(1.0)
    plan = from_sklearn(make_column_transformer((MinMaxScaler(), [2]), remainder=StandardScaler()).fit(rows.to_numpy()))
    assert [field.key for field in plan.fields] == ["x2", "x0", "x1"]


def test_nested_column_transformers_read_by_position() -> None:
    train = flights()[NUMBERS].fillna(0.0)
    inner = make_column_transformer((StandardScaler(), [1]), remainder="passthrough")
    check(make_pipeline(StandardScaler(with_std=False), inner).fit(train), train)


# What no column computes ----------------------------------------------------------------------------------------------


def test_the_message_says_what_and_the_way_out() -> None:
    with pytest.raises(fc.ColumnError) as found:
        from_sklearn(FeatureUnion([("a", StandardScaler())]).fit([[1.0]]))
    assert str(found.value) == (
        "from_sklearn: FeatureUnion is not among what columns compute; known are FunctionTransformer, "
        "KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, SimpleImputer, "
        "StandardScaler, TargetEncoder"
    )


class OwnScaler(StandardScaler):
    """A subclass, which may do anything."""


NUMBER = pd.DataFrame({"a": [1.0, 2.0, 4.0, np.nan]})
TEXT = pd.DataFrame({"t": ["a", "b", "b", None]})
REFUSED = [
    (QuantileTransformer(n_quantiles=3).fit(NUMBER), "QuantileTransformer is not among what columns compute"),
    (PowerTransformer().fit(NUMBER), "PowerTransformer is not among"),
    (KNNImputer().fit(NUMBER), "KNNImputer is not among"),
    (OwnScaler().fit(NUMBER), "OwnScaler is not among"),
    (FeatureHasher(4, input_type="string").fit(None), "FeatureHasher is not among"),
    (TargetEncoder(cv=2).fit(TEXT[:3], [0.0, 1.0, 2.5]), "TargetEncoder gives missing categories the mean of the target"),
    (make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBER[:3], [0, 1, 1]), "LogisticRegression is not among"),
    (FunctionTransformer(np.log1p).fit(NUMBER), "FunctionTransformer calls a function, <ufunc 'log1p'>"),
    (SimpleImputer(add_indicator=True).fit(NUMBER), "SimpleImputer has add_indicator=True"),
    (SimpleImputer(strategy="most_frequent").fit(TEXT.fillna(np.nan)), "SimpleImputer fills texts, in 't'"),
    (make_pipeline(StandardScaler(), SimpleImputer()).fit(NUMBER), "SimpleImputer comes after another step on 'a'"),
    (make_pipeline(SimpleImputer(), OneHotEncoder()).fit(NUMBER), "OneHotEncoder comes after another step on 'a'"),
    (make_pipeline(OrdinalEncoder(), StandardScaler()).fit(TEXT[:3]), "OrdinalEncoder gives missing categories"),
    (OneHotEncoder(handle_unknown="ignore").fit(TEXT), "OneHotEncoder has a category for missing values, in 't'"),
    (OneHotEncoder(handle_unknown="ignore").fit([[1.5], [2.0]]), r"has the category 1\.5, in 'x0'"),
    (OneHotEncoder(min_frequency=2, drop="first", handle_unknown="ignore").fit([["a"], ["b"], ["b"]]), "drops a category and"),
    (OneHotEncoder(min_frequency=9, handle_unknown="ignore").fit(TEXT[:3]), "found infrequent categories alone in 't'"),
    (KBinsDiscretizer(2).fit([[1.0], [1.0]]), "found one bin in 'x0'"),
    (ColumnTransformer([("a", StandardScaler(), [0])], transformer_weights={"a": 2.0}).fit(NUMBER), "transformer_weights"),
]


@pytest.mark.parametrize(("fitted", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_no_column_computes_is_refused_by_name(fitted: BaseEstimator, says: str) -> None:
    with pytest.raises(fc.ColumnError, match=f"^from_sklearn: .*{says}.*; "):
        from_sklearn(fitted)


def test_steps_after_a_categorical_one() -> None:
    fitted = make_pipeline(OrdinalEncoder(), StandardScaler()).fit(TEXT[:3])
    with pytest.raises(
        fc.ColumnError, match="StandardScaler reads features of 't', and columns read fields and numbers alone; drop the step"
    ):
        from_sklearn(fitted, known_only=True)


def test_what_is_not_fitted() -> None:
    for transformer in (StandardScaler(), make_pipeline(StandardScaler()), preprocessing()):
        with pytest.raises(NotFittedError):
            from_sklearn(transformer)
