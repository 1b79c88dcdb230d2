"""Imports point down only, read from the source; and a bare import stays light, seen in a fresh process."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.sources import PACKAGE, nodes_of, tree_of
from tests.sources import files as sources

ROOT = Path(__file__).parent.parent

# From the lowest layer up; a package imports from itself, from its own layer and from those below.
LAYERS = (
    ("errors",),
    ("_core",),
    ("kernels", "tf/checkpoint"),
    ("data",),
    ("analyzers",),
    ("columns",),
    ("jobs",),
    ("plan",),
    ("feature_column", "models", "datasets"),
    ("integrations",),
    ("tf", "cli", "extend"),
    ("__main__",),
    ("__init__",),
)
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}


BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")  # where statements stand


@cache
def imports(path: Path) -> list[tuple[str, bool, int]]:
    """(module, inside a function, line) of every import that runs; those for type checkers alone do not."""
    tree = tree_of(path)
    found: list[tuple[str, bool, int]] = []

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and any(
            "TYPE_CHECKING" in (getattr(n, "id", ""), getattr(n, "attr", "")) for n in ast.walk(node.test)
        ):
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            found.append((node.module or "", inside, node.lineno))
            found.extend((f"{node.module}.{alias.name}", inside, node.lineno) for alias in node.names)
        for child in (child for field in BLOCKS for child in getattr(node, field, ())):
            visit(child, inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    visit(tree, False)
    return found


def plain_imports(path: Path) -> list[str]:
    """Modules of `import module` statements."""
    return [alias.name for node in nodes_of(path) if isinstance(node, ast.Import) for alias in node.names]


def part(path: Path) -> str:
    """The top-level package or module that a file belongs to; a package inside one may have a layer of its own."""
    return part_of(path.relative_to(PACKAGE).with_suffix("").parts)


def part_of(names: Sequence[str]) -> str:
    """The same for the names of a module after `featurecols`."""
    inner = "/".join(names[:2])
    return inner if inner in LEVELS else names[0]


def internal(path: Path) -> list[tuple[str, bool, int]]:
    """(part, inside a function, line) of the imports within the package, UPWARD_METHODS aside."""
    found = (each for each in imports(path) if not is_upward_method(path, each[0], each[1]))
    names = ((module.split("."), inside, line) for module, inside, line in found)
    return [(part_of(parts[1:]), inside, line) for parts, inside, line in names if parts[0] == "featurecols" and len(parts) > 1]


# Methods of two lines that import from above: plan.to_onnx() is where users look, and the translation needs the plan.
UPWARD_METHODS = {  # file: modules that a method of it imports
    "plan/exported.py": {"featurecols.integrations.onnx", "featurecols.integrations.sql"},
    "models/estimators/canned.py": {"featurecols.integrations.onnx.models"},
    "models/sequential.py": {"featurecols.integrations.onnx.models"},
}


def is_upward_method(path: Path, module: str, inside: bool) -> bool:
    """Whether an import is one of UPWARD_METHODS."""
    return inside and any(
        module == m or module.startswith(f"{m}.") for m in UPWARD_METHODS.get(path.relative_to(PACKAGE).as_posix(), ())
    )


def test_every_part_has_its_layer() -> None:
    assert sorted({part(path) for path in sources()} - set(LEVELS)) == []


def test_imports_point_down() -> None:
    wrong = []
    for path in sources():
        for target, _, line in internal(path):
            upward = LEVELS.get(target, 99) > LEVELS[part(path)]  # 99: a public name, which comes from the top
            if upward and part(path) != "__init__":
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def module_of(path: Path) -> str:
    """The name by which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def needed_files() -> dict[str, set[str]]:
    """The modules of the package that each of its modules names in imports: all of them, wherever they stand.

    `from featurecols.a import b` means the module featurecols.a.b where there is one, else featurecols.a. So the face of a
    package, which lists its public names for type checkers, needs all that it lists, and no file of these may need the face.
    """
    modules = {module_of(path): path for path in sources()}
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        needs: set[str] = set()
        upward = UPWARD_METHODS.get(path.relative_to(PACKAGE).as_posix(), set())
        for node in nodes_of(path):
            if isinstance(node, ast.Import):
                needs |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                full = {f"{node.module}.{alias.name}" for alias in node.names}
                needs |= {name if name in modules else str(node.module) for name in full}
        found[module] = (needs & set(modules)) - {module} - upward
    return found


def first_cycle(needs: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle, in order, or nothing."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for target in sorted(needs[module]):
                if cycle := visit(target, [*path, module]):
                    return cycle
            done.add(module)
        return []

    return next((cycle for module in sorted(needs) if (cycle := visit(module, []))), [])


def test_no_files_import_each_other() -> None:
    assert first_cycle({"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]
    assert first_cycle(needed_files()) == []


def test_the_whole_package_is_imported_by_its_outside_only() -> None:
    """`import featurecols` inside a lower part would reach anything, unseen by the test above."""
    whole = {part(path) for path in sources() for module in plain_imports(path) if module == "featurecols"}
    assert whole <= {"tf", "cli"}


def test_models_meet_a_plan_in_estimators_and_sequential_only() -> None:
    found = {
        str(path.relative_to(PACKAGE / "models"))
        for path in sources()
        if part(path) == "models"
        for module, _, _ in imports(path)
        if module.startswith(("featurecols.plan.plan", "featurecols.plan.compile", "featurecols.plan.load"))
    }
    assert found <= {
        "estimators/base.py",
        "estimators/canned.py",
        "estimators/loading.py",
        "estimators/model_bytes.py",
        "estimators/rows.py",
        "estimators/wide_deep.py",
        "sequential_files.py",
        "sequential_rows.py",
    }


def test_a_column_imports_no_sibling_no_pandas_no_threads() -> None:
    shared = {
        "base",
        "bound",
        "initializers",
        "normalizers",
        "_categorical",
        "_embedding_tables",
        "_folds",
        "_term_rows",
        "_times",
        "_piecewise",
        "_row_numbers",
        "_scaled",
        "elementwise",
    }
    wrong = []
    for path in sorted((PACKAGE / "columns").glob("*.py")):
        if path.stem in {"__init__", "json", *shared}:
            continue
        for module, _, line in imports(path):
            sibling = module.startswith("featurecols.columns.") and module.split(".")[2] not in shared
            if sibling or module.split(".")[0] in ("pandas", "threading", "concurrent", "multiprocessing", "pyarrow"):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert wrong == []


def test_only_batch_may_import_pandas_and_only_kernels_numba() -> None:
    found = {(module.split(".")[0], part(path)) for path in sources() for module, _, _ in imports(path)}
    assert {where for module, where in found if module == "pandas"} <= {"data", "integrations", "tf", "_core"}
    assert {where for module, where in found if module == "numba"} <= {"kernels"}


def test_a_kernel_module_is_never_imported_at_the_top() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in sources()
        for module, inside, line in imports(path)
        if module.startswith("featurecols.kernels.") and not inside and part(path) != "kernels"
    ]
    assert wrong == []


def fresh(code: str) -> str:
    """What `code` prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_bare_import_loads_neither_numba_nor_pandas() -> None:
    heavy = ("numba", "pandas", "scipy", "sklearn", "torch", "tensorflow", "polars", "matplotlib", "tqdm")
    assert fresh(f"import featurecols, sys; print([m for m in {heavy!r} if m in sys.modules])") == "[]"


def test_the_command_line_answers_version_without_numba_or_pandas() -> None:
    code = (
        "import sys\nfrom featurecols.cli.main import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit as e:\n"
        "    print(e.code, 'numba' in sys.modules, 'pandas' in sys.modules)"
    )
    assert fresh(code).splitlines()[-1] == "0 False False"
