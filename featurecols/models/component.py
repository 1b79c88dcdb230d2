"""What every declared part of a model is: a Spec, so that layers, losses, optimizers and schedules are values.

A part holds what was declared and nothing that was learned; parameters live in `variables.Variables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from featurecols._core.spec import Spec


@dataclass(frozen=True, eq=False, repr=False)
class Component(Spec):
    """Base of layers, losses, optimizers, schedules and clippers; saved as {"type": "models.Dense.v1", ...}.

    The prefix keeps a Dense layer apart from what a column of the same name would be.
    """

    abstract: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "kind" not in cls.__dict__ and not cls.__dict__.get("abstract", False):
            cls.kind = f"models.{cls.__name__}.v1"
        super().__init_subclass__(**kwargs)
