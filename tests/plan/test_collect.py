"""collect, merge and finish: what laws.merged_states_learn_the_same does not see: files, bytes, misuse, memory."""

from __future__ import annotations

import pickle
import random
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.plan import state_bytes
from tests.laws import merged_anyhow

SCALED = fc.Numeric("distance", normalizer=[fc.ZScore(), fc.Clip(-3, 3), fc.MinMax()])
COLUMNS = [
    fc.Numeric("temp", default=fc.Mean(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(8, min_count=2), num_oov_buckets=1)),
    fc.Indicator(fc.Vocabulary("earlier_dests", fc.TopTerms(20))),
    fc.Indicator(fc.Bucketized(SCALED, fc.Quantiles(9))),
    fc.Indicator(fc.Hashed("tailnum", 5)),
    fc.TargetMean("tailnum", "dep_delay", fold_by="flight"),
    fc.Count("tailnum"),
]
TERMS = [fc.Indicator(fc.Vocabulary("t", fc.TopTerms(3))), fc.Numeric("x", normalizer=fc.ZScore())]


def fitted(columns: list[Any], shards: list[Any]) -> fc.Plan:
    """The plan of shards, pass by pass, every state and every Partial sent as bytes."""
    found: Any = None
    while not isinstance(found, fc.Plan):
        after = None if found is None else fc.Partial.from_bytes(found.to_bytes())
        states = [fc.FitState.from_bytes(fc.collect(columns, shard, after=after).to_bytes()) for shard in shards]
        found = fc.finish(columns, merged_anyhow(states, random.Random(5)))
    return found


def test_shards_of_a_file_give_its_plan(tmp_path: Path) -> None:
    table = fc.datasets.flights().slice(0, 3000)
    cuts = [0, *sorted(np.random.default_rng(4).integers(0, len(table), 4).tolist()), len(table)]
    shards = []
    for i, (start, stop) in enumerate(pairwise(cuts)):
        pq.write_table(table.slice(start, stop - start), tmp_path / f"{i}.parquet")
        shards.append(tmp_path / f"{i}.parquet")
    want = fc.fit(COLUMNS, tmp_path)
    first = ["temp", "carrier", "earlier_dests", "distance", "tailnum_mean_dep_delay", "tailnum_count"]
    assert want.passes == [first, ["distance"], ["distance_bucketized"]]
    assert fitted(COLUMNS, shards).to_bytes() == want.to_bytes()
    assert fitted(COLUMNS, [pq.read_table(shard).to_pandas() for shard in shards]) == want


def test_types_of_csv_files_are_learned_over_all_shards(tmp_path: Path) -> None:
    """ "1.0" is the category 1 only because another file says that the field holds floats."""
    texts = ["a,b,c\n1.0,true,x\n2,false,2\n", "a,b,c\n1,true,2\n3.0,,2.0\n", "a,b,c\n2.5,false,y\n"]
    for i, text in enumerate(texts):
        (tmp_path / f"{i}.csv").write_text(text)
    columns = [
        fc.Numeric("a", normalizer=fc.MinMax()),
        fc.Indicator(fc.Vocabulary("b", fc.TopTerms(4))),
        fc.Indicator(fc.Vocabulary("c", fc.TopTerms(9))),
        fc.Bucketized(fc.Numeric("a", normalizer=fc.ZScore()), fc.Quantiles(2)),
    ]
    want = fc.fit(columns, tmp_path)
    assert {key: of.type for key, of in want.input_schema.items()} == {"a": "float", "b": "boolean", "c": "text"}
    shards = [tmp_path / f"{i}.csv" for i in range(3)]
    for order in ([0, 1, 2], [2, 0, 1]):
        assert fitted(columns, [shards[i] for i in order]).to_bytes() == want.to_bytes()
    integers = [fc.Indicator(fc.Vocabulary("a", fc.TopTerms(9)))]
    got = fitted(integers, shards[:2])
    assert got.feature_names == ("a_indicator=1", "a_indicator=2", "a_indicator=3")
    assert got.to_bytes() == fc.fit(integers, shards[:2]).to_bytes()


def test_a_field_that_is_text_over_all_shards_alone_is_an_error_without_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\ntrue\nfalse\n")
    (tmp_path / "b.csv").write_text("x\n1\n2\n")
    columns = [fc.Numeric("x", normalizer=fc.ZScore())]
    states = [fc.collect(columns, tmp_path / name) for name in ("a.csv", "b.csv")]
    with pytest.raises(fc.DataError, match=r"x: needs a number, and the field is of type text.* in field 'x', got 'true'"):
        fc.finish(columns, states[0].merge(states[1]))


def test_a_state_is_finished_as_often_as_one_likes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1.0\n1\n")
    columns = [fc.Vocabulary("x", fc.TopTerms(3))]
    state = fc.collect(columns, tmp_path / "a.csv")
    assert fc.finish(columns, state) == fc.finish(columns, state)
    state = state.merge(fc.collect(columns, {"x": ["b"]}))
    assert (state.rows, fc.finish(columns, state)) == (3, fc.fit(columns, {"x": ["1.0", "1", "b"]}))


def test_states_spill_and_leave_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"t": [f"term {i % 97}" for i in range(500)], "x": [float(i) for i in range(500)]}
    want = fc.fit(TERMS, rows)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("FEATURECOLS_TERM_MEMORY", "0")
    shards = [{key: values[i::7] for key, values in rows.items()} for i in range(7)]
    assert fitted(TERMS, shards).to_bytes() == want.to_bytes()
    with pytest.raises(fc.DataError, match=r"x: infinity cannot be learned from in field 'x' at row 1"):
        fc.collect(TERMS, {"t": ["c", "c"], "x": [1.0, np.inf]})
    assert list(tmp_path.iterdir()) == []


def test_columns_that_differ_are_refused_by_name() -> None:
    state = fc.collect(TERMS, {"t": ["a"], "x": [1.0]})
    with pytest.raises(fc.PlanError, match=r"finish: the state is of other columns: column 't_indicator' is declared in two"):
        fc.finish([fc.Indicator(fc.Vocabulary("t", fc.TopTerms(4))), TERMS[1]], state)
    with pytest.raises(fc.PlanError, match=r"column 't_indicator' is on one side alone, got 'collected columns"):
        fc.finish(TERMS[1:], state)
    with pytest.raises(fc.PlanError, match=r"column 'y' is on one side alone, got 'given columns"):
        fc.finish([*TERMS, fc.Numeric("y")], state)
    with pytest.raises(fc.PlanError, match=r"columns come in another order"):
        fc.finish(TERMS[::-1], state)
    with pytest.raises(fc.PlanError, match=r"merge: the state is of other columns: column 'x' is declared in two ways"):
        state.merge(fc.collect([TERMS[0], fc.Numeric("x", normalizer=fc.MinMax())], {"t": ["a"], "x": [1.0]}))
    assert fc.finish(TERMS, state) == fc.fit(TERMS, {"t": ["a"], "x": [1.0]})  # a refused merge changes nothing


def test_passes_are_not_mixed() -> None:
    columns, rows = [fc.Bucketized(fc.Numeric("x", normalizer=fc.MinMax()), fc.Quantiles(2))], {"x": [1.0, 2.0, 4.0]}
    first = fc.collect(columns, rows)
    partial = fc.finish(columns, first)
    assert isinstance(partial, fc.Partial)
    assert (partial.done, partial.passes, partial.columns) == (1, [["x"], ["x_bucketized"]], tuple(columns))
    second = fc.collect(columns, rows, after=partial)
    assert repr(second) == "FitState(1 columns, pass 2, 3 rows)"
    with pytest.raises(fc.PlanError, match="the states belong to different passes"):
        second.merge(first)
    other = fc.finish(columns, fc.collect(columns, {"x": [1.0, 9.0]}))
    with pytest.raises(fc.PlanError, match="the states belong to different passes"):
        second.merge(fc.collect(columns, rows, after=other))
    plan = fc.finish(columns, second)
    assert plan == fc.fit(columns, rows)
    with pytest.raises(fc.PlanError, match=r"after must be a Partial, got 'Plan'; .*a Plan has nothing left to learn"):
        fc.collect(columns, rows, after=plan)
    with pytest.raises(fc.PlanError, match="collect: the state is of other columns"):
        fc.collect([fc.Numeric("x")], rows, after=partial)
    assert repr(pickle.loads(pickle.dumps(partial))) == "Partial(1 of 2 passes; next: x_bucketized)"


def test_a_state_that_was_merged_is_used_up() -> None:
    one, other = (fc.collect(TERMS, {"t": [t], "x": [1.0]}) for t in "ab")
    both = one.merge(other)
    for used in (one, other):
        for call in (used.to_bytes, lambda used=used: fc.finish(TERMS, used), lambda used=used: both.merge(used)):
            with pytest.raises(fc.PlanError, match=r"the state was merged into another, got 'a state of 1 rows'; use what"):
                call()
    with pytest.raises(fc.PlanError, match="the same rows twice"):
        both.merge(both)
    with pytest.raises(fc.PlanError, match="needs another state, got 'bytes'"):
        both.merge(b"")  # type: ignore[arg-type]
    assert fc.finish(TERMS, pickle.loads(pickle.dumps(both))) == fc.fit(TERMS, {"t": ["a", "b"], "x": [1.0, 1.0]})


def test_no_rows_are_the_state_that_changes_nothing() -> None:
    state = fc.collect(TERMS, iter(()))
    with pytest.raises(fc.DataError, match="no value to learn from"):
        fc.finish(TERMS, state)
    state = state.merge(fc.collect(TERMS, {"t": ["a"], "x": [3.0]}))
    assert fc.finish(TERMS, state) == fc.fit(TERMS, {"t": ["a"], "x": [3.0]})


@pytest.mark.parametrize("kind", [fc.FitState, fc.Partial])
def test_damaged_bytes_are_refused(kind: Any) -> None:
    columns = [fc.Bucketized(fc.Numeric("x", normalizer=fc.MinMax()), fc.Quantiles(2)), *TERMS]
    found: Any = fc.collect(columns, {"x": [1.0, 2.0], "t": ["a", "b"]})
    data = found.to_bytes() if kind is fc.FitState else fc.finish(columns, found).to_bytes()  # type: ignore[union-attr]
    assert kind.from_bytes(data).columns == tuple(columns)
    assert kind.from_bytes(data).to_bytes() == data
    luck = random.Random(3)
    wrong = [
        bytes(b ^ (1 << luck.randrange(8)) if i == at else b for i, b in enumerate(data)) for at in range(0, len(data), 37)
    ]
    for bad in [*wrong, b"", data[:-1], data + b"\0", data[:40], data[60:], pickle.dumps(columns)]:
        with pytest.raises(fc.DataError, match=rf"damaged, or not a {kind.__name__}; send what to_bytes gave|have format"):
            kind.from_bytes(bad)
    with pytest.raises(fc.DataError, match="must be bytes, got str"):
        kind.from_bytes("state")
    newer = data[:16] + struct.pack("<I", 9) + data[20:]
    with pytest.raises(fc.DataError, match=r"these bytes have format 9, and this version reads 1; use the same version"):
        kind.from_bytes(newer)


def test_contents_that_do_not_fit_the_columns_are_refused_though_the_checksum_is_right() -> None:
    state = fc.collect(TERMS, {"t": ["a"], "x": [1.0]})
    about, parts = state_bytes.decode("FitState", state.to_bytes())
    assert state_bytes.encode("FitState", about, parts) == state.to_bytes()
    for about_, parts_ in (
        ({**about, "rows": -1}, parts),
        ({**about, "rows": None}, parts),
        ({**about, "types": {}}, parts),
        ({**about, "types": {key: ["words", 0, 0, {}] for key in "tx"}}, parts),
        (about, []),
        (about, parts[:2]),
        (about, parts[::-1]),
        (about, [parts[0], parts[2], parts[1]]),
        (about, [*parts[:2], parts[2][:-1]]),
    ):
        with pytest.raises(fc.DataError):
            fc.FitState.from_bytes(state_bytes.encode("FitState", about_, parts_))


def test_the_progress_and_threads_of_collect() -> None:
    seen: list[Any] = []
    table = pa.table({"t": ["a", "b"], "x": [1.0, 2.0]})
    state = fc.collect(TERMS, table, threads=1, progress=lambda done, total: seen.append((done, total)))
    assert (seen[-1], state.rows) == ((2, 2), 2)


def test_columns_that_learn_nothing_have_types_and_a_look() -> None:
    columns = [fc.Numeric("x")]
    assert fitted(columns, [{"x": [1.0]}, {"x": [2]}]).to_bytes() == fc.fit(columns, {"x": [1.0, 2.0]}).to_bytes()
    with pytest.raises(fc.DataError, match="field is not in the data"):
        fc.collect(columns, {"y": [1.0]})
    with pytest.raises(fc.PlanError, match="needs a state, got 'dict'"):
        fc.finish(columns, {})  # type: ignore[arg-type]
