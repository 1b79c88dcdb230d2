"""How kernels begin: Keras' initializers by their names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.variables import Initial, glorot, ones, zeros

_WITHIN_TWO = 0.87962566103423978  # the deviation of a standard normal that is cut at two deviations
_PLAIN = 0.05  # the deviation, or the bound, that Keras gives initializers that ask no shape


def uniform(scale: float, inputs: float, outputs: float) -> Initial:
    """Return what draws uniform numbers of the variance scale / (inputs * rows + outputs * columns)."""

    def draw(shape: tuple[int, ...], random: np.random.Generator) -> Array:
        limit = np.sqrt(3.0 * scale / (inputs * shape[0] + outputs * shape[-1]))
        return random.uniform(-limit, limit, shape)

    return draw


def normal(scale: float, inputs: float, outputs: float) -> Initial:
    """Return what draws normal numbers, none beyond two deviations, of the same variance."""

    def draw(shape: tuple[int, ...], random: np.random.Generator) -> Array:
        deviation = np.sqrt(scale / (inputs * shape[0] + outputs * shape[-1])) / _WITHIN_TWO
        return np.asarray(deviation * _cut(shape, random))

    return draw


def _cut(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return standard normal numbers; what falls beyond two is drawn again."""
    x = random.standard_normal(shape)
    while (far := np.abs(x) > 2).any():
        x[far] = random.standard_normal(int(far.sum()))
    return x


def _orthogonal(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return a matrix whose shorter side is orthonormal (Saxe et al., 2014)."""
    tall = max(shape), min(shape)
    q, r = np.linalg.qr(random.standard_normal(tall))
    q *= np.sign(np.diag(r))
    return np.asarray(q if shape[0] >= shape[-1] else q.T)


KNOWN: dict[str, Callable[[], Initial]] = {
    "glorot_uniform": lambda: glorot,
    "glorot_normal": lambda: normal(1.0, 0.5, 0.5),
    "he_uniform": lambda: uniform(2.0, 1.0, 0.0),
    "he_normal": lambda: normal(2.0, 1.0, 0.0),
    "lecun_uniform": lambda: uniform(1.0, 1.0, 0.0),
    "lecun_normal": lambda: normal(1.0, 1.0, 0.0),
    "random_normal": lambda: lambda shape, random: random.normal(0.0, _PLAIN, shape),
    "random_uniform": lambda: lambda shape, random: random.uniform(-_PLAIN, _PLAIN, shape),
    "truncated_normal": lambda: lambda shape, random: np.asarray(_PLAIN * _cut(shape, random)),
    "orthogonal": lambda: _orthogonal,
    "zeros": lambda: zeros,
    "ones": lambda: ones,
}
GLOROT = "glorot_uniform"


def first_kernel(name: str) -> Initial:
    """Return what draws the first kernel [inputs, outputs], by its name in Keras."""
    return KNOWN[name]()


def check_initializer(subject: str, name: object) -> None:
    """Raise ColumnError for a name that is not that of an initializer."""
    if not isinstance(name, str) or name not in KNOWN:
        raise errors.argument(subject, "unknown kernel_initializer", name, f"known are {', '.join(KNOWN)}")
