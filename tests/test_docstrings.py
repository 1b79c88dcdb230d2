"""Whatever a user can call is described: inspect.getdoc of every public function, class and public method, inherited or not."""

from __future__ import annotations

import importlib
import inspect
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest

PACKAGES = (
    "featurecols",
    "featurecols.datasets",
    "featurecols.models",
    "featurecols.feature_column",
    "featurecols.tf",
    "featurecols.extend",
    "featurecols.integrations.sql",
)  # tests/integrations/test_public_names.py has the integrations that need libraries


def public(package: str) -> dict[str, Any]:
    """Functions and classes of the package's public names, those of public modules among them."""
    found: dict[str, Any] = {}
    module = importlib.import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, ModuleType) and value.__name__ not in PACKAGES:
            members = {k: v for k, v in vars(value).items() if not k.startswith("_")}
            found |= {f"{name}.{k}": v for k, v in members.items() if getattr(v, "__module__", "") == value.__name__}
        else:
            found[name] = value
    return {name: value for name, value in found.items() if inspect.isclass(value) or inspect.isfunction(value)}


def described(cls: type, name: str) -> bool:
    """Whether a method or property of a class, or the one that it overrides, has a docstring."""
    return any(getattr(vars(base)[name], "__doc__", None) for base in cls.__mro__ if name in vars(base))


def undescribed(package: str) -> list[str]:
    """What is public in a package and has no docstring."""
    bare = []
    for name, value in public(package).items():
        if not inspect.getdoc(value):
            bare.append(name)
        if inspect.isclass(value) and value.__module__.startswith("featurecols"):
            callables = (property, cached_property, staticmethod, classmethod)
            methods = [k for k, v in vars(value).items() if inspect.isfunction(v) or isinstance(v, callables)]
            bare += [f"{name}.{k}" for k in methods if not k.startswith("_") and not described(value, k)]
    return sorted(bare)


@pytest.mark.parametrize("package", PACKAGES)
def test_everything_public_is_described(package: str) -> None:
    assert undescribed(package) == []
