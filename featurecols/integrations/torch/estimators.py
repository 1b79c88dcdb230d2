"""The built-in linear, deep and wide & deep models as modules of torch, and back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.integrations.torch.pooling import Bags, pool
from featurecols.integrations.torch.tensors import FeatureTensors
from featurecols.models import errors
from featurecols.models.estimators.canned import Canned
from featurecols.models.estimators.dnn import DNNClassifier, DNNRegressor
from featurecols.models.estimators.linear import LinearClassifier, LinearRegressor
from featurecols.models.estimators.loading import load
from featurecols.models.estimators.wide_deep import WideDeepClassifier, WideDeepRegressor
from featurecols.models.layers import BatchNormalization
from featurecols.models.layers.activation import LEAK
from featurecols.models.layers.cross import CROSS
from featurecols.models.trained_plan import TABLES
from featurecols.plan.plan import Plan

_ACTIVATIONS: Mapping[str | None, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": functional.gelu,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "leaky_relu": lambda x: functional.leaky_relu(x, LEAK),
    "elu": functional.elu,
    "selu": functional.selu,
    "silu": functional.silu,
    "swish": functional.silu,
    "softplus": functional.softplus,
}
_NORMALIZATION = BatchNormalization()


class ModelModule(nn.Module):
    """A LinearClassifier, DNNClassifier, WideDeepClassifier, or one of the regressors, as a module: encoded rows to logits.

    forward gives the logits [n, units], of several members their mean, which `predictions` turns into what the model's predict
    gives. They are those of the model to within 64 units in the last place of the largest: both add in float32, in another
    order. Parameters have the names that the model has for them; batch normalization moves its averages as PyTorch does.

    Args:
        model: a trained model; it stays as it is.

    Attributes:
        plan: encodes the rows: as_tensors(module.plan.encode(data)), or ParquetDataset(module.plan, ..., output="ids").

    Raises:
        ModelError: for another model, and for one without weights.

    >>> import featurecols as fc
    >>> from featurecols.integrations.torch import as_tensors
    >>> rows = {"job": ["cook", "nurse"] * 50, "rich": [0, 1] * 50}
    >>> model = fc.models.LinearClassifier([fc.Vocabulary("job", ["cook", "nurse"])]).train(rows, label="rich", epochs=20)
    >>> module = ModelModule(model)
    >>> module.predictions(as_tensors(module.plan.encode(rows)))["class_ids"][:4].tolist()
    [0, 1, 0, 1]
    """

    def __init__(self, model: Canned) -> None:
        super().__init__()
        linear = isinstance(model, (LinearClassifier, LinearRegressor))
        deep = isinstance(model, (DNNClassifier, DNNRegressor))
        both = model if isinstance(model, (WideDeepClassifier, WideDeepRegressor)) else None
        if not linear and not deep and both is None:
            hint = "give a linear, a deep, or a wide & deep classifier or regressor"
            raise errors.model("ModelModule", "takes the built-in models", type(model).__name__, hint)
        plan = model.plan
        if plan is None or model.variables is None or not model.get_variable_names():
            raise errors.model("ModelModule", "the model has no weights yet", None, "train it first")
        self.plan: Plan = plan
        self._model, self._head, self._spec = model, model.head, model.spec()
        self._members = int(self._spec.get("members", 1))
        every = tuple(slot.name for slot in plan.encoded_slots)
        self._wide = both.wide if both is not None else every if linear else ()
        self._deep = both.deep if both is not None else every if deep else ()
        for name in model.get_variable_names():
            array, escaped = torch.from_numpy(model.get_variable_value(name)), _escape(name)
            if name in model.variables.values:
                self.register_parameter(escaped, nn.Parameter(array))
            else:
                self.register_buffer(escaped, array)

    def forward(self, features: FeatureTensors) -> Tensor:
        """Return logits, float32 [n, outputs], on the device of the weights."""
        if not self._deep:
            return self._linear(features)
        return self._network(features) if not self._wide else self._linear(features) + self._network(features)

    def predictions(self, features: FeatureTensors) -> dict[str, Array]:
        """Return arrays by name as model.predict has them: of a classifier probabilities, classes, ..., else predictions."""
        with torch.no_grad():
            logits = self(features).cpu().float().numpy()
        return self._head.predictions(logits)

    def to_model(self) -> Canned:
        """Return a model with these weights: of the class that was given, ready to predict, to be saved, or to train on.

        What its optimizer remembered is gone, as the weights are others.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            self._model.save(path)
            model = load(path)
        if not isinstance(model, Canned) or model.variables is None:
            raise errors.model("to_model", "not a built-in model", type(model).__name__, "make the module of one")
        variables = model.variables
        variables.slots, variables.step = {}, max(variables.step, 1)
        for arrays in (variables.values, variables.states):
            for name in arrays:
                arrays[name] = getattr(self, _escape(name)).detach().cpu().float().numpy().copy()
        return model

    # Parts --------------------------------------------------------------------------------------------------------------

    def _linear(self, features: FeatureTensors) -> Tensor:
        numbers = self._numbers(features, self._wide)
        found = self._get("linear/bias").expand(features["dense"].shape[0], -1)
        if numbers is not None:
            found = found + numbers @ self._get("linear/kernel")
        if all(slot.dimension is not None for slot in self._slots(self._wide)):
            return found
        return self._add_hot(found, features, self._wide, self._get("linear/weights"), 0, self._spec["sparse_combiner"])

    def _network(self, features: FeatureTensors) -> Tensor:
        numbers = self._numbers(features, self._deep)
        embedded = [self._embed(features, slot) for slot in self._slots(self._deep) if slot.dimension is not None]
        if self._members > 1:  # member by member: numbers, then the embeddings of the member
            shared = features["dense"][:, :0] if numbers is None else numbers
            each = torch.cat([shared[:, None].expand(-1, self._members, -1), *map(self._apart, embedded)], dim=2)
            x = each.flatten(1)
        else:
            parts = [part for part in (numbers, *embedded) if part is not None]
            x = torch.cat(parts, dim=1) if parts else features["dense"][:, :0]
        layers = [f"hidden_{i}" for i in range(len(self._spec["hidden_units"]))]
        crosses = int(self._spec.get("cross_layers", 0))
        x = self._crossed(x, features, crosses) if crosses else x
        for i, layer in enumerate(layers):
            x = self._dense(x, features, layer, first=not crosses and i == 0)
            x = self._activated(x)
            if self._spec["dropout"]:
                x = functional.dropout(x, self._spec["dropout"], self.training)
            if self._spec["batch_norm"]:
                x = self._normalize(x, f"dnn/batch_norm_{i}")
        logits = self._dense(x, features, "logits", first=not crosses and not layers)
        return logits if self._members == 1 else self._apart(logits).mean(dim=1)

    def _apart(self, x: Tensor) -> Tensor:
        """Return [n, members * units] as [n, members, units]."""
        return x.unflatten(1, (self._members, -1))

    def _activated(self, x: Tensor) -> Tensor:
        function = _ACTIVATIONS.get(self._spec["activation"], torch.clone)
        return function(x) if self._members == 1 else function(self._apart(x)).flatten(1)

    def _dense(self, x: Tensor, features: FeatureTensors, layer: str, *, first: bool) -> Tensor:
        kernel, bias = self._get(f"dnn/{layer}/kernel"), self._get(f"dnn/{layer}/bias")
        width = x.shape[1] // self._members
        if self._members > 1:
            own = self._apart(x), self._apart(kernel[:width])
            found = torch.einsum("nmi,imu->nmu", *own).flatten(1) + bias
        else:
            found = x @ kernel[:width] + bias
        return self._add_hot(found, features, self._deep, kernel, width, "sum") if first else found

    def _crossed(self, x: Tensor, features: FeatureTensors, layers: int) -> Tensor:
        """Return what cross layers make of numbers and embeddings [n, members * width] and the one-hots of ids."""
        hot = sum(slot.num_buckets for slot in self._slots(self._deep) if slot.dimension is None)
        if hot:
            same = torch.eye(hot, dtype=x.dtype, device=x.device)
            written = self._add_hot(x.new_zeros((len(x), hot)), features, self._deep, same, 0, "sum")
            x = torch.cat([self._apart(x), written[:, None].expand(-1, self._members, -1)], dim=2).flatten(1)
        first = x
        for i in range(layers):
            kernel, bias = self._get(f"{CROSS}kernel_{i}"), self._get(f"{CROSS}bias_{i}")
            x = first * (torch.einsum("nmi,imu->nmu", self._apart(x), self._apart(kernel)).flatten(1) + bias) + x
        return x

    def _normalize(self, x: Tensor, name: str) -> Tensor:
        mean, variance = self._get(f"{name}/moving_mean"), self._get(f"{name}/moving_variance")
        gamma, beta = self._get(f"{name}/gamma"), self._get(f"{name}/beta")
        moved = 1 - _NORMALIZATION.momentum
        return functional.batch_norm(x, mean, variance, gamma, beta, self.training, moved, _NORMALIZATION.epsilon)

    def _numbers(self, features: FeatureTensors, names: tuple[str, ...]) -> Tensor | None:
        slots = [slot for slot in self.plan.encoded_slots if isinstance(slot, DenseSlot) and slot.name in names]
        return torch.cat([features["dense"][:, s.start : s.stop] for s in slots], dim=1) if slots else None

    def _embed(self, features: FeatureTensors, slot: IdSlot) -> Tensor:
        table = self._get(f"dnn/inputs/{TABLES}{slot.table}")
        bags, combiner = Bags.of(features["ids"][slot.name]), slot.combiner or "mean"
        if slot.max_norm is None or self._members == 1:
            return pool(bags, table, combiner, slot.max_norm)
        return torch.cat([pool(bags, each, combiner, slot.max_norm) for each in table.chunk(self._members, dim=1)], dim=1)

    def _add_hot(
        self, found: Tensor, features: FeatureTensors, names: tuple[str, ...], weights: Tensor, first: int, combiner: str
    ) -> Tensor:
        """Add the rows of weights, from `first` on, that the ids of slots without a table name."""
        for slot in self._slots(names):
            if slot.dimension is None:
                rows = first, first + slot.num_buckets
                found = found + pool(Bags.of(features["ids"][slot.name]), weights, combiner, rows=rows)
                first = rows[1]
        return found

    def _slots(self, names: tuple[str, ...]) -> list[IdSlot]:
        return [slot for slot in self.plan.encoded_slots if isinstance(slot, IdSlot) and slot.name in names]

    def _get(self, name: str) -> Tensor:
        return getattr(self, _escape(name))


def _escape(name: str) -> str:
    """Return a name without a dot, which names of parameters must not have."""
    return name.replace("%", "%25").replace(".", "%2E")
