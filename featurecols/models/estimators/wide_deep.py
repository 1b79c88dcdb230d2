"""Wide & deep estimators: a linear model and a network whose logits add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from featurecols._core.arrays import Array
from featurecols._core.slots import Slot
from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.estimators.canned import SQUARED, Running
from featurecols.models.estimators.column_scaling import Declared, Normalize
from featurecols.models.estimators.config import RunConfig, WarmStartSettings
from featurecols.models.estimators.dnn import ActivationLike, Network
from featurecols.models.estimators.explained import Parts
from featurecols.models.estimators.halved_ftrl import HalvedFtrl
from featurecols.models.estimators.head_arguments import class_head
from featurecols.models.estimators.linear import linear_layer, linear_parts, linear_rows
from featurecols.models.estimators.row_model import LinearRow, RowPart
from featurecols.models.estimators.state import RowsOf
from featurecols.models.estimators.tf_columns import AnyColumn
from featurecols.models.input.classes import Class
from featurecols.models.input.examples import Examples
from featurecols.models.layers.first_kernels import GLOROT
from featurecols.models.layers.member_dense import for_members, scaled_gradient
from featurecols.models.layers.regularizers import RegularizerLike
from featurecols.models.objective.heads import Head, NumberHead
from featurecols.models.objective.losses import Loss
from featurecols.models.objective.member_loss import loss_of_members
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Ftrl, Groups, Optimizer, OptimizerLike
from featurecols.models.training.automatic import steady, with_rate
from featurecols.plan.plan import Plan


class _WideDeep(HalvedFtrl):
    _ftrl_argument = "linear_optimizer"

    def __init__(
        self,
        linear: Iterable[AnyColumn],
        dnn: Iterable[AnyColumn],
        head: Head,
        linear_optimizer: OptimizerLike,
        dnn_optimizer: OptimizerLike,
        network: Network,
        sparse_combiner: str,
        running: Running,
        *,
        sized: bool,
        normalize: Normalize,
    ) -> None:
        both = Declared.of(linear), Declared.of(dnn)
        wide, deep = [*both[0].given], _rename_deep(both[1].given, both[0].given)
        if not wide and not deep:
            raise errors.model(type(self).__name__, "needs linear or dnn columns", None, "give linear=[...], dnn=[...]")
        if deep and not sized:
            raise errors.argument("hidden_units", "must be given", None, "give the units of each layer: [100, 50]")
        self.optimizers = optimizers.get(linear_optimizer), optimizers.get(dnn_optimizer)
        self._named = isinstance(linear_optimizer, str), isinstance(dnn_optimizer, str)
        scaled = dict(zip([*wide, *deep], [*both[0].scaled, *_with_names(both[1].scaled, deep)], strict=True))
        columns = Declared(tuple(scaled), tuple(scaled.values()))
        super().__init__(columns, head, _groups(*self.optimizers), running, normalize=normalize)
        self.network, self.sparse_combiner = network, sparse_combiner
        self.wide, self.deep = tuple(c.name for c in wide), tuple(c.name for c in deep)
        self._declared_deep = self.deep

    def _numbers_of_network(self) -> Sequence[Column]:
        given = {column.name: column for column in self._given or ()}
        return [given[name] for name in self._declared_deep]

    def _set_buckets(self, buckets: tuple[Column, ...]) -> None:
        super()._set_buckets(buckets)
        self.deep = (*self._declared_deep, *(column.name for column in buckets))

    @classmethod
    def _over(cls, plan: Plan, arguments: Mapping[str, Any]) -> Self:
        columns = {column.name: column for column in plan.columns}
        named = {argument: [columns[name] for name in arguments[argument]] for argument in ("linear", "dnn")}
        model = cls(**{**arguments, **named})
        model._plan, model.columns = plan, plan.columns
        return model

    def _set_rates(self, rows: int, *, falling: bool = False) -> None:
        self._change_named(lambda optimizer: with_rate(optimizer, rows, falling=falling))

    def _set_steady_rates(self) -> None:
        self._change_named(steady)

    def _change_named(self, change: Callable[[Optimizer], Optimizer]) -> None:
        """Change the optimizers that were given by their names."""
        linear, dnn = (
            change(optimizer) if named and isinstance(optimizer, Optimizer) else optimizer
            for optimizer, named in zip(self.optimizers, self._named, strict=True)
        )
        self.optimizers, self.optimizer = (linear, dnn), _groups(linear, dnn)

    @property
    def _ftrl(self) -> Ftrl | None:
        linear = self.optimizers[0]
        return linear if self._named[0] and isinstance(linear, Ftrl) else None

    @_ftrl.setter
    def _ftrl(self, optimizer: Ftrl) -> None:
        self.optimizers = optimizer, self.optimizers[1]
        self.optimizer = _groups(*self.optimizers)

    def _linear_numbers(self) -> int:
        return sum(slot.width for slot in self._require_plan().encoded_slots if slot.name in self.wide)

    def _named_optimizers(self) -> dict[str, Optimizer]:
        both = zip(("linear_optimizer", "dnn_optimizer"), self.optimizers, self._named, strict=True)
        return {name: optimizer for name, optimizer, named in both if named and isinstance(optimizer, Optimizer)}

    def _logits(self, x: Examples) -> Value:
        units = self.head.units
        logits = []
        if self.wide:
            logits.append(linear_layer(units, self.wide, self.sparse_combiner)(x))
        if self.deep:
            logits.append(self.network(x, units, self.deep))
        return logits[0] if len(logits) == 1 else logits[0] + logits[1]

    def _batch_loss(self, x: Examples, labels: Array | None) -> Value:
        units, members = self.head.units, self.network.members
        if members == 1 or not self.deep:
            return super()._batch_loss(x, labels)
        each = scaled_gradient(self.network.each(x, units, self.deep), members)
        if self.wide:
            each = for_members(linear_layer(units, self.wide, self.sparse_combiner)(x), members) + each
        return loss_of_members(self.head, labels, each, x.weights, members)

    def _parts(self, x: Examples, output: int, steps: int) -> Parts:
        units, rows, found = self.head.units, self._rows_of(), Parts({}, 0.0)
        if self.wide:
            found = found.plus(linear_parts(x, self.wide, self.sparse_combiner, rows, output))
        if self.deep:
            found = found.plus(self.network.parts(x, units, self.deep, rows, output, steps))
        return found

    def _row_parts(self, slots: Sequence[Slot]) -> Sequence[RowPart]:
        wide = (LinearRow(slots, self.wide),) if self.wide else ()
        deep = self.network.row_parts(slots, self.deep) if self.deep else ()
        return (*wide, *deep) if deep or not self.deep else ()

    def _own_arguments(self) -> dict[str, Any]:
        linear, dnn = self.optimizers
        return {
            **self._start_arguments(),
            "linear": list(self.wide),
            "dnn": list(self.deep),
            "linear_optimizer": linear.to_json(),
            "dnn_optimizer": dnn.to_json(),
            "sparse_combiner": self.sparse_combiner,
            **self.network.arguments(),
        }

    def _bias_name(self) -> str:
        return "linear/bias" if self.wide else "dnn/logits/bias"

    def _rows_of(self) -> RowsOf:
        slots = self._require_plan().encoded_slots
        wide, deep = ([s for s in slots if s.name in names] for names in (self.wide, self.deep))
        return {**linear_rows(wide), **self.network.rows(deep)}


class WideDeepClassifier(_WideDeep):
    """A linear model and a network whose logits add up, trained together (Cheng et al., Wide & Deep Learning, 2016).

    Args:
        linear, dnn: columns of either part; a column may be in both. A dnn column with the name of a different linear one
            gets _dnn added to its name.
        hidden_units, activation, dropout, batch_norm: the network, as in DNNClassifier; dnn columns need hidden_units.
        members, cross_layers, kernel_initializer, kernel_regularizer: the same; of the network alone. All members share the
            linear part.
        n_classes, label_vocabulary, sparse_combiner and all others: as in LinearClassifier.
        linear_optimizer, dnn_optimizer: each moves its own part.
    """

    def __init__(
        self,
        linear: Iterable[AnyColumn] = (),
        dnn: Iterable[AnyColumn] = (),
        hidden_units: Sequence[int] | None = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[Class] | None = None,
        multi_label: bool = False,
        linear_optimizer: OptimizerLike = "Ftrl",
        dnn_optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        kernels = kernel_initializer, kernel_regularizer
        network = Network.of(
            () if hidden_units is None else hidden_units, activation, dropout, batch_norm, members, cross_layers, *kernels
        )
        head = class_head(n_classes, label_vocabulary, multi_label=multi_label)
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        both = linear_optimizer, dnn_optimizer
        sized = hidden_units is not None
        super().__init__(linear, dnn, head, *both, network, sparse_combiner, running, sized=sized, normalize=normalize)
        self.initial_bias = initial_bias


class WideDeepRegressor(_WideDeep):
    """The same for numbers; label_dimension and loss as in LinearRegressor."""

    def __init__(
        self,
        linear: Iterable[AnyColumn] = (),
        dnn: Iterable[AnyColumn] = (),
        hidden_units: Sequence[int] | None = None,
        *,
        label_dimension: int = 1,
        loss: Loss | str = SQUARED,
        standardize_label: bool = True,
        label_transform: str | None = None,
        linear_optimizer: OptimizerLike = "Ftrl",
        dnn_optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        kernels = kernel_initializer, kernel_regularizer
        network = Network.of(
            () if hidden_units is None else hidden_units, activation, dropout, batch_norm, members, cross_layers, *kernels
        )
        head = NumberHead(label_dimension, loss, label_transform)
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        both = linear_optimizer, dnn_optimizer
        sized = hidden_units is not None
        super().__init__(linear, dnn, head, *both, network, sparse_combiner, running, sized=sized, normalize=normalize)
        self.standardize_label, self.initial_bias = standardize_label, initial_bias


def _groups(linear: Optimizer | Groups, dnn: Optimizer | Groups) -> Groups:
    """Return the optimizers of both parts as one."""
    return Groups((("linear/", linear), ("dnn/", dnn)))


def _rename_deep(deep: Sequence[Column], wide: Sequence[Column]) -> list[Column]:
    """Return deep columns, renamed where a different wide one has the name: Numeric("age") beside Vocabulary("age")."""
    taken = {column.name: column for column in wide}
    return [c.replace(name=f"{c.name}_dnn") if taken.get(c.name, c) != c else c for c in deep]


def _with_names(columns: Sequence[Column], named: Sequence[Column]) -> list[Column]:
    """Return columns with the names of others."""
    return [c if c.name == n.name else c.replace(name=n.name) for c, n in zip(columns, named, strict=True)]
