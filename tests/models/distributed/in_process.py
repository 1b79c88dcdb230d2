"""Workers of a training in the process of the test: the messages of real ones, without starting any."""

from collections.abc import Callable, Sequence

from featurecols._core.processes import WorkerDiedError
from featurecols.models.distributed.replica import Replica
from featurecols.models.distributed.team import Link


class InProcess:
    """A worker; `dies` are the numbers of the messages, from 0 on, at which it ends."""

    def __init__(self, dies: Sequence[int] = ()) -> None:
        self.dies, self.seen, self.replica, self.answers = set(dies), 0, Replica(), list[bytes]()

    def send(self, message: bytes) -> None:
        if self.seen in self.dies:
            raise WorkerDiedError("exit status -9")
        self.seen += 1
        if (found := self.replica.answer(message)) is not None:
            self.answers.append(found)

    def receive(self) -> bytes:
        if not self.answers:
            raise WorkerDiedError("exit status -9")
        return self.answers.pop(0)

    def kill(self) -> None:
        self.dies = set(range(10_000))

    def close(self) -> None:
        self.answers.clear()


def starter(*dies: Sequence[int]) -> Callable[[int], Link]:
    """Return what starts workers: the first of them dies at the messages of the first argument, and so on; more never die."""
    left = list(dies)
    return lambda number: InProcess(left.pop(0) if left else ())
