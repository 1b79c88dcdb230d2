"""Sequential: a stack of layers, declared and trained as in Keras, over tables or over arrays.

Beside estimators.py the only file of the models that meets a plan: DenseFeatures holds columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot
from featurecols.models import errors, export
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, snake
from featurecols.models.estimators import arguments
from featurecols.models.input import labels
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import LabelledBatch, labelled_rows
from featurecols.models.input.pipeline import BatchStream, Encoder, InMemoryStream, Pipeline, needs_of
from featurecols.models.layers import DenseFeatures, Layer
from featurecols.models.layers.mixed import Mixed
from featurecols.models.objective import keras_metrics, losses
from featurecols.models.objective.heads import PlainHead
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Groups, Optimizer, Step
from featurecols.models.training.history import History
from featurecols.models.training.hooks import Hook, Progress, Validate
from featurecols.models.training.loop import train
from featurecols.models.training.run import Run
from featurecols.plan.fit import fit
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan, compile, load


class Sequential:
    """Layers one after another.

    Args:
        layers: the first is DenseFeatures for tables, or any layer for arrays [n, width].
        name: of the model, in summary().
        seed: of first weights, dropout and shuffling.

    >>> from featurecols.models.layers import Dense
    >>> model = Sequential([Dense(8, activation="relu"), Dense(1)], seed=1)
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> history = model.fit(x, 3 * x + 1, epochs=200)
    >>> bool(history.history["loss"][-1] < 0.5 < history.history["loss"][0])
    True
    """

    def __init__(self, layers: Iterable[Layer] = (), name: str = "sequential", *, seed: int = 0) -> None:
        self.name, self.layers = name, []  # type: tuple[str, list[Layer]]
        self.variables = Variables(seed)
        self.plan: Plan | None = None
        self.words: tuple[str, ...] | None = None
        self.label: tuple[str, ...] = ()
        self.history = History()
        self.optimizer: Optimizer | Groups | None = None
        self.loss: losses.Loss | None = None
        self.metrics: tuple[Any, ...] = ()
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Put a layer on top. A layer without a name is given one: dense, dense_1, ..."""
        if not isinstance(layer, Layer):
            raise errors.model("Sequential", "takes layers", layer, "give Dense(...), Dropout(...), DenseFeatures(columns)")
        if isinstance(layer, DenseFeatures) and self.layers:
            raise errors.model("Sequential", "DenseFeatures must be the first layer", layer.name, "put it first")
        taken = {other.name for other in self.layers}
        kind = snake(type(layer).__name__)
        names = (kind if i == 0 else f"{kind}_{i}" for i in range(len(self.layers) + 1))
        if layer.name in taken:
            raise errors.model("Sequential", "two layers have one name", layer.name, "give them different names")
        self.layers.append(layer if layer.name else layer.replace(name=next(n for n in names if n not in taken)))

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Sequence[Any] = ()) -> None:
        """Say how to train.

        Args:
            optimizer: an optimizer, or its name in any case.
            loss: a loss, or a name ("mse", "binary_crossentropy", "sparse_categorical_crossentropy", ...).
            metrics: names ("accuracy", "auc", "mae", ...) or functions of (labels, predictions).
        """
        if loss is None:
            raise errors.model("compile", "needs a loss", None, f"give one of {', '.join(losses.KNOWN)}")
        self.optimizer, self.loss = optimizers.get(optimizer), losses.get(loss)
        if isinstance(metrics, str):
            raise errors.model("compile", "metrics must be a list", metrics, "wrap it in [ ]")
        self.metrics = tuple(keras_metrics.get(metric) for metric in metrics)

    # Training -------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        label: Any = None,
        epochs: int = 1,
        batch_size: int | None = 32,
        validation_data: Any = None,
        callbacks: Sequence[Hook] | None = (),
        shuffle: bool = True,
        sample_weight: Any = None,
        steps_per_epoch: int | None = None,
        verbose: int | None = None,
    ) -> History:
        """Train for `epochs` more passes over the data.

        Args:
            x, y: arrays [n, width] and [n] or [n, k]; or a table and its labels; or a table alone with `label`, the field
                that holds them; or an iterable of (features, labels) batches.
            validation_data: evaluated after each epoch, its results in the history as val_<metric>; a pair (x, y), or a
                table that holds the same label.
            callbacks: hooks.
            sample_weight: [n], or with a table the name of a field.
            steps_per_epoch: batches of an epoch, where the data has no end.
            verbose: 0 for no progress; None shows it where it can be seen.

        Returns:
            The History of all epochs so far.
        """
        self._compiled("fit")
        epochs = arguments.require_count("fit", "epochs", epochs)
        callbacks = arguments.check_hooks("fit", () if callbacks is None else callbacks)
        self.label = ()
        stream = self._stream(x, y, label, 32 if batch_size is None else batch_size, shuffle=shuffle, weight=sample_weight)
        self.variables.start = self.variables.step
        steps = None if steps_per_epoch is None else steps_per_epoch * epochs
        run = Run(self.variables, epochs if steps is None else None, steps, model=self, history=self.history)
        seen = keras_metrics.EpochMetrics(self.metrics, self._loss)
        hooks: list[Hook] = [seen]
        if validation_data is not None:
            hooks.append(Validate(lambda: self._validate(validation_data)))
        hooks += callbacks
        if verbose != 0 and Progress.fits():
            hooks.append(Progress())

        def forward(examples: Examples) -> tuple[Value, Step]:
            with self.variables.scope(training=True):
                outputs = self(examples)
                loss = self._loss(examples.labels, outputs, examples.weights)
            seen.add(examples, outputs.array)
            assert self.optimizer is not None
            return loss, self.optimizer.minimize(loss)

        train(run, stream, forward, hooks, steps_per_epoch)
        return self.history

    def _validate(self, data: Any) -> dict[str, float]:
        x, y, weight = (*data, None)[:3] if isinstance(data, tuple) else (data, None, None)
        return self.evaluate(x, y, sample_weight=weight, return_dict=True)  # type: ignore[no-any-return]

    def __call__(self, x: Examples | Value | Array) -> Value:
        """The layers over encoded rows or a matrix, inside a scope of the model's variables."""
        out: Any = x
        if isinstance(x, Examples) and not self._reads_tables:
            out = Value(np.ascontiguousarray(x.dense, self.variables.dtype))
        for layer in self.layers:
            out = layer(out)
        if isinstance(out, Mixed):
            out = out.value(self.variables)
        return out  # type: ignore[no-any-return]

    @property
    def _reads_tables(self) -> bool:
        return bool(self.layers) and isinstance(self.layers[0], DenseFeatures)

    @property
    def _loss(self) -> losses.Loss:
        assert self.loss is not None
        return self.loss

    def _compiled(self, subject: str) -> None:
        if self.loss is None:
            raise errors.model(subject, "the model is not compiled", None, "call compile(optimizer, loss) first")
        if not self.layers:
            raise errors.model(subject, "the model has no layers", 0, "add(layer) first")

    # Evaluation and prediction --------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        label: Any = None,
        batch_size: int = 4096,
        sample_weight: Any = None,
        return_dict: bool = False,
        verbose: int | None = None,
    ) -> Any:
        """The loss, or [loss, *metrics] where compile named metrics; with return_dict a dict of them by name."""
        self._compiled("evaluate")
        found = self._evaluated(keras_metrics.EpochMetrics(self.metrics, self._loss), x, y, label, batch_size, sample_weight)
        return found if return_dict else next(iter(found.values())) if len(found) == 1 else list(found.values())

    def _evaluated(
        self, seen: keras_metrics.EpochMetrics, x: Any, y: Any, label: Any, batch_size: int, weight: Any
    ) -> dict[str, float]:
        stream = self._stream(x, y, label or self.label or None, batch_size, weight=weight)
        for examples in stream.epoch(0):
            with self.variables.scope():
                seen.add(examples, self(examples).array)
        return seen.compute()

    def predict(self, x: Any, *, batch_size: int = 4096, verbose: int | None = None) -> Array:
        """What the last layer says about every row: [n, units]."""
        parts = []
        for examples in self._stream(x, None, None, batch_size, labelled=False).batches_or_empty():
            with self.variables.scope():
                parts.append(self(examples).array)
        return np.concatenate(parts)

    def predict_proba(self, x: Any, *, batch_size: int = 4096) -> Array:
        """Probabilities [n, classes], as scikit-learn has them: two columns where the model has one output.

        Raises ModelError where the loss is not one of classes.
        """
        self._compiled("predict_proba")
        if not isinstance(self._loss, (losses.Logistic, losses.Softmax)):
            raise errors.model("predict_proba", "this loss knows no classes", self.loss, "use predict(x)")
        outputs = self.predict(x, batch_size=batch_size)
        means = self._loss.mean(outputs) if self._loss.from_logits else outputs
        return np.concatenate([1 - means, means], axis=1) if means.shape[1] == 1 else means

    def score(self, x: Any, y: Any = None, *, label: Any = None, sample_weight: Any = None) -> float:
        """Accuracy where the loss is one of classes, else R^2, as scikit-learn has them."""
        self._compiled("score")
        named = "accuracy" if isinstance(self._loss, (losses.Logistic, losses.Softmax)) else "r2"
        seen = keras_metrics.EpochMetrics((keras_metrics.get(named),), self._loss)
        return self._evaluated(seen, x, y, label, 4096, sample_weight)[named]

    # Data -----------------------------------------------------------------------------------------------------------

    def _stream(
        self, x: Any, y: Any, label: Any, batch_size: int, *, shuffle: bool = False, labelled: bool = True, weight: Any = None
    ) -> BatchStream:
        if not self._reads_tables:
            return _arrays(x, y, weight, batch_size, shuffle, labelled, self.variables.seed)
        if isinstance(x, Pipeline):
            pipeline = replace(x, data=x.data.with_names(label, weight if isinstance(weight, str) else None))
        else:
            named = weight if isinstance(weight, str) else None
            rows = labelled_rows(x if y is None else (x, y) if weight is None or named else (x, y, weight), label, named)
            pipeline = Pipeline(rows, 1 << 20 if shuffle else 0, batch_size, kept=float("inf") if shuffle else None)
        first = self.layers[0]
        assert isinstance(first, DenseFeatures)
        if self.plan is None:
            learns = bool(Graph(first.columns).passes())
            if learns and not labelled:
                raise errors.model("DenseFeatures", "its columns still learn", [c.name for c in first.columns][:8], "fit first")
            self.plan = fit(first.columns, pipeline.data.features) if learns else compile(first.columns)
        if labelled:
            if not pipeline.data.labels:
                raise errors.model("Sequential", "needs labels", None, "give y, or label=, the field that holds them")
            keys = pipeline.data.labels
            self.label = self.label or keys
            if self.words is None and self.variables.step == 0:
                self.words = labels.learn(pipeline.data.label_batches(), keys[0])
                if self.words is not None and isinstance(self.loss, (losses.Squared, losses.Poisson)):
                    hint = "give a loss for classes, or a field of numbers"
                    what = f"labels are words, and {self.loss!r} needs numbers"
                    raise errors.labels(keys[0], what, self.words, None, hint)
        return BatchStream(pipeline, self._encoder(labelled, pipeline.data.labels), self.variables.seed)

    def _encoder(self, labelled: bool, keys: Sequence[str]) -> Encoder:
        plan, head = self.plan, PlainHead(self.words)
        assert plan is not None
        layout = Layout(plan.feature_slots, plan.all_tables)

        def encode(batch: LabelledBatch) -> Examples:
            y = None if not labelled or batch.labels is None else head.read(batch.labels, keys)
            w = None if not labelled or batch.weights is None else labels.weights(*batch.weights)
            return Examples.of(plan.encode(batch.rows), layout, y, w)

        return Encoder(encode, needs_of(plan), f"{plan.fingerprint} {keys} {self.words}", layout)

    # What it is -------------------------------------------------------------------------------------------------------

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print the layers with their parameters; sizes are known once the model has seen data."""
        print_fn(f"Model: {self.name}")
        rows = [("layer", "parameters", "shapes")]
        for layer in self.layers:
            own = {k: v for k, v in self.variables.values.items() if k.startswith(f"{layer.name}/")}
            shapes = ", ".join(f"{k.removeprefix(f'{layer.name}/')} {list(v.shape)}" for k, v in own.items())
            rows.append((f"{layer.name}: {layer!r}"[:60], f"{sum(v.size for v in own.values()):,}", shapes))
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        for name, count, shapes in rows:
            print_fn(f"{name.ljust(widths[0])}  {count.rjust(widths[1])}  {shapes}".rstrip())
        print_fn(f"{self.count_params():,} parameters")

    def count_params(self) -> int:
        """How many numbers are trained."""
        return sum(v.size for v in self.variables.values.values())

    def save(self, path: str | Path) -> None:
        """Write the model as a folder: layers and settings as JSON, weights, and the plan where there is one."""
        export.write(Path(path), self._about(), self.variables, self.plan)

    @property
    def fingerprint(self) -> str:
        """32 hex digits of all that predictions depend on: plan, layers, weights."""
        return export.fingerprint(self._about(), self.variables, self.plan)

    def _about(self) -> dict[str, Any]:
        return {
            "kind": "Sequential",
            "name": self.name,
            "layers": [layer.to_json() for layer in self.layers],
            "optimizer": None if self.optimizer is None else self.optimizer.to_json(),
            "loss": None if self.loss is None else self.loss.to_json(),
            "metrics": [m.name for m in self.metrics if m.known],
            "words": self.words,
            "label": list(self.label),
        }

    @staticmethod
    def load(path: str | Path) -> Sequential:
        """The model that save wrote."""
        folder = Path(path)
        about, variables = export.card(folder), export.weights(folder)
        if about.get("kind") != "Sequential":
            raise errors.checkpoint(folder, f"holds a {about.get('kind')}", "use featurecols.models.load(path)")
        try:
            plan = None if about["plan"] is None else load(folder / export.PLAN)
            model = Sequential(export.components(about["layers"]), about["name"])
            model.variables, model.plan = variables, plan
            model.words = None if about["words"] is None else tuple(about["words"])
            model.label = tuple(about["label"])
            if about["loss"] is not None:
                optimizer, loss = export.components([about["optimizer"], about["loss"]])
                model.compile(optimizer, loss, about["metrics"])
        except (KeyError, TypeError, AttributeError, errors.ModelError) as e:  # a card that save did not write
            raise errors.checkpoint(folder, f"is damaged ({errors.show(str(e), 200)})", "save the model again") from None
        export.check_fingerprint(folder, about, variables, plan)
        return model

    def __repr__(self) -> str:
        return f"Sequential({[layer.name for layer in self.layers]}, {self.count_params():,} parameters)"


def _arrays(x: Any, y: Any, weight: Any, batch_size: int, shuffle: bool, labelled: bool, seed: int) -> InMemoryStream:
    """Arrays as a stream."""
    try:
        matrix = np.asarray(x, np.float32)
    except (TypeError, ValueError):
        hint = "begin the model with DenseFeatures(columns) to read tables and files"
        raise errors.model("Sequential", "takes numbers [n, width]", type(x).__name__, hint) from None
    if matrix.ndim != 2:
        raise errors.model("Sequential", "takes a matrix [n, width]", matrix.shape, "reshape it, or begin with DenseFeatures")
    targets = None
    if labelled:
        if y is None:
            raise errors.model("Sequential", "needs labels", None, "give y")
        targets = np.asarray(y)
        if len(targets) != len(matrix):
            raise errors.labels("y", f"needs one for each of {len(matrix)} rows", targets.shape, None, "check both")
        if targets.dtype.kind not in "iubf":
            hint = "number the classes, or begin the model with DenseFeatures, which reads words"
            raise errors.labels("y", "labels must be numbers", targets[:1].tolist(), None, hint)
        targets = targets.astype(np.float32) if targets.dtype.kind == "f" else targets
    weights = None if weight is None else np.asarray(weight, np.float32)
    if weights is not None and weights.shape != (len(matrix),):
        raise errors.labels("sample_weight", f"needs one for each of {len(matrix)} rows", weights.shape, None, "check both")
    layout = Layout((DenseSlot("x", 0, matrix.shape[1], (matrix.shape[1],)),))
    none = np.zeros((len(matrix), 0), np.int32)
    return InMemoryStream(Examples(layout, matrix, (), none, {}, {}, targets, weights), batch_size, shuffle, seed)
