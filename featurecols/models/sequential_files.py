"""A Sequential as a folder and as a spec: what of it is saved, and how it comes back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from featurecols._core.spec import encode
from featurecols._core.suggestions import explain_arguments
from featurecols.data.files.paths import require_local
from featurecols.models import errors, export
from featurecols.models.autodiff.variables import Variables
from featurecols.models.batch_predict import FilePredictor
from featurecols.models.component import Component, component_from_json
from featurecols.models.input.classes import Classes
from featurecols.models.layers import Layer
from featurecols.models.objective import keras_metrics, losses, saved_losses
from featurecols.models.optimization.optimizers import Groups, Optimizer, OptimizerLike
from featurecols.models.ranking import Ranker
from featurecols.plan.load import load


class SequentialFiles(FilePredictor, Ranker):
    """What Sequential saves of itself."""

    variables: Variables
    layers: list[Layer]
    name: str
    words: Classes | None
    optimizer: Optimizer | Groups | None
    loss: losses.Loss | None
    metrics: tuple[keras_metrics.Score, ...]

    @abstractmethod
    def __init__(self, layers: Iterable[Layer] = (), name: str = "sequential", *, seed: int = 0) -> None: ...

    @abstractmethod
    def compile(
        self,
        optimizer: OptimizerLike = "rmsprop",
        loss: losses.Loss | str | None = None,
        metrics: keras_metrics.MetricLike | Sequence[keras_metrics.MetricLike] = (),
    ) -> None:
        """Set how to train."""

    @explain_arguments
    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the model as a folder: its spec (model.json), what training found (card.json), weights, the plan if it has one.

        The folder is made where it is not there. An empty one is filled, and one that holds an equal model is written again;
        anything else is replaced only with `overwrite`.

        Returns:
            The path.

        Raises:
            OutputError: where something is there already, nothing can be written, or the path is a URL.
        """
        folder = require_local(path)
        spec, found = self.spec(), {"words": self.words}
        export.write(folder, spec, found, self.variables, self._plan, self.fingerprint, overwrite=overwrite)
        return folder

    export = save

    def spec(self) -> dict[str, Any]:
        """Return what makes an equal model that is not trained, as JSON data for model_from_json."""
        about = {**self._about(), "layers": [layer.to_dict() for layer in self.layers]}
        keys = ("name", "layers", "optimizer", "loss", "metrics")
        spec = {"model": about["kind"], **{key: about[key] for key in keys}, "seed": self.variables.seed}
        return {**spec, "label": about["label"]} if about["label"] else spec

    @classmethod
    def _from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """Return a model that is not trained from what `spec` gives, and what may be written by hand in its place.

        Raises ModelError for anything else; ColumnError for layers with wrong arguments.
        """
        known = ("model", "name", "layers", "optimizer", "loss", "metrics", "seed")
        if unknown := [key for key in spec if key not in known]:
            raise errors.model(
                "Sequential", f"has no argument {unknown[0]!r}", spec[unknown[0]], f"it takes {', '.join(known)}"
            )
        if not isinstance(spec.get("layers"), (list, tuple)):
            raise errors.model(
                "Sequential", "needs layers", spec.get("layers"), 'give "layers": [{"type": "Dense", "units": 1}]'
            )
        layers = [component_from_json(layer, Layer, "layers") for layer in spec["layers"]]
        model = cls(layers, spec.get("name", "sequential"), seed=spec.get("seed", 0))
        if spec.get("loss") is not None:
            optimizer, loss = spec.get("optimizer") or "rmsprop", spec["loss"]
            loss = saved_losses.NAMES.get(loss, loss) if isinstance(loss, str) else loss
            model.compile(
                component_from_json(optimizer, Component, "optimizer"),
                component_from_json(loss, losses.Loss, "loss"),
                spec.get("metrics") or (),
            )
        return model

    @property
    def fingerprint(self) -> str:
        """32 hex digits of all that predictions depend on: plan, layers, weights."""
        return export.fingerprint(self._about(), self.variables, self._plan)

    def _about(self) -> dict[str, Any]:
        return {
            "kind": "Sequential",
            "name": self.name,
            "layers": [encode(layer, canonical=True) for layer in self.layers],
            "optimizer": None if self.optimizer is None else self.optimizer.to_json(),
            "loss": None if self.loss is None else self.loss.to_json(),
            "metrics": [m.name for m in self.metrics if m.known],
            "words": self.words,
            "label": list(self.label),
        }

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the model that save wrote; raise CheckpointError for anything else."""
        folder = Path(path)
        about, variables = export.read(folder), export.weights(folder)
        if about.get("kind") != "Sequential":
            raise errors.checkpoint(folder, f"holds a {about.get('kind')}", "use featurecols.models.load(path)")
        try:
            plan = None if about["plan"] is None else load(folder / export.PLAN)
            model = cls(export.components(about["layers"]), about["name"])
            model.variables, model._plan = variables, plan
            model.words = None if about["words"] is None else tuple(about["words"])
            model.label = tuple(about["label"])
            if about["loss"] is not None:
                optimizer, loss = export.components([about["optimizer"], about["loss"]])
                model.compile(optimizer, loss, about["metrics"])
        except (KeyError, TypeError, AttributeError, errors.ModelError) as e:  # a card that save did not write
            raise errors.checkpoint(folder, f"is damaged ({errors.show(str(e), 200)})", "save the model again") from None
        about = {**about, "layers": model._about()["layers"]}  # in the names that fingerprints are made of
        export.check_fingerprint(folder, about, variables, plan)
        return model
