"""Columns and models inside scikit-learn: tables and arrays, names, pipelines, searches, pickles."""

from __future__ import annotations

import os
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import featurecols as fc
from featurecols.integrations.sklearn import (
    DNNClassifier,
    DNNRegressor,
    FeatureColumns,
    LinearClassifier,
    LinearRegressor,
    WideDeepClassifier,
    WideDeepRegressor,
)

PEOPLE = pd.DataFrame(
    {
        "age": [39.0, 50.0, None, 28.0, 61.0, 33.0],
        "job": ["nurse", "pilot", "nurse", None, "cook", "nurse"],
        "paid": [True, False, True, True, False, True],
    }
)
RICH = np.array(["no", "yes", "no", "no", "yes", "no"])
COLUMNS = [
    fc.Numeric("age", default=40, normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2))),
    fc.Indicator(fc.Bucketized("age", fc.Quantiles(3))),
]
JOBS = 2 if os.environ.get("FEATURECOLS_TEST_ALL") == "1" else 1  # processes that load everything anew cost seconds
MODELS = [LinearClassifier, DNNClassifier, WideDeepClassifier, LinearRegressor, DNNRegressor, WideDeepRegressor]


def flights(rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    table = fc.datasets.flights().to_pandas().dropna(subset=["late"]).head(rows)
    return table[["month", "hour", "carrier", "origin", "distance", "wind_speed"]], table["late"].astype(int).to_numpy()


def test_without_columns_numbers_are_scaled_and_texts_and_booleans_are_one_hot() -> None:
    found = FeatureColumns().set_output(transform="pandas").fit_transform(PEOPLE)
    assert list(found) == [
        "age",
        "job_indicator=nurse",
        "job_indicator=cook",
        "job_indicator=pilot",
        "paid_indicator=1",
        "paid_indicator=0",
    ]
    z = StandardScaler().fit_transform(PEOPLE[["age"]]).ravel()
    np.testing.assert_array_equal(found["age"], np.nan_to_num(z).astype(np.float32))
    np.testing.assert_array_equal(found["job_indicator=nurse"], [1, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(found["paid_indicator=0"], [0, 1, 0, 0, 1, 0])


def test_output_as_frames_of_polars() -> None:
    found = FeatureColumns(COLUMNS).set_output(transform="polars").fit_transform(pl.from_pandas(PEOPLE))
    assert isinstance(found, pl.DataFrame)
    assert found.columns == list(fc.fit(COLUMNS, PEOPLE).feature_names)
    assert found["job_indicator=nurse"].to_list() == [1, 0, 1, 0, 0, 1]


def test_categories_of_numbers_are_categories() -> None:
    table = pd.DataFrame({"zone": pd.Categorical([3, 1, 3]), "n": [3, 1, 3]})
    assert FeatureColumns().fit(table).get_feature_names_out().tolist() == ["zone_indicator=3", "zone_indicator=1", "n"]


def test_a_field_that_no_default_column_reads_is_named() -> None:
    with pytest.raises(fc.DataError, match=r"day: no default column reads this field .* got timestamp; declare it: columns="):
        FeatureColumns().fit(pd.DataFrame({"n": [1], "day": pd.to_datetime(["2026-01-01"])}))
    with pytest.raises(fc.DataError, match=r"v: no default column .* got lists of numbers"):
        FeatureColumns().fit(pl.DataFrame({"v": [[1.0, 2.0]]}))


@pytest.mark.parametrize("form", ["polars", "arrow", "batch", "dicts", "columns"])
def test_all_forms_of_a_table_give_the_plan_of_a_frame(form: str) -> None:
    forms = {
        "polars": lambda: pl.from_pandas(PEOPLE),
        "arrow": lambda: pa.Table.from_pandas(PEOPLE, preserve_index=False),
        "batch": lambda: pa.RecordBatch.from_pandas(PEOPLE, preserve_index=False),
        "dicts": lambda: PEOPLE.astype(object).where(PEOPLE.notna(), None).to_dict("records"),
        "columns": lambda: {key: PEOPLE[key].to_numpy() for key in PEOPLE},
    }
    fitted, table = FeatureColumns(COLUMNS).fit(PEOPLE), forms[form]()
    found = FeatureColumns(COLUMNS).fit(table)
    assert found.plan_ == fitted.plan_
    assert found.feature_names_in_.tolist() == ["age", "job", "paid"]
    np.testing.assert_array_equal(fitted.transform(table), fitted.transform(PEOPLE))


@pytest.mark.parametrize("make", [np.array, lambda rows: rows, pd.DataFrame], ids=["array", "lists", "frame without names"])
def test_the_fields_of_an_array_are_called_by_their_position(make: object) -> None:
    rows = make([[1.5, 2.0], [2.5, 4.0]])  # type: ignore[operator]
    fitted = FeatureColumns([fc.Numeric("x1", normalizer=fc.MinMax()), fc.Numeric("x0")]).fit(rows)
    assert fitted.transform(rows).tolist() == [[0.0, 1.5], [1.0, 2.5]]
    assert not hasattr(fitted, "feature_names_in_")
    assert fitted.n_features_in_ == 2


def test_texts_and_missing_values_of_object_arrays() -> None:
    rows = np.array([["a", 1], ["b", None], ["a", 3], [None, 5]], dtype=object)
    fitted = FeatureColumns().fit(rows)
    assert fitted.get_feature_names_out().tolist() == ["x0_indicator=a", "x0_indicator=b", "x1"]
    np.testing.assert_array_equal(fitted.transform(rows)[:, :2], [[1, 0], [0, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(fitted.transform(rows)[:, 2], np.float32([-(1.5**0.5), 0, 0, 1.5**0.5]))


def test_numbers_beside_texts_in_lists_stay_numbers() -> None:
    assert FeatureColumns().fit([["a", 1], ["b", 3]]).transform([["b", 1]]).tolist() == [[0.0, 1.0, -1.0]]
    texts = FeatureColumns().fit(np.array([["a", "x"], ["b", "y"]]))
    assert texts.transform([["b", "x"]]).tolist() == [[0.0, 1.0, 1.0, 0.0]]


def test_bare_categories_have_no_place_in_a_matrix() -> None:
    with pytest.raises(fc.PlanError, match=r"FeatureColumns: a categorical column gives ids, not features, got 'job'"):
        FeatureColumns([fc.Hashed("job", 3)]).fit(PEOPLE)


def test_other_names_and_paths_are_refused() -> None:
    fitted = FeatureColumns(COLUMNS).fit(PEOPLE)
    with pytest.raises(ValueError, match="should match those that were passed during fit"):
        fitted.transform(PEOPLE.rename(columns={"age": "years"}))
    with pytest.raises(TypeError, match="must be a table or an array, got the path"):
        fitted.transform("people.parquet")
    with pytest.raises(NotFittedError):
        FeatureColumns(COLUMNS).transform(PEOPLE)
    with pytest.raises(ValueError, match="output must be"):
        FeatureColumns(COLUMNS, output="wide").fit(PEOPLE)  # type: ignore[arg-type]
    with pytest.raises(fc.DataError, match="age"):
        FeatureColumns([fc.Numeric("age")]).fit(PEOPLE).transform(PEOPLE)


def test_a_plan_is_used_as_it_is() -> None:
    plan = fc.fit(COLUMNS, PEOPLE)
    fitted = FeatureColumns(plan).fit(PEOPLE.assign(age=1.0))
    assert fitted.plan_ is plan
    assert fitted.get_params() == {"columns": plan, "output": "dense"}


def test_sparse_output_holds_the_same_features_in_the_order_of_encode() -> None:
    dense, sparse = FeatureColumns(COLUMNS).fit(PEOPLE), FeatureColumns(COLUMNS, output="sparse").fit(PEOPLE)
    names = sparse.get_feature_names_out()
    place = [dense.get_feature_names_out().tolist().index(name) for name in names]
    np.testing.assert_array_equal(sparse.transform(PEOPLE).toarray(), dense.transform(PEOPLE)[:, place])
    bare = FeatureColumns([fc.Hashed("job", 5), fc.Numeric("age", default=0)], output="sparse").fit_transform(PEOPLE)
    assert bare.shape == (6, 6)


# partial_fit ----------------------------------------------------------------------------------------------------------


def test_partial_fit_learns_what_fit_learns_from_all_rows() -> None:
    table, _ = flights(300)
    columns = [
        fc.Numeric("wind_speed", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(9))),
        fc.Indicator(fc.Bucketized("distance", fc.Quantiles(7))),
        fc.Indicator(fc.Hashed("origin", 4)),
    ]
    found = FeatureColumns(columns)
    for start in (0, 100, 130):
        stop = {0: 100, 100: 130, 130: 300}[start]
        found.partial_fit(table.iloc[start:stop] if start else pa.Table.from_pandas(table[start:stop], preserve_index=False))
        found = pickle.loads(pickle.dumps(found))
    assert found.plan_ == fc.fit(columns, table)
    assert found.plan_.input_schema == fc.fit(columns, table).input_schema


def test_partial_fit_refuses_columns_of_several_passes() -> None:
    columns = [fc.Indicator(fc.Bucketized(fc.Numeric("age", default=0, normalizer=fc.ZScore()), fc.Quantiles(3)))]
    with pytest.raises(fc.PlanError, match=r"rows are seen once, and 2 passes are needed, got 'pass 1: age; pass 2"):
        FeatureColumns(columns).partial_fit(PEOPLE)


def test_rows_that_cannot_be_read_are_not_learned_from() -> None:
    found = FeatureColumns(COLUMNS[:2]).partial_fit(PEOPLE)
    with pytest.raises(fc.DataError, match="infinity cannot be learned from in field 'age' at row 1"):
        found.partial_fit(PEOPLE[:2].assign(age=[1.0, np.inf], job=["cook", "cook"]))
    assert found.partial_fit(PEOPLE).plan_ == fc.fit(COLUMNS[:2], pd.concat([PEOPLE, PEOPLE]))


def test_partial_fit_after_fit_begins_anew_and_says_so() -> None:
    found = FeatureColumns(COLUMNS).fit(PEOPLE)
    with pytest.warns(UserWarning, match="partial_fit: begins anew, since fit kept no counts"):
        found.partial_fit(PEOPLE[:4])
    assert found.plan_ == fc.fit(COLUMNS, PEOPLE[:4])


# Parameters -----------------------------------------------------------------------------------------------------------


def test_columns_and_their_arguments_are_parameters() -> None:
    features = FeatureColumns(COLUMNS)
    given = features.get_params()
    assert given["columns"] is COLUMNS
    assert given["job_indicator"] is COLUMNS[1]
    assert given["job_indicator__source__terms__n"] == 2
    assert given["age__normalizer"] == (fc.ZScore(),)
    features.set_params(age__normalizer=fc.Log1p(), job_indicator__source__terms__n=7)
    assert features.columns == [
        fc.Numeric("age", default=40, normalizer=fc.Log1p()),
        fc.Indicator(fc.Vocabulary("job", fc.TopTerms(7))),
        COLUMNS[2],
    ]
    assert COLUMNS[0] == fc.Numeric("age", default=40, normalizer=fc.ZScore())
    features.set_params(columns=COLUMNS, job_indicator=None)
    assert features.columns == [COLUMNS[0], COLUMNS[2]]


def test_parameters_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="Invalid parameter 'years' for estimator FeatureColumns"):
        FeatureColumns(COLUMNS).set_params(years=3)
    with pytest.raises(ValueError, match=r"Invalid parameter 'scale' for Numeric\('age'.* it has name, source"):
        FeatureColumns(COLUMNS).set_params(age__scale=3)
    with pytest.raises(ValueError, match="Invalid parameter 'a' for 40; it has no arguments"):
        FeatureColumns(COLUMNS).set_params(age__default__a=3)


def test_a_column_in_both_parts_of_a_wide_and_deep_model_changes_in_both() -> None:
    model = WideDeepClassifier(COLUMNS[:2], COLUMNS[1:]).set_params(job_indicator__source__terms__n=5)
    assert model.linear[1] == model.dnn[0] == fc.Indicator(fc.Vocabulary("job", fc.TopTerms(5)))
    assert clone(model).get_params()["hidden_units"] == (64, 32)


def test_a_search_over_columns_and_their_arguments() -> None:
    table, late = flights()
    columns = [fc.Numeric("distance", normalizer=fc.ZScore()), fc.Indicator(fc.Bucketized("hour", fc.Quantiles(2)))]
    pipeline = Pipeline([("features", FeatureColumns(columns)), ("model", LogisticRegression())])
    grid = [
        {"features__columns": [columns, columns[:1]]},
        {"features__hour_bucketized_indicator__source__boundaries": [fc.Quantiles(3), [12, 18]]},
    ]
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=JOBS).fit(table, late)
    lists = [columns, columns[:1]]
    lists += [[columns[0], fc.Indicator(fc.Bucketized("hour", boundaries))] for boundaries in (fc.Quantiles(3), [12, 18])]
    by_hand = [
        cross_val_score(make_pipeline(FeatureColumns(chosen), LogisticRegression()), table, late, cv=2).mean()
        for chosen in lists
    ]
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], by_hand)


def test_cross_validation_gives_the_scores_of_preprocessing_that_is_written_by_hand() -> None:
    table, late = flights(1000)
    table["wind_speed"] = table["wind_speed"].fillna(table["wind_speed"].mean())
    numbers, texts = ["distance", "wind_speed"], ["carrier", "origin"]
    columns = [
        *(fc.Numeric(key, normalizer=fc.ZScore()) for key in numbers),
        *(fc.Indicator(fc.Vocabulary(key, fc.TopTerms(None))) for key in texts),
    ]
    by_hand = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))
    scores = [
        cross_val_score(make_pipeline(steps, LogisticRegression(solver="newton-cholesky")), table, late, cv=3)
        for steps in (FeatureColumns(columns), by_hand.set_params(sparse_threshold=0))
    ]
    np.testing.assert_array_equal(*scores)


def test_inside_a_column_transformer_and_as_a_diagram() -> None:
    both = make_column_transformer((FeatureColumns(COLUMNS[:1]), ["age"]), (FeatureColumns(), ["job"]))
    found = both.set_output(transform="pandas").fit_transform(PEOPLE)
    assert list(found)[:2] == ["featurecolumns-1__age", "featurecolumns-2__job_indicator=nurse"]
    page = make_pipeline(FeatureColumns(COLUMNS), LogisticRegression())._repr_html_()
    assert "FeatureColumns" in page
    assert "Quantiles(3)" in page


# Models ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_is_the_one_of_featurecols_and_survives_a_pickle(kind: type) -> None:
    table, late = flights(120)
    columns = [fc.Numeric("distance"), fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(5)))]
    deep = [fc.Embedding(fc.Vocabulary("origin", ["EWR", "JFK", "LGA"]), 2)]
    wide = kind in (WideDeepClassifier, WideDeepRegressor)
    given = {"linear": columns, "dnn": deep} if wide else {"columns": columns}
    net = {} if kind in (LinearClassifier, LinearRegressor) else {"hidden_units": [4]}
    model = kind(**given, **net, epochs=2, random_state=3).fit(table, late)
    ours = getattr(fc.models, kind.__name__)(**given, **net, seed=3)
    ours.train(table, late, epochs=2)
    again = pickle.loads(pickle.dumps(model))
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(model.predict_proba(table), ours.predict(table)["probabilities"].astype(np.float64))
        np.testing.assert_array_equal(again.decision_function(table), model.decision_function(table))
    else:
        np.testing.assert_array_equal(model.predict(table), ours.predict(table)["predictions"].reshape(-1))
    np.testing.assert_array_equal(again.predict(table), model.predict(table))
    assert again.model_.fingerprint == model.model_.fingerprint
    assert again.plan_ == model.plan_
    assert again.model_.train(table, late, epochs=1).fingerprint == model.model_.train(table, late, epochs=1).fingerprint


@pytest.mark.parametrize("labels", [["no", "yes"], [True, False], [3, 7], [0.0, 1.0]], ids=str)
def test_classes_are_labels_in_their_own_type(labels: list[object]) -> None:
    y = np.array(labels * 20)
    x = np.array([[0.0], [1.0]] * 20)
    model = LinearClassifier(epochs=30).fit(x, y)
    assert model.predict(x[:2]).tolist() == labels
    assert model.classes_.tolist() == sorted(labels)  # type: ignore[type-var]
    assert model.model_.predict({"x0": [1.0]})["classes"].tolist() == labels[1:]
    assert model.score(x, y) == 1.0


def test_rows_of_weight_zero_are_left_out() -> None:
    table, late = flights(60)
    weight = np.tile([1.0, 0.0, 2.0], 20)
    kept = np.flatnonzero(weight)
    for rows in (table, pl.from_pandas(table), pa.Table.from_pandas(table, preserve_index=False)):
        with_zeros = LinearClassifier(epochs=2).fit(rows, late, sample_weight=weight)
        without = LinearClassifier(epochs=2).fit(table.iloc[kept], late[kept], sample_weight=weight[kept])
        np.testing.assert_array_equal(with_zeros.predict_proba(table), without.predict_proba(table))


def test_a_model_says_what_it_chose_when_asked_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.linspace(0, 1, 60).reshape(-1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LinearRegressor().fit(x, 3 * x.ravel())
    assert capsys.readouterr() == ("", "")
    LinearRegressor(verbose=True).fit(x, 3 * x.ravel())
    assert "where they were held out before" in capsys.readouterr().err


@pytest.mark.parametrize("frame", ["pandas", "arrow", "polars"])
def test_columns_that_learn_from_y_are_trained_without_the_own_fold(frame: str) -> None:
    rows = {"u": ["a", "a", "b", "b", "a", "b"] * 5, "id": list(range(30))}
    y = np.array([1, 0, 0, 0, 1, 1] * 5)
    X = {"pandas": pd.DataFrame, "arrow": pa.table, "polars": pl.DataFrame}[frame](rows)
    columns = [fc.TargetMean("u", "late", fold_by="id")]
    plan = fc.fit(columns, {**rows, "late": y})
    features = FeatureColumns(columns)
    np.testing.assert_array_equal(features.fit_transform(X, y), plan.transform_training({**rows, "late": y}))
    np.testing.assert_array_equal(features.fit(X, y).transform(X), plan.transform(rows))
    with_label = pd.DataFrame({**rows, "late": y})
    np.testing.assert_array_equal(FeatureColumns(columns).fit_transform(with_label), features.fit_transform(X, y))
    assert make_pipeline(FeatureColumns(columns), LogisticRegression()).fit(X, y).predict(X).shape == (30,)
    assert LinearClassifier(columns, epochs=1).fit(X, y).predict(X).shape == (30,)
    parts = FeatureColumns(columns).partial_fit(X[:7], y[:7]).partial_fit(X[7:], y[7:])
    assert parts.plan_ == plan
    alone = FeatureColumns([fc.TargetMean("u", "late")])
    np.testing.assert_array_equal(alone.fit(X, y).transform(X), plan.transform(rows))
    with pytest.raises(fc.ColumnError, match="TargetMean u: training rows need fold_by"):
        alone.fit_transform(X, y)
