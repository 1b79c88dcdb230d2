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
from tests.sources import PACKAGE, files, nodes_of, tree_of

ROOT = Path(__file__).parent.parent
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
    "datasets errors extend feature_column feature_column.v1 integrations.sklearn models models.inspection "
    "models.inspection.plots models.layers models.objective.losses models.objective.metrics models.optimization.optimizers "
    "models.optimization.schedules models.training.checkpoints models.training.hooks tf"
)


@pytest.mark.parametrize("name", PUBLIC.split())
def test_every_public_module_lists_its_names(name: str) -> None:
    module = importlib.import_module(f"featurecols.{name}")
    names = module.__all__
    assert len(set(names)) == len(names)
    assert [n for n in names if n.startswith("_") or not hasattr(module, n)] == []


def test_errors_of_models_are_names_of_the_package() -> None:
    errors = importlib.import_module("featurecols.models.errors")
    assert fc.ModelError is errors.ModelError
    assert fc.CheckpointError is errors.CheckpointError


def test_every_module_says_what_it_is_for() -> None:
    bare = [str(path) for path in files() if not ast.get_docstring(tree_of(path))]
    assert bare == []


def test_any_stands_for_few_types() -> None:
    """As `python tools/typing_any.py --list` counts them."""
    nodes = [node for path in files() if path.relative_to(PACKAGE).parts[0] != "kernels" for node in nodes_of(path)]
    assert sum("Any" in (getattr(n, "id", None), getattr(n, "attr", None)) for n in nodes) <= 300


def test_the_changelog_is_about_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == fc.__version__


def test_extras_that_messages_speak_of_exist() -> None:
    spoken = {name for path in files() for name in re.findall(r"featurecols\[(\w+)\]", path.read_text("utf-8"))}
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


GENERATORS = {"default_rng", "Generator", "Random", "RandomState"}


def test_no_test_draws_from_a_generator_of_its_module() -> None:
    """What a test draws would depend on the tests before it: each makes its own generator, with its own seed."""
    drawn = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text("utf-8")
        if not re.search(r"^import random|^\w.*\b(Random|RandomState|Generator|default_rng)\(", text, re.MULTILINE):
            continue
        tree = ast.parse(text)
        shared = {name for statement in tree.body for name in made_by_statement(statement)}
        for function in ast.walk(tree) if shared else ():
            if isinstance(function, (ast.FunctionDef, ast.Lambda)):
                drawn += [f"{path.relative_to(ROOT)}:{line}" for line in draws(function, shared)]
    assert sorted(set(drawn)) == []


def made_by_statement(statement: ast.stmt) -> set[str]:
    """Return the names of the generators that a statement of a module makes or imports; the module `random` is one."""
    if isinstance(statement, ast.Import):
        return {"random"} & {alias.asname or alias.name for alias in statement.names}
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return set()
    values = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
    if not any(isinstance(v, ast.Call) and ast.unparse(v.func).rpartition(".")[2] in GENERATORS for v in values):
        return set()
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def draws(function: ast.FunctionDef | ast.Lambda, shared: set[str]) -> list[int]:
    """Return the lines in which a function calls a method of one of the shared generators, rather than of its own."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    found = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return [n.lineno for n in found if n.value.id in shared - own and n.attr not in GENERATORS]  # type: ignore[attr-defined]
