"""Ray: every kind gives the bits of plan.transform, fit gives the bytes of fc.fit, actors train, on a local cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
import ray.data

import featurecols as fc
from featurecols import models
from featurecols.integrations import ray as fc_ray
from featurecols.models.estimators.several_processes import workers_from
from featurecols.models.training.hooks import Hook
from tests.integrations import cases, engine_cases
from tests.integrations.engine_cases import ROW, run_program
from tests.models.distributed.in_process import starter

ROOT = str(Path(__file__).parent.parent.parent.parent)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    options = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 << 20, "log_to_driver": False}
    ray.init(**options, logging_level="ERROR", runtime_env={"env_vars": {"PYTHONPATH": ROOT}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def dataset(table: pa.Table, blocks: int = 2) -> Any:
    size = -(-len(table) // blocks)
    return ray.data.from_arrow([table.slice(start, size) for start in range(0, len(table), size)])


def arrow(found: Any) -> pa.Table:
    return pa.concat_tables(ray.get(found.to_arrow_refs()))


@pytest.mark.parametrize("name", engine_cases.names())
def test_the_bits_of_transform(name: str) -> None:
    case = engine_cases.case(name)
    kept = [case.table.column_names[0], ROW]
    layouts = (("features", kept), ("columns", [ROW]))
    for layout, keep in layouts if name in cases.MADE else layouts[:1]:
        found = fc_ray.transform(case.plan, dataset(case.table), keep=keep, layout=layout)  # type: ignore[arg-type]
        engine_cases.check(case, arrow(found), keep, layout)


def test_fit_gives_the_bytes_of_one_machine_whatever_the_blocks() -> None:
    rows = engine_cases.flights()
    want = fc.fit(engine_cases.LEARNING, rows)
    assert fc_ray.fit(engine_cases.LEARNING, dataset(rows, 3)).to_bytes() == want.to_bytes()
    many = fc_ray.fit(engine_cases.LEARNING[:2], dataset(rows, 18))  # more than one task merges
    assert many.to_bytes() == fc.fit(engine_cases.LEARNING[:2], rows).to_bytes()


def test_check_gives_the_report_of_one_machine() -> None:
    rows = engine_cases.flights()
    plan = fc_ray.fit(engine_cases.LEARNING[:2], dataset(rows), statistics=True)
    assert plan.to_bytes() == fc.fit(engine_cases.LEARNING[:2], rows, statistics=True).to_bytes()
    some = rows.slice(0, 300)
    assert fc_ray.check(plan, dataset(some)) == plan.check(fc.collect(plan, some))


def die_once(rows: pa.Table, marker: str) -> pa.Table:
    """Kill the worker that gets the last row, the first time."""
    if rows[ROW].to_pylist()[-1] == 4999 and not os.path.exists(marker):
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def test_a_worker_that_is_killed_midway_changes_nothing(tmp_path: Path) -> None:
    case = engine_cases.case("flights")
    for i in range(2):
        rows = dataset(case.table, 4).map_batches(die_once, fn_args=(str(tmp_path / str(i)),), batch_format="pyarrow")
        if i:
            assert fc_ray.fit(engine_cases.LEARNING[:2], rows) == fc.fit(engine_cases.LEARNING[:2], case.table)
        else:
            engine_cases.check(case, arrow(fc_ray.transform(case.plan, rows, keep=ROW)), [ROW], "features")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "1"]


def test_the_program_of_the_page() -> None:
    run_program("ray")


def model() -> models.WideDeepClassifier:
    deep = [fc.Numeric("distance"), fc.Numeric("temp"), fc.Embedding(fc.Hashed("dest", 200), 4)]
    wide = [fc.Hashed("dest", 200), fc.Crossed(["dest", "carrier"], 3000)]
    return models.WideDeepClassifier(wide, deep, hidden_units=[16], dropout=0.1, config=models.RunConfig(progress=False))


class Lose(Hook):
    """Ends the actor before the third step."""

    def before_step(self, run: object) -> None:
        if run.step == 3:
            run.model._team._links[0].kill()


def test_actors_give_the_bits_of_processes_also_when_one_is_lost() -> None:
    rows = fc.datasets.flights().slice(0, 2000)
    rows = rows.drop_null()
    with workers_from(starter()):
        want = model().train(rows, "late", epochs=2, processes=3)
    with fc_ray.workers(num_cpus=0.3):
        found = model().train(rows, "late", epochs=2, processes=3, hooks=[Lose()])
    assert found.fingerprint == want.fingerprint
    assert [row["loss"] for row in found.history] == [row["loss"] for row in want.history]
