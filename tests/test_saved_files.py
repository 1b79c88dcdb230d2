"""Files that earlier versions saved give the bits today that they gave then.

tests/saved/make_saved.py made the folders of tests/saved, one under each version whose files must stay readable, and says
what is in them.
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from featurecols._core.spec import encode

SAVED = Path(__file__).parent / "saved"
PLANS = sorted(path.parent for path in SAVED.glob("*/plans/*/facts.json"))
DENSE = [folder for folder in PLANS if json.loads((folder / "facts.json").read_text("utf-8"))["names"]]
MODELS = sorted(path.parent for path in SAVED.glob("*/models/*/facts.json"))
SPECS = [folder for folder in MODELS if (folder / "spec.json").exists()]
CHECKPOINTS = sorted(SAVED.glob("*/checkpoint"))
ARRAYS = ("y", "share")  # the fields that models of arrays read, with 0 for a missing value


def version(folder: Path) -> Path:
    """Return the folder of all files of the version that a folder belongs to."""
    return SAVED / folder.relative_to(SAVED).parts[0]


def name_of(folder: Path) -> str:
    return f"{version(folder).name} {folder.name}"


of_plans = pytest.mark.parametrize("folder", PLANS, ids=name_of)
of_dense_plans = pytest.mark.parametrize("folder", DENSE, ids=name_of)
of_models = pytest.mark.parametrize("folder", MODELS, ids=name_of)
of_specs = pytest.mark.parametrize("folder", SPECS, ids=name_of)
of_checkpoints = pytest.mark.parametrize("folder", CHECKPOINTS, ids=name_of)


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def arrays(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "arrays.npz") as file:
        return dict(file)


def table(folder: Path) -> dict[str, list[Any]]:
    """Return the table that the files of this version were made with."""
    return read(version(folder) / "rows.json")


def bits(array: np.ndarray) -> np.ndarray:
    return array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "f" else array


def same_bits(got: Any, want: np.ndarray, what: str) -> None:
    """Assert that an array has the type, the shape and the bits of another one."""
    got = np.asarray(got)
    assert (what, got.dtype, got.shape) == (what, want.dtype, want.shape)
    assert np.array_equal(bits(got), bits(want)), what


# Plans --------------------------------------------------------------------------------------------------------------


def test_there_are_files() -> None:
    assert len(PLANS) >= 12
    assert len(MODELS) >= 16
    assert len(SPECS) >= 10
    assert CHECKPOINTS


@of_plans
def test_a_plan_is_what_it_was(folder: Path) -> None:
    plan, facts = fc.load(folder / "plan"), read(folder / "facts.json")
    assert plan.fingerprint == facts["fingerprint"]
    assert plan.tables_digest == facts["tables_digest"]
    assert [field.key for field in plan.fields] == facts["fields"]


@of_dense_plans
def test_names_of_cells_are_what_they_were(folder: Path) -> None:
    assert list(fc.load(folder / "plan").feature_names) == read(folder / "facts.json")["names"]


@of_plans
def test_slots_are_what_they_were(folder: Path) -> None:
    slots, facts = fc.load(folder / "plan").encoded_slots, read(folder / "facts.json")
    assert len(slots) == len(facts["feature_slots"])
    for slot, want in zip(slots, facts["feature_slots"], strict=True):
        found = {name: getattr(slot, name) for name in want}
        assert {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()} == want


@of_dense_plans
def test_a_plan_transforms_to_the_same_bits(folder: Path) -> None:
    plan, data, want = fc.load(folder / "plan"), table(folder), arrays(folder)
    same_bits(plan.transform(data), want["transform"], "transform")
    rows = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    same_bits([plan.transform_row(row) for row in rows], want["transform_row"], "transform_row")


@of_plans
def test_a_plan_encodes_to_the_same_bits(folder: Path) -> None:
    want = arrays(folder)
    found = fc.load(folder / "plan").encode(table(folder))
    same_bits(found.dense, want["dense"], "dense")
    for number, slot in enumerate(found.slots):
        for part in ("values", "offsets", "weights"):
            got = getattr(found.ids[slot.name], part) if slot.name in found.ids else None
            key = f"ids_{number}_{part}"
            assert (got is not None) == (key in want), (slot.name, part)
            if got is not None:
                same_bits(got, want[key], f"{slot.name} {part}")
        assert (slot.name in found.lengths) == (f"lengths_{number}" in want), slot.name
        if slot.name in found.lengths:
            same_bits(found.lengths[slot.name], want[f"lengths_{number}"], slot.name)


@of_plans
def test_a_plan_as_bytes_is_the_same_plan(folder: Path) -> None:
    assert fc.Plan.from_bytes((folder / "plan.bytes").read_bytes()) == fc.load(folder / "plan")


@of_plans
def test_columns_as_json_are_the_columns_of_the_plan(folder: Path) -> None:
    columns = fc.columns_from_json(folder / "columns.json")
    assert columns == fc.load(folder / "plan").columns
    assert [encode(column, canonical=True) for column in columns] == read(folder / "columns.json")  # with the names of then
    assert fc.columns_from_json(fc.columns_to_json(columns)) == columns


@of_plans
def test_fit_on_the_same_table_gives_the_same_plan(folder: Path) -> None:
    plan = fc.fit(fc.columns_from_json(folder / "columns.json"), table(folder))
    assert plan.fingerprint == read(folder / "facts.json")["fingerprint"]


# Models -------------------------------------------------------------------------------------------------------------


def predicted(model: Any, data: dict[str, list[Any]], keys: list[str]) -> dict[str, Any]:
    """Return what a model predicts for the table, under the names that the saved arrays have."""
    if not isinstance(model, fc.models.Sequential):
        found = model.predict(data)
        derived = {}
        if "classes" in keys:  # what predict gave for every row, and now says once or in another array
            derived = {
                "logistic": found["probabilities"][:, -1],
                "all_classes": np.tile(model.head.classes, (len(found), 1)),
                "all_class_ids": np.tile(np.arange(model.head.n_classes, dtype=np.int32), (len(found), 1)),
            }
        return {key: derived[key] if key in derived else found[key] for key in keys}
    if not isinstance(model.layers[0], fc.models.DenseFeatures):
        data = np.array([[value or 0 for value in data[key]] for key in ARRAYS], np.float32).T
    return {"predictions": model.predict(data)}


@cache
def computes_as_then(folder: Path) -> bool:
    """Return whether exp and tanh have the bits here that they had where the files of a version were made.

    In numpy their last bit may differ between processors. Logits do not depend on it: see make_saved.py.
    """
    with np.load(folder / "functions.npz") as file:
        return all(np.array_equal(bits(f(file["x"])), bits(file[f.__name__])) for f in (np.exp, np.tanh))


def same_predictions(model: Any, folder: Path) -> None:
    """Assert that a model predicts the saved bits.

    Arrays are brought to the saved shape first, and classes are compared as text, so that neither the shape nor the type of
    a label matters here.
    """
    wanted, exact = arrays(folder), computes_as_then(version(folder))
    for key, got in predicted(model, table(folder), list(wanted)).items():
        want = wanted[key]
        got = np.asarray(got).reshape(want.shape)
        if want.dtype.kind == "U":
            assert got.astype(str).tolist() == want.tolist(), key
        elif exact or key == "logits" or want.dtype.kind != "f":
            same_bits(got, want, key)
        else:
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6, err_msg=key)


@of_models
def test_a_model_is_what_it_was(folder: Path) -> None:
    model, facts = fc.models.load(folder / "model"), read(folder / "facts.json")
    assert type(model).__name__ == facts["class"]
    assert list(model.label) == facts["label"]
    assert model.fingerprint == facts["fingerprint"]


@of_models
def test_predictions_have_one_value_a_row_and_classes_the_type_of_the_label(folder: Path) -> None:
    model, wanted = fc.models.load(folder / "model"), arrays(folder)
    found = predicted(model, table(folder), [key for key in ("predictions", "logits", "classes") if key in wanted])
    for key, got in found.items():
        n, width = wanted[key].shape
        assert np.asarray(got).shape == ((n,) if width == 1 else (n, width)), key
    if "classes" in wanted:
        words = isinstance(model.head.words, tuple)
        assert (found["classes"].dtype.kind, model.classes_.dtype.kind) == (("U", "U") if words else ("i", "i"))


@of_models
def test_a_model_predicts_the_same_bits(folder: Path) -> None:
    same_predictions(fc.models.load(folder / "model"), folder)


@of_specs
def test_a_model_of_the_spec_with_the_saved_weights_is_the_saved_model(folder: Path) -> None:
    model = fc.models.model_from_json(folder / "spec.json", warm_start_from=folder / "model")
    same_predictions(model, folder)
    assert model.fingerprint == fc.models.load(folder / "model").fingerprint


@of_checkpoints
def test_a_checkpoint_holds_the_same_variables(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "model_dir", tmp_path / "model_dir")
    model = fc.models.model_from_json(folder / "spec.json", model_dir=tmp_path / "model_dir")
    want = arrays(folder)
    assert sorted(model.get_variable_names()) == sorted(want)
    for name in want:
        same_bits(model.get_variable_value(name), want[name], name)
