"""The roles of a training over several machines, as the environment says them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from featurecols.models import errors

VARIABLE, KEY = "TF_CONFIG", "FEATURECOLS_CLUSTER_KEY"
ROLES = ("chief", "worker", "evaluator", "ps")
_MOST_WORKERS, _SHORTEST_KEY = 1000, 16
_EXAMPLE = '{"cluster": {"chief": ["10.0.0.1:5000"], "worker": ["10.0.0.2:5000"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """Who trains together, and which of them this process is.

    Args:
        role: "chief", "worker", "evaluator", or "ps", which has nothing to do here.
        host, port: of the chief, who listens there.
        workers: how many there are beside the chief.
        evaluator: whether a process of its own evaluates.
        key: what all of them know and nobody else does; at least 16 characters.
    """

    role: str
    host: str
    port: int
    workers: int
    evaluator: bool = False
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise errors.unknown("cluster", "role", self.role, ROLES)
        if self.workers and len(self.key) < _SHORTEST_KEY and self.role in ("chief", "worker"):
            what = f"needs a key of at least {_SHORTEST_KEY} characters in {KEY}"
            raise errors.model("cluster", what, f"{len(self.key)} characters", "give all machines the same secret")

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> Cluster | None:
        """Return the cluster that TF_CONFIG describes, which services that run TensorFlow's jobs set; None without one.

        The chief is `chief`, or `master`, or without these the first `worker`. Addresses of workers are counted and not used:
        they connect to the chief.

        Raises:
            ModelError: for what is not such a description, and for a short FEATURECOLS_CLUSTER_KEY.
        """
        given = os.environ if environment is None else environment
        text = given.get(VARIABLE)
        if not text:
            return None
        try:
            found = json.loads(text)
            machines, task = found.get("cluster", {}), found.get("task", {})
            if not machines:
                return None
            role, index = task["type"], int(task.get("index", 0))
            workers = list(machines.get("worker", []))
            chiefs = list(machines.get("chief", machines.get("master", [])))
            if not chiefs:
                chiefs, workers = workers[:1], workers[1:]
                role = "chief" if (role, index) == ("worker", 0) else role
            if role == "worker" and not 0 <= index < len(machines["worker"]):
                raise ValueError(f"there is no worker {index} in the cluster")
            host, _, port = chiefs[0].rpartition(":")
            number = int(port)
            if not host or len(workers) > _MOST_WORKERS:
                raise ValueError(f"{len(workers)} workers of {host!r}")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            about = str(error) if isinstance(error, ValueError) else "something is missing, or of another form"
            raise errors.model(VARIABLE, f"does not describe a cluster ({about})", text, f"give {_EXAMPLE}") from None
        role = "chief" if role == "master" else role
        return Cluster(role, host.strip("[]"), number, len(workers), "evaluator" in machines, given.get(KEY, ""))
