"""The inverse of the normal distribution function, in float64 with the same bits everywhere.

Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution", PPND16, whose relative error is about
1e-16; without its branch for probabilities below e^-25, which `LEAST` keeps away.
"""

from __future__ import annotations

import math

from featurecols._core.expressions import Number, Polynomial, computed

LEAST = 1e-7  # probability: those nearer to 0 or 1 count as it, as in scikit-learn's QuantileTransformer
CENTER = 0.425  # from 0.5: up to here one fraction serves, beyond it another
CENTRAL_SQUARE, TAIL_SHIFT = 0.180625, 1.6
CENTRAL_ABOVE = (  # of x^7, x^6, ...
    2.5090809287301226727e3,
    3.3430575583588128105e4,
    6.7265770927008700853e4,
    4.5921953931549871457e4,
    1.3731693765509461125e4,
    1.9715909503065514427e3,
    1.3314166789178437745e2,
    3.3871328727963666080e0,
)
CENTRAL_BELOW = (
    5.2264952788528545610e3,
    2.8729085735721942674e4,
    3.9307895800092710610e4,
    2.1213794301586595867e4,
    5.3941960214247511077e3,
    6.8718700749205790830e2,
    4.2313330701600911252e1,
    1.0,
)
TAIL_ABOVE = (
    7.74545014278341407640e-4,
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
TAIL_BELOW = (
    1.05075007164441684324e-9,
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)


def score(p: float) -> float:
    """Return the number below which a standard normal one lies with probability p, held within [LEAST, 1 - LEAST].

    >>> score(0.5), round(score(0.975), 6), round(score(0.0), 6)
    (0.0, 1.959964, -5.199338)
    """
    p = min(max(p, LEAST), 1.0 - LEAST)
    q = p - 0.5
    if abs(q) <= CENTER:
        x = CENTRAL_SQUARE - q * q
        return q * _polynomial(CENTRAL_ABOVE, x) / _polynomial(CENTRAL_BELOW, x)
    x = math.sqrt(-math.log(min(p, 1.0 - p))) - TAIL_SHIFT
    found = _polynomial(TAIL_ABOVE, x) / _polynomial(TAIL_BELOW, x)
    return -found if q < 0.0 else found


def score_of(p: Number) -> Number:
    """Return what `score` gives for numbers, as an expression."""
    p = computed("clip", p, LEAST, 1.0 - LEAST)
    q = computed("subtract", p, 0.5)
    x = computed("subtract", CENTRAL_SQUARE, computed("multiply", q, q))
    above = computed("multiply", q, Polynomial(x, CENTRAL_ABOVE))
    central = computed("divide", above, Polynomial(x, CENTRAL_BELOW))
    least = computed("choose", q, p, computed("subtract", 1.0, p))
    x = computed("subtract", computed("sqrt", computed("subtract", 0.0, computed("log", least))), TAIL_SHIFT)
    tail = computed("divide", Polynomial(x, TAIL_ABOVE), Polynomial(x, TAIL_BELOW))
    tail = computed("choose", q, computed("subtract", 0.0, tail), tail)
    return computed("choose", computed("subtract", computed("abs", q), CENTER), central, tail)


def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    found = 0.0
    for c in coefficients:
        found = found * x + c
    return found
