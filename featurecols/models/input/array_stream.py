"""Arrays as a stream of batches, for models that read no tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot
from featurecols.models import errors
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.pipeline import InMemoryStream


def array_stream(
    matrix: Array, labels: Array | None, weights: ArrayLike | None, batch_size: int, *, shuffle: bool, seed: int
) -> InMemoryStream:
    """Return a matrix [n, width], its labels and its weights [n] as a stream.

    Raises DataError where labels or weights have another length.
    """
    if labels is not None and len(labels) != len(matrix):
        raise errors.labels("y", f"needs one for each of {len(matrix)} rows", labels.shape, None, "check both")
    w = None if weights is None else np.asarray(weights, np.float32)
    if w is not None and w.shape != (len(matrix),):
        raise errors.labels("sample_weight", f"needs one for each of {len(matrix)} rows", w.shape, None, "check both")
    layout = Layout((DenseSlot("x", 0, matrix.shape[1], (matrix.shape[1],)),))
    no_ids = np.zeros((len(matrix), 0), np.int32)
    return InMemoryStream(Examples(layout, matrix, (), no_ids, {}, {}, labels, w), batch_size, shuffle, seed)


def numeric_labels(y: ArrayLike | None) -> Array:
    """Return labels as an array of whole numbers or float32; raise ModelError for none, DataError for words."""
    if y is None:
        raise errors.model("Sequential", "needs labels", None, "give y")
    labels = np.asarray(y)
    if labels.dtype.kind not in "iubf":
        hint = "number the classes, or begin the model with DenseFeatures, which reads words"
        raise errors.labels("y", "labels must be numbers", labels[:1].tolist(), None, hint)
    return labels.astype(np.float32) if labels.dtype.kind == "f" else labels


def numeric_matrix(x: ArrayLike) -> Array:
    """Return x as float32 [n, width]; raise ModelError for what is not a matrix of numbers."""
    try:
        matrix = np.asarray(x, np.float32)
    except (TypeError, ValueError):
        hint = "begin the model with DenseFeatures(columns) to read tables and files"
        raise errors.model("Sequential", "takes numbers [n, width]", type(x).__name__, hint) from None
    if matrix.ndim != 2:
        raise errors.model("Sequential", "takes a matrix [n, width]", matrix.shape, "reshape it, or begin with DenseFeatures")
    return matrix


def split_last(
    subject: str, x: object, y: object, weights: object, share: object
) -> tuple[Array, Array, Array | None, tuple[Array, ...]]:
    """Return arrays x, y and weights without their last rows, and a tuple of these rows, as Keras' validation_split does.

    Raises ModelError for a share that is not between 0 and 1, and for what is not arrays.
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise errors.model(subject, "validation_split must be between 0 and 1", share, "give 0.2, or leave it out")
    if not all(isinstance(given, (np.ndarray, list)) for given in (x, y)) or isinstance(weights, str):
        hint = "give validation_data, or x and y as arrays"
        raise errors.model(subject, "validation_split needs arrays x and y", type(x).__name__, hint)
    arrays = [np.asarray(given) for given in (x, y, weights) if given is not None]
    rows = int(len(arrays[0]) * (1 - share))
    first, last = [array[:rows] for array in arrays], tuple(array[rows:] for array in arrays)
    if not rows or rows == len(arrays[0]):
        raise errors.model(subject, "validation_split leaves no rows on one side", share, "give more rows, or another share")
    return first[0], first[1], first[2] if weights is not None else None, last
