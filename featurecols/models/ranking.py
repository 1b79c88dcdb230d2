"""Scores of many items for one request: the fields of the request are computed once, not once for each item."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.batch_predict import BATCH
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.trained_plan import PlanOwner
from featurecols.models.types import Data


class Ranker(PlanOwner, ABC):
    """A model that gives one score for each row."""

    @abstractmethod
    def _open_to_rank(self) -> None:
        """Be ready to predict; raise ModelError where that is not possible, or where a row has no single score."""

    @abstractmethod
    def _scores(self, batches: Iterable[Examples]) -> Array:
        """Return the score of each row, [n]."""

    def rank(self, row: Mapping[str, object], items: Data) -> Array:
        """Return the score of each item for one request, [n], in the order of the items: the highest is the best.

        A score is what predict says of the whole row: the prediction of a regressor, the probability of the second class of a
        classifier of two classes.

        Args:
            row: the fields of the request, a dict, as for plan.begin.
            items: rows with the other fields, as for plan.transform.

        Raises:
            ModelError: the model has several scores for a row, or reads no tables. DataError: for data that does not fit the
                columns, and for a field that both give.

        >>> import featurecols as fc
        >>> columns = [fc.Numeric("age"), fc.Numeric("price")]
        >>> rows = {"age": [20, 30, 40, 50], "price": [1, 2, 1, 2], "bought": [0, 1, 0, 1]}
        >>> model = fc.models.LinearClassifier(columns).train(rows, label="bought")
        >>> scores = model.rank({"age": 35}, {"price": [1.0, 2.0]})
        >>> bool(scores[1] > scores[0])
        True
        """
        self._open_to_rank()
        plan = self._plan
        if plan is None:
            raise errors.model(type(self).__name__, "has no columns, so that it ranks no rows", None, "use predict")
        features = plan.begin(row).encode(items)
        examples = Examples.of(features, Layout(plan.encoded_slots, plan.tables))
        return self._scores(examples.batches(BATCH) or [examples])
