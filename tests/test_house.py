"""What must agree across files: names, versions, extras, commands."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

import featurecols as fc
from featurecols import lazy, models

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "featurecols"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_every_public_name_is_documented() -> None:
    bare = [name for name in lazy.NAMES if not inspect.getdoc(getattr(fc, name))]
    assert bare == []


def test_type_checkers_see_the_names_that_load_on_first_use() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    meant = {
        name: (module, attribute) if attribute else tuple(module.rsplit(".", 1))
        for name, (module, attribute) in lazy.NAMES.items()
    }
    assert seen == meant


def test_type_checkers_see_the_names_of_models_too() -> None:
    tree = ast.parse((PACKAGE / "models" / "__init__.py").read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [(node.module, a.name, a.asname) for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names]
    modules = {("featurecols.models", name, name) for name in models._MODULES}
    names = {(f"featurecols.models.{module}", name, name) for name, module in models._NAMES.items()}
    assert len(imports) == len(set(imports))
    assert set(imports) == modules | names


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
