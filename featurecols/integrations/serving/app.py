"""The server as an ASGI application: TensorFlow Serving's REST over models and plans, with health, metrics and a page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from featurecols import errors
from featurecols.integrations.serving import page, routes
from featurecols.integrations.serving.answers import answer, metadata, status
from featurecols.integrations.serving.asgi import (
    DisconnectedError,
    Message,
    Receive,
    Reply,
    Send,
    read_body,
    reply_of,
    send_reply,
)
from featurecols.integrations.serving.batching import Batcher
from featurecols.integrations.serving.explain import explain
from featurecols.integrations.serving.http_errors import HttpError, of_error
from featurecols.integrations.serving.json_text import parse, write
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.logs import log, log_error
from featurecols.integrations.serving.metrics import CONTENT_TYPE, Labels, Metrics
from featurecols.integrations.serving.requests import Rows
from featurecols.integrations.serving.routes import Route, route_of
from featurecols.integrations.serving.servable import EXPLAIN, Arrays, Servable, load
from featurecols.integrations.serving.versions import ServedModel

THREADS = 4  # for what takes longer than the event loop may
LARGE = 1 << 16  # bytes of a body that is read in a thread
MANY = 256  # rows of an answer that is written in a thread
EXPLAINED = 100  # rows that are explained at once
_RETRY = {"retry-after": "1"}
RETRY_HEADER = ((b"retry-after", b"1"),)
P = ParamSpec("P")
T = TypeVar("T")


class App:
    """The application. `load` before the first request; `watch` while it runs.

    Args:
        folders: exports, plans, or folders of numbered versions of one, by the names that requests ask for them by.
        limits: what it refuses.
        threads: how many compute, in calls of many rows.
        metrics: what it counts.
        log_requests: whether each request is logged.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        limits: Limits | None = None,
        *,
        threads: int | None = None,
        metrics: Metrics | None = None,
        log_requests: bool = False,
    ) -> None:
        self.limits, self.metrics, self.log_requests = limits or Limits(), metrics or Metrics(), log_requests
        self.stopping = False
        self._in_progress = 0
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="featurecols-serve")
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="featurecols-load")
        self.models: dict[str, ServedModel] = {}
        self._batchers: dict[str, Batcher] = {}
        self._watching: asyncio.Task[None] | None = None
        for name, folder in folders.items():
            make = partial(load, name=name, limits=self.limits, threads=threads)
            self.models[name] = ServedModel(name, folder, make)
            observe = partial(self._observe, (("model", name),))
            self._batchers[name] = Batcher(self._executor, self.limits.batch_rows, self.limits.seconds, observe)

    # Versions -------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Load the highest version of each model; raises PlanError for a folder that has none that can be served."""
        for model in self.models.values():
            self._refresh(model)
            if model.current is None:
                raise errors.plan(
                    "serve", f"nothing can be served ({model.error})", str(model.folder), "give an export or a plan"
                )

    async def watch(self, seconds: float) -> None:
        """Look for other versions every so many seconds, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            for model in self.models.values():
                try:
                    await loop.run_in_executor(self._loading, self._refresh, model)
                except Exception:
                    log_error("looking for versions failed", trace=True, model=model.name)
            self.metrics.save()

    def _refresh(self, model: ServedModel) -> None:
        failed = sum(state.state == "END" for state in model.states.values())
        name = ("model", model.name)
        if model.refresh() and model.current is not None:
            self.metrics.add("featurecols_version_loads_total", (name, ("outcome", "served")))
            self.metrics.set("featurecols_model_version", (name,), model.current.version)
        elif sum(state.state == "END" for state in model.states.values()) > failed:
            self.metrics.add("featurecols_version_loads_total", (name, ("outcome", "refused")))

    # Requests -------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Load and watch versions, where another server than `featurecols serve` runs the application."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if any(model.current is None for model in self.models.values()):
                    self.load()
                self._watching = asyncio.create_task(self.watch(1.0))
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._watching is not None:
                    self._watching.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        start, route = time.perf_counter(), route_of(cast(str, scope["path"]))
        self._in_progress += 1
        rows = 0
        try:
            if cast(str, scope["method"]) not in route.methods:
                raise self._other_method(route, cast(str, scope["method"]))
            if route.what in routes.VERBS:
                reply, rows = await self._ask(route, scope, receive)
            else:
                reply = self._show(route)
        except HttpError as error:
            reply = reply_of(error)
        except DisconnectedError:
            return
        except Exception as error:
            known = of_error(error)
            if known is None:
                log_error("a request failed", trace=True, path=str(scope["path"]))
                known = HttpError(500, "server: failed, and logged why; try again, or report it")
            reply = reply_of(known)
        finally:
            self._in_progress -= 1
        self._count(route, reply.status, rows, time.perf_counter() - start)
        await send_reply(send, reply)

    def _count(self, route: Route, status: int, rows: int, seconds: float) -> None:
        model = route.model if route.model in self.models else ""
        of: Labels = (("model", model), ("method", route.what))
        self.metrics.add("featurecols_requests_total", (*of, ("status", str(status))))
        self.metrics.observe("featurecols_request_seconds", of, seconds)
        if rows:
            self.metrics.add("featurecols_rows_total", (("model", model),), rows)
        if self.log_requests:
            log("request", model=model, method=route.what, status=status, rows=rows, ms=round(1000 * seconds, 3))

    def _observe(self, of: Labels, requests: int, rows: int, seconds: float) -> None:
        self.metrics.observe("featurecols_call_seconds", of, seconds)
        self.metrics.observe("featurecols_call_rows", of, rows)
        if requests > 1:
            self.metrics.add("featurecols_calls_shared_total", of, requests)

    async def _ask(self, route: Route, scope: Message, receive: Receive) -> tuple[Reply, int]:
        """Return the answer to a verb, and of how many rows it is."""
        if self.stopping:
            raise HttpError(503, "server: is stopping; try another one", headers=_RETRY, close=True)
        if self._in_progress > self.limits.requests:
            problem = f"server: {self.limits.requests} requests are in progress"
            raise HttpError(429, f"{problem}; try again later", headers=_RETRY, close=True)
        body = await read_body(scope, receive, self.limits)  # before any answer: what is left unread would end the connection
        servable = self._servable(route)
        call = None if route.what == EXPLAIN else servable.call(route.what)
        large = len(body) > LARGE
        rows = (
            await self._in_thread(_read_rows, servable, body, route.what) if large else _read_rows(servable, body, route.what)
        )
        if call is None:
            if rows.count > EXPLAINED:
                raise HttpError(400, f"body: at most {EXPLAINED} rows are explained at once, got {rows.count}; send fewer")
            found = await self._in_thread(explain, servable.plan, rows)
            return Reply(200, write({"explanations": found})), rows.count
        arrays, first, last = await self._batchers[route.model].run(call, rows)
        written = partial(_write_answer, by_column=rows.by_column)
        if rows.count > MANY:
            return await self._in_thread(written, servable, route.what, arrays, first, last), rows.count
        return written(servable, route.what, arrays, first, last), rows.count

    async def _in_thread(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return function(*arguments) from a thread; raises HttpError 504 where it takes too long."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await loop.run_in_executor(self._executor, partial(function, *arguments, **named))
        except TimeoutError:
            problem = f"request: took longer than {self.limits.seconds:g} s"
            raise HttpError(504, f"{problem}; send fewer rows, or try again") from None

    def _model(self, route: Route) -> ServedModel:
        """Return the model of a route; raises HttpError 404 where there is none."""
        model = self.models.get(route.model)
        if model is None:
            raise HttpError(404, f"{route.model}: no model has this name; known are {', '.join(self.models)}")
        return model

    def _servable(self, route: Route) -> Servable:
        """Return the version that a route asks for; raises HttpError 404 where it is not served, 503 where none is."""
        model = self._model(route)
        current = model.current
        if current is None:
            raise HttpError(503, f"{model.name}: no version is served yet ({model.error})", headers=_RETRY)
        if route.version is not None and route.version != current.version:
            raise HttpError(404, f"{model.name}: version {route.version} is not served; it is version {current.version}")
        return current

    def _other_method(self, route: Route, method: str) -> HttpError:
        """Return the error of a method that a path does not take; the body, which is not read, ends the connection."""
        if not route.what:
            error = self._unknown(route)
        else:
            text = f"{method}: is not a method of this path; use {route.methods[0]}"
            error = HttpError(405, text, headers={"allow": ", ".join(route.methods)})
        error.close = method not in ("GET", "HEAD")
        return error

    def _unknown(self, route: Route) -> HttpError:
        if route.model:
            self._model(route)
            verbs = ", ".join(f":{verb}" for verb in routes.VERBS)
            return HttpError(404, f"{route.model}: no such method; known are {verbs}, /metadata and /page")
        return HttpError(404, "path: is not known; models are at /v1/models/NAME")

    # What can be looked at ------------------------------------------------------------------------------------------

    def _show(self, route: Route) -> Reply:
        """Return the answer to a GET."""
        if not route.what:
            raise self._unknown(route)
        if route.what == routes.HEALTH:
            return self._health()
        if route.what == routes.METRICS:
            self.metrics.set("featurecols_requests_in_progress", (), self._in_progress)
            return Reply(200, self.metrics.text().encode(), CONTENT_TYPE)
        if route.what == routes.MODELS:
            return Reply(200, write({"models": [{"name": name, **self._states(model)} for name, model in self.models.items()]}))
        if route.what == routes.PAGE:
            if route.model:
                self._model(route)
            return Reply(200, page.html(), page.CONTENT_TYPE, page.headers())
        if route.what == routes.METADATA:
            return Reply(200, write(metadata(self._servable(route))))
        return Reply(200, write(self._states(self._model(route), route.version)))

    def _health(self) -> Reply:
        served = {name: None if model.current is None else model.current.version for name, model in self.models.items()}
        ready = not self.stopping and None not in served.values()
        word = "stopping" if self.stopping else "ok" if ready else "loading"
        return Reply(200 if ready else 503, write({"status": word, "models": served}), headers=() if ready else RETRY_HEADER)

    def _states(self, model: ServedModel, version: int | None = None) -> dict[str, object]:
        """Return the states of the versions of a model, the highest first; raises HttpError 404 for one that is not there."""
        states = sorted(model.states.items(), reverse=True)
        found = [status(number, *state) for number, state in states if version in (None, number)]
        if version is not None and not found:
            raise HttpError(404, f"{model.name}: there is no version {version}")
        return {"model_version_status": found}


def _read_rows(servable: Servable, body: bytes, verb: str) -> Rows:
    return servable.reader.read(parse(body), verb)


def _write_answer(servable: Servable, verb: str, arrays: Arrays, first: int, last: int, *, by_column: bool) -> Reply:
    return Reply(200, write(answer(servable, verb, arrays, first, last, by_column=by_column)))
