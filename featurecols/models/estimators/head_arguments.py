"""The arguments of classic estimators that say what labels are: heads of them, and them of heads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from featurecols.models import errors
from featurecols.models.input.classes import Class, Classes
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.multi_label import MultiLabelHead, words_of_labels

ONE_OF_TWO = "leave n_classes out: the labels are counted"


def head_arguments(head: Head) -> dict[str, Any]:
    """Return the arguments of an estimator that give this head, as JSON data."""
    if isinstance(head, ClassHead):
        words = {} if head.words is None else {"label_vocabulary": list(head.words)}
        return {"n_classes": head.n_classes, **words}
    if isinstance(head, MultiLabelHead):
        return {"multi_label": True, **({} if head.words is None else {"label_vocabulary": list(head.words)})}
    if isinstance(head, NumberHead):
        transform = {} if head.transform is None else {"label_transform": head.transform}
        return {"label_dimension": head.dimension, "loss": head.loss.to_dict(), **transform}
    return {}


def class_head(n_classes: int, label_vocabulary: Sequence[Class] | None, *, multi_label: bool) -> Head:
    """Return the head of a classifier: one class of several is right, or each of several labels is there or not."""
    if not multi_label:
        return ClassHead(n_classes, words_of(label_vocabulary))
    if n_classes != 2:
        raise errors.argument("classifier", "labels of which a row may have several are not classes", n_classes, ONE_OF_TWO)
    return MultiLabelHead(words_of_labels(label_vocabulary))


def words_of(label_vocabulary: Sequence[Class] | None) -> Classes | None:
    """Return the labels in their own type; raise ColumnError for a single string, and for labels of several types."""
    if label_vocabulary is None:
        return None
    if isinstance(label_vocabulary, (str, bytes)):
        raise errors.argument("classifier", "label_vocabulary is a list of labels", label_vocabulary, "give a list of them")
    words = tuple(word.item() if isinstance(word, np.generic) else word for word in label_vocabulary)
    words = tuple(word.decode() if isinstance(word, bytes) else word for word in words)
    kinds = {type(word) for word in words}
    if infinite := [word for word in words if isinstance(word, float) and not math.isfinite(word)]:
        raise errors.argument(
            "classifier", "label_vocabulary must hold finite numbers", infinite[0], "leave it out of the list"
        )
    if kinds == {int, float}:
        return tuple(float(word) for word in words)
    if len(kinds) > 1 or not kinds <= {str, bool, int, float}:
        hint = "give strings, booleans, integers or floats, as the label field holds"
        raise errors.argument("classifier", "label_vocabulary must hold labels of one type", list(words), hint)
    return words
