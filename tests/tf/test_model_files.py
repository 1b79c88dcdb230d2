import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from featurecols import errors
from featurecols.tf.import_estimator import import_tf
from featurecols.tf.imported_estimator import ImportedEstimator
from tests.tf.tf_models import DATA, columns_of, features

NAME = "combined_v1"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    import_tf(DATA / NAME, columns_of(NAME), folder)
    return folder


def test_two_files_and_what_is_in_them(saved: Path) -> None:
    assert sorted(p.name for p in saved.iterdir()) == ["model.json", "weights.safetensors"]
    data = json.loads((saved / "model.json").read_text())
    assert (data["format"], data["units"], data["hidden_units"], data["batch_norm"]) == (1, 1, [4], True)
    assert [c["class_name"] for c in data["linear"]][-1] == "CrossedColumn"


def rewrite(folder: Path, change: Any) -> None:
    """Change the JSON and make both files belong together again."""
    data = json.loads((folder / "model.json").read_text())
    text = change(data) or json.dumps(data)
    (folder / "model.json").write_text(text)
    weights = load((folder / "weights.safetensors").read_bytes())
    (folder / "weights.safetensors").write_bytes(save(weights, {"featurecols": hashlib.sha256(text.encode()).hexdigest()}))


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def refuse(folder: Path, words: str) -> None:
    with pytest.raises(errors.SavedPlanError, match=words):
        ImportedEstimator.load(folder)


def test_files_that_are_missing_or_mixed(copy: Path) -> None:
    refuse(copy / "nothing", "not a saved model")
    text = (copy / "model.json").read_text()
    (copy / "model.json").write_text(text + " ")
    refuse(copy, "do not belong together")
    (copy / "model.json").unlink()
    refuse(copy, "not a saved model")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("format", 2, "another version"),
        ("units", "1", "wrong units"),
        ("units", None, "wrong units"),
        ("hidden_units", [4, 4], "a weight is missing"),
        ("hidden_units", 5, "wrong hidden_units"),
        ("hidden_units", [1 << 60], "must have shape"),
        ("batch_norm", False, "no column uses"),
        ("activation", "os.system", "unknown activation"),
        ("activation", ["relu"], "wrong activation"),
        ("linear", {}, "needs a list"),
        ("linear", [{"class_name": "NumericColumn"}], "config"),
        ("dnn", [], "no column uses"),
        ("units", True, "wrong units"),
        ("units", 0, "wrong units"),
        ("hidden_units", [4, -1], "wrong hidden_units"),
        ("label_vocabulary", [1, 2], "wrong label_vocabulary"),
    ],
)
def test_documents_that_fit_no_model(copy: Path, name: str, value: Any, words: str) -> None:
    rewrite(copy, lambda data: data.update({name: value}))
    refuse(copy, words)


def test_documents_that_are_no_documents(copy: Path) -> None:
    for text in ("[]", "null", '{"format": 1}', "{}"):
        rewrite(copy, lambda data, text=text: text)
        refuse(copy, "another version")


def test_a_saved_model_names_no_files(copy: Path) -> None:
    """Otherwise loading somebody's model could read a file of the reader's machine."""
    column = {
        "class_name": "VocabularyFileCategoricalColumn",
        "config": {
            "key": "job",
            "vocabulary_file": "/etc/passwd",
            "vocabulary_size": 4,
            "num_oov_buckets": 0,
            "dtype": "string",
            "default_value": -1,
            "file_format": None,
        },
    }
    cross = {"class_name": "CrossedColumn", "config": {"keys": [column, "a"], "hash_bucket_size": 9, "hash_key": None}}
    rewrite(copy, lambda data: data["linear"].append(cross))
    refuse(copy, "a saved model does not name files")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flip_or_truncation_gives_an_error_or_the_same(saved: Path, tmp_path: Path, data: st.DataObject) -> None:
    expected = ImportedEstimator.load(saved).logits(features())
    changed = data.draw(st.sampled_from(["model.json", "weights.safetensors"]))
    for path in saved.iterdir():
        raw = path.read_bytes()
        if path.name == changed:
            at, bits = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 255))
            raw = raw[:at] if bits == 0 else raw[:at] + bytes([raw[at] ^ bits]) + raw[at + 1 :]
        (tmp_path / path.name).write_bytes(raw)
    with suppress(errors.SavedPlanError):
        found = ImportedEstimator.load(tmp_path).logits(features())
        assert found.shape == expected.shape


def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*at, key))


ODD = [None, True, -1, 0, 2.5, 1 << 70, "x", "", [], [1], ["a", "b"], {}, float("inf"), [[1, 2], [3]], "float32"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_document_gives_an_error_or_logits(saved: Path, tmp_path: Path, data: st.DataObject) -> None:
    """One value of the document is another, and both files belong together: what an attacker could write."""
    document = json.loads((saved / "model.json").read_text())
    *path, last = data.draw(st.sampled_from([place for place in places(document) if place]))
    inner = document
    for key in path:
        inner = inner[key]
    inner[last] = data.draw(st.sampled_from(ODD))
    (tmp_path / "weights.safetensors").write_bytes((saved / "weights.safetensors").read_bytes())
    (tmp_path / "model.json").write_text("{}")
    rewrite(tmp_path, lambda _: json.dumps(document))
    with suppress(errors.FeatureColumnsError):
        assert ImportedEstimator.load(tmp_path).logits(features()).shape == (48, 1)


def test_a_folder_that_cannot_be_written(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for overwrite in (False, True):
        with pytest.raises(errors.OutputError, match="is a file, and a model is saved as a folder"):
            ImportedEstimator.load(saved).save(tmp_path / "file", overwrite=overwrite)
        with pytest.raises(errors.OutputError, match="cannot be written"):
            ImportedEstimator.load(saved).save(tmp_path / "file" / "below", overwrite=overwrite)
    assert np.isfinite(ImportedEstimator.load(saved).logits(features())).all()


def test_another_model_is_replaced_only_when_that_is_said(saved: Path, tmp_path: Path) -> None:
    model = ImportedEstimator.load(saved)
    assert model.save(tmp_path / "model") == tmp_path / "model"
    model.save(tmp_path / "model")  # an equal model is written again
    other = ImportedEstimator.load(saved)
    other.weights = {name: array + 1 for name, array in other.weights.items()}
    with pytest.raises(
        errors.OutputError, match=r"model: exists already; .* pass overwrite=True \(--overwrite\) to replace it"
    ):
        other.save(tmp_path / "model")
    other.save(tmp_path / "model", overwrite=True)
    found = ImportedEstimator.load(tmp_path / "model").weights
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in other.weights.items()}
