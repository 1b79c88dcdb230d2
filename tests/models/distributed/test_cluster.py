"""A training over several machines, each of which runs the same program, played by threads."""

import json
import socket
import threading
from pathlib import Path

import pytest

import featurecols as fc
from featurecols import models
from featurecols._core.processes import WorkerDiedError
from featurecols.models.distributed import remote
from featurecols.models.distributed.cluster import Cluster
from featurecols.models.errors import ModelError
from featurecols.models.estimators import evaluator_role
from featurecols.models.estimators.several_processes import workers_from
from tests.models.distributed.in_process import starter
from tests.models.distributed.test_team import rows

SECRET = "a secret of some length"


def config(machines: object, role: str, index: int = 0) -> dict[str, str]:
    task = {"type": role, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": machines, "task": task}), "FEATURECOLS_CLUSTER_KEY": SECRET}


@pytest.mark.parametrize(
    ("machines", "role", "index", "expected"),
    [
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, "worker", 1, Cluster("worker", "a", 1, 2, key=SECRET)),
        ({"master": ["a:1"], "evaluator": ["d:1"]}, "master", 0, Cluster("chief", "a", 1, 0, True, SECRET)),
        ({"worker": ["a:1", "b:1"], "ps": ["c:1"]}, "worker", 0, Cluster("chief", "a", 1, 1, key=SECRET)),
        ({"worker": ["[::1]:7", "b:1"]}, "worker", 1, Cluster("worker", "::1", 7, 1, key=SECRET)),
        ({"chief": ["a:1"], "worker": [], "evaluator": ["d:1"]}, "evaluator", 0, Cluster("evaluator", "a", 1, 0, True, SECRET)),
    ],
)
def test_roles_are_those_of_tf_config(machines: object, role: str, index: int, expected: Cluster) -> None:
    assert Cluster.from_environment(config(machines, role, index)) == expected
    assert SECRET not in repr(expected)


def test_without_a_cluster_there_is_one_process() -> None:
    assert Cluster.from_environment({}) is None
    assert Cluster.from_environment({"TF_CONFIG": '{"task": {"type": "worker"}}'}) is None


NO_PORT, NO_TASK = '{"cluster": {"chief": ["a"]}, "task": {"type": "chief"}}', '{"cluster": {"chief": ["a:1"]}}'


@pytest.mark.parametrize("text", ["{", "[]", NO_PORT, NO_TASK])
def test_what_describes_no_cluster_is_an_error(text: str) -> None:
    with pytest.raises(ModelError, match="TF_CONFIG: does not describe a cluster"):
        Cluster.from_environment({"TF_CONFIG": text})


def test_a_short_key_is_an_error() -> None:
    given = config({"chief": ["a:1"], "worker": ["b:1"]}, "chief") | {"FEATURECOLS_CLUSTER_KEY": "short"}
    with pytest.raises(ModelError, match="needs a key of at least 16 characters in FEATURECOLS_CLUSTER_KEY"):
        Cluster.from_environment(given)


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


def play(role: str, port: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> models.LinearClassifier:
    machines = {"chief": [f"127.0.0.1:{port}"], "worker": ["elsewhere:1"], "evaluator": ["elsewhere:2"]}
    for name, value in config(machines, role).items():
        monkeypatch.setenv(name, value)
    settings = models.RunConfig.from_environment().replace(model_dir=str(folder), progress=False, save_checkpoints_steps=2)
    return models.LinearClassifier([fc.Numeric("x"), fc.Hashed("job", 64)], config=settings)


def test_three_machines_run_one_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator_role, "POLL", 0.01)
    port, data, test = free_port(), rows(), rows(100)
    training, found = models.TrainSpec(data, "y", epochs=2, batch_size=100), dict[str, object]()
    evaluation = models.EvalSpec(test, "y", exporters=models.BestExporter(monitor="loss"))
    playing = []
    for role in ("worker", "evaluator", "chief"):
        model = play(role, port, tmp_path, monkeypatch)

        def run(role: str = role, model: models.LinearClassifier = model) -> None:
            found[role] = models.train_and_evaluate(model, training, evaluation)

        playing.append(threading.Thread(target=run))
        playing[-1].start()
    for thread in playing:
        thread.join(60)
    assert found["worker"] == found["chief"] == ({}, [])
    with workers_from(starter()):
        alone = models.LinearClassifier([fc.Numeric("x"), fc.Hashed("job", 64)], config=models.RunConfig(progress=False))
        alone.train(data, "y", epochs=2, batch_size=100, processes=2)
    assert model.fingerprint == alone.fingerprint
    metrics, _ = found["evaluator"]
    assert metrics == alone.evaluate(test, "y")
    exported = sorted((tmp_path / "export" / "best_exporter").iterdir())
    assert models.load(exported[-1]).evaluate(test)["loss"] >= metrics["loss"]


def test_who_does_not_know_the_key_is_no_worker() -> None:
    port = free_port()
    chief = Cluster("chief", "127.0.0.1", port, 1, key=SECRET)
    other = Cluster("worker", "127.0.0.1", port, 1, key="another secret of some length")
    with remote.Chief(chief, wait=0.5) as listening, socket.create_connection(("127.0.0.1", port)):  # which says nothing
        with pytest.raises(ModelError, match="the chief has another key"):
            remote.work(other)
        with pytest.raises(WorkerDiedError, match=r"no worker has connected within 0\.5 seconds"):
            listening.start(1)


def test_a_chief_that_does_not_listen_is_an_error() -> None:
    with pytest.raises(ModelError, match="no chief listens"):
        remote.work(Cluster("worker", "127.0.0.1", free_port(), 1, key=SECRET), wait=0)


def test_an_evaluator_elsewhere_cannot_stop_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, evaluation = play("chief", 1, tmp_path, monkeypatch), models.EvalSpec(rows(), "y", stop=lambda found: True)
    with pytest.raises(ModelError, match="an evaluator on another machine cannot stop the training"):
        models.train_and_evaluate(model, models.TrainSpec(rows(), "y"), evaluation)
