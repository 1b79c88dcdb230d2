"""The paths of the server: TensorFlow Serving's, and those for health, metrics and the page."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from featurecols.integrations.serving.servable import CLASSIFY, EXPLAIN, PREDICT, REGRESS, TRANSFORM

VERBS = (PREDICT, CLASSIFY, REGRESS, TRANSFORM, EXPLAIN)
STATUS, METADATA, PAGE, HEALTH, METRICS, MODELS = "status", "metadata", "page", "healthz", "metrics", "models"
_PLAIN = {"/": PAGE, "/healthz": HEALTH, "/metrics": METRICS, "/v1/models": MODELS}
_OF_MODEL = re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]{1,18}))?(?::([a-z]+)|/(metadata|page))?")


class Route(NamedTuple):
    """What a path asks for.

    Attributes:
        what: a verb, or one of the names above; "" for a path that is not known.
        model: its name, "" where it is not about one.
        version: its number; None for the one that is served.
    """

    what: str
    model: str = ""
    version: int | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of HTTP that it takes."""
        return ("POST",) if self.what in VERBS else ("GET", "HEAD")


@lru_cache(maxsize=1024)
def route_of(path: str) -> Route:
    """Return what a path asks for.

    >>> route_of("/v1/models/late/versions/3:predict")
    Route(what='predict', model='late', version=3)
    >>> route_of("/v1/models/late"), route_of("/v1/models/late:guess")
    (Route(what='status', model='late', version=None), Route(what='', model='late', version=None))
    """
    if path in _PLAIN:
        return Route(_PLAIN[path])
    found = _OF_MODEL.fullmatch(path)
    if found is None:
        return Route("")
    name, number, verb, view = found.groups()
    what = view or STATUS if verb is None else verb if verb in VERBS else ""
    return Route(what, name, None if number is None else int(number))
