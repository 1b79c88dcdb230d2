"""Imports point down only, read from the source; and a bare import stays light, seen in a fresh process."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "featurecols"

# From the ground up; a room imports from itself, from its own floor and from those below.
STOREYS = (
    ("version", "errors", "built", "farmhash", "lazy"),
    ("spec", "memory", "recycle", "threads"),
    ("values",),
    ("kernels",),
    ("present", "buffers"),
    ("cells",),
    ("batch",),
    ("chunks",),
    ("files", "sources"),
    ("analyzers",),
    ("normalizers", "initializers"),
    ("columns",),
    (
        "declare",
        "graph",
        "features",
        "bind",
        "steps",
        "rows",
        "onepass",
        "profile",
        "execute",
        "flow",
        "contents",
        "explain",
        "save",
        "plan",
        "learn",
    ),
    ("feature_column", "io", "models", "datasets"),
    ("adapters", "display", "_cli", "cli"),
    ("__main__",),
    ("__init__",),
)
FLOORS = {name: floor for floor, names in enumerate(STOREYS) for name in names}

# A convenience that reaches up imports inside its function: (file, room that it reaches).
UPWARD: set[tuple[str, str]] = {("plan.py", "display"), ("explain.py", "display"), ("models/history.py", "display")}


def imports(path: Path) -> list[tuple[str, bool, int]]:
    """(module, inside a function, line) of every import that runs; those for type checkers alone do not."""
    tree = ast.parse(path.read_text("utf-8"))
    found: list[tuple[str, bool, int]] = []

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            found.append((node.module or "", inside, node.lineno))
            found.extend((f"{node.module}.{alias.name}", inside, node.lineno) for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child, inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    visit(tree, False)
    return found


def plain_imports(path: Path) -> list[str]:
    """Modules of `import module` statements."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def internal(path: Path) -> list[tuple[str, bool, int]]:
    """(room, inside a function, line) of the imports of our own rooms."""
    names = ((module.split("."), inside, line) for module, inside, line in imports(path))
    return [(parts[1], inside, line) for parts, inside, line in names if parts[0] == "featurecols" and len(parts) > 1]


def test_every_room_has_its_floor() -> None:
    assert sorted({room(path) for path in sources()} - set(FLOORS)) == []


def test_imports_point_down() -> None:
    wrong = []
    for path in sources():
        for target, inside, line in internal(path):
            upward = FLOORS.get(target, 99) > FLOORS[room(path)]  # 99: a public name, which comes from the top
            allowed = inside and (str(path.relative_to(PACKAGE)), target) in UPWARD
            if upward and not allowed and room(path) != "__init__":
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_the_whole_package_is_imported_by_its_outside_only() -> None:
    """`import featurecols` inside a room would reach anything, unseen by the test above."""
    whole = {room(path) for path in sources() for module in plain_imports(path) if module == "featurecols"}
    assert whole <= {"adapters", "display", "cli", "_cli"}


def test_models_meet_a_plan_in_two_places() -> None:
    found = {path.stem for path in sources() if room(path) == "models" for name, _, _ in internal(path) if name == "plan"}
    assert found <= {"estimators", "sequential"}


def test_the_list_of_upward_imports_is_true() -> None:
    seen = {(str(path.relative_to(PACKAGE)), target) for path in sources() for target, inside, _ in internal(path) if inside}
    assert sorted(UPWARD - seen) == []


def test_a_column_imports_no_sibling_no_pandas_no_threads() -> None:
    shared = {"base", "tokens", "tables"}
    wrong = []
    for path in sorted((PACKAGE / "columns").glob("*.py")):
        if path.stem in {"__init__", *shared}:
            continue
        for module, _, line in imports(path):
            sibling = module.startswith("featurecols.columns.") and module.split(".")[2] not in shared
            if sibling or module.split(".")[0] in ("pandas", "threading", "concurrent", "multiprocessing", "pyarrow"):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert wrong == []


def test_only_batch_may_import_pandas_and_only_kernels_numba() -> None:
    found = {(module.split(".")[0], room(path)) for path in sources() for module, _, _ in imports(path)}
    assert {where for module, where in found if module == "pandas"} <= {"batch", "adapters", "display"}
    assert {where for module, where in found if module == "numba"} <= {"kernels", "models"}


def test_a_kernel_module_is_never_imported_at_the_top() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in sources()
        for module, inside, line in imports(path)
        if module.startswith("featurecols.kernels.") and not inside and room(path) != "kernels"
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
        "import sys\nfrom featurecols.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit as e:\n"
        "    print(e.code, 'numba' in sys.modules, 'pandas' in sys.modules)"
    )
    assert fresh(code).splitlines()[-1] == "0 False False"
