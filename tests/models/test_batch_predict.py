"""predict_files: the bits of model.predict in files that are there or not, and errors before anything is written."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models import layers
from featurecols.models.errors import ModelError
from tests.jobs.data import listing
from tests.models.estimators.test_base import FLOWERS, iris
from tests.models.people import AGE, DEEP, JOB, WIDE, people

DATA = people(600)
ROWS = 10_000  # more than two batches of a model


@pytest.fixture(scope="module")
def model():
    return models.WideDeepClassifier(WIDE, DEEP, [16, 8], weight_column="weight").train(DATA, label="income", epochs=2)


@pytest.fixture
def source(tmp_path):
    """Rows without label and weight, in two files that are cut into row groups each in its own way."""
    table = pa.table(people(ROWS, seed=1)).drop_columns(["income", "weight"]).append_column("id", pa.array(range(ROWS)))
    folder = tmp_path / "raw"
    (folder / "deep").mkdir(parents=True)
    pq.write_table(table, folder / "a.parquet", row_group_size=700)
    pq.write_table(table.slice(0, 5000), folder / "deep" / "b.parquet", row_group_size=5000)
    return folder


def test_a_file_holds_the_bits_of_predict_however_it_is_cut(model, source, tmp_path):
    done = model.predict_files(source, tmp_path / "out", keep=["id", "city"])
    assert listing(tmp_path / "out") == listing(source) == ["a.parquet", "deep/b.parquet"]
    assert (done.rows, done.files, done.resumed, done.fingerprint) == (15_000, 2, 0, model.fingerprint)
    for name in listing(source):
        made, want = pq.read_table(tmp_path / "out" / name), model.predict(source / name)
        assert made.schema.names == ["id", "city", "class", "probability_>50K"]
        assert [str(made.schema.field(k).type) for k in ("class", "probability_>50K")] == ["string", "float"]
        assert made["probability_>50K"].to_numpy().tobytes() == want["probabilities"][:, 1].tobytes()
        assert made["class"].to_pylist() == want["classes"].tolist()
        assert made["city"].to_pylist() == pq.read_table(source / name)["city"].to_pylist()
        assert made["id"].to_pylist() == list(range(len(made)))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "raw"]


def test_metadata_names_the_model_its_label_and_its_classes(model, source, tmp_path):
    model.export(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert again.fingerprint == model.fingerprint == json.loads((tmp_path / "model" / "card.json").read_text())["fingerprint"]
    again.predict_files(source / "a.parquet", tmp_path / "out.parquet")
    assert json.loads(pq.read_schema(tmp_path / "out.parquet").metadata[b"featurecols"]) == {
        "fingerprint": model.fingerprint,
        "plan": model.plan.fingerprint,
        "version": fc.__version__,
        "kind": "WideDeepClassifier",
        "label": ["income"],
        "classes": ["<=50K", ">50K"],
    }


def test_the_fingerprint_follows_weights_settings_and_plan(model):
    def trained(**more):
        return models.LinearClassifier([JOB], **more).train(DATA, label="income", steps=2).fingerprint

    found = [trained(), trained(sparse_combiner="mean"), trained(label_vocabulary=[">50K", "<=50K"])]
    found.append(models.LinearClassifier([JOB]).train(DATA, label="income", steps=3).fingerprint)
    found.append(models.LinearClassifier([AGE]).train(DATA, label="income", steps=2).fingerprint)
    assert len({*found}) == 5
    assert trained() == found[0]
    assert {len(text) for text in found} == {32}


def test_three_classes_numbers_and_several_labels_have_columns_of_their_own(source, tmp_path):
    def made(model, label):
        model.train(DATA, label=label, epochs=2)
        model.predict_files(source / "a.parquet", tmp_path / "out.parquet", overwrite=True)
        return pq.read_table(tmp_path / "out.parquet"), model.predict(source / "a.parquet")

    table, want = made(models.DNNClassifier(DEEP, [8], n_classes=3), "colour")
    assert table.schema.names == ["class", "probability_blue", "probability_green", "probability_red"]
    assert np.column_stack([c.to_numpy() for c in table.columns[1:]]).tobytes() == want["probabilities"].tobytes()
    assert table["class"].to_pylist() == want["classes"].tolist()

    table, want = made(models.LinearClassifier(WIDE), "rich")
    assert table.schema.field("class").type == pa.int64()
    assert table["class"].to_pylist() == want["classes"].tolist()

    table, want = made(models.LinearRegressor(WIDE), "wealth")
    assert table.schema.names == ["prediction"]
    assert table["prediction"].to_numpy().tobytes() == want["predictions"].tobytes()

    table, want = made(models.DNNRegressor(DEEP, [8], label_dimension=2), ["wealth", "debt"])
    assert table.schema.names == ["prediction_wealth", "prediction_debt"]
    assert table["prediction_debt"].to_numpy().tobytes() == want["predictions"][:, 1].tobytes()


def test_sequential_and_a_model_fn_of_ones_own_are_written_too(source, tmp_path):
    network = models.Sequential([models.DenseFeatures(DEEP), layers.Dense(2, activation="softmax")])
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(DATA, label="rich", epochs=1)
    network.predict_files(source / "a.parquet", tmp_path / "out.parquet")
    table, want = pq.read_table(tmp_path / "out.parquet"), network.predict(str(source / "a.parquet"))
    assert table.schema.names == ["class", "probability_1"]
    assert table["class"].to_pylist() == want.argmax(axis=1).tolist()
    assert table["probability_1"].to_numpy().tobytes() == want[:, 1].tobytes()

    flowers = iris().train(FLOWERS, label="species", epochs=2, batch_size=16)
    pq.write_table(pa.table(FLOWERS), tmp_path / "flowers.parquet")
    flowers.predict_files(tmp_path / "flowers.parquet", tmp_path / "iris.parquet")
    table, want = pq.read_table(tmp_path / "iris.parquet"), flowers.predict(FLOWERS)
    assert table.schema.names == list(want.keys())
    for name in want.keys():  # noqa: SIM118 - no dict
        assert np.array_equal(np.array(table[name].to_pylist()), want[name].squeeze())


def test_no_rows_are_a_file_of_the_same_columns(model, source, tmp_path):
    pq.write_table(pq.read_table(source / "a.parquet").slice(0, 0), tmp_path / "none.parquet")
    done = model.predict_files(tmp_path / "none.parquet", tmp_path / "out.parquet", keep=["id"])
    assert done.rows == 0
    assert pq.read_schema(tmp_path / "out.parquet").names == ["id", "class", "probability_>50K"]


def test_csv_is_read_too(model, source, tmp_path):
    pq.read_table(source / "a.parquet", columns=["age", "job", "city"]).slice(0, 50).to_pandas().to_csv(tmp_path / "a.csv")
    model.predict_files(tmp_path / "a.csv", tmp_path / "out", keep=["job"])
    want = model.predict(pq.read_table(source / "a.parquet").slice(0, 50))["probabilities"][:, 1]
    assert pq.read_table(tmp_path / "out" / "a.parquet")["probability_>50K"].to_numpy().tobytes() == want.tobytes()


@pytest.mark.filterwarnings("ignore:.*are alike")
def test_what_cannot_be_done_is_said_before_anything_is_written(model, source, tmp_path):
    def refused(error, says, model=model, source=source, target=tmp_path / "out", **more):
        with pytest.raises(error, match=says):
            model.predict_files(source, target, **more)
        assert not (tmp_path / "out").exists()

    arrays = models.Sequential([layers.Dense(1)])
    arrays.compile("adam", "mse")
    arrays.fit(np.ones((4, 2)), np.ones(4))
    refused(ModelError, "reads no tables", model=arrays)
    refused(ModelError, "its columns still learn", model=models.LinearClassifier([AGE]))
    refused(fc.PlanError, r"predict_files: reads files.*; write it to a file first, or use model\.predict", source=DATA)
    refused(
        fc.OutputError,
        r"a \.csv file cannot be written; give a folder, a \.parquet file or a \.arrow file",
        target=tmp_path / "o.csv",
    )
    refused(fc.OutputError, "holds one float32 matrix and nothing else", target=tmp_path / "o.npy")
    refused(fc.OutputError, "is one file, and the source is 2 files", target=tmp_path / "o.parquet")
    refused(fc.DataError, "nothing: field is not in", keep=["nothing"])
    refused(fc.DataError, "no such file", source=tmp_path / "nowhere")
    table = pq.read_table(source / "a.parquet")
    pq.write_table(table.append_column("class", table["id"]), tmp_path / "class.parquet")
    refused(fc.OutputError, "two columns named 'class'", source=tmp_path / "class.parquet", keep=["class"])
    pq.write_table(table.drop_columns(["age"]), source / "a.parquet")
    refused(fc.DataError, "age: field is not in .*a.parquet")


def test_predict_parquet_is_an_alias(model, source, tmp_path):
    model.predict_files(source / "a.parquet", tmp_path / "a.parquet", keep=["id"])
    models.predict_parquet(model, source / "a.parquet", tmp_path / "b.parquet", keep="id")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    for wrong in (None, model.plan):
        with pytest.raises(ModelError, match="predict_parquet: needs a model first"):
            models.predict_parquet(wrong, source, tmp_path / "out")


def test_a_model_dir_is_enough(source, tmp_path):
    made = models.LinearClassifier(WIDE, model_dir=tmp_path / "run").train(DATA, label="income", epochs=1)
    made.predict_files(source / "a.parquet", tmp_path / "a.parquet")
    models.LinearClassifier(WIDE, model_dir=tmp_path / "run").predict_files(source / "a.parquet", tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_bad_row_is_counted_over_all_files_and_nothing_stays(model, source, tmp_path):
    table = pq.read_table(source / "deep" / "b.parquet")
    ages = table["age"].to_pylist()
    ages[4321] = None
    pq.write_table(table.set_column(0, "age", pa.array(ages)), source / "deep" / "b.parquet", row_group_size=1000)
    with pytest.raises(fc.DataError, match=r"age.* at row 14321, got None.*row 4321 of deep/b\.parquet"):
        model.predict_files(source, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_an_unfinished_run_of_another_model_is_refused(model, source, tmp_path):
    def stop(done, total):
        if done > ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.predict_files(source, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists()
    other = models.LinearClassifier(WIDE).train(DATA, label="income")
    with pytest.raises(fc.OutputError, match="an unfinished run with other model is in"):
        other.predict_files(source, tmp_path / "out")
    done = model.predict_files(source, tmp_path / "out")
    assert done.resumed == 1
    model.predict_files(source, tmp_path / "whole")
    for name in ("a.parquet", "deep/b.parquet"):
        assert pq.read_table(tmp_path / "out" / name).equals(pq.read_table(tmp_path / "whole" / name))


def test_rows_without_a_prediction_are_left_out_and_the_others_keep_their_bits(tmp_path):
    """As if the bad rows were mended: at their places in batches of 4096 rows, whose products of matrices depend on them."""
    columns = [fc.Numeric("age", default=0.0), fc.Numeric("hours")]
    model = models.DNNRegressor(columns, [16, 8]).train(
        {"age": [20.0, 30.0, 50.0], "hours": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.0]}, label="y", epochs=1
    )
    rng = np.random.default_rng(0)
    mended = pa.table({"id": range(5000), "age": rng.normal(40, 9, 5000), "hours": rng.normal(30, 9, 5000)})
    hours = mended["hours"].to_numpy().copy()
    hours[[0, 7, 4095, 4097, 4999]] = np.nan, np.inf, -np.inf, np.nan, np.inf
    pq.write_table(mended, tmp_path / "mended.parquet")
    pq.write_table(
        mended.set_column(2, "hours", pa.array(hours, from_pandas=True)), tmp_path / "in.parquet", row_group_size=600
    )
    want = np.delete(model.predict(tmp_path / "mended.parquet")["predictions"].reshape(-1), [0, 7, 4095, 4097, 4999])
    with pytest.raises(fc.DataError, match="missing"):
        models.predict_parquet(model, tmp_path / "in.parquet", tmp_path / "out.parquet")
    done = models.predict_parquet(
        model, tmp_path / "in.parquet", tmp_path / "out.parquet", keep="id", on_error="quarantine", max_errors=(5, 0.1)
    )
    made = pq.read_table(tmp_path / "out.parquet")
    assert (done.rows, done.bad_rows) == (4995, 5)
    assert made["prediction"].to_numpy().tobytes() == want.tobytes()
    assert [(r["reason"], r["row"], r["field"], r["value"]) for r in pq.read_table(done.quarantine).to_pylist()] == [
        ("missing", 0, "hours", "None"),
        ("infinite", 7, "hours", "inf"),
        ("infinite", 4095, "hours", "-inf"),
        ("missing", 4097, "hours", "None"),
        ("infinite", 4999, "hours", "inf"),
    ]
    model.predict_files(tmp_path / "in.parquet", tmp_path / "null.parquet", on_error="null")
    found = pq.read_table(tmp_path / "null.parquet")["prediction"]
    assert found.is_null().to_numpy().nonzero()[0].tolist() == [0, 7, 4095, 4097, 4999]
    assert found.drop_null().to_numpy().tobytes() == want.tobytes()
