"""Saved plans: two files, equal bits, and no harm from anything else that calls itself a plan."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as tensors

import featurecols as fc

SAVED = Path(__file__).parents[1] / "saved" / "v0_60ad15a" / "plans"
DATA = {"age": [31.0, None, 50.0, 18.5], "job": ["nurse", "pilot", "nurse", None], "tags": [["a"], [], None, ["b", "a"]]}
COLUMNS = [
    fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Bucketized("age", fc.Quantiles(3))),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2), num_oov_buckets=1)),
    fc.Embedding(fc.Hashed("tags", 10), 2, table="tags"),
    fc.Numeric("age", default=float("nan"), name="raw"),
]


@pytest.fixture
def plan() -> fc.Plan:
    return fc.fit(COLUMNS, DATA).with_tables({"tags": np.arange(20, dtype=np.float32).reshape(10, 2)})


@pytest.fixture
def folder(plan: fc.Plan, tmp_path: Path) -> Path:
    plan.save(tmp_path / "plan")
    return tmp_path / "plan"


def same(a: fc.Plan, b: fc.Plan) -> None:
    assert a == b
    assert hash(a) == hash(b)
    assert a.to_bytes() == b.to_bytes()
    assert a.transform(DATA).tobytes() == b.transform(DATA).tobytes()


# Writing and reading ------------------------------------------------------------------------------------------------


def test_a_plan_is_one_text_and_what_is_too_long_for_it(folder: Path, tmp_path: Path) -> None:
    assert sorted(os.listdir(folder)) == ["learned.safetensors", "plan.json"]
    document = json.loads((folder / "plan.json").read_text())
    assert document["format"] == 2
    assert list(document["columns"]) == [column.name for column in COLUMNS]
    assert all(".v" in column["type"] for column in document["columns"].values())
    fc.fit(COLUMNS, DATA).save(tmp_path / "without tables")
    assert os.listdir(tmp_path / "without tables") == ["plan.json"]


def test_all_ways_back_give_the_plan(plan: fc.Plan, folder: Path) -> None:
    same(plan, fc.load(folder))
    same(plan, fc.load(str(folder)))
    same(plan, fc.Plan.from_bytes(plan.to_bytes()))
    same(plan, pickle.loads(pickle.dumps(plan)))


def test_bytes_depend_on_nothing_but_the_plan(plan: fc.Plan, tmp_path: Path) -> None:
    code = f"""
        import featurecols as fc, hashlib, numpy as np
        from tests.plan import test_serialization
        plan = fc.fit(test_serialization.COLUMNS, test_serialization.DATA)
        plan = plan.with_tables({{"tags": np.arange(20, dtype=np.float32).reshape(10, 2)}})
        plan.save({str(tmp_path / "other")!r})
        print(hashlib.sha256(plan.to_bytes()).hexdigest(), plan.fingerprint, plan.tables_digest)
    """
    environment = {**os.environ, "PYTHONHASHSEED": "7", "FEATURECOLS_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [hashlib.sha256(plan.to_bytes()).hexdigest(), plan.fingerprint, plan.tables_digest]
    plan.save(tmp_path / "mine")
    for name in ("plan.json", "learned.safetensors"):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_plan_is_saved_over_another(plan: fc.Plan, folder: Path) -> None:
    other = fc.compile([fc.Numeric("x")])
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(fc.OutputError, match=r"plan: exists already; .* pass overwrite=True \(--overwrite\) to replace it"):
        other.save(folder)
    assert fc.load(folder) == plan
    plan.save(folder)  # an equal plan is written again
    other.save(folder, overwrite=True)
    assert fc.load(folder) == other
    assert sorted(os.listdir(folder)) == ["notes.txt", "plan.json"]  # what another plan needed is gone, and nothing else


def test_save_returns_the_path_and_names_a_file_in_its_place(plan: fc.Plan, tmp_path: Path) -> None:
    assert plan.save(str(tmp_path / "saved")) == tmp_path / "saved"
    (tmp_path / "file").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(fc.OutputError, match="file: is a file, and a plan is saved as a folder; choose another path"):
            plan.save(tmp_path / "file", overwrite=overwrite)
    assert (tmp_path / "file").read_text() == "mine"


def test_what_is_not_an_equal_plan_is_not_replaced(plan: fc.Plan, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    plan.save(tmp_path / "other")  # an empty folder is filled
    (folder / "plan.json").write_text("{}")
    with pytest.raises(fc.OutputError, match="exists already"):
        plan.save(folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(fc.OutputError, match="exists already"):
        plan.save(tmp_path / "mine")
    with pytest.raises(fc.OutputError, match="exists already"):
        plan.with_tables({"tags": np.zeros((10, 2))}).save(tmp_path / "other")


def test_loading_opens_those_two_files_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = os.open
    (folder / "plan.pkl").write_bytes(b"cos\nsystem\n")
    (folder / "extra.py").write_text("raise SystemExit")
    sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" and watching else None)
    watching = True
    fc.load(folder)
    watching = False
    assert real is os.open
    assert {Path(name).name for name in opened if str(folder) in name} == {"plan.json", "learned.safetensors"}


def test_the_fingerprint_is_of_columns_and_what_was_learned(plan: fc.Plan) -> None:
    assert len(plan.fingerprint) == 32
    assert plan.fingerprint == fc.fit(COLUMNS, DATA).fingerprint
    assert plan.tables_digest != fc.fit(COLUMNS, DATA).tables_digest == ""
    more = {**DATA, "age": [31.0, None, 50.0, 18.6]}
    assert plan.fingerprint != fc.fit(COLUMNS, more).fingerprint
    assert plan.fingerprint != fc.fit(COLUMNS[:-1], DATA).fingerprint
    assert fc.compile([fc.Numeric("x")]).fingerprint != fc.compile([fc.Numeric("x", name="y")]).fingerprint


def test_the_fingerprint_stays_what_it_was() -> None:
    """A change here means that plans saved so far no longer match the data that was written with them."""
    plan = fc.compile([fc.Numeric("age"), fc.Indicator(fc.Hashed("city", 10))])
    assert plan.fingerprint == fc.Plan.from_bytes(plan.to_bytes()).fingerprint
    assert plan.fingerprint == FINGERPRINT


FINGERPRINT = "bfa89711a1f470edd5be6a91c444c3a6"


def test_names_and_terms_of_any_text_survive(tmp_path: Path) -> None:
    column = fc.Vocabulary('a\0/\n"\u2028é', ["\0", "東京", '"', "\u2028", "a\\"], name="n/ü\t")
    plan = fc.compile([column, fc.Embedding(fc.Hashed("ü/b", 3), 2, table="t/é\0")])
    plan = plan.with_tables({"t/é\0": np.ones((3, 2))})
    plan.save(tmp_path)
    assert fc.load(tmp_path).columns == plan.columns
    assert fc.load(tmp_path).trained_tables["t/é\0"].tolist() == [[1, 1]] * 3


def test_where_nothing_can_be_written_the_error_says_so(plan: fc.Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(fc.OutputError, match="file"):
        plan.save(tmp_path / "file")
    with pytest.raises(fc.OutputError, match="file"):
        plan.save(tmp_path / "file" / "below")


def test_a_failed_save_leaves_the_old_plan(plan: fc.Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(fc.OutputError, match="No space left"):
        fc.compile([fc.Numeric("x")]).save(folder, overwrite=True)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before


# Damage -------------------------------------------------------------------------------------------------------------


def test_what_is_not_there_is_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(fc.SavedPlanError, match=r"plan\.json"):
        fc.load(tmp_path / "nowhere")
    (folder / "learned.safetensors").unlink()
    with pytest.raises(fc.SavedPlanError, match=r"learned\.safetensors"):
        fc.load(folder)


def test_files_of_two_plans_do_not_mix(folder: Path, tmp_path: Path) -> None:
    fc.fit(COLUMNS, DATA).with_tables({"tags": np.zeros((10, 2))}).save(tmp_path / "other")
    (tmp_path / "other" / "learned.safetensors").rename(folder / "learned.safetensors")
    with pytest.raises(fc.SavedPlanError, match=r"'tags': learned\.safetensors holds other values"):
        fc.load(folder)


def test_files_of_two_plans_of_format_1_do_not_mix(tmp_path: Path) -> None:
    for name in ("numeric", "vocabulary"):
        shutil.copytree(SAVED / name / "plan", tmp_path / name)
    shutil.copy(tmp_path / "vocabulary" / "learned.safetensors", tmp_path / "numeric" / "learned.safetensors")
    with pytest.raises(fc.SavedPlanError, match="belong together"):
        fc.load(tmp_path / "numeric")


def test_another_version_is_named() -> None:
    text = json.dumps({"format": 3, "nodes": [], "outputs": []}).encode()
    with pytest.raises(fc.SavedPlanError, match=r"needs format 2, has 3; upgrade featurecols"):
        fc.Plan.from_bytes(rebuilt(text, {}))


def rebuilt(text: bytes, arrays: dict[str, np.ndarray], **head: str) -> bytes:
    """Return the bytes of a plan of format 1 with this JSON and these tensors, properly marked."""
    blob = tensors.save(arrays, {"featurecols": hashlib.sha256(text).hexdigest(), **head})
    return len(text).to_bytes(8, "little") + text + blob


def parts(plan: fc.Plan) -> tuple[bytes, dict[str, np.ndarray]]:
    """Return the JSON and the tensors that a plan has in format 1, in which nothing but its structure is checked."""
    data = plan.to_bytes()
    size = int.from_bytes(data[:8], "little")
    found = json.loads(data[8 : 8 + size])
    kept = ("nodes", "outputs", "fields", "fields_digest")
    text = json.dumps({"format": 1, **{key: found[key] for key in kept if key in found}})
    return text.encode(), tensors.load(data[8 + size :])


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 7, b"\0" * 8, b"\xff" * 8, b"\xff" * 100, b"PK\x03\x04" * 10, pickle.dumps(COLUMNS)]
)
def test_other_bytes_are_no_plan(data: bytes) -> None:
    with pytest.raises(fc.SavedPlanError):
        fc.Plan.from_bytes(data)


def test_every_cut_is_noticed(plan: fc.Plan) -> None:
    data = plan.to_bytes()
    for size in {*range(0, 200), *range(0, len(data), 37), len(data) - 1}:
        with pytest.raises(fc.SavedPlanError):
            fc.Plan.from_bytes(data[:size])


def test_a_flipped_bit_is_an_error(plan: fc.Plan) -> None:
    data, luck = plan.to_bytes(), random.Random(3)
    for _ in range(600):
        at = luck.randrange(len(data))
        flipped = data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1 :]
        try:
            same(fc.Plan.from_bytes(flipped), plan)  # padding in front of the tensors: blanks, and a tab is one as well
        except fc.SavedPlanError:
            continue


def test_a_flipped_bit_in_format_1_is_an_error_or_other_numbers() -> None:
    """A bit of a learned number cannot be told from another number there; all else is noticed, and nothing crashes."""
    data, luck = rebuilt(*parts(fc.fit(COLUMNS, DATA))), random.Random(3)
    size = 8 + int.from_bytes(data[:8], "little")
    noticed = 0
    for _ in range(600):
        at = luck.randrange(len(data))
        flipped = data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1 :]
        try:
            other = fc.Plan.from_bytes(flipped)
            other.transform(DATA)
        except fc.FeatureColumnsError:
            noticed += 1
            continue
        assert at >= size
    assert noticed > 300


def test_every_tensor_is_needed_and_in_its_form(plan: fc.Plan) -> None:
    text, arrays = parts(plan)
    same(plan, fc.Plan.from_bytes(rebuilt(text, arrays)))
    for name in arrays:
        if name.startswith("table/"):
            continue
        rest = {k: v for k, v in arrays.items() if k != name}
        with pytest.raises(fc.SavedPlanError):
            fc.Plan.from_bytes(rebuilt(text, rest))
        for wrong in (arrays[name].astype(np.float32), arrays[name][None], np.zeros((0, 3, 0))):
            with pytest.raises(fc.SavedPlanError):
                fc.Plan.from_bytes(rebuilt(text, {**arrays, name: wrong}))


@pytest.mark.parametrize(
    "name", ["9/terms/data", "0/terms/data", "table", "x/y/z", "0", "../../etc/passwd", "-1/default/value", "1" * 30 + "/a/b"]
)
def test_tensors_that_belong_nowhere_are_refused(plan: fc.Plan, name: str) -> None:
    text, arrays = parts(plan)
    with pytest.raises(fc.SavedPlanError):
        fc.Plan.from_bytes(rebuilt(text, {**arrays, name: np.zeros(3)}))


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("offsets", np.array([0, 5, 3], np.int64)),
        ("offsets", np.array([1, 5, 10], np.int64)),
        ("offsets", np.array([0, 5, 2**62], np.int64)),
        ("offsets", np.array([-(2**63), 5, 10], np.int64)),
        ("offsets", np.array([], np.int64)),
        ("boundaries", np.array([3.0, 2.0])),
        ("boundaries", np.array([1.0, 1.0])),
        ("boundaries", np.array([np.nan, 1.0])),
        ("mean", np.array(np.inf)),
        ("std", np.array(np.nan)),
        ("std", np.array(-1.0)),
        ("min", np.array(1e300)),
    ],
)
def test_learned_values_that_no_fit_gives_are_refused(plan: fc.Plan, slot: str, value: np.ndarray) -> None:
    text, arrays = parts(plan)
    (name,) = [n for n in arrays if n.endswith(f"/{slot}")]
    with pytest.raises(fc.SavedPlanError):
        fc.Plan.from_bytes(rebuilt(text, {**arrays, name: value}))


def test_a_table_of_the_wrong_shape_is_refused(plan: fc.Plan) -> None:
    text, arrays = parts(plan)
    for table in (np.zeros((9, 2), np.float32), np.zeros(20, np.float32)):
        with pytest.raises(fc.FeatureColumnsError):
            fc.Plan.from_bytes(rebuilt(text, {**arrays, "table/tags": table})).transform(DATA)
    with pytest.raises(fc.FeatureColumnsError):
        fc.Plan.from_bytes(rebuilt(text, {**arrays, "table/other": np.zeros((10, 2), np.float32)}))


# Hostile documents --------------------------------------------------------------------------------------------------


def document(*nodes: Any, outputs: Any = None, **more: Any) -> bytes:
    return json.dumps(
        {"format": 1, "nodes": nodes, "outputs": [len(nodes) - 1] if outputs is None else outputs, **more}
    ).encode()


FIELD, NUMERIC = {"type": "Field.v1", "key": "x"}, {"type": "Numeric.v1", "key": {"node": 0}}


def test_the_hostile_documents_below_are_right_but_for_what_is_wrong_with_them() -> None:
    text, arrays = parts(fc.compile([fc.Numeric("x")]))
    assert arrays == {}
    assert json.loads(text)["nodes"][1]["type"] == "Numeric.v1"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"format": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": 1' + b"0" * 10_000 + b"}",
        document(),
        document(FIELD),
        document(FIELD, NUMERIC, outputs=[]),
        document(FIELD, NUMERIC, outputs=[1, 1]),
        document(FIELD, NUMERIC, outputs=[-1]),
        document(FIELD, NUMERIC, outputs=[2]),
        document(FIELD, NUMERIC, outputs=[True]),
        document(FIELD, NUMERIC, outputs={"0": 1}),
        document(FIELD, NUMERIC, outputs=[0]),
        document(FIELD, {"type": "Numeric.v1", "key": {"node": 1}}),
        document(FIELD, {"type": "Numeric.v1", "key": {"node": -1}}),
        document(FIELD, {"type": "Numeric.v1", "key": {"node": "0"}}),
        document(FIELD, {"type": "Numeric", "key": {"node": 0}}),
        document(FIELD, {"type": "Numeric.v2", "key": {"node": 0}}),
        document(FIELD, {"type": "os.system", "command": "true"}),
        document(FIELD, {"type": "Mean.v1"}),
        document(FIELD, FIELD, NUMERIC),
        document(FIELD, NUMERIC, {"type": "Field.v1", "key": "unused"}, outputs=[1]),
        document(FIELD, {"type": "Hashed.v1", "key": {"node": 0}, "num_buckets": 10**400}),
        document(FIELD, {"type": "Numeric.v1", "key": {"node": 0}, "shape": [2**40]}),
        document(FIELD, {"type": "Numeric.v1", "key": {"node": 0}, "shape": [2] * 100}),
        document({"type": "Field.v1", "key": "x", "missing": [[1]]}, NUMERIC),
        document("x", "y"),
        document(5, NUMERIC),
    ],
)
def test_a_hostile_document_is_an_error(text: bytes) -> None:
    with pytest.raises(fc.SavedPlanError):
        fc.Plan.from_bytes(rebuilt(text, {}))


def test_claims_cost_nothing() -> None:
    """Huge counts in small files: loading takes no memory for them."""
    plan = fc.compile(
        [
            fc.Embedding(fc.Hashed("a", 2**31 - 1), 2**20),
            fc.Sequence(fc.Indicator(fc.Hashed("a", 2**31 - 1)), 2**20),
            fc.Hashed("b", 2**62, hash="farmhash64"),
            fc.Vocabulary("c", ["x"], num_oov_buckets=2**31 - 1),
            fc.Indicator(fc.Identity("d", 2**62, out_of_range="drop"), name="wide"),
        ]
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    again = fc.Plan.from_bytes(plan.to_bytes())
    assert again == plan
    assert len(repr(again)) < 4000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_a_header_that_claims_gigabytes_is_an_error(plan: fc.Plan) -> None:
    text, _ = parts(plan)
    for head in (2**63, 2**40, 10**9, 100):
        blob = head.to_bytes(8, "little") + b'{"__metadata__": {}}'
        with pytest.raises(fc.SavedPlanError):
            fc.Plan.from_bytes(len(text).to_bytes(8, "little") + text + blob)


@given(st.binary(max_size=300))
def test_random_bytes_are_no_plan(data: bytes) -> None:
    with pytest.raises(fc.SavedPlanError):
        fc.Plan.from_bytes(data)


@pytest.mark.parametrize("name", [{}, {"name": "c"}])
def test_columns_that_each_read_the_one_below_twice_do_not_grow_past_memory(name):
    nodes = [{"type": "Field.v1", "key": "x"}]
    for i in range(60):
        given = {k: f"{v}{i}" for k, v in name.items()}
        nodes.append({"type": "Crossed.v1", "sources": [{"node": i}] * 2, "num_buckets": 5, **given})
    text = json.dumps({"format": 1, "nodes": nodes, "outputs": [60]}).encode()
    blob = tensors.save({}, {"featurecols": hashlib.sha256(text).hexdigest()})
    with pytest.raises(fc.SavedPlanError, match=r"at most|more than"):
        fc.Plan.from_bytes(len(text).to_bytes(8, "little") + text + blob)


@pytest.mark.parametrize(
    "tables", [{"table/x_embedding": np.zeros((4, 2), np.float32)}, {"table/y": np.zeros((5, 2), np.float32)}]
)
def test_tables_that_are_not_of_the_plan_are_damage(tables):
    text, _ = parts(fc.compile([fc.Embedding(fc.Hashed("x", 5), 2)]))
    with pytest.raises(fc.SavedPlanError, match="not a plan that can run"):
        fc.Plan.from_bytes(rebuilt(text, tables))


def test_a_url_is_not_the_name_of_a_folder(plan: fc.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(fc.OutputError, match="s3://bucket/plan: is a URL, and what is saved is a folder on a disk"):
        plan.save("s3://bucket/plan")
    assert not list(tmp_path.iterdir())
