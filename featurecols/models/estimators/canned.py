"""The classic estimators: linear, DNN, wide & deep, baseline; classifiers and regressors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import current
from featurecols.models.estimators.base import Estimator
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys, RunConfig, WarmStartSettings
from featurecols.models.estimators.tf_columns import declared
from featurecols.models.input.examples import Examples
from featurecols.models.layers import BatchNorm, Dense, Dropout, Inputs, Linear
from featurecols.models.layers.activation import known
from featurecols.models.layers.base import Layer, positive
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.losses import Loss, Squared
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Groups, Optimizer
from featurecols.plan.features import Slot

Columns = Any  # columns, or a Plan
RowsOf = dict[str, list[tuple[str, int, int]]]
SQUARED = Squared()


class Common(TypedDict, total=False):
    """Arguments that all of them take: see Estimator. feature_columns is tf.estimator's name for columns."""

    feature_columns: Columns
    model_dir: str | Path | None
    config: RunConfig | None
    warm_start_from: str | Path | WarmStartSettings | None
    weight_column: str | None


class Canned(Estimator):
    """An estimator whose model is known by name: logits from encoded rows, the rest from its head."""

    def __init__(self, columns: Columns, head: Head, optimizer: Optimizer | Groups | None, **common: Unpack[Common]) -> None:
        if unknown := sorted(set(common) - set(Common.__annotations__)):
            raise TypeError(f"{type(self).__name__}: no argument is called {unknown[0]!r}")
        if "feature_columns" in common:
            if columns is not None:
                hint = "give one of them"
                raise errors.model(type(self).__name__, "columns and feature_columns are one thing", columns, hint)
            columns = common["feature_columns"]
        super().__init__(
            self._model,
            common.get("model_dir"),
            common.get("config"),
            warm_start_from=common.get("warm_start_from"),
            columns=columns,
            weight_column=common.get("weight_column"),
            head=head,
        )
        self.optimizer = optimizer

    def logits(self, x: Examples) -> Value:
        """[n, head.units]."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """What makes an equal model of the same columns, as JSON data; with the head it is all that an export says."""
        return {}

    def _model(self, features: Examples, labels: Any, mode: str) -> EstimatorSpec:
        logits, head, weights = self.logits(features), self.head, features.weights
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions=head.predictions(logits.array))
        loss = head.objective(labels, logits, weights)
        if mode == ModeKeys.TRAIN:
            assert self.optimizer is not None
            return EstimatorSpec(mode, loss=loss, train_op=self.optimizer.minimize(loss))
        each = head.objective.each(labels, logits)
        return EstimatorSpec(mode, loss=loss, eval_metric_ops={"": (head.metrics, labels, logits.array, each, weights)})

    def predict_proba(self, data: Any, **options: Any) -> Array:
        """Probabilities [n, n_classes] in the order of the classes, as scikit-learn has them."""
        if not isinstance(self.head, ClassHead):
            raise errors.model(type(self).__name__, "a regressor has no probabilities", "predict_proba", "use predict(data)")
        return self.predict(data, predict_keys=["probabilities"], **options)["probabilities"]

    def score(self, data: Any, label: Any = None) -> float:
        """Accuracy of a classifier, R^2 of a regressor."""
        return self.evaluate(data, label)["accuracy" if isinstance(self.head, ClassHead) else "r2"]


class _Linear(Canned):
    def __init__(self, columns: Columns, head: Head, optimizer: Any, sparse_combiner: str, **common: Unpack[Common]) -> None:
        super().__init__(columns, head, optimizers.get(optimizer), **common)
        self.sparse_combiner = _linear(head.units, None, sparse_combiner).combiner

    def logits(self, x: Examples) -> Value:
        return _linear(self.head.units, None, self.sparse_combiner)(x)

    def arguments(self) -> dict[str, Any]:
        assert self.optimizer is not None
        return {"optimizer": self.optimizer.to_json(), "sparse_combiner": self.sparse_combiner}

    def rows_of(self) -> RowsOf:
        assert self.plan is not None
        return linear_rows(self.plan.feature_slots)


class LinearClassifier(_Linear):
    """Logistic (n_classes 2) or softmax regression over numbers and ids.

    Args:
        columns: numbers and categorical columns (bare, or in an Indicator), or a Plan; feature_columns is another name.
        n_classes: number of classes.
        label_vocabulary: the labels in the order of their class numbers; words that are not named are learned in training.
        optimizer: an optimizer or its name.
        sparse_combiner: what several ids of one column and row are: "sum", "mean" or "sqrtn".
        common: model_dir, config, warm_start_from, weight_column.

    >>> import featurecols as fc
    >>> model = LinearClassifier([fc.Vocabulary("job", ["cook", "nurse"])])
    >>> data = {"job": ["cook", "nurse"] * 50, "rich": ["no", "yes"] * 50}
    >>> _ = model.train(data, label="rich", epochs=20)
    >>> model.predict({"job": ["nurse", "cook"]})["classes"].tolist()
    [['yes'], ['no']]
    """

    def __init__(
        self,
        columns: Columns = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Ftrl",
        sparse_combiner: str = "sum",
        **common: Unpack[Common],
    ) -> None:
        super().__init__(columns, ClassHead(n_classes, words_of(label_vocabulary)), optimizer, sparse_combiner, **common)


class LinearRegressor(_Linear):
    """Least squares (or Poisson) regression over numbers and ids; arguments as LinearClassifier.

    Args:
        label_dimension: numbers to predict.
        loss: Squared(), or Poisson() for counts.
    """

    def __init__(
        self,
        columns: Columns = None,
        *,
        label_dimension: int = 1,
        loss: Loss = SQUARED,
        optimizer: Any = "Ftrl",
        sparse_combiner: str = "sum",
        **common: Unpack[Common],
    ) -> None:
        super().__init__(columns, NumberHead(label_dimension, loss), optimizer, sparse_combiner, **common)


@lru_cache(64)  # layers check themselves when they are made: once, and not in every step
def _linear(units: int, slots: tuple[str, ...] | None, combiner: str) -> Linear:
    return Linear(units, slots, combiner=combiner, name="linear")


class Network(NamedTuple):
    """The deep part: hidden layers, each dense with activation, then dropout, then batch normalization."""

    hidden_units: tuple[int, ...]
    activation: str
    dropout: float | None
    batch_norm: bool

    @staticmethod
    def of(hidden_units: Sequence[int] | None, activation: Any, dropout: float | None, batch_norm: bool) -> Network:
        """The arguments, checked."""
        if hidden_units is None:
            raise errors.argument("hidden_units", "must be given", None, "give the units of each layer: [100, 50]")
        if isinstance(hidden_units, (int, str)):
            raise errors.argument("hidden_units", "must be a list", hidden_units, "give the units of each layer: [100, 50]")
        for units in hidden_units:
            positive("hidden_units", "units", units)
        if not isinstance(activation, str):  # tf.nn.relu, torch.tanh
            activation = getattr(activation, "__name__", activation)
        known("activation", activation)
        if dropout is not None:
            Dropout(dropout)
        return Network(tuple(hidden_units), activation, dropout, batch_norm)

    def __call__(self, x: Examples, units: int, slots: tuple[str, ...] | None) -> Value:
        net: Any = x
        with current("dnn").inside("dnn"):
            for layer in _layers(self, units, slots):
                net = layer(net)
        return net  # type: ignore[no-any-return]

    def rows(self, slots: Sequence[Slot]) -> RowsOf:
        """Rows of the first kernel by slot."""
        first = "dnn/hidden_0/kernel" if self.hidden_units else "dnn/logits/kernel"
        dense = [(s.name, s.width) for s in slots if s.kind == "dense"]
        embedded = [(s.name, s.dimension) for s in slots if s.kind == "ids" and s.dimension is not None]
        hot = [(s.name, s.num_buckets) for s in slots if s.kind == "ids" and s.dimension is None]
        return {first: _spans([*dense, *embedded, *hot])}


@lru_cache(64)
def _layers(network: Network, units: int, slots: tuple[str, ...] | None) -> tuple[Layer, ...]:
    found: list[Layer] = [Inputs(slots, name="inputs")]
    for i, size in enumerate(network.hidden_units):
        found.append(Dense(size, network.activation, name=f"hidden_{i}"))
        if network.dropout:
            found.append(Dropout(network.dropout))
        if network.batch_norm:
            found.append(BatchNorm(name=f"batch_norm_{i}"))
    return (*found, Dense(units, name="logits"))


class _Deep(Canned):
    def __init__(self, columns: Columns, head: Head, optimizer: Any, network: Network, **common: Unpack[Common]) -> None:
        super().__init__(columns, head, optimizers.get(optimizer), **common)
        self.network = network

    def logits(self, x: Examples) -> Value:
        return self.network(x, self.head.units, None)

    def arguments(self) -> dict[str, Any]:
        assert self.optimizer is not None
        return {"optimizer": self.optimizer.to_json(), **self.network._asdict()}

    def rows_of(self) -> RowsOf:
        assert self.plan is not None
        return self.network.rows(self.plan.feature_slots)


class DNNClassifier(_Deep):
    """A feed-forward network over numbers, embeddings and indicators; arguments as LinearClassifier, and the network's.

    Args:
        hidden_units: units of each hidden layer; [] is none.
        activation: relu, tanh, gelu, ... (see layers.Activation); activation_fn is another name, and takes functions that
            are called like one of these (tf.nn.relu).
        dropout: share of units dropped in training, or None.
        batch_norm: whether each hidden layer is normalized, by BatchNorm with its own momentum (0.99; tf.estimator has 0.999).
    """

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] | None = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Any = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        activation_fn: Any = None,
        **common: Unpack[Common],
    ) -> None:
        network = Network.of(hidden_units, activation_fn or activation, dropout, batch_norm)
        super().__init__(columns, ClassHead(n_classes, words_of(label_vocabulary)), optimizer, network, **common)


class DNNRegressor(_Deep):
    """A feed-forward network that predicts numbers; arguments as DNNClassifier and LinearRegressor."""

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] | None = None,
        *,
        label_dimension: int = 1,
        loss: Loss = SQUARED,
        optimizer: Any = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        activation_fn: Any = None,
        **common: Unpack[Common],
    ) -> None:
        network = Network.of(hidden_units, activation_fn or activation, dropout, batch_norm)
        super().__init__(columns, NumberHead(label_dimension, loss), optimizer, network, **common)


class _WideDeep(Canned):
    def __init__(
        self,
        linear: Iterable[Any],
        dnn: Iterable[Any],
        head: Head,
        linear_optimizer: Any,
        dnn_optimizer: Any,
        network: Network,
        sparse_combiner: str,
        **common: Unpack[Common],
    ) -> None:
        wide = declared(linear)
        deep = _apart(declared(dnn), wide)
        if not wide and not deep:
            raise errors.model(type(self).__name__, "needs linear or dnn columns", None, "give linear=[...], dnn=[...]")
        self.optimizers = optimizers.get(linear_optimizer), optimizers.get(dnn_optimizer)
        both = Groups((("linear/", self.optimizers[0]), ("dnn/", self.optimizers[1])))
        super().__init__(list(dict.fromkeys([*wide, *deep])), head, both, **common)
        self.network, self.sparse_combiner = network, sparse_combiner
        self.wide, self.deep = tuple(c.name for c in wide), tuple(c.name for c in deep)

    def logits(self, x: Examples) -> Value:
        units = self.head.units
        parts = []
        if self.wide:
            parts.append(_linear(units, self.wide, self.sparse_combiner)(x))
        if self.deep:
            parts.append(self.network(x, units, self.deep))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def arguments(self) -> dict[str, Any]:
        linear, dnn = self.optimizers
        return {
            "linear": list(self.wide),
            "dnn": list(self.deep),
            "linear_optimizer": linear.to_json(),
            "dnn_optimizer": dnn.to_json(),
            "sparse_combiner": self.sparse_combiner,
            **self.network._asdict(),
        }

    def rows_of(self) -> RowsOf:
        assert self.plan is not None
        slots = self.plan.feature_slots
        wide, deep = ([s for s in slots if s.name in part] for part in (self.wide, self.deep))
        return {**linear_rows(wide), **self.network.rows(deep)}


class WideDeepClassifier(_WideDeep):
    """A linear model and a network whose logits add up, trained together (Cheng et al., Wide & Deep Learning, 2016).

    Args:
        linear, dnn: columns of either part; a column may be in both. A dnn column with the name of a different linear one
            gets _dnn added to its name.
        hidden_units, activation, dropout, batch_norm: the network, as in DNNClassifier.
        n_classes, label_vocabulary, sparse_combiner, common: as in LinearClassifier.
        linear_optimizer, dnn_optimizer: each moves its own part.
    """

    def __init__(
        self,
        linear: Iterable[Any] = (),
        dnn: Iterable[Any] = (),
        hidden_units: Sequence[int] = (),
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[str] | None = None,
        linear_optimizer: Any = "Ftrl",
        dnn_optimizer: Any = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        sparse_combiner: str = "sum",
        **common: Unpack[Common],
    ) -> None:
        network = Network.of(hidden_units, activation, dropout, batch_norm)
        head = ClassHead(n_classes, words_of(label_vocabulary))
        super().__init__(linear, dnn, head, linear_optimizer, dnn_optimizer, network, sparse_combiner, **common)


class WideDeepRegressor(_WideDeep):
    """The same for numbers; label_dimension and loss as in LinearRegressor."""

    def __init__(
        self,
        linear: Iterable[Any] = (),
        dnn: Iterable[Any] = (),
        hidden_units: Sequence[int] = (),
        *,
        label_dimension: int = 1,
        loss: Loss = SQUARED,
        linear_optimizer: Any = "Ftrl",
        dnn_optimizer: Any = "Adam",
        activation: str = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        sparse_combiner: str = "sum",
        **common: Unpack[Common],
    ) -> None:
        network = Network.of(hidden_units, activation, dropout, batch_norm)
        head = NumberHead(label_dimension, loss)
        super().__init__(linear, dnn, head, linear_optimizer, dnn_optimizer, network, sparse_combiner, **common)


def _apart(deep: list[Any], wide: list[Any]) -> list[Any]:
    """Deep columns, renamed where a different wide one has the name: Numeric("age") beside Vocabulary("age")."""
    taken = {column.name: column for column in wide}
    return [c.replace(name=f"{c.name}_dnn") if taken.get(getattr(c, "name", None), c) != c else c for c in deep]


def linear_rows(slots: Sequence[Slot]) -> RowsOf:
    """Rows of a linear model's parameters by slot."""
    dense = [(s.name, s.width) for s in slots if s.kind == "dense"]
    hot = [(s.name, s.num_buckets) for s in slots if s.kind == "ids"]
    return {"linear/kernel": _spans(dense), "linear/weights": _spans(hot)}


def _spans(sizes: Sequence[tuple[str, int]]) -> list[tuple[str, int, int]]:
    ends = np.cumsum([size for _, size in sizes]).tolist()
    return [(name, end - size, end) for (name, size), end in zip(sizes, ends, strict=True)]


def words_of(label_vocabulary: Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(label_vocabulary, str):
        raise errors.argument("classifier", "label_vocabulary is a list of labels", label_vocabulary, "give a list of them")
    return None if label_vocabulary is None else tuple(str(word) for word in label_vocabulary)
