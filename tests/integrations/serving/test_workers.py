"""Several workers: they share the load, are replaced when they die, and add up their metrics."""

import os
import signal
import time
from pathlib import Path

from tests.integrations.serving.server import Server
from tests.integrations.serving.test_server import ROW


def test_workers_answer_are_replaced_and_end_together(exports: Path) -> None:
    with Server(exports / "plan", "--workers", 2) as server:
        server.wait_for("listening", 2)
        want = [{"age": 39, "job": "nurse"}]
        first = server.predict("plan", want, "transform")
        for _ in range(50):
            assert server.predict("plan", want, "transform") == first
        end = time.monotonic() + 30
        while 'featurecols_rows_total{model="plan"} 51' not in server.fetch("/metrics")[2].decode():
            assert time.monotonic() < end
            time.sleep(0.1)
        pids = {event["process"] for event in server.events("listening")}
        assert len(pids) == 2
        os.kill(min(pids), signal.SIGKILL)
        assert server.wait_for("a worker died")["exit_status"] == -signal.SIGKILL
        server.wait_for("listening", 3)
        for _ in range(20):
            assert server.predict("plan", want, "transform") == first
        assert server.stop() == 0
        for pid in {event["process"] for event in server.events("listening")}:
            assert not Path(f"/proc/{pid}").exists()


def test_workers_with_nothing_to_serve_are_exit_status_2(tmp_path: Path) -> None:
    with Server(tmp_path, "--workers", 2) as server:
        assert server.process.wait(120) == 2
        server.stop()
        assert "a worker found nothing to serve" in "".join(server.lines)


def test_workers_end_when_their_parent_is_killed(exports: Path) -> None:
    with Server(exports / "plan", "--workers", 2) as server:
        server.wait_for("listening", 2)
        assert server.predict("plan", [ROW], "transform")
        pids = {event["process"] for event in server.events("listening")}
        server.process.kill()
        end = time.monotonic() + 60
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            assert time.monotonic() < end
            time.sleep(0.1)
