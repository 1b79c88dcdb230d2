import os
from pathlib import Path

import pytest

from featurecols import errors
from featurecols.tf.checkpoint.files import find_prefix, open_regular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for step in (1, 20):
        (tmp_path / f"model.ckpt-{step}.index").write_bytes(b"i")
        (tmp_path / f"model.ckpt-{step}.data-00000-of-00001").write_bytes(b"d")
    return tmp_path


def state(folder: Path, text: str) -> Path:
    (folder / "checkpoint").write_text(text)
    return folder


@pytest.mark.parametrize("name", ["model.ckpt-20", "model.ckpt-20.index", "model.ckpt-20.data-00000-of-00001"])
def test_a_prefix_or_one_of_its_files(folder: Path, name: str) -> None:
    assert find_prefix(folder / name) == folder / "model.ckpt-20"
    assert find_prefix(str(folder / name)) == folder / "model.ckpt-20"


def test_a_model_folder_names_its_latest_checkpoint(folder: Path) -> None:
    state(folder, 'model_checkpoint_path: "model.ckpt-20"\nall_model_checkpoint_paths: "model.ckpt-1"\n')
    assert find_prefix(folder) == folder / "model.ckpt-20"
    state(folder, 'all_model_checkpoint_paths: "model.ckpt-20"\nmodel_checkpoint_path: "model.ckpt-1"\n')
    assert find_prefix(folder) == folder / "model.ckpt-1"
    state(folder, f'model_checkpoint_path: "{folder}/model.ckpt-20"\n')  # as a run writes it that was given full paths
    assert find_prefix(folder) == folder / "model.ckpt-20"


def test_escaped_names(folder: Path) -> None:
    assert find_prefix(state(folder, r'model_checkpoint_path: "a \"quoted\" one"')) == folder / 'a "quoted" one'


def test_a_folder_with_one_checkpoint_needs_no_state(folder: Path) -> None:
    (folder / "model.ckpt-1.index").unlink()
    assert find_prefix(folder) == folder / "model.ckpt-20"


def test_a_saved_model(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.index").write_bytes(b"")
    assert find_prefix(tmp_path) == tmp_path / "variables" / "variables"


def test_a_linked_folder_of_variables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "variables.index").write_bytes(b"")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "variables").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.SavedPlanError, match="symbolic link"):
        find_prefix(tmp_path / "model")


def test_several_checkpoints_without_a_state_must_be_told_apart(folder: Path) -> None:
    with pytest.raises(errors.SavedPlanError, match=r"model.ckpt-1.index.*model.ckpt-20.index.*name the checkpoint itself"):
        find_prefix(folder)


def test_nothing_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "model", tmp_path / "no" / "folder"):
        with pytest.raises(errors.SavedPlanError, match="checkpoint"):
            find_prefix(path)


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "..",
        ".",
        "sub/model.ckpt-20",
        "",
        "/",
        r"a\0b".replace(r"\0", "\0"),
        "./../x",
        "~/x",
        "//etc/x",
    ],
)
def test_a_state_that_points_elsewhere_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(errors.SavedPlanError, match="not in this folder"):
        find_prefix(state(folder, f'model_checkpoint_path: "{name}"\n'))


@pytest.mark.parametrize("text", ["", "garbage", 'model_checkpoint_path: "not closed', "model_checkpoint_path: 5", "\0" * 9])
def test_a_state_without_a_name_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(errors.SavedPlanError, match="names no latest checkpoint"):
        find_prefix(state(folder, text))


def test_a_huge_state_is_refused(folder: Path) -> None:
    with (folder / "checkpoint").open("wb") as file:
        file.write(b'model_checkpoint_path: "model.ckpt-20"\n')
        file.truncate(1 << 40)
    with pytest.raises(errors.SavedPlanError, match="names no latest checkpoint"):
        find_prefix(folder)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"abc")
    with open_regular(real) as file:
        assert file.read() == b"abc"
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")  # opening one for reading waits for a writer
    for name, words in {
        "link": "symbolic link",
        "dangling": "symbolic link",
        "pipe": "not a regular file",
        ".": "not a regular file",
        "nothing": "No such file",
    }.items():
        with pytest.raises(errors.SavedPlanError, match=words):
            open_regular(tmp_path / name)


def test_a_linked_state_is_refused(folder: Path) -> None:
    (folder / "elsewhere").write_text('model_checkpoint_path: "model.ckpt-20"\n')
    (folder / "checkpoint").symlink_to(folder / "elsewhere")
    with pytest.raises(errors.SavedPlanError, match="symbolic link"):
        find_prefix(folder)
