"""Whatever the pages name exists: files, modules and their attributes, classes, links and headings."""

import ast
import importlib
import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sources import files, nodes_of

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
HISTORY = ROOT / "CHANGELOG.md"  # names what is gone as well
CURRENT = [page for page in PAGES if page != HISTORY]
FOLDERS = ("featurecols", "benchmarks", "tests", "docs", "tools", "examples", "notebooks")
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def exists(module: str) -> bool:
    """Whether a dotted name is a module or an attribute of one."""
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError as e:
            if e.name is not None and e.name.split(".")[0] != "featurecols":
                return True  # the module is there, and a library of its extra is not
            continue
        for attribute in parts[count:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def imports(source: str) -> set[tuple[str, str]]:
    """(module, name in it or "") of all imports of the package in a program."""
    nodes = list(ast.walk(ast.parse(source)))
    found = {(node.module or "", alias.name) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    found |= {(alias.name, "") for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {pair for pair in found if pair[0].split(".")[0] == "featurecols"}


def can_import(module: str, attribute: str) -> bool:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as e:  # a library of an extra, or a module of the package
        return module.startswith("featurecols.integrations.") and (e.name or "").split(".")[0] != "featurecols"
    return not attribute or hasattr(found, attribute) or can_import(f"{module}.{attribute}", "")


def code(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def prose(page: Path) -> str:
    """The text of a page, or of the cells of a notebook that are no code."""
    text = page.read_text("utf-8")
    if page.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = prose(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    broken = []
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", CURRENT, ids=name)
def test_files_named_in_a_page_exist(page: Path) -> None:
    quoted = [word for span in re.findall(r"`([^`\n]+)`", page.read_text("utf-8")) for word in span.split()]
    paths = {word for word in quoted if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", word)}
    paths = {path for path in paths if path.endswith(".py") or (path.split("/")[0] in FOLDERS and "/" in path)}
    missing = [path for path in paths if not (ROOT / path).exists() and not (ROOT / "featurecols" / path).exists()]
    assert sorted(missing) == []


@pytest.mark.parametrize("page", CURRENT, ids=name)
def test_dotted_names_in_a_page_exist(page: Path) -> None:
    dotted = set(re.findall(r"(?<![\w/.-])featurecols(?:\.[A-Za-z_]\w*)+", page.read_text("utf-8")))
    assert [module for module in sorted(dotted) if not exists(module)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_that_a_page_runs_exist(page: Path) -> None:
    run = set(re.findall(r"python -m ([a-z_]+(?:\.[a-z_]+)*)", page.read_text("utf-8")))
    assert [module for module in sorted(run) if not (find_spec(module) if "." not in module else exists(module))] == []


def test_classes_named_in_the_design_exist() -> None:
    defined = {node.name for path in files() for node in nodes_of(path) if isinstance(node, ast.ClassDef)}
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)[`.(]", (ROOT / "docs" / "design.md").read_text("utf-8"))) - {"None"}
    assert sorted(named - defined) == []


def test_the_contract_in_the_design_is_that_of_the_base_classes() -> None:
    base, bound = (importlib.import_module(f"featurecols.columns.{module}") for module in ("base", "bound"))
    asked = re.findall(r"`(\w*(?:Column|Bound))\.(\w+)`", (ROOT / "docs" / "design.md").read_text("utf-8"))
    assert len(asked) > 10
    gone = [f"{kind}.{name}" for kind, name in asked if not hasattr(getattr(base if kind == "Column" else bound, kind), name)]
    assert [name for name in gone if name.split(".")[1] not in bound.NumberBound.__annotations__] == []


def test_programs_beside_the_package_import_names_that_exist() -> None:
    sources = {path: path.read_text("utf-8") for folder in ("benchmarks", "tools") for path in (ROOT / folder).rglob("*.py")}
    sources |= {path: code(path) for path in NOTEBOOKS}
    missing = {
        f"{name(path)}: {module}.{attribute}"
        for path, source in sources.items()
        for module, attribute in imports(source)
        if not can_import(module, attribute)
    }
    assert sorted(missing) == []


def test_the_environment_beside_tensorflow_names_its_pins() -> None:
    """G3: TensorFlow 2.15 needs numpy 1, which pyarrow 26 refuses; what is pinned is a version that the package allows."""
    page = (ROOT / "docs" / "migration.md").read_text("utf-8")
    (command,) = re.findall(r"^\$ pip install featurecols (.*)$", page, re.MULTILINE)
    assert re.findall(r"'([^']+)'", command) == ["tensorflow-cpu==2.15.*", "numpy==1.26.*", "pyarrow<26"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"numpy>=1.26", "pyarrow>=16"} <= set(project["dependencies"])
