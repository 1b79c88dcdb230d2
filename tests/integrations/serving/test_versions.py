"""Folders of versions: which one is served, and what becomes of the others."""

import json
import shutil
import socket
import time
import weakref
from pathlib import Path

import pytest

import featurecols as fc
from featurecols.cli.main import main
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.servable import Servable, load
from featurecols.integrations.serving.server import listen
from featurecols.integrations.serving.versions import ServedModel, is_complete, versions
from tests.integrations.serving.conftest import save_versions
from tests.integrations.serving.server import Server

ROW = {"age": 39, "job": "nurse", "city": "Ulm", "tags": ["t1", "t2"]}


def served(folder: Path) -> ServedModel:
    def make(folder: Path, version: int) -> Servable:
        return load(folder, version, name="m", limits=Limits(), threads=1)

    return ServedModel("m", folder, make)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    save_versions(folder, 1, 2, 10)
    return folder


def test_versions_are_numbers_and_complete(three: Path, tmp_path: Path) -> None:
    shutil.copytree(three, tmp_path / "m")
    for name in ("latest", "v3", "-4", "1.5", ".5", "٣"):
        shutil.copytree(three / "1", tmp_path / "m" / name)
    shutil.copytree(three / "1", tmp_path / "m" / "0011")
    (tmp_path / "m" / "12").mkdir()
    (tmp_path / "m" / "13").write_text("")
    for name in ("plan", "model.json", "weights.safetensors"):  # all but card.json, which is written last
        source, target = three / "1" / name, tmp_path / "m" / "12" / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    assert [version.number for version in versions(tmp_path / "m")] == [11, 10, 2, 1]
    assert [version.number for version in versions(three / "2")] == [1]
    assert [version.number for version in versions(three / "2" / "plan")] == [1]
    assert list(versions(tmp_path / "nothing")) == []
    assert not is_complete(tmp_path / "m" / "12")


def test_the_highest_complete_version_replaces_the_one_before(three: Path, tmp_path: Path) -> None:
    shutil.copytree(three / "1", tmp_path / "1")
    model = served(tmp_path)
    assert model.refresh()
    assert not model.refresh()
    assert model.current is not None
    assert (model.current.version, model.current.fingerprint) == (1, fc.models.load(three / "1").fingerprint)
    shutil.copytree(three / "10", tmp_path / "10")
    shutil.copytree(three / "2", tmp_path / "2")
    gone = weakref.ref(model.current), weakref.ref(model.current.model)  # type: ignore[attr-defined]
    assert model.refresh()
    assert model.current.version == 10
    assert [reference() for reference in gone] == [None, None]
    assert {number: state.state for number, state in model.states.items()} == {10: "AVAILABLE"}
    shutil.rmtree(tmp_path / "10")  # a way back
    assert model.refresh()
    assert model.current.version == 2
    shutil.rmtree(tmp_path / "2")
    shutil.rmtree(tmp_path / "1")
    assert not model.refresh()
    assert model.current.version == 2


def test_a_version_that_is_damaged_is_not_served_until_its_files_change(three: Path, tmp_path: Path) -> None:
    shutil.copytree(three / "1", tmp_path / "1")
    model = served(tmp_path)
    model.refresh()
    shutil.copytree(three / "2", tmp_path / "2")
    (tmp_path / "2" / "weights.safetensors").write_bytes(b"damaged")
    tried: list[Path] = []
    inner, model._load = model._load, lambda folder, number: (tried.append(folder), inner(folder, number))[1]
    for _ in range(3):
        assert not model.refresh()
    assert tried == [tmp_path / "2"]
    assert model.current is not None
    assert model.current.version == 1
    assert (model.states[2].state, model.states[2].code) == ("END", "INVALID_ARGUMENT")
    assert "weights.safetensors" in model.states[2].message
    shutil.copy(three / "2" / "weights.safetensors", tmp_path / "2")
    assert model.refresh()
    assert model.current.version == 2
    assert model.states[2].state == "AVAILABLE"


def test_a_version_that_is_replaced_in_its_place_is_loaded_again_or_served_on(three: Path, tmp_path: Path) -> None:
    shutil.copytree(three / "1", tmp_path / "m" / "1")
    shutil.copytree(three / "2", tmp_path / "m" / "2")
    model = served(tmp_path / "m")
    model.refresh()
    (tmp_path / "m" / "2" / "card.json").write_text("{}")
    assert not model.refresh()
    assert model.current is not None
    assert model.current.version == 2
    fc.models.load(three / "10").save(tmp_path / "m" / "2", overwrite=True)
    assert model.refresh()
    assert model.current.fingerprint == fc.models.load(three / "10").fingerprint


def test_models_that_cannot_be_served_say_why(tmp_path: Path) -> None:
    layers = fc.models.layers
    arrays = fc.models.Sequential([layers.Dense(1)])
    arrays.compile("adam", "mse")
    arrays.fit([[1.0], [2.0]], [1.0, 2.0], epochs=1, verbose=0)
    arrays.save(tmp_path / "arrays")
    fc.fit([fc.Vocabulary("job", ["a"])], {"job": ["a"]}).save(tmp_path / "ids")
    for name, text in (
        ("arrays", "the model reads arrays"),
        ("ids", "a categorical column gives ids, not features, got 'job'"),
        ("none", "holds no complete export"),
    ):
        model = served(tmp_path / name)
        assert not model.refresh()
        assert text in model.error


def test_a_version_appears_and_a_damaged_one_does_not(three: Path, tmp_path: Path) -> None:
    shutil.copytree(three / "1", tmp_path / "m" / "1")
    with Server(tmp_path / "m") as server:
        before = server.predict("m", [ROW])
        assert before == _of(three / "1")
        shutil.copytree(three / "2", tmp_path / "new")
        (tmp_path / "new" / "weights.safetensors").write_bytes(b"x")
        (tmp_path / "new").rename(tmp_path / "m" / "3")
        wrong = server.wait_for("version cannot be served")
        assert (wrong["model"], wrong["version"]) == ("m", 3)
        assert server.predict("m", [ROW]) == before
        start = time.monotonic()
        shutil.copytree(three / "10", tmp_path / "m" / "10")
        while (after := server.predict("m", [ROW])) == before:
            assert time.monotonic() - start < 60
        assert after == _of(three / "10")
        assert server.wait_for("version is served", 2)["replaces"] == 1
        found = server.ask("/v1/models/m")[1]["model_version_status"]
        assert [(state["version"], state["state"]) for state in found] == [("10", "AVAILABLE"), ("3", "END")]
        assert "weights.safetensors" in found[1]["status"]["error_message"]
        assert server.ask("/v1/models/m/versions/1:predict", {"instances": [ROW]})[0] == 404


def _of(folder: Path) -> list[dict[str, object]]:
    found = fc.models.load(folder).predict([ROW])
    return [{key: found[key][0].tolist() for key in found.arrays}]


def test_nothing_to_serve_is_exit_status_2(tmp_path: Path) -> None:
    with Server(tmp_path / "none") as server:
        assert server.process.wait(120) == 2
        server.stop()
        assert "nothing can be served" in "".join(server.lines)


def test_names_and_addresses_are_checked_before_anything_is_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    for arguments, text in (
        (["a", "a/../a"], "each folder needs a name of its own"),
        (["a", "--name", "b", "--name", "c"], "each folder needs a name of its own"),
        (["a", "--name", "a/b"], "a model needs a name without / and :"),
    ):
        assert main(["serve", *arguments]) == 2
        assert text in capfd.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for host, port in (("256.1.1.1", 0), taken.getsockname()):
            with pytest.raises(fc.errors.ColumnError, match="the address cannot be bound"):
                listen(host, port)


def test_old_formats_are_complete_too(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"format": 1, "kind": "LinearClassifier"}))
    assert is_complete(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({"model": "LinearClassifier"}))
    assert not is_complete(tmp_path)
