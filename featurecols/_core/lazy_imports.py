"""Public names that load their modules on first use, so that importing a package costs next to nothing.

A package lists its public names once, as imports under `if TYPE_CHECKING:` in its `__init__`. Type checkers read that block
as it stands, and `lazy_names` reads it when the first name is asked for.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any


def public_names(package: str) -> dict[str, tuple[str, str]]:
    """Return (module, name in it) of every public name that a package imports under `if TYPE_CHECKING:`, by public name."""
    import ast  # costs more than all of a bare import

    module: Any = sys.modules[package]
    found: dict[str, tuple[str, str]] = {}
    for block in ast.parse(module.__spec__.loader.get_source(package)).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for node in block.body:
                if isinstance(node, ast.ImportFrom) and node.module:
                    found.update({alias.asname or alias.name: (node.module, alias.name) for alias in node.names})
    return found


def lazy_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose public names load on first use.

    `__all__` is one of the names that `__getattr__` answers: the public names and `__version__` where there is one.
    """
    names: dict[str, tuple[str, str]] = {}

    def known() -> dict[str, tuple[str, str]]:
        if not names:
            names.update(public_names(package))
        return names

    def all_names() -> list[str]:
        own = ["__version__"] if "__version__" in vars(sys.modules[package]) else []
        return sorted([*own, *known()])

    def get(name: str) -> Any:
        if name == "__all__":
            return all_names()
        if (name.startswith("__") and name.endswith("__")) or name not in known():
            from featurecols._core import suggestions

            raise suggestions.missing_attribute(package, f"module {package!r}", name, names)
        module, attribute = names[name]
        value = _find(module, attribute)
        setattr(sys.modules[package], name, value)
        return value

    return get, all_names


def _find(module: str, name: str) -> Any:
    """Return an attribute of a module, or the module of that name in it."""
    found = vars(importlib.import_module(module))
    return found[name] if name in found else importlib.import_module(f"{module}.{name}")
