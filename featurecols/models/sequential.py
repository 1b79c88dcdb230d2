"""Sequential: a stack of layers, declared and trained as in Keras, over tables or over arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array, Floats
from featurecols._core.blas import one_thread
from featurecols._core.suggestions import attributes_of, explain_arguments
from featurecols.jobs.batch_transform import Columns, Rows
from featurecols.models import batch_predict, errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, snake
from featurecols.models.estimators import arguments
from featurecols.models.input import classes, labels
from featurecols.models.input.array_stream import array_stream, numeric_matrix, split_last
from featurecols.models.input.class_weights import class_table, weigh
from featurecols.models.input.examples import Examples, Layout, with_first_row
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.layers import Dense, DenseFeatures, Layer, Linear, SparseLinear
from featurecols.models.layers.mixed import Mixed
from featurecols.models.objective import keras_metrics, losses
from featurecols.models.objective.heads import squeeze
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Groups, Optimizer, OptimizerLike, Step
from featurecols.models.sequential_rows import SequentialRows
from featurecols.models.training.classic_hooks import Hooks, as_hooks
from featurecols.models.training.finite import require_finite
from featurecols.models.training.history import History
from featurecols.models.training.hooks import Hook, Progress, Validate
from featurecols.models.training.loop import train
from featurecols.models.training.loss_check import LossCheck, RowLosses
from featurecols.models.training.run import Run
from featurecols.models.types import ClassLabels, Data, Label
from featurecols.plan.arguments import not_a_row

if TYPE_CHECKING:
    from onnx import ModelProto


class Sequential(SequentialRows):
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

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Sequential")

    @explain_arguments
    def __init__(self, layers: Iterable[Layer] = (), name: str = "sequential", *, seed: int = 0) -> None:
        if not isinstance(name, str):
            hint = "several layers are one argument, a list: [...]"
            raise errors.model("Sequential", "name must be a str", name, hint)
        self.name, self.layers = name, []  # type: tuple[str, list[Layer]]
        self.variables = Variables(seed)
        self._plan = None
        self._plan_saw_no_data = False
        self.words: classes.Classes | None = None
        self.label: tuple[str, ...] = ()
        self.history = History()
        self.optimizer: Optimizer | Groups | None = None
        self.loss: losses.Loss | None = None
        self.metrics: tuple[keras_metrics.Score, ...] = ()
        self._scale_warning = None
        self._loss_check = LossCheck("Sequential.fit", self._row_losses)
        for layer in [layers] if isinstance(layers, Layer) else layers:
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

    @explain_arguments
    def compile(
        self,
        optimizer: OptimizerLike = "rmsprop",
        loss: losses.Loss | str | None = None,
        metrics: keras_metrics.MetricLike | Sequence[keras_metrics.MetricLike] = (),
    ) -> None:
        """Set how to train.

        Args:
            optimizer: an optimizer, or its name in any case.
            loss: a loss, or a name ("mse", "binary_crossentropy", "sparse_categorical_crossentropy", ...).
            metrics: a name ("accuracy", "auc", "mae", ...) or a function of (labels, predictions), or several of them.
        """
        if loss is None:
            raise errors.model("compile", "needs a loss", None, f"give one of {', '.join(losses.KNOWN)}")
        self.optimizer, self.loss = optimizers.get(optimizer), losses.get(loss)
        wanted = metrics if isinstance(metrics, (list, tuple)) else (metrics,)
        self.metrics = tuple(keras_metrics.get(metric) for metric in wanted)

    # Training -------------------------------------------------------------------------------------------------------

    @explain_arguments
    def fit(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None = None,
        *,
        label: Label | None = None,
        epochs: int = 1,
        batch_size: int | None = 32,
        validation_data: Data | Pipeline | tuple[Any, ...] | None = None,
        callbacks: Hooks | None = (),
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[object, float] | None = None,
        validation_split: float = 0.0,
        steps_per_epoch: int | None = None,
        verbose: int | None = None,
    ) -> History:
        """Train for `epochs` more passes over the data.

        Args:
            x: an array [n, width], a table, or an iterable of (features, labels) batches.
            y: labels [n] or [n, k], where x does not hold them.
            label: the field of a table that holds labels.
            epochs: passes over the data.
            batch_size: rows of a step; None for 32.
            validation_data: evaluated after each epoch, its results in the history as val_<metric>; a pair (x, y), or a
                table that holds the same label.
            callbacks: hooks.
            shuffle: whether rows come in random order.
            sample_weight: [n], or with a table the name of a field.
            class_weight: what rows of each class count beside their own weight, by class; 1 for classes that are not named.
            validation_split: the share of arrays x and y, the last rows, that is left out and evaluated after each epoch.
            steps_per_epoch: batches of an epoch, where the data has no end.
            verbose: 0 for no progress; None shows it where it can be seen.

        Returns:
            The History of all epochs so far.
        """
        optimizer, loss_of = self._require_compiled("fit")
        epochs = arguments.require_count("fit", "epochs", epochs)
        watching = as_hooks("fit", () if callbacks is None else callbacks)
        if validation_split:
            if validation_data is not None:
                raise errors.model("fit", "give one of validation_data and validation_split", validation_split, "leave one out")
            x, y, sample_weight, validation_data = split_last("fit", x, y, sample_weight, validation_split)
        self.label = ()
        learned, size = labels.Range(), 32 if batch_size is None else batch_size
        stream = self._stream(x, y, label, size, shuffle=shuffle, weight=sample_weight, seen=learned)
        self.variables.start = self.variables.step
        steps = None if steps_per_epoch is None else steps_per_epoch * epochs
        run = Run(self.variables, epochs if steps is None else None, steps, model=self, history=self.history)
        seen = keras_metrics.EpochMetrics(self.metrics, loss_of)
        hooks: list[Hook] = [seen] if self._scale_warning is None else [seen, self._scale_warning]
        if validation_data is not None:
            hooks.append(Validate(lambda: self._validate(validation_data)))
        hooks += [*watching, self._loss_check]
        if verbose != 0 and Progress._fits():
            hooks.append(Progress())

        table: Array | None = None

        def forward(examples: Examples) -> tuple[Value, Step]:
            nonlocal table
            with self.variables.scope(training=True) as scope:
                outputs = self(examples)
                weights = examples.weights
                if class_weight is not None:
                    table = class_table("fit", class_weight, self._classes_of(outputs)) if table is None else table
                    weights = weigh("fit", table, np.asarray(examples.labels), weights)
                loss = loss_of(examples.labels, outputs, weights)
                loss = loss + scope.penalty() if scope.has_penalty else loss
            seen.add(examples, outputs.array)
            return loss, optimizer.minimize(loss)

        train(run, stream, forward, hooks, steps_per_epoch)
        learned.warn("Sequential.fit", self.label or ("y",))
        return self.history

    def _classes_of(self, outputs: Value) -> list[object]:
        """Return the classes that outputs [n, k] or [n] are of, in the order of their numbers."""
        units = outputs.shape[1] if outputs.array.ndim == 2 else 1
        return list(range(max(units, 2)) if self.words is None else self.words)

    def _row_losses(self, examples: Examples) -> RowLosses:
        """Return the losses of encoded rows, and those of a model that predicts the mean of their labels."""
        _, loss = self._require_compiled("fit")
        with self.variables.scope():
            outputs = self(examples).array.reshape(len(examples), -1)
        logits = np.tile(loss._logits_of_mean(examples.labels, outputs.shape[1], examples.weights), (len(examples), 1))
        constant = logits if loss.from_logits else loss.mean(logits)
        plain = np.asarray(examples.labels).reshape(len(examples), -1) if isinstance(loss, losses.MeanSquaredError) else None
        return RowLosses(loss.each(examples.labels, outputs), loss.each(examples.labels, constant), plain)

    def _validate(self, data: Data | Pipeline | tuple[Any, ...]) -> dict[str, float]:
        """Return loss and metrics over data, or a pair (x, y), or (x, y, weights)."""
        x, y, weight = (*data, None)[:3] if isinstance(data, tuple) else (data, None, None)
        return self._evaluate("fit", x, y, None, 4096, weight)

    def __call__(self, x: Examples | Value | Array) -> Value:
        """Return the layers over encoded rows or a matrix, inside a scope of the model's variables."""
        out: Any = x
        if isinstance(x, Examples) and not self._reads_tables:
            out = Value(np.ascontiguousarray(x.dense, self.variables.dtype))
        for layer in self.layers:
            out = layer(out)
        if isinstance(out, Mixed):
            out = out.value(self.variables)
        return out

    @property
    def _reads_tables(self) -> bool:
        return bool(self.layers) and isinstance(self.layers[0], DenseFeatures)

    def _require_compiled(self, subject: str) -> tuple[Optimizer | Groups, losses.Loss]:
        """Return optimizer and loss; raise ModelError for a model without them, or without layers."""
        if self.loss is None or self.optimizer is None:
            raise errors.model(subject, "the model is not compiled", None, "call compile(optimizer, loss) first")
        if not self.layers:
            raise errors.model(subject, "the model has no layers", 0, "add(layer) first")
        return self.optimizer, self.loss

    # Evaluation and prediction --------------------------------------------------------------------------------------

    @overload
    def evaluate(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None = None,
        *,
        label: Label | None = None,
        batch_size: int = 4096,
        sample_weight: ArrayLike | None = None,
        return_dict: Literal[True],
        verbose: int | None = None,
    ) -> dict[str, float]: ...

    @overload
    def evaluate(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None = None,
        *,
        label: Label | None = None,
        batch_size: int = 4096,
        sample_weight: ArrayLike | None = None,
        return_dict: Literal[False] = False,
        verbose: int | None = None,
    ) -> float | list[float]: ...

    @explain_arguments
    def evaluate(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None = None,
        *,
        label: Label | None = None,
        batch_size: int = 4096,
        sample_weight: ArrayLike | None = None,
        return_dict: bool = False,
        verbose: int | None = None,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss, or [loss, *metrics] where compile named metrics; with return_dict a dict of them by name."""
        found = self._evaluate("evaluate", x, y, label, batch_size, sample_weight)
        return found if return_dict else next(iter(found.values())) if len(found) == 1 else list(found.values())

    def _evaluate(
        self,
        subject: str,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None,
        label: Label | None,
        batch_size: int,
        weight: ArrayLike | None,
        scores: Sequence[keras_metrics.Score] | None = None,
    ) -> dict[str, float]:
        """Return the loss and scores (None: those of compile) over data, by name."""
        _, loss = self._require_compiled(subject)
        seen = keras_metrics.EpochMetrics(self.metrics if scores is None else scores, loss)
        before = self.words, self.label
        try:
            stream = self._stream(x, y, label or self.label or None, batch_size, weight=weight)
            with one_thread:
                row = 0
                for examples in stream.epoch(0):
                    seen.add(examples, self._outputs(examples, row))
                    row += len(examples)
            return seen.compute()
        finally:
            if self.variables.step == 0:
                self.words, self.label = before  # training may find others

    @explain_arguments
    def predict(self, x: Data | Pipeline | ArrayLike, *, batch_size: int = 4096, verbose: int | None = None) -> Floats:
        """Return what the last layer says about every row: [n] for one unit, [n, units] for several."""
        batches, row = [], 0
        for examples in self._stream(x, None, None, batch_size, labelled=False).batches_or_empty():
            batches.append(self._outputs(examples, row))
            row += len(examples)
        return squeeze(np.concatenate(batches))

    def predict_row(self, row: Mapping[str, object] | ArrayLike) -> Array | np.generic:
        """Return what the last layer says about one row: the bits of `predict` over that row alone, without its threads.

        Args:
            row: a dict of raw values where columns are the first layer, else numbers [width].

        Returns:
            A number for one unit, an array [units] for several.

        Raises:
            DataError: for a field that is not there, and for values that do not fit the columns. ModelError: as predict does.
        """
        if not self._reads_tables:
            matrix = numeric_matrix([row] if isinstance(row, (list, tuple)) else np.asarray(row)[None])
            examples = next(array_stream(matrix, None, None, 1, shuffle=False, seed=0).batches_or_empty())
        elif not isinstance(row, Mapping):
            raise not_a_row("predict_row", row)
        else:
            plan = self._plan
            if plan is None:
                return np.asarray(self.predict([row]))[0]
            examples = Examples.of(plan.encode([row]), Layout(plan.encoded_slots, plan.tables))
        with one_thread:
            found: Array | np.generic = squeeze(self._outputs(examples, 0))[0]
        return found

    def _outputs(self, examples: Examples, row: int) -> Array:
        """Return what the last layer says about rows that begin at `row` of the data; raise an error where it is not finite."""
        with self.variables.scope():
            outputs = self(examples).array
        columns = () if self.plan is None else self.plan.columns
        try:
            require_finite("Sequential", outputs, examples, self.variables, columns)
        except errors.DataError as e:
            raise e.shifted(row) from None
        return outputs

    def to_onnx(self) -> ModelProto:
        """Return the model as ONNX: `predictions` [n] or [n, units]; needs the extra `onnx`.

        Inputs are those of `Plan.to_onnx` where columns are the first layer, else `x`, float32 [n, width].

        Raises:
            PlanError: for a column or a layer that ONNX cannot compute, by name. ModelError: for a model without weights.
        """
        from featurecols.integrations.onnx.models import sequential_to_onnx

        return sequential_to_onnx(self)

    def _open_for_files(self) -> None:
        pass

    def _open_to_rank(self) -> None:
        first = self.layers[0] if self.layers else None
        if isinstance(first, DenseFeatures) and self._plan is None:
            self._plan = self._make_plan(first, None)

    def _scores(self, batches: Iterable[Examples]) -> Array:
        found = [self._outputs(examples, row) for row, examples in with_first_row(batches)]
        scores = squeeze(np.concatenate(found))
        if scores.ndim > 1:
            raise errors.model("Sequential.rank", "needs one output for each row", scores.shape[1:], "use predict(x)")
        return scores

    def _file_classes(self) -> Array | None:
        try:
            return self.classes_
        except errors.ModelError:
            return None

    def _file_columns(self, data: Rows, classes: Array | None) -> Columns:
        if classes is None:
            return batch_predict.number_columns(self.predict(data, batch_size=batch_predict.BATCH), ())
        probabilities = self.predict_proba(data, batch_size=batch_predict.BATCH)
        return batch_predict.class_columns(classes, probabilities.argmax(axis=1), probabilities)

    @property
    def classes_(self) -> ClassLabels:
        """The classes in the order of the columns of predict_proba [n_classes]: words, or the class numbers.

        Raises ModelError where the loss is not one of classes, or leaves open which one a row is.
        """
        loss = self._require_classes("classes_")
        if self.words is not None:
            return np.array(self.words)
        sized = [layer for layer in self.layers if isinstance(layer, (Dense, Linear, SparseLinear))]
        units = sized[-1].units if sized else None
        if units is None or (units > 1 and isinstance(loss, losses.BinaryCrossentropy)):
            raise errors.model("classes_", "the outputs are not one class each", self, "use predict(x)")
        return np.arange(max(units, 2))

    def predict_proba(self, x: Data | Pipeline | ArrayLike, *, batch_size: int = 4096) -> Floats:
        """Return probabilities [n, classes], as scikit-learn has them: two columns where the model has one output.

        Raises ModelError where the loss is not one of classes.
        """
        loss = self._require_classes("predict_proba")
        outputs = self.predict(x, batch_size=batch_size)
        outputs = outputs[:, None] if outputs.ndim == 1 else outputs
        means = loss.mean(outputs) if loss.from_logits else outputs
        return np.concatenate([1 - means, means], axis=1) if means.shape[1] == 1 else means

    def _require_classes(self, subject: str) -> losses.Loss:
        """Return the loss; raise ModelError where it is not one of classes."""
        _, loss = self._require_compiled(subject)
        if not isinstance(loss, (losses.BinaryCrossentropy, losses.CategoricalCrossentropy)):
            raise errors.model(subject, "the loss is not one of classes", loss, "use predict(x)")
        return loss

    def score(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None = None,
        *,
        label: Label | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the accuracy where the loss is one of classes, else R^2, as scikit-learn has them."""
        _, loss = self._require_compiled("score")
        name = "accuracy" if isinstance(loss, (losses.BinaryCrossentropy, losses.CategoricalCrossentropy)) else "r2"
        return self._evaluate("score", x, y, label, 4096, sample_weight, [keras_metrics.get(name)])[name]

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
        """Return how many numbers are trained."""
        return sum(v.size for v in self.variables.values.values())

    def __repr__(self) -> str:
        return f"Sequential({[layer.name for layer in self.layers]}, {self.count_params():,} parameters)"
