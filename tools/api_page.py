"""Write docs/api.md and tests/public_names.txt from the package itself.

    python tools/api_page.py            write both
    python tools/api_page.py --check    write nothing; exit with 1 when one of them is not what would be written

tests/public_names.txt has a line for each public name with its full signature: what users rely on, so that a change of it
shows in review. docs/api.md has the same names by purpose, with their arguments and the first sentence of their docstrings.

Integrations whose libraries are not installed keep what is written of them; tests/integrations looks at all.

A name is public when its module has it in `__all__`; without `__all__`, when it has no underscore and is defined there. A
member of a public class is public when it has no underscore. What no section of the page claims is under "More".
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from featurecols._core.spec import Spec  # noqa: E402
from featurecols.cli import main as command_line  # noqa: E402

os.environ.setdefault("KERAS_BACKEND", "torch")  # the one that the extra `test-all` brings
PAGE, NAMES = ROOT / "docs" / "api.md", ROOT / "tests" / "public_names.txt"
COMMAND = "python tools/api_page.py"

# Title, what is said first, the public module, and the modules whose names belong here. A name belongs to the section with
# the longest of these prefixes; "" is for all that no other section of the module claims.
FC, MODELS = "featurecols", "featurecols.models"
SECTIONS: list[tuple[str, str, str, list[str]]] = [
    (
        "Columns",
        "`import featurecols as fc`. Every declared value has the methods of `fc.Column`.",
        FC,
        ["columns."],
    ),
    (
        "Fields, what is learned, and what is done to numbers",
        "",
        FC,
        ["columns.base", "analyzers.", "columns.normalizers", "columns.initializers"],
    ),
    ("Columns as files", "", FC, ["columns.json", "columns.spec_files"]),
    ("Plans", "", FC, ["plan.fit", "plan.collect", "plan.fit_state", "plan.compile", "plan.load", "plan.plan"]),
    ("What plans give", "", FC, ["plan.", "_core.", "types"]),
    ("Files to files", "", FC, ["jobs."]),
    ("Errors", "", FC, ["errors", "models.errors"]),
    ("More", "", FC, [""]),
    ("Sample data", "", "featurecols.datasets", [""]),
    (
        "Models",
        "`from featurecols import models`. Every estimator has the methods of `Estimator`.",
        MODELS,
        ["models.estimators.", "models.sequential"],
    ),
    ("Models and files", "", MODELS, ["models.estimators.from_json", "models.estimators.loading", "models.batch_predict"]),
    ("Rows for models", "", MODELS, ["models.input."]),
    ("A look into models", "", MODELS, ["models.inspection.", "models.training.history"]),
    (
        "TensorFlow's way to train",
        "",
        MODELS,
        ["models.estimators.config", "models.estimators.train_and_evaluate", "models.estimators.dnn_linear_combined"],
    ),
    ("What models are made of", "", MODELS, [""]),
    ("Layers", "`from featurecols.models import layers`", "featurecols.models.layers", [""]),
    ("Losses", "`from featurecols.models import losses`", "featurecols.models.losses", [""]),
    ("Metrics", "`from featurecols.models import metrics`", "featurecols.models.metrics", [""]),
    ("Optimizers", "`from featurecols.models import optimizers`", "featurecols.models.optimizers", [""]),
    ("Schedules", "`from featurecols.models import schedules`", "featurecols.models.schedules", [""]),
    ("Hooks", "`from featurecols.models import hooks`", "featurecols.models.hooks", [""]),
    ("Checkpoints", "`from featurecols.models import checkpoints`", "featurecols.models.checkpoints", [""]),
    ("Plots", "`from featurecols.models import plots`", "featurecols.models.plots", [""]),
    (
        "scikit-learn",
        "`from featurecols.integrations import sklearn`; [integrations.md](integrations.md#scikit-learn) shows them in use.",
        "featurecols.integrations.sklearn",
        [""],
    ),
    (
        "PyTorch",
        "`from featurecols.integrations import torch`; [integrations.md](integrations.md#pytorch) shows them in use.",
        "featurecols.integrations.torch",
        [""],
    ),
    (
        "Keras",
        "`from featurecols.integrations import keras`; [integrations.md](integrations.md#keras) shows it in use.",
        "featurecols.integrations.keras",
        [""],
    ),
    (
        "ONNX",
        "`from featurecols.integrations import onnx`, which `plan.to_onnx()` uses; [integrations.md](integrations.md#onnx).",
        "featurecols.integrations.onnx",
        [""],
    ),
    (
        "SQL",
        "`from featurecols.integrations import sql`, which `plan.to_sql()` uses; [integrations.md](integrations.md#sql).",
        "featurecols.integrations.sql",
        [""],
    ),
    (
        "Dask",
        "`from featurecols.integrations import dask`; [integrations.md](integrations.md#dask-ray-and-spark) shows it in use.",
        "featurecols.integrations.dask",
        [""],
    ),
    (
        "Ray",
        "`from featurecols.integrations import ray`; [integrations.md](integrations.md#dask-ray-and-spark) shows it in use.",
        "featurecols.integrations.ray",
        [""],
    ),
    (
        "Spark",
        "`from featurecols.integrations import spark`; [integrations.md](integrations.md#dask-ray-and-spark) shows it in use.",
        "featurecols.integrations.spark",
        [""],
    ),
    (
        "Serving",
        "`from featurecols.integrations import serving`, which `featurecols serve` runs; [serving.md](serving.md).",
        "featurecols.integrations.serving",
        [""],
    ),
    (
        "Kinds of columns from outside the package",
        "`from featurecols.extend import ...`; [extending.md](extending.md) writes two kinds.",
        "featurecols.extend",
        [""],
    ),
    (
        "The dialect of TensorFlow",
        "`from featurecols import feature_column`: functions, arguments and defaults of `tf.feature_column`.",
        "featurecols.feature_column",
        [""],
    ),
    ("The dialect of TensorFlow 1", "", "featurecols.feature_column.v1", [""]),
    ("Models and columns of TensorFlow", "`from featurecols import tf`", "featurecols.tf", [""]),
]
VALUES = ("replace", "to_dict", "to_json")  # what users call of a declared value
MODULES = list(dict.fromkeys(module for _, _, module, _ in SECTIONS))
BRIEF = (
    "featurecols.extend",
    "featurecols.integrations.sklearn",
    "featurecols.feature_column",
    "featurecols.feature_column.v1",
)  # the page leaves members out


@dataclass(frozen=True)
class Name:
    """A public name of a module, and its value."""

    module: str
    name: str
    value: Any

    @property
    def defined(self) -> str:
        """The module that defines it, without the name of the package."""
        return str(getattr(self.value, "__module__", "")).removeprefix("featurecols.")


@dataclass(frozen=True)
class Member:
    """A public member of a class: a method, or an attribute (`call` False)."""

    name: str
    value: Any
    call: bool
    doc: str

    def signature(self, *, types: bool) -> str:
        return signature(self.value, types=types, bound=True) if self.call else ""


def find(dotted: str) -> Any:
    """Return a public module, which may be an attribute of a package rather than a file of that name."""
    package, _, name = dotted.rpartition(".")
    if package and hasattr(found := find(package), name):
        return getattr(found, name)
    return importlib.import_module(dotted)


def is_installed(module: str) -> bool:
    """Return whether the libraries of a public module are there; those of an integration need not be."""
    try:
        find(module)
    except ImportError as error:
        if not module.startswith("featurecols.integrations.") or (error.name or "").startswith("featurecols"):
            raise
        return False
    return True


def public_names(module: str) -> list[Name]:
    """Return what a public module exports, sorted; modules have sections of their own, and need their libraries."""
    if module in MISSING:
        return []
    found = find(module)
    exported = getattr(found, "__all__", None)
    if exported is None:
        package = found.__name__ if hasattr(found, "__path__") else f"{found.__name__}$"
        exported = [
            name
            for name, value in vars(found).items()
            if not name.startswith("_") and f"{getattr(value, '__module__', '')}$".startswith(package)
        ]
    names = [Name(module, name, getattr(found, name)) for name in sorted(set(exported)) if not name.startswith("__")]
    return [name for name in names if not inspect.ismodule(name.value)]


@functools.cache
def members(cls: type) -> list[Member]:
    """Return the public members of a class, sorted; those of the package's public bases are with these bases."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("featurecols")]
    fields = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    fields |= set(cls._fields) if issubclass(cls, tuple) and hasattr(cls, "_fields") else set()  # of a named tuple
    described = attributes(cls)
    above = {name for base in cls.__mro__[1:] if base in PUBLIC for name in dir(base)}
    found: dict[str, Member] = {}
    for base in bases:
        for name, value in vars(base).items():
            if name.startswith("_") or name in found or (name in fields and name not in described):
                continue
            if name in above and (base is not cls or _is_as_above(cls, name)):
                continue
            if str(getattr(getattr(cls, name), "__module__", "")).startswith("sklearn."):  # what scikit-learn adds to a class
                continue
            call = inspect.isroutine(value) or isinstance(value, (staticmethod, classmethod))
            if call or isinstance(value, property) or inspect.isdatadescriptor(value):
                doc = inspect.getdoc(getattr(cls, name)) if call or isinstance(value, property) else ""
                found[name] = Member(
                    name, getattr(cls, name) if call else value, call, sentence(doc) or described.get(name, "")
                )
    for name, text in described.items():
        if name not in fields:
            found.setdefault(name, Member(name, None, False, text))
    if issubclass(cls, Spec):  # what all declared values have is with Column; what the engine asks is in docs/design.md
        found = {name: m for name, m in found.items() if cls.__name__ == "Column" and name in VALUES}
    return [found[name] for name in sorted(found)]


def _is_as_above(cls: type, name: str) -> bool:
    """Return whether a public base has a method of this name that is called in the same way."""
    above = next(vars(base)[name] for base in cls.__mro__[1:] if name in vars(base))
    return inspect.isroutine(above) and signature(vars(cls)[name], types=True) == signature(above, types=True)


def attributes(cls: type) -> dict[str, str]:
    """Return what the Attributes section of a class's docstring says, by name."""
    doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    match = re.search(r"^Attributes:\n((?:    .*\n?|\n)+)", doc, re.MULTILINE)
    found: dict[str, str] = {}
    for name, text in re.findall(r"^    (\w[\w, ]*): ((?:.*\n?)(?:      .*\n?)*)", match[1] if match else "", re.MULTILINE):
        found.update(dict.fromkeys(name.split(", "), sentence(" ".join(text.split()))))
    return found


def sentence(doc: str | None) -> str:
    """Return the first sentence of a docstring, with a full stop."""
    text = " ".join((doc or "").split("\n\n")[0].split())
    end = re.search(r"(?<!\be\.g)(?<!\bi\.e)\.(?= [A-Z`(]|$)", text)
    text = text[: end.start()] if end else text.rstrip(".:")
    return f"{text}." if text else ""


def annotation(value: Any) -> str:
    """Return an annotation as it is written, without module names; of a field that converts, what it takes."""
    text = value if isinstance(value, str) else inspect.formatannotation(value)
    text = re.sub(r"ForwardRef\('(.*?)'\)", r"\1", re.sub(r"\b(?:\w+\.)+(?=[A-Za-z_])", "", text))
    text = text if "Literal[" in text else re.sub(r"['\"]", "", text)
    if text.startswith("Converted["):
        depth = 0
        for i, c in enumerate(text):
            depth += (c == "[") - (c == "]")
            if c == "," and depth == 1:
                return text[len("Converted[") : i]
    return text


def default(value: Any) -> str:
    """Return a default as a program writes it, the same in every process."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return str(value.__name__)
    text = repr(value)
    return "..." if " at 0x" in text or text == "<factory>" else text


def signature(value: Any, *, types: bool, bound: bool = False) -> str:
    """Return the signature of a class, a function or (bound) a method.

    "" for an error, which takes what Exception takes, and for a class that says "Made by ...", which users do not call.
    """
    if inspect.isclass(value) and issubclass(value, Exception) and "__init__" not in vars(value):
        return ""
    if inspect.isclass(value) and re.search(r"^\s*Made by ", vars(value).get("__doc__") or "", re.MULTILINE):
        return ""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    given = list(found.parameters.values())
    if bound and given and given[0].name in ("self", "cls"):
        given = given[1:]
    parts, star, slash = [], False, False
    for p in given:
        if slash and p.kind is not p.POSITIONAL_ONLY:
            parts.append("/")
        slash = p.kind is p.POSITIONAL_ONLY
        if p.kind is p.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or p.kind in (p.VAR_POSITIONAL, p.KEYWORD_ONLY)
        name = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name
        has_type = types and p.annotation is not p.empty
        text = f"{name}: {annotation(p.annotation)}" if has_type else name
        if p.default is not p.empty:
            text += f" = {default(p.default)}" if has_type else f"={default(p.default)}"
        parts.append(text)
    if slash:
        parts.append("/")
    result = found.return_annotation
    end = f" -> {annotation(result)}" if types and not inspect.isclass(value) and result is not found.empty else ""
    return f"({', '.join(parts)}){end}"


MISSING = [module for module in MODULES if not is_installed(module)]
PUBLIC = {name.value for module in MODULES for name in public_names(module) if inspect.isclass(name.value)}


def names_file() -> str:
    """Return the text of tests/public_names.txt."""
    missing = tuple(f"{module}." for module in MISSING)
    lines = [line for line in NAMES.read_text("utf-8").splitlines() if line.startswith(missing)] if missing else []
    seen: dict[int, str] = {}
    for module in MODULES:
        for name in public_names(module):
            whole = f"{module}.{name.name}"
            if (first := seen.setdefault(id(name.value), whole)) != whole:
                lines.append(f"{whole} = {first}")
            elif inspect.isclass(name.value):
                lines.append(whole + signature(name.value, types=True))
                lines += [f"{whole}.{m.name}{m.signature(types=True)}" for m in members(name.value)]
            elif inspect.isroutine(name.value):
                lines.append(whole + signature(name.value, types=True))
            else:
                lines.append(f"{whole} = {annotation(name.value)}")
    return "\n".join([*sorted(lines), ""])


@functools.cache
def page() -> str:
    """Return the text of docs/api.md."""
    lines = [
        "# All public names",
        "",
        f"Every public name by purpose, with its arguments and one sentence. `{COMMAND}` writes this page from the docstrings;",
        "`help(name)` has the rest of them, with types and examples. What is not on this page is not public.",
        "",
    ]
    written = list(sections())
    titles = [title for title, *_ in written] + ["The command line"]
    lines += [" · ".join(f"[{title}](#{anchor(title)})" for title in titles), ""]
    for title, first, entries in written:
        lines += [f"## {title}", "", *([first, ""] if first else []), *entries, ""]
    return "\n".join([*lines, *commands()])


def anchor(title: str) -> str:
    """Return the id that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def sections() -> Iterator[tuple[str, str, list[str]]]:
    """Yield the title of each section that has entries, what is said first, and its entries."""
    seen: dict[int, Name] = {}
    for title, first, module, mine in SECTIONS:
        others = [prefix for _, _, other, prefixes in SECTIONS if other == module for prefix in prefixes]
        entries, again = [], []
        for name in public_names(module):
            best = max((p for p in others if name.defined.startswith(p)), key=len, default="")
            if best not in mine:
                continue
            if seen.setdefault(id(name.value), name) is name or seen[id(name.value)] == name:
                entries += entry(name)
            else:
                again.append(f"`{name.name}`")
        if again:
            entries.append(f"- From above: {', '.join(again)}.")
        if entries:
            yield title, first, entries
        elif module in MISSING and (kept := _entries_on_page(title, first)):
            yield title, first, kept


def _entries_on_page(title: str, first: str) -> list[str]:
    """Return the entries that a section has on the page as it is written."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for line in found[1].splitlines() if line and line != first] if found else []


def entry(name: Name) -> list[str]:
    """Return the lines of one name: itself, and its members."""
    prefix = {"featurecols": "fc.", "featurecols.datasets": "fc.datasets."}.get(name.module, "")
    if not (inspect.isclass(name.value) or inspect.isroutine(name.value)):
        return [f"- `{prefix}{name.name}`: `{annotation(name.value)}`."]
    lines = [f"- `{prefix}{name.name}{signature(name.value, types=False)}`: {sentence(inspect.getdoc(name.value))}"]
    if inspect.isclass(name.value) and name.module not in BRIEF:
        shown = [m for m in members(name.value) if m.call or m.doc]
        lines += [f"  - `.{m.name}{m.signature(types=False)}`: {m.doc}" for m in shown]
    return [line.removesuffix(": ") for line in lines]


def commands() -> list[str]:
    """Return the section about the command line."""
    lines = ["## The command line", "", "`featurecols COMMAND --help` says more.", ""]
    for name, module in command_line.COMMANDS.items():
        lines.append(f"- `featurecols {name}{usage(module)}`: {sentence(module.__doc__)}")
    return [*lines, ""]


def usage(module: Any) -> str:
    """Return the arguments of a command, as its usage line has them."""
    parser = argparse.ArgumentParser(prog="x", add_help=False)
    module.add_arguments(parser)
    parts = []
    for action in parser._actions:
        value = str(action.metavar or action.dest.upper()) if action.nargs != 0 else ""
        value += " ..." if action.nargs in ("+", "*") else ""
        if not action.option_strings:
            parts.append(value if action.nargs not in ("?", "*") else f"[{value}]")
            continue
        text = " ".join(filter(None, [action.option_strings[-1], value]))
        parts.append(text if action.required else f"[{text}]")
    return "".join(f" {part}" for part in parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 when a file is out of date")
    check = parser.parse_args().check
    status = 0
    if MISSING:
        print(f"not looked at, since their libraries are not installed: {', '.join(MISSING)}")
    for path, text in ((PAGE, page()), (NAMES, names_file())):
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if check:
            print(f"{path.relative_to(ROOT)} is out of date; run `{COMMAND}` and commit what it writes")
            status = 1
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
