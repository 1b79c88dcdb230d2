"""The application under another server: its life, and what it answers when something is wrong inside."""

import asyncio
import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

import featurecols as fc
from featurecols.integrations.serving import App, Limits
from featurecols.integrations.serving.requests import Rows

Message = MutableMapping[str, object]
ROWS = {"instances": [{"age": 39, "job": "nurse"}]}


async def ask(app: App, path: str, body: object = None) -> tuple[int, dict[bytes, bytes], Any]:
    """Status, headers and JSON of an answer."""
    sent: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET" if body is None else "POST", "path": path, "headers": []}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


def test_lifespan_loads_watches_and_ends(exports: Path) -> None:
    async def main() -> list[object]:
        app, to_app, from_app = App({"plan": exports / "plan"}), asyncio.Queue[Message](), asyncio.Queue[Message]()
        living = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
        await to_app.put({"type": "lifespan.startup"})
        found: list[object] = [(await from_app.get())["type"]]
        found.append((await ask(app, "/v1/models/plan:transform", ROWS))[0])
        await to_app.put({"type": "lifespan.shutdown"})
        found.append((await from_app.get())["type"])
        await living
        return found

    assert asyncio.run(main()) == ["lifespan.startup.complete", 200, "lifespan.shutdown.complete"]


def test_before_a_version_is_loaded_the_answer_is_a_503(exports: Path) -> None:
    app = App({"plan": exports / "plan"})
    status, headers, found = asyncio.run(ask(app, "/v1/models/plan:transform", ROWS))
    assert (status, headers[b"retry-after"], found["code"]) == (503, b"1", "UNAVAILABLE")
    status, headers, found = asyncio.run(ask(app, "/healthz"))
    assert (status, headers[b"retry-after"], found) == (503, b"1", {"status": "loading", "models": {"plan": None}})


def test_what_stops_refuses_requests_and_is_not_healthy(exports: Path) -> None:
    app = App({"plan": exports / "plan"})
    app.load()
    app.stopping = True
    status, headers, found = asyncio.run(ask(app, "/v1/models/plan:transform", ROWS))
    assert (status, headers[b"connection"], found["error"]) == (503, b"close", "server: is stopping; try another one")
    assert asyncio.run(ask(app, "/healthz"))[2]["status"] == "stopping"


def test_a_fault_of_the_server_is_a_500_that_says_nothing_of_the_inside(
    exports: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App({"plan": exports / "plan"})
    app.load()
    servable = app.models["plan"].current
    assert servable is not None

    def fail(rows: Rows) -> dict[str, Any]:
        raise RuntimeError("secret")

    monkeypatch.setattr(servable, "_call", lambda verb: fail)
    monkeypatch.setattr("featurecols.integrations.serving.logs.LOG.propagate", True)
    status, _, found = asyncio.run(ask(app, "/v1/models/plan:transform", ROWS))
    assert (status, found) == (500, {"error": "server: failed, and logged why; try again, or report it", "code": "INTERNAL"})
    assert "secret" in caplog.text


def test_nothing_to_serve_is_an_error_of_the_plan(tmp_path: Path) -> None:
    with pytest.raises(fc.errors.PlanError, match="nothing can be served"):
        App({"m": tmp_path}, Limits()).load()
