"""Statistics of the training rows, and drift from them: literal answers, and rates over seeded trials."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from benchmarks import drift as trials
from featurecols.cli.main import main
from featurecols.plan import statistics

NAN, INF = math.nan, math.inf
COLUMNS = [
    fc.Numeric("age", default=0, normalizer=fc.Clip(0, 100)),
    fc.Indicator(fc.Vocabulary("job", ["nurse", "cook"])),
    fc.Hashed("job", 10, name="hashed"),
    fc.Indicator(fc.Identity("day", 7, out_of_range="drop")),
    fc.Embedding(fc.Hashed("tags", 8), 2),
]
DATA: dict[str, Any] = {
    "age": [50.0, NAN, 101.0, INF, 50.0],
    "job": ["nurse", "cook", None, "clown", "nurse"],
    "day": [0, 7, 1, None, 1],
    "tags": [["a", "x"], [], ["y", None], ["b"], ["a"]],
}


def test_statistics_by_hand() -> None:
    found = fc.fit(COLUMNS, DATA, statistics=True).statistics
    assert found is not None
    assert found.rows == 5
    counts = {key: (f.values, f.missing, f.unseen, f.out_of_range) for key, f in found.fields.items()}
    assert counts == {"age": (5, 1, None, 2), "job": (5, 1, 1, None), "day": (5, 1, None, 1), "tags": (7, 2, None, None)}
    age = found.fields["age"].numbers
    assert age is not None
    assert (age.infinite, age.low, age.high, age.mean, age.edges, age.counts) == (1, 50.0, 101.0, 67.0, (50.0, 101.0), (2, 1))
    assert sum(age.heights) == 3
    assert found.fields["job"].terms == statistics.TermStatistics(3, 2, (b"nurse", b"clown", b"cook"), (2, 1, 1))
    assert found.fields["day"].terms == statistics.TermStatistics(3, 2, (b"1", b"0", b"7"), (2, 1, 1))


def test_statistics_change_nothing_else_and_come_back(tmp_path: Path) -> None:
    plain, plan = fc.fit(COLUMNS, DATA), fc.fit(COLUMNS, DATA, statistics=True)
    assert plan == plain
    assert plan.fingerprint == plain.fingerprint
    assert plain.statistics is None
    assert [ids.values.tobytes() for ids in plan.encode(DATA).ids.values()] == [
        i.values.tobytes() for i in plain.encode(DATA).ids.values()
    ]
    plan.save(tmp_path / "plan")
    loaded = fc.load(tmp_path / "plan")
    assert loaded.statistics == plan.statistics == fc.Plan.from_bytes(plan.to_bytes()).statistics
    plan.save(tmp_path / "plan")  # an equal plan with equal statistics
    with pytest.raises(fc.OutputError, match="exists already"):
        plain.save(tmp_path / "plan")
    plain.save(tmp_path / "plan", overwrite=True)
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["plan.json"]
    plan.save(tmp_path / "other")
    file = tmp_path / "other" / "statistics.json"
    file.write_text(file.read_text().replace("nurse", "horse"))
    with pytest.raises(fc.SavedPlanError, match=r"not the file that plan\.json was written with"):
        fc.load(tmp_path / "other")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(version=2),
        lambda d: d.update(rows=-1),
        lambda d: d["fields"]["age"].update(missing=9),
        lambda d: d["fields"]["age"]["numbers"].update(edges=[2.0, 1.0]),
        lambda d: d["fields"]["age"]["numbers"].update(mean="x"),
        lambda d: d["fields"]["age"]["numbers"].update(bars=[1.0] * 1000),
        lambda d: d["fields"]["job"]["terms"].update(top=[["a", 1]] * 2000),
        lambda d: d["fields"]["job"]["terms"].update(top=[[{"hex": "zz"}, 1]]),
        lambda d: d["fields"].update(age=[]),
    ],
)
def test_other_data_is_not_statistics(change: Any) -> None:
    found = fc.fit(COLUMNS, DATA, statistics=True).statistics
    assert found is not None
    data = json.loads(json.dumps(found.to_dict()))
    assert fc.Statistics.from_dict(data) == found
    change(data)
    with pytest.raises(fc.DataError, match="not what to_dict gave"):
        fc.Statistics.from_dict(data)


def test_any_division_of_the_rows_gives_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = trials.draw(rng, 3000)
    columns = [
        *trials.COLUMNS,
        fc.Bucketized(fc.Numeric("amount", normalizer=fc.ZScore(), name="z"), fc.Quantiles(4), name="two"),
    ]
    whole = fc.fit(columns, rows, statistics=True)
    assert len(whole.passes) == 2
    cut = [{key: values[i:j] for key, values in rows.items()} for i, j in ((1700, 3000), (0, 10), (10, 1700))]
    after: fc.Partial | None = None
    for _ in range(2):
        states = [fc.collect(columns, part, after=after, statistics=True) for part in cut]
        state = states[0].merge(fc.FitState.from_bytes(states[1].to_bytes())).merge(states[2])
        found = fc.finish(columns, state)
        after = found if isinstance(found, fc.Partial) else None
    assert isinstance(found, fc.Plan)
    assert found.to_bytes() == whole.to_bytes()
    state = fc.collect(whole, cut[0]).merge(fc.collect(whole, cut[1])).merge(fc.collect(whole, cut[2]))
    assert whole.with_statistics(state).statistics == whole.statistics == whole.with_statistics(rows).statistics
    other = trials.draw(rng, 500)
    report, of_state = whole.check(other), whole.check(fc.collect(whole, other))
    assert report.drift == of_state.drift
    assert of_state.columns == {}
    for i, part in enumerate(cut):
        pq.write_table(pa.table(part), tmp_path / f"{i}.parquet")
    assert fc.fit(columns, tmp_path, statistics=True, processes=2).to_bytes() == whole.to_bytes()
    with pytest.raises(fc.PlanError, match="not collected for this plan"):
        whole.check(fc.collect(columns, other))


def test_the_text_of_a_csv_file_has_the_statistics_of_its_values(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("day,age\n1,2.50\n1.0,3\n,\n2,2.5\n")
    columns = [fc.Vocabulary("day", [1, 2]), fc.Numeric("age")]
    rows = {"day": [1, 1, None, 2], "age": [2.5, 3.0, None, 2.5]}
    assert (
        fc.fit(columns, tmp_path / "rows.csv", statistics=True).statistics == fc.fit(columns, rows, statistics=True).statistics
    )


def test_measures_by_hand() -> None:
    plan = fc.compile([fc.Hashed("job", 9)]).with_statistics({"job": ["a"] * 600 + ["b"] * 400})
    found = plan.check({"job": ["a"] * 300 + ["b"] * 700}).drift["job"]
    p, q = np.array([600.5, 400.5]) / 1001, np.array([300.5, 700.5]) / 1001
    middle = (p + q) / 2
    assert found.psi == pytest.approx(((q - p) * np.log(q / p)).sum() - 0.002, abs=1e-12)
    assert found.js == pytest.approx((p * np.log2(p / middle) + q * np.log2(q / middle)).sum() / 2, abs=1e-12)
    assert found.linf == pytest.approx(300 / 1001)
    assert found.noise == pytest.approx((10.83 - 1) * 0.002, rel=0.05)  # a chi-square of 1 exceeds 10.83 once of 1000 times
    assert [tuple(b) for b in found.bins] == [("a", 600, 300), ("b", 400, 700)]
    assert found.exceeds()
    assert not found.exceeds(psi=1.0)
    assert found.exceeds(psi=None, linf=0.25)


def test_few_rows_are_no_alarm() -> None:
    plan = fc.compile([fc.Hashed("job", 9)]).with_statistics({"job": ["a", "b"] * 500})
    few = plan.check({"job": ["a"] * 9 + ["b"] * 3})
    assert few.drift["job"].psi < few.drift["job"].noise
    assert few.drifted() == []
    assert plan.check({"job": ["a"] * 750 + ["b"] * 250}).drifted() == ["job"]
    nothing = plan.check({"job": []})
    assert (nothing.drift["job"].psi, nothing.drifted()) == (0.0, [])


def test_a_heavy_number_stays_in_its_bin_when_bits_are_dropped() -> None:
    rng = np.random.default_rng(1)
    few = np.append(rng.normal(size=100), np.full(60, 0.1))
    many = np.append(rng.normal(size=100_000), np.full(60_000, 0.1))
    plan = fc.compile([fc.Numeric("x")]).with_statistics({"x": few})
    assert plan.check({"x": many}).drift["x"].linf < 0.1


def test_shifts_are_found_and_none_is_invented() -> None:
    found = trials.rates(3, 2_000, 1_000, seed=7)
    assert found.pop("none") == (0, 0)
    assert found == dict.fromkeys(trials.SHIFTS, (3, 0))


def test_the_command_prints_exits_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    before, now = trials.draw(rng, 2000), trials.draw(rng, 1000)
    trials.mean(now, rng)
    now["job"][:200] = "<b>"
    for name, rows in (("before", before), ("now", now)):
        pq.write_table(pa.table(rows), tmp_path / f"{name}.parquet")
    fc.write_columns(trials.COLUMNS, tmp_path / "spec.json")
    files = [str(tmp_path / name) for name in ("spec.json", "before.parquet", "plan", "now.parquet", "page.html")]
    assert main(["fit", files[0], files[1], "-o", files[2], "--statistics"]) == 0
    assert main(["check", files[2], files[1], "--max-psi", "0.1"]) == 0
    capsys.readouterr()
    assert main(["check", files[2], files[3], "--max-psi", "0.1", "--html", files[4]]) == 1
    said = capsys.readouterr().out
    assert "amount: psi 0." in said
    assert "job: psi " in said
    assert "age: psi" not in said
    page = Path(files[4]).read_text("utf-8")
    assert "2 of 6 fields drifted" in page
    assert "&lt;b&gt;" in page
    assert "<b>: " not in page
    assert "<script" not in page
    assert main(["check", files[2], files[3], "--max-linf", "0.9", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["drift"]) == {"income", "amount", "age", "job", "word", "day"}
    fc.compile([fc.Numeric("income")]).save(tmp_path / "none")
    assert main(["check", str(tmp_path / "none"), files[3], "--max-psi", "0.1"]) == 2
    assert "has no statistics of its training rows" in capsys.readouterr().err
