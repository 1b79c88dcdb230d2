"""ParquetDataset: every row once for any number of workers and ranks, encoded as the plan does, and in which order."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import featurecols as fc
from featurecols.integrations.torch import ParquetDataset

ROOT = Path(__file__).parent.parent.parent.parent
ROWS = 997
GROUPS = (100, 1, 250, 400, 246)


def table() -> pa.Table:
    random = np.random.default_rng(5)
    words = np.array(["Ulm", "Rom", "Oslo", "", "Łódź 🚉", None], object)
    lists = [[int(v) for v in random.integers(0, 9, k)] if k < 5 else None for k in random.integers(0, 6, ROWS)]
    return pa.table(
        {
            "row": pa.array(np.arange(ROWS)),
            "city": pa.array(words[random.integers(0, 6, ROWS)]),
            "age": pa.array(random.normal(40, 9, ROWS)),
            "tags": pa.array(lists, pa.list_(pa.int64())),
            "late": pa.array(random.integers(0, 2, ROWS) == 1),
            "delay": pa.array(random.normal(size=ROWS).astype(np.float32)),
            "importance": pa.array(random.random(ROWS)),
            "grade": pa.array(np.array(["low", "mid", "high"])[random.integers(0, 3, ROWS)]),
        }
    )


COLUMNS = [
    fc.Numeric("age", normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("city", fc.TopTerms(4))),
    fc.Embedding(fc.Identity("tags", 9), 3),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files with row groups of all sizes, one of a single row."""
    folder, rows = tmp_path_factory.mktemp("rows"), table()
    at = 0
    for name, sizes in (("a", GROUPS[:2]), ("b", GROUPS[2:])):
        with pq.ParquetWriter(folder / f"{name}.parquet", rows.schema) as writer:
            for size in sizes:
                writer.write_table(rows.slice(at, size))
                at += size
    fc.fit(COLUMNS, rows).save(f"{folder}.plan")
    return folder


@pytest.fixture(scope="module")
def plan(path: Path) -> fc.Plan:
    return fc.load(f"{path}.plan")


@pytest.fixture(scope="module")
def matrix(plan: fc.Plan) -> np.ndarray:
    return plan.transform(table())


def rows_of(batches: Any) -> list[int]:
    return [row for batch in batches for row in batch[-1]["row"].tolist()]


@pytest.mark.parametrize(
    ("workers", "start", "shuffle"),
    [(0, None, False), (0, None, True), (1, "fork", False), (1, "fork", True), (2, "fork", False), (2, "spawn", True)],
)
def test_an_epoch_gives_each_row_once_as_the_plan_does(
    path: Path, plan: fc.Plan, matrix: np.ndarray, workers: int, start: str | None, shuffle: bool
) -> None:
    data = ParquetDataset(plan, path, label="late", keep="row", batch_size=64, shuffle=shuffle, shuffle_rows=128)
    late = table()["late"].to_numpy()
    seen = []
    for features, label, kept in data.loader(workers, multiprocessing_context=start):
        rows = kept["row"].numpy()
        np.testing.assert_array_equal(features.numpy(), matrix[rows])
        np.testing.assert_array_equal(label.numpy(), late[rows].astype(np.int64))
        assert len(rows) <= 64
        seen.append(rows)
    found = np.concatenate(seen)
    assert sorted(found) == list(range(ROWS))
    assert len(seen) == len(data) == 16
    assert shuffle == (found.tolist() != list(range(ROWS))) or workers == 2


@pytest.mark.filterwarnings("ignore:.*worker processes")
def test_any_number_of_workers_gives_the_same_batches(path: Path, plan: fc.Plan) -> None:
    data = ParquetDataset(plan, path, keep="row", batch_size=50, shuffle=True, shuffle_rows=100)
    found = [sorted(tuple(kept["row"].tolist()) for _, kept in data.loader(workers)) for workers in (0, 1, 2, 3)]
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_ranks_of_a_process_group_share_the_rows(path: Path, workers: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integrations.torch.rank_process", str(path), str(tmp_path / "group")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen([*command, str(rank), "2", str(workers)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    found = [json.loads(process.communicate(timeout=300)[0].splitlines()[-1]) for process in started]
    assert sorted(found[0]["rows"] + found[1]["rows"]) == list(range(ROWS))
    assert abs(len(found[0]["rows"]) - len(found[1]["rows"])) == 1
    assert [f["batches"] for f in found] == [f["length"] for f in found] == [16, 16]


def test_given_ranks_share_the_rows_too(path: Path, plan: fc.Plan) -> None:
    found = []
    for rank in range(3):
        data = ParquetDataset(plan, path, keep="row", batch_size=10, shuffle=True, rank=rank, world_size=3)
        assert len(data) == 34
        found += rows_of(pickle.loads(pickle.dumps(data)))
    assert sorted(found) == list(range(ROWS))


def test_drop_last_gives_full_batches(path: Path, plan: fc.Plan) -> None:
    data = ParquetDataset(plan, path, batch_size=64, drop_last=True)
    assert [len(batch) for batch in data] == [64] * 15 == [64] * len(data)


def test_an_order_follows_from_seed_and_epoch(path: Path, plan: fc.Plan) -> None:
    def order(seed: int, epoch: int | None) -> list[int]:
        data = ParquetDataset(plan, path, keep="row", shuffle=True, seed=seed)
        if epoch is not None:
            data.set_epoch(epoch)
        return rows_of(data)

    assert order(0, 1) == order(0, 1)
    assert order(0, None) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1, 2)}) == 6


def test_workers_that_live_on_see_the_epoch(path: Path, plan: fc.Plan) -> None:
    for start in ("fork", "spawn"):
        data = ParquetDataset(plan, path, keep="row", shuffle=True)
        loader = data.loader(1, persistent_workers=True, multiprocessing_context=start)
        found = []
        for epoch in (0, 1, 0):
            data.set_epoch(epoch)
            found.append(rows_of(loader))
        assert found[0] == found[2] != found[1]
        assert sorted(found[1]) == list(range(ROWS))


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_goes_on_where_it_was_left(path: Path, plan: fc.Plan, shuffle: bool) -> None:
    def fresh() -> ParquetDataset:
        return ParquetDataset(plan, path, keep="row", batch_size=64, shuffle=shuffle, shuffle_rows=192)

    data = fresh()
    data.set_epoch(3)
    whole = [rows_of([batch]) for batch in data]
    batches = iter(data)
    for _ in range(7):
        next(batches)
    state = data.state_dict()
    assert state == {"epoch": 3, "batches": 7}
    other = fresh()
    other.load_state_dict(state)
    assert [rows_of([batch]) for batch in other] == whole[7:]
    assert [rows_of([batch]) for batch in other] == whole  # the next epoch begins at its start


def test_ids_are_those_of_encode(path: Path, plan: fc.Plan) -> None:
    want = plan.encode(table())
    offsets = want.ids["tags_embedding"].offsets
    data = ParquetDataset(plan, path, keep="row", output="ids", batch_size=64, shuffle=True)
    for features, kept in data.loader(2):
        rows = kept["row"].numpy()
        np.testing.assert_array_equal(features["dense"], want.dense[rows])
        np.testing.assert_array_equal(features["ids"]["city_indicator"]["values"], want.ids["city_indicator"].values[rows])
        tags = features["ids"]["tags_embedding"]
        for i, row in enumerate(rows):
            found = tags["values"][tags["offsets"][i] : tags["offsets"][i + 1]]
            np.testing.assert_array_equal(found, want.ids["tags_embedding"].values[offsets[row] : offsets[row + 1]])


def test_training_rows_are_those_of_the_plan(path: Path) -> None:
    """A stream of batches in any order, in workers too; the same files without `training` are other rows."""
    rows = table()
    means = [fc.TargetMean("city", "late", fold_by="row"), fc.TargetMean("row", "grade", fold_by=["tags", "age"])]
    plan = fc.fit([*means, fc.Count("city")], rows)
    want, others = plan.transform_training(rows), plan.transform(rows)
    assert (want == others).all(axis=0).tolist() == [False, False, False, False, True]
    for training, matrix in ((True, want), (False, others)):
        for workers, output in ((0, "ids"), (1, "dense")):
            options: Any = {"output": output, "training": training, "batch_size": 64, "shuffle": True}
            for features, label, kept in ParquetDataset(plan, path, label="late", keep="row", **options).loader(workers):
                found = features["dense"] if output == "ids" else features
                np.testing.assert_array_equal(found.numpy(), matrix[kept["row"].numpy()])
                np.testing.assert_array_equal(label.numpy(), rows["late"].to_numpy()[kept["row"].numpy()])
    alone = fc.fit([fc.TargetMean("city", "late")], rows)
    assert next(iter(ParquetDataset(alone, path))).shape == (ROWS, 1)
    with pytest.raises(fc.ColumnError, match="TargetMean city: training rows need fold_by"):
        ParquetDataset(alone, path, training=True)
    with pytest.raises(fc.ColumnError, match="ParquetDataset: training must be True or False, got 1"):
        ParquetDataset(alone, path, training=1)  # type: ignore[arg-type]


def test_labels_weights_and_kept_fields_keep_their_types(path: Path, plan: fc.Plan) -> None:
    rows = table()
    batch = next(iter(ParquetDataset(plan, path, label=["delay", "age"], weight="importance", keep=["city", "age", "late"])))
    features, label, weight, kept = batch
    assert (features.shape, label.dtype, weight.dtype) == ((ROWS, plan.width), torch.float32, torch.float32)
    np.testing.assert_array_equal(label, np.stack([rows["delay"], rows["age"]], axis=1).astype(np.float32))
    np.testing.assert_array_equal(weight, rows["importance"].to_numpy().astype(np.float32))
    assert kept["city"] == rows["city"].to_pylist()
    assert kept["age"].dtype == torch.float64
    assert kept["late"].dtype == torch.bool
    graded = next(iter(ParquetDataset(plan, path, label="grade", classes=["low", "mid", "high"])))[1]
    assert graded.tolist() == [["low", "mid", "high"].index(g) for g in rows["grade"].to_pylist()]


@pytest.mark.filterwarnings("ignore:.*pin_memory")  # without an accelerator there is nothing to pin for
def test_a_loader_that_pins_gives_the_same_batches(path: Path, plan: fc.Plan) -> None:
    data = ParquetDataset(plan, path, label="late", keep=["city", "row"], output="ids")
    (plain,), (pinned,) = data.loader(), data.loader(pin_memory=True)
    assert torch.utils._pytree.tree_structure(plain) == torch.utils._pytree.tree_structure(pinned)
    assert pinned[0]["dense"].is_pinned() == torch.cuda.is_available()
    assert (pinned[0]["ids"]["tags_embedding"]["values"] == plain[0]["ids"]["tags_embedding"]["values"]).all()
    assert pinned[2]["city"] == plain[2]["city"]


def test_kept_numbers_are_tensors_from_files_with_dictionaries(plan: fc.Plan, tmp_path: Path) -> None:
    rows = pa.concat_tables([table()] * 3)  # a row group of so many rows is decoded by the package's own kernels
    pq.write_table(rows, tmp_path / "x.parquet")
    data = ParquetDataset(plan, tmp_path / "x.parquet", keep=["age", "row", "grade"], batch_size=1000, shuffle=True)
    for _, kept in data:
        assert (kept["age"].dtype, kept["row"].dtype, type(kept["grade"])) == (torch.float64, torch.int64, list)
        at = kept["row"].numpy()
        np.testing.assert_array_equal(kept["age"], rows["age"].to_numpy()[at])
        assert kept["grade"] == [rows["grade"][int(i)].as_py() for i in at]


def test_a_kept_integer_that_is_missing_is_refused(plan: fc.Plan, tmp_path: Path) -> None:
    pq.write_table(table().append_column("seats", pa.array([None, *range(ROWS - 1)])), tmp_path / "x.parquet")
    with pytest.raises(fc.DataError, match="a kept number is missing, and a tensor has no place for it"):
        list(ParquetDataset(plan, tmp_path / "x.parquet", keep="seats"))


def test_a_bad_value_is_told_with_its_row_of_all_files(path: Path, plan: fc.Plan, tmp_path: Path) -> None:
    rows = table()
    late = [None if row == 500 else late for row, late in enumerate(rows["late"].to_pylist())]
    rows = rows.set_column(rows.schema.get_field_index("late"), "late", pa.array(late))
    for i, at in enumerate(range(0, ROWS, 400)):
        pq.write_table(rows.slice(at, 400), tmp_path / f"{i}.parquet", row_group_size=150)
    data = ParquetDataset(plan, tmp_path, label="late", shuffle=True, batch_size=32, shuffle_rows=64)
    with pytest.raises(fc.DataError, match=r"a label is missing.*row 500"):
        list(data)


def test_what_cannot_be_read_is_refused_at_once(path: Path, plan: fc.Plan, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("age,city,tags\n1,a,2\n")
    with pytest.raises(fc.DataError, match="is CSV, and ParquetDataset reads row groups"):
        ParquetDataset(plan, tmp_path / "x.csv")
    with pytest.raises(fc.DataError, match="lat: field is not in"):
        ParquetDataset(plan, path, label="lat")
    with pytest.raises(fc.ColumnError, match=r"batch_size must be an integer of at least 1, got 0"):
        ParquetDataset(plan, path, batch_size=0)
    with pytest.raises(fc.ColumnError, match=r"unknown output, got 'csr'; choose one of dense, ids"):
        ParquetDataset(plan, path, output="csr")  # type: ignore[arg-type]
    with pytest.raises(fc.ColumnError, match="rank and world_size belong together"):
        ParquetDataset(plan, path, rank=1)
    with pytest.raises(fc.ColumnError, match=r"rank must be from 0 to 1, got 2"):
        ParquetDataset(plan, path, rank=2, world_size=2)
    bare = fc.compile([fc.Hashed("city", 4)])
    with pytest.raises(fc.PlanError, match="gives ids, not features"):
        ParquetDataset(bare, path)
    assert ParquetDataset(bare, path, output="ids").num_rows == ROWS


def test_a_file_that_changed_is_told(path: Path, plan: fc.Plan, tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "x.parquet", row_group_size=300)
    data = ParquetDataset(plan, tmp_path / "x.parquet")
    pq.write_table(table().slice(0, 500), tmp_path / "x.parquet", row_group_size=300)
    with pytest.raises(fc.DataError, match="changed after the dataset was made"):
        list(data)


def test_a_file_without_rows_gives_no_batch(plan: fc.Plan, tmp_path: Path) -> None:
    pq.write_table(table().slice(0, 0), tmp_path / "x.parquet")
    data = ParquetDataset(plan, tmp_path / "x.parquet", shuffle=True)
    assert list(data) == []
    assert len(data) == 0
