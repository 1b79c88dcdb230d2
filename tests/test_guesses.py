"""What newcomers write who know scikit-learn, Keras, TensorFlow or pandas: it works, or its error names the right call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import feature_column, models
from featurecols.models import hooks, layers, losses, metrics, optimizers, schedules

WORKS = None
# A guess and a phrase of its error; None where it works. `people` is a DataFrame, `columns` are declared, `plan` is fitted,
# `model` is trained; the working folder holds the saved plan "plan", the saved model "model" and nothing else.
GUESSES: list[tuple[str, str | None]] = [
    # names of scikit-learn, Keras, TensorFlow and pandas
    ("fc.StandardScaler()", "use fc.Numeric(field, normalizer=fc.ZScore())"),
    ("fc.MinMaxScaler()", "use fc.Numeric(field, normalizer=fc.MinMax())"),
    ("fc.OneHotEncoder()", "use fc.Indicator(fc.Vocabulary(field, fc.TopTerms(n)))"),
    ("fc.OrdinalEncoder()", "use fc.Vocabulary(field, fc.TopTerms(n))"),
    ("fc.KBinsDiscretizer(n_bins=4)", "use fc.Bucketized(field, fc.Quantiles(n))"),
    ("fc.SimpleImputer()", "use fc.Numeric(field, default=fc.Median())"),
    ("fc.ColumnTransformer([])", "use fc.fit([column, column, ...], data)"),
    ("fc.StringLookup()", "use fc.Vocabulary(field, terms)"),
    ("fc.Normalization()", "use fc.Numeric(field, normalizer=fc.ZScore())"),
    ("fc.HashedCrossing(10)", "use fc.Crossed([field, field], num_buckets)"),
    ("fc.FeatureSpace({})", "use fc.fit([column, column, ...], data)"),
    ('fc.numeric_column("age")', "use featurecols.feature_column.numeric_column"),
    ('fc.Categorical("job")', "use fc.Vocabulary(field, terms), fc.Hashed(field, num_buckets)"),
    ('fc.Bucketised("age", [18])', "did you mean Bucketized?"),
    ('fc.Embeddings("city", 3)', "did you mean Embedding?"),
    ("fc.fit_transform(columns, people)", "use fc.fit(columns, data), which returns a plan"),
    ("fc.transform(people)", "plan.transform(data)"),
    ('fc.read_csv("people.csv")', "fc.fit(columns, 'data.csv')"),
    ("fc.LinearClassifier(columns)", "use fc.models.LinearClassifier"),
    ("models.LogisticRegression(columns)", "use fc.models.LinearClassifier(columns)"),
    ("models.Adam(0.1)", "use fc.models.optimizers.Adam"),
    ("models.RandomForestClassifier()", "trees of other libraries train on plan.transform(data)"),
    ('models.load_model("model")', "use fc.models.load(path)"),
    ("layers.BatchNormalisation()", "did you mean BatchNormalization?"),
    ("optimizers.FTRL()", "did you mean Ftrl?"),
    ('hooks.ModelCheckpoint("runs")', "use model_dir= of the model"),
    ("metrics.roc_auc_score([0], [1])", "use metrics.auc"),
    ("schedules.ExponentialDecay(0.1, 10)", "use schedules.Exponential"),
    ("feature_column.DenseFeature([])", "did you mean DenseFeatures?"),
    # arguments of other libraries
    ('fc.Numeric("age", default_value=0)', "did you mean default?"),
    ('fc.Numeric("age", normalizer_fn=np.log)', "use normalizer=fc.ZScore()"),
    ('fc.Numeric("age", normalizer=np.log)', "give ZScore(), Robust(), Power(), RankGauss(), Log1p() or Clip()"),
    ('fc.Numeric("age", default="median")', "default must be a number, Mean() or Median()"),
    ('fc.Numeric(key="age")', "did you mean source?"),
    ('fc.Numeric("age", 0)', "give the others by name (name=, shape="),
    ('fc.Bucketized("age", n_bins=4)', "use boundaries=fc.Quantiles(n)"),
    ('fc.Hashed("city", hash_bucket_size=100)', "did you mean num_buckets?"),
    ('fc.Hashed("city")', "needs num_buckets; call Hashed(source, num_buckets, ...)"),
    ('fc.Vocabulary("job", vocabulary_list=["nurse"])', "did you mean terms?"),
    ('fc.Vocabulary("job", num_tokens=3)', "use terms=fc.TopTerms(n)"),
    ('fc.Embedding(fc.Hashed("job", 3), output_dim=3)', "did you mean dimension?"),
    ("fc.MinMax(feature_range=(0, 1))", "features are in [0, 1]; min= and max= are those of the data"),
    ("fc.MinMax(0, 1)", "takes no argument by position, got 0; give it by name (min=, max="),
    ("fc.fit(columns, people, n_jobs=2)", "did you mean threads?"),
    ('fc.fit(columns, people, people["income"])', "takes columns, data by position"),
    ('fc.fit(columns, people, y=people["income"])', "labels are for models: train(data, label=...)"),
    ("optimizers.Adam(lr=0.1)", "did you mean learning_rate?"),
    ('layers.Dense(3, kernel_regularizer="l2")', WORKS),
    ('layers.Dense(3, kernel_initializer="he")', "known are glorot_uniform, glorot_normal, he_uniform"),
    ("models.DNNRegressor(columns, [3], kernel_regularizer=0.1)", 'give {"l2": 0.001}'),
    ("models.BestExporter(metric='auc')", "did you mean monitor?"),
    ("models.stop_if_no_gain('auc', 3)", "takes monitor by position"),
    ("hooks.EarlyStopping(metric='loss')", "did you mean monitor?"),
    ("models.TrainSpec(people, label='income', steps=3)", "no argument is called 'steps'"),
    ("models.LinearRegressor(columns, loss='poisson')", WORKS),
    ("models.LinearRegressor(columns, loss='hing')", "known are mse, mean_squared_error"),
    ("losses.Logistic()", "use losses.BinaryCrossentropy(from_logits=True)"),
    ("layers.BatchNorm()", "use layers.BatchNormalization()"),
    ("metrics.auc([0, 1], [0.1, 0.2], [1, 2])", "give the others by name (sample_weight=)"),
    ("models.Sequential(layers.Dense(1), layers.Dense(1))", "several layers are one argument, a list"),
    ("models.LinearClassifier(['age'])", "wrap the field: fc.Numeric, fc.Hashed"),
    ("model.predict(people).probabilities", "it is predictions['probabilities']"),
    ("model.predict_parquet('a', 'b')", "use model.predict_files(source, target)"),
    ("models.load('model/model.json')", "is a file, and a saved model is a folder; give model"),
    # a wrong order; a str for a list; a column for a list; one for several
    ("fc.fit(people, columns)", "columns come first: fc.fit(columns, data)"),
    ("fc.fit(plan, people)", "fc.fit(plan.columns, data) learns again"),
    ('fc.fit(fc.Numeric("age"), people)', "wrap it in [ ]"),
    ('fc.fit(["age"], people)', "wrap a field in Numeric, Vocabulary, Hashed"),
    ('fc.fit({"age": fc.Numeric("age")}, people)', "give list(columns.values())"),
    ('fc.Hashed(100, "city")', 'give "city" or Field("city"'),
    ('fc.Vocabulary("job", "nurse")', "terms must be a non-empty list or TopTerms(n)"),
    ('fc.Crossed("job", "city", 3)', "several sources are one argument, a list: [...]"),
    ('fc.Indicator("job")', "wrap the field in Vocabulary, Hashed, Identity or Bucketized"),
    ('fc.write_columns("columns.json", columns)', "columns come first, in a list: write_columns(columns, path)"),
    ('fc.transform_parquet("in.parquet", plan, "out")', "needs a plan first"),
    ("models.LinearClassifier(people)", "give columns first, and data to train"),
    # arrays, Series and rows for tables
    ("fc.fit(columns, people.to_numpy())", "an array has no field names: give {name: column, ...}"),
    ('fc.fit(columns, people["age"])', "use to_frame()"),
    ("plan.transform(people.to_numpy())", "an array has no field names: give {name: column, ...}"),
    ('plan.transform({"age": 39, "job": "nurse"})', "for one row write [{...}]"),
    ("plan.transform_row(people.iloc[0])", "a row of a data frame is frame.iloc[i].to_dict()"),
    ("plan.transform(people.to_dict())", "give one value per row: frame.to_dict('list')"),
    ("plan.transform(people.to_dict('list'))", WORKS),
    ("plan.transform(people.to_dict('records'))", WORKS),
    ('fc.Vocabulary("job", people["job"].unique())', WORKS),
    ('fc.Vocabulary("job", people["job"])', "TopTerms(n) learns terms from data"),
    ('fc.Numeric(people["age"])', 'give "age" or Field("age", missing=...)'),
    # paths that are not there, or hold something else
    ('fc.fit(columns, "people.parquet")', "no such file or folder; check the path"),
    ('fc.load("nothing")', "give the folder of plan.save"),
    ('fc.load("model")', "use fc.models.load(path)"),
    ("fc.load(plan)", "this is the plan"),
    ('fc.load(Path("plan"))', WORKS),
    ('models.load("plan")', "use fc.load(path)"),
    ('plan.save("model")', "holds a model; choose another path"),
    ("fc.read_columns(columns)", "columns_from_json takes data"),
    ('fc.columns_from_json([{"type": "Numric", "source": "age"}])', "did you mean 'Numeric'?"),
    # methods of a plan, of features and of a model
    ("plan.fit_transform(people)", "use fc.fit(columns, data), which returns a plan"),
    ("plan.get_feature_names_out()", "use plan.feature_names"),
    ("plan.predict(people)", "fc.models.LinearClassifier(plan)"),
    ("plan.inverse_transform(people)", "use plan.explain(row)"),
    ('plan.set_output(transform="pandas")', "pd.DataFrame(plan.transform(data), columns=plan.feature_names)"),
    ("plan.n_features_in_", "use len(plan.fields)"),
    ('plan.terms(people, "city")', "wanted must be ids by the name of their slot, got 'city'; give {'city': None}"),
    ("fc.extend.Column", WORKS),
    ("fc.tf.import_tf", WORKS),
    ('models.from_parquet("no")', "no: no such file or folder; check the path"),
    ('models.History.read("no")', "no: no such file; give the summaries.jsonl of a model_dir"),
    ('plan.transform(people.rename(columns={"age": "Age"}))', "did you mean 'Age'?"),
    ("plan.encode(people).toarray()", "use plan.transform(data) for a dense matrix"),
    ('model.fit(people, people["income"])', "use train(data, label=...)"),
    ("model.coef_", "use fc.models.top_weights(model)"),
    ("model.predict(plan)", "give a DataFrame, an Arrow table"),
    ("model.predict(plan.transform(people))", "an array has no field names"),
    ("model.predict_proba(people)", WORKS),
    ('model.score(people, people["income"])', WORKS),
    ("models.top_weights(plan)", "give a linear or a wide model that is trained"),
    # models
    ("models.LinearClassifier(plan)", WORKS),
    ("models.LinearClassifier(columns, learning_rate=0.1)", "use optimizer=fc.models.optimizers.Adam(learning_rate)"),
    ("models.LinearClassifier(columns, random_state=0)", "seed"),
    ("models.LinearClassifier(columns, epochs=3)", "say it in training: train(data, label, epochs=...)"),
    ("models.LinearClassifier(columns).train(people)", "give label=, the field that holds them"),
    ('models.LinearClassifier(columns).train(people, "incomee")', "did you mean 'income'?"),
    ('models.LinearClassifier(columns).train(people, y="income")', "did you mean label?"),
    ('models.LinearClassifier(columns).train(people, people["income"], callbacks=[])', "did you mean hooks?"),
    ('models.LinearClassifier(columns).train(people, people["income"])', WORKS),
    ("models.LinearClassifier(columns).predict(people)", "train it first"),
    ("models.DNNClassifier(columns, 8)", "give the units of each layer: [100, 50]"),
    ("models.Sequential([layers.Dense(1)]).fit(people, people['income'])", "call compile(optimizer, loss) first"),
    ('layers.DenseFeatures("age")', "wrap it in [ ]"),
]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    folder = tmp_path_factory.mktemp("guesses")
    people = pd.DataFrame(
        {"age": [39, 50, 28, 61], "job": ["nurse", "pilot", "nurse", "cook"], "city": ["Ulm", "Rom", "Oslo", "Rom"]}
    ).assign(income=[0, 1, 0, 1])
    columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("job", fc.TopTerms(10)))]
    plan = fc.fit(columns, people)
    plan.save(folder / "plan")
    model = models.LinearClassifier(columns)
    model.train(people, "income")
    model.save(folder / "model")
    shared = {"fc": fc, "models": models, "feature_column": feature_column, "layers": layers, "losses": losses}
    shared |= {"hooks": hooks, "metrics": metrics, "optimizers": optimizers, "schedules": schedules, "np": np, "Path": Path}
    return {**shared, "people": people, "columns": columns, "plan": plan, "model": model, "folder": folder}


@pytest.mark.parametrize(("guess", "says"), GUESSES, ids=[guess for guess, _ in GUESSES])
def test_a_guess_works_or_is_told_the_right_call(
    guess: str, says: str | None, names: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(names["folder"]))
    if says is WORKS:
        eval(guess, dict(names))
        return
    with pytest.raises((fc.FeatureColumnsError, AttributeError)) as error:
        eval(guess, dict(names))
    assert says in str(error.value)


def test_there_are_sixty_guesses_and_most_are_errors() -> None:
    assert len(GUESSES) >= 60
    assert len({guess for guess, _ in GUESSES}) == len(GUESSES)
