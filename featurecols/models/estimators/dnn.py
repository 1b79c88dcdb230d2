"""Feed-forward estimators, and the network that wide & deep models share with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.autodiff.tape import IndexedSlices, Value, gradients
from featurecols.models.autodiff.variables import current
from featurecols.models.estimators.canned import SQUARED, Canned, Columns, Running, spans
from featurecols.models.estimators.column_scaling import Normalize
from featurecols.models.estimators.config import RunConfig, WarmStartSettings
from featurecols.models.estimators.explained import Parts
from featurecols.models.estimators.head_arguments import class_head
from featurecols.models.estimators.resume import UNSAID
from featurecols.models.estimators.row_model import NetworkRow, RowPart
from featurecols.models.estimators.state import RowsOf
from featurecols.models.input.classes import Class
from featurecols.models.input.examples import Examples
from featurecols.models.layers import BatchNormalization, Dense, Dropout, Inputs
from featurecols.models.layers.activation import check_activation
from featurecols.models.layers.base import Layer, require_positive
from featurecols.models.layers.cross import CROSS, Cross
from featurecols.models.layers.first_kernels import GLOROT, check_initializer
from featurecols.models.layers.member_dense import MemberDense, activate_members, mean_of_members, scaled_gradient
from featurecols.models.layers.member_inputs import member_rows
from featurecols.models.layers.regularizers import L1L2, RegularizerLike, as_regularizer
from featurecols.models.objective.heads import Head, NumberHead
from featurecols.models.objective.losses import Loss
from featurecols.models.objective.member_loss import loss_of_members
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import OptimizerLike

ActivationLike = str | Callable[..., Any]  # the name of a function, or one that is called like it
Shares = Callable[[int, int, Array], float]  # what inputs from one to before another add, of the slopes along a way


class Network(NamedTuple):
    """The deep part: cross layers, then hidden layers, each dense with activation, then dropout, then batch normalization."""

    hidden_units: tuple[int, ...]
    activation: str | None
    dropout: float | None
    batch_norm: bool
    members: int = 1
    cross_layers: int = 0
    kernel_initializer: str = GLOROT
    kernel_regularizer: L1L2 | None = None

    @staticmethod
    def of(
        hidden_units: Sequence[int] | None,
        activation: ActivationLike | None,
        dropout: float | None,
        batch_norm: bool,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
    ) -> Network:
        """Return the network of such arguments; raise ColumnError for those that are wrong."""
        if hidden_units is None:
            raise errors.argument("hidden_units", "must be given", None, "give the units of each layer: [100, 50]")
        if isinstance(hidden_units, (int, str)):
            raise errors.argument("hidden_units", "must be a list", hidden_units, "give the units of each layer: [100, 50]")
        sizes = tuple(units.item() if isinstance(units, np.integer) else units for units in hidden_units)
        for units in sizes:
            require_positive("hidden_units", "units", units)
        name = activation if isinstance(activation, str) else getattr(activation, "__name__", None)  # tf.nn.relu
        check_activation("activation", activation if name is None else name)
        if dropout is not None:
            Dropout(dropout)
        if isinstance(cross_layers, bool) or not isinstance(cross_layers, int) or cross_layers < 0:
            what = "cross_layers must be an integer of at least 0"
            raise errors.argument("cross_layers", what, cross_layers, "give cross_layers=2, or leave it out")
        if require_positive("members", "members", members) > 1 and not sizes and not cross_layers:
            raise errors.argument("members", "need hidden layers", members, "give hidden_units, or leave members out")
        check_initializer("kernel_initializer", kernel_initializer)
        regularizer = as_regularizer("kernel_regularizer", kernel_regularizer)
        return Network(sizes, name, dropout, batch_norm, members, cross_layers, kernel_initializer, regularizer)

    def __call__(self, x: Examples, units: int, slots: tuple[str, ...] | None) -> Value:
        """Return the logits [n, units], of several members their mean."""
        found = self.each(x, units, slots)
        return found if self.members == 1 else mean_of_members(found, self.members)

    def each(self, x: Examples, units: int, slots: tuple[str, ...] | None) -> Value:
        """Return the logits of all members side by side, [n, members * units]."""
        with current("dnn").inside("dnn"):
            first, *rest = _layers(self, units, slots)
            net = first(x if self.members == 1 else member_rows(x, slots, self.members))
            for layer in rest:
                net = layer(net)
        return net

    def arguments(self) -> dict[str, Any]:
        """Return the network as the arguments of an estimator; those that came later where they are not at their defaults."""
        found = {name: value for name, value in self._asdict().items() if name not in UNSAID or value != UNSAID[name]}
        return found if self.kernel_regularizer is None else {**found, "kernel_regularizer": self.kernel_regularizer.amounts()}

    def parts(self, x: Examples, units: int, slots: tuple[str, ...] | None, rows: RowsOf, output: int, steps: int) -> Parts:
        """Return what slots add to a logit of one row: gradients along the way from zeros, at the middles of so many steps.

        The way goes through the first layer alone: what it adds up grows from 0 to that of the row; before cross layers the
        inputs themselves do. Inside a scope.
        """
        scope = current("dnn")
        values = scope.variables.values
        with scope.inside("dnn"):
            *inputs, first = _layers(self, units, slots)[: 2 if self.members == 1 else 1]
            rest = _layers(self, units, slots)[len(inputs) + 1 :]
            read = inputs[0](x) if self.members == 1 else member_rows(x, slots, self.members)
            given = (read if isinstance(read, Value) else read.value(scope.variables)).array[0].astype(np.float64)
            begin, total, shares = (
                _way_of_inputs(given, self.members) if self.cross_layers else _way_of_sums(given, values, first, self.members)
            )

            def forward(points: Array) -> tuple[Value, Value]:
                net = start = Value(points.astype(scope.variables.dtype), name="start")
                if self.cross_layers:
                    net = first(start)
                elif rest:
                    net = activate_members(self.activation, start, self.members)
                for layer in rest:
                    net = layer(net)
                return start, net if self.members == 1 else mean_of_members(net, self.members)

            base = float(forward(begin[None])[1].array[0, output])
            way = (np.arange(steps) + 0.5) / steps
            _, logits = forward(way[:, None] * total + begin)
            only = np.zeros((units, 1), scope.variables.dtype)
            only[output] = 1
            slopes = gradients((logits @ Value(only)).sum())["start"]
        mean = (slopes.dense() if isinstance(slopes, IndexedSlices) else slopes).astype(np.float64).mean(axis=0)
        spans_of = rows[self._first_kernel()]
        return Parts({name: shares(start, stop, mean) for name, start, stop in spans_of}, base)

    def row_parts(self, slots: Sequence[Slot], names: Sequence[str] | None) -> Sequence[RowPart]:
        """Return what computes the logits of one row; none where layers keep statistics, or table rows have a bound."""
        if self.batch_norm or any(isinstance(slot, IdSlot) and slot.max_norm is not None for slot in slots):
            return ()
        return (NetworkRow(slots, names, len(self.hidden_units), self.activation, self.members, self.cross_layers),)

    def rows(self, slots: Sequence[Slot]) -> RowsOf:
        """Return the rows of the first kernel, and of those of cross layers, by slot."""
        dense = [(s.name, s.width) for s in slots if isinstance(s, DenseSlot)]
        embedded = [(s.name, s.dimension) for s in slots if isinstance(s, IdSlot) and s.dimension is not None]
        hot = [(s.name, s.num_buckets) for s in slots if isinstance(s, IdSlot) and s.dimension is None]
        found = spans([*dense, *embedded, *hot])
        crosses = {f"{CROSS}{kind}_{i}": found for i in range(self.cross_layers) for kind in ("kernel", "bias")}
        return {self._first_kernel(): found, **crosses}

    def _first_kernel(self) -> str:
        return "dnn/hidden_0/kernel" if self.hidden_units else "dnn/logits/kernel"


def _way_of_sums(given: Array, values: Mapping[str, Array], first: Layer, members: int) -> tuple[Array, Array, Shares]:
    """Return where the sums of the first layer begin, what is added to them, and what inputs have of slopes at them."""
    kernel, bias = (values[f"dnn/{first.name}/{name}"] for name in ("kernel", "bias"))
    each = np.repeat(given.reshape(members, -1).T, kernel.shape[1] // members, axis=1)

    def shares(start: int, stop: int, slopes: Array) -> float:
        return float((each[start:stop] * kernel[start:stop]).sum(axis=0) @ slopes)

    return bias, (each * kernel).sum(axis=0), shares


def _way_of_inputs(given: Array, members: int) -> tuple[Array, Array, Shares]:
    """Return the same of the inputs themselves, [members * width]."""

    def shares(start: int, stop: int, slopes: Array) -> float:
        return float((given * slopes).reshape(members, -1)[:, start:stop].sum())

    return np.zeros(len(given)), given, shares


@lru_cache(64)
def _layers(network: Network, units: int, slots: tuple[str, ...] | None) -> tuple[Layer, ...]:
    found: list[Layer] = [Inputs(slots, name="inputs")] if network.members == 1 else []
    if network.cross_layers:
        regularizer = network.kernel_regularizer
        found.append(Cross(network.cross_layers, network.members, kernel_regularizer=regularizer, name="cross"))
    for i, size in enumerate(network.hidden_units):
        found.append(_dense(network, size, network.activation, f"hidden_{i}"))
        if network.dropout:
            found.append(Dropout(network.dropout))
        if network.batch_norm:
            found.append(BatchNormalization(name=f"batch_norm_{i}"))
    return (*found, _dense(network, units, None, "logits"))


def _dense(network: Network, units: int, activation: str | None, name: str) -> Layer:
    kernels: dict[str, Any] = {name: getattr(network, name) for name in ("kernel_initializer", "kernel_regularizer")}
    if network.members == 1:
        return Dense(units, activation, name=name, **kernels)
    return MemberDense(network.members, units, activation, name=name, **kernels)


class _Deep(Canned):
    def __init__(
        self,
        columns: Columns,
        head: Head,
        optimizer: OptimizerLike,
        network: Network,
        running: Running,
        feature_columns: Columns = None,
        normalize: Normalize = False,
    ) -> None:
        super().__init__(columns, head, optimizers.get(optimizer), running, feature_columns, normalize=normalize)
        self._named_optimizer = isinstance(optimizer, str)
        self.network = network

    def _logits(self, x: Examples) -> Value:
        return self.network(x, self.head.units, None)

    def _batch_loss(self, x: Examples, labels: Array | None) -> Value:
        members = self.network.members
        if members == 1:
            return super()._batch_loss(x, labels)
        each = scaled_gradient(self.network.each(x, self.head.units, None), members)
        return loss_of_members(self.head, labels, each, x.weights, members)

    def _parts(self, x: Examples, output: int, steps: int) -> Parts:
        return self.network.parts(x, self.head.units, None, self._rows_of(), output, steps)

    def _row_parts(self, slots: Sequence[Slot]) -> Sequence[RowPart]:
        return self.network.row_parts(slots, None)

    def _numbers_of_network(self) -> Sequence[Column]:
        return self._given or ()

    def _own_arguments(self) -> dict[str, Any]:
        return {**self._start_arguments(), "optimizer": self._require_optimizer().to_json(), **self.network.arguments()}

    def _bias_name(self) -> str:
        return "dnn/logits/bias"

    def _rows_of(self) -> RowsOf:
        return self.network.rows(self._require_plan().encoded_slots)


class DNNClassifier(_Deep):
    """A feed-forward network over numbers, embeddings and indicators; arguments as LinearClassifier, and the network's.

    Args:
        hidden_units: units of each hidden layer; [] is none.
        activation: relu, tanh, gelu, ... (see layers.Activation); activation_fn is another name, and takes functions that
            are called like one of these (tf.nn.relu).
        dropout: fraction of units dropped in training, or None.
        batch_norm: whether each hidden layer is normalized, by BatchNormalization with its own momentum (0.99; tf.estimator has
            0.999).
        members: how many networks are trained together, on the same batches, each from its own first weights and by its own
            loss; their logits are averaged. Three or four predict better than one, for as many times the arithmetic. A bound of
            the global norm of gradients is that of all of them; the tables of `plan` stay as they began.
        cross_layers: how many layers of products of inputs stand before the hidden ones (Wang et al., DCN V2, 2020): two learn
            products of up to three inputs. Each has a weight for every pair of inputs, one-hots among them.
        kernel_initializer: how kernels start, by its name in Keras: glorot_uniform, he_normal, ...; cross layers at zero.
        kernel_regularizer: what each kernel of the network adds to the loss of training: {"l2": 0.001}, {"l1": 0.001}, both,
            or "l2" for 0.01, as in Keras. Losses of evaluate are without it.
    """

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] | None = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[Class] | None = None,
        multi_label: bool = False,
        optimizer: OptimizerLike = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        activation_fn: ActivationLike | None = None,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        kernels = kernel_initializer, kernel_regularizer
        network = Network.of(hidden_units, activation_fn or activation, dropout, batch_norm, members, cross_layers, *kernels)
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(
            columns,
            class_head(n_classes, label_vocabulary, multi_label=multi_label),
            optimizer,
            network,
            running,
            feature_columns,
            normalize,
        )
        self.initial_bias = initial_bias


class DNNRegressor(_Deep):
    """A feed-forward network that predicts numbers; arguments as DNNClassifier and LinearRegressor."""

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] | None = None,
        *,
        label_dimension: int = 1,
        loss: Loss | str = SQUARED,
        standardize_label: bool = True,
        label_transform: str | None = None,
        optimizer: OptimizerLike = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        activation_fn: ActivationLike | None = None,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        kernels = kernel_initializer, kernel_regularizer
        network = Network.of(hidden_units, activation_fn or activation, dropout, batch_norm, members, cross_layers, *kernels)
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(
            columns, NumberHead(label_dimension, loss, label_transform), optimizer, network, running, feature_columns, normalize
        )
        self.standardize_label, self.initial_bias = standardize_label, initial_bias
