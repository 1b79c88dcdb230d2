"""fc.defaults: default arguments of columns and layers for a part of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from featurecols._core import argument_defaults
from featurecols._core.argument_defaults import Defaults, function_of, is_configurable, place_of
from featurecols._core.fork_safe import import_module
from featurecols._core.spec import KINDS, Spec
from featurecols.models import errors

Key: TypeAlias = "type[Spec] | Callable[..., object] | str"
_HINT = "give a class of columns, layers, losses or optimizers, or a function that fc.configurable has seen"
_EXAMPLE = "give fc.defaults({fc.Hashed: dict(seed=1)})"
_DECLARED = ("columns", "models.layers", "models.objective.losses", "models.optimization.optimizers")  # modules of such classes


def defaults(arguments: Mapping[Key, Mapping[str, object]] | Defaults) -> Defaults:
    """Return default arguments that hold inside a `with` block, for columns, layers and functions made `configurable`.

    A block inside another adds to it, argument by argument. What a call gives always wins. A new thread begins without a block,
    a task of asyncio in the one that it was started in. Plans and models that are loaded, copies, columns_from_json and the
    TensorFlow dialect read none. What was made in a block keeps its arguments, and saves those that differ from the class.

    Args:
        arguments: by class or function, or its name, the arguments by name; or what an earlier block gave.

    Raises:
        ColumnError: for what takes no arguments from a block. ArgumentError: for an argument that it does not have.

    >>> import featurecols as fc
    >>> with fc.defaults({fc.Hashed: dict(hash="farmhash64"), "Embedding": dict(dimension=16)}) as scope:
    ...     fc.Embedding(fc.Hashed("city", 100))
    Embedding(Hashed('city', 100, hash='farmhash64'), dimension=16)
    >>> with fc.defaults(scope), fc.defaults({fc.Hashed: dict(num_buckets=50)}):
    ...     fc.Hashed("city"), fc.Hashed("shop", 9, hash="murmur3")
    (Hashed('city', 50, hash='farmhash64'), Hashed('shop', 9))
    >>> fc.Hashed("city", 100)
    Hashed('city', 100)
    """
    if isinstance(arguments, Defaults):
        return arguments
    if not isinstance(arguments, Mapping):
        raise errors.argument(
            "defaults", "needs a dict of arguments by class", arguments, "fc.defaults({fc.Hashed: dict(seed=1)})"
        )
    found: dict[str, Mapping[str, object]] = {}
    for key, given in arguments.items():
        of = _named(key) if isinstance(key, str) else key
        if not isinstance(given, Mapping):
            raise errors.argument("defaults", "needs a dict of arguments", given, _EXAMPLE)
        if not (isinstance(of, type) and issubclass(of, Spec)) and not is_configurable(of):
            raise errors.argument("defaults", "takes no arguments from a block", of, _HINT)
        argument_defaults.check_arguments(of, given)
        found[place_of(of)] = given
    return Defaults(found)


def _named(name: str) -> type[Spec] | Callable[..., object]:
    """Return the class or configurable function of that name."""
    for module in _DECLARED:
        import_module(f"featurecols.{module}")
    classes = {cls for cls in KINDS.values() if cls.__name__ == name}
    function = function_of(name)
    if len(classes) + (function is not None) > 1:
        raise errors.argument("defaults", "several things have this name", name, "give the class itself")
    if function is not None:
        return function
    if not classes:
        raise errors.argument("defaults", "no column or layer has this name", name, _HINT)
    return classes.pop()
