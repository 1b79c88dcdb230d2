"""What must agree across files: names, versions, extras, commands."""

import ast
import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest

import featurecols as fc
from featurecols._core import lazy_imports

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "featurecols"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_every_public_name_is_documented() -> None:
    bare = [name for name in fc.__all__ if name != "__version__" and not inspect.getdoc(getattr(fc, name))]
    assert bare == []


@pytest.mark.parametrize("package", ["featurecols", "featurecols.models", "featurecols.tf"])
def test_public_names_load_and_are_listed(package: str) -> None:
    module = importlib.import_module(package)
    names = lazy_imports.public_names(package)
    assert set(names) <= set(module.__all__) == set(dir(module))
    for name, (where, attribute) in names.items():
        found = getattr(module, name)
        assert found is getattr(importlib.import_module(where), attribute)


PUBLIC = (
    "datasets errors extend feature_column feature_column.v1 models models.inspection models.inspection.plots models.layers "
    "models.objective.losses models.objective.metrics models.optimization.optimizers models.optimization.schedules "
    "models.training.checkpoints models.training.hooks tf"
)


@pytest.mark.parametrize("name", PUBLIC.split())
def test_every_public_module_lists_its_names(name: str) -> None:
    module = importlib.import_module(f"featurecols.{name}")
    names = module.__all__
    assert len(set(names)) == len(names)
    assert [n for n in names if n.startswith("_") or not hasattr(module, n)] == []


def test_errors_of_models_are_names_of_the_package() -> None:
    assert fc.ModelError is fc.models.sequential.errors.ModelError
    assert fc.CheckpointError is fc.models.sequential.errors.CheckpointError


def test_every_module_says_what_it_is_for() -> None:
    bare = [str(path) for path in PACKAGE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert bare == []


def test_the_changelog_is_about_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == fc.__version__


def test_extras_that_messages_speak_of_exist() -> None:
    spoken = {name for path in PACKAGE.rglob("*.py") for name in re.findall(r"featurecols\[(\w+)\]", path.read_text("utf-8"))}
    assert sorted(spoken - set(PROJECT["optional-dependencies"])) == []


def test_the_readme_begins_with_the_two_commands_that_ci_runs() -> None:
    block = re.search(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    first, second = block[1].splitlines()
    assert first.startswith("python3 -m venv .venv && ")
    assert first.endswith("featurecols quickstart")
    assert "pytest" in second


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_what_speed_depends_on_comes_with_every_installation() -> None:
    """F11: without threadpoolctl, BLAS keeps all its threads for small networks."""
    assert "threadpoolctl" in {re.split(r"[<>=]", name)[0] for name in PROJECT["dependencies"]}
