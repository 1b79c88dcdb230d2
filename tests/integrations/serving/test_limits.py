"""Clients that send too much, too slowly or never read, and a server that ends."""

import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.integrations.serving.server import Server
from tests.integrations.serving.test_server import ROW, ROWS

PREDICT = "/v1/models/rich:predict"


def read_all(connection: socket.socket, seconds: float = 60) -> bytes:
    """All that comes until the server closes the connection."""
    connection.settimeout(seconds)
    found = b""
    try:
        while data := connection.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


def head(length: int, path: str = PREDICT, more: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def test_a_body_beyond_the_limit_is_a_413(server: Server) -> None:
    status, found = server.ask(PREDICT, raw=b" " * 100_001)
    assert (status, found["error"]) == (413, "body: is longer than 100,000 bytes; send fewer rows in a request")
    with socket.create_connection(server.address) as connection:  # far beyond: refused before it comes
        connection.sendall(head(10**9))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    with socket.create_connection(server.address) as connection:  # without a length
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(100):
                connection.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        except OSError:  # it has been closed
            pass
        else:
            assert read_all(connection).startswith(b"HTTP/1.1 413 ")
    assert server.predict("rich", [ROW])


def test_a_large_body_for_nobody_is_read_before_the_404(server: Server) -> None:
    connection = server.connect()
    for _ in range(3):  # on one connection
        connection.request("POST", "/v1/models/nobody:predict", b" " * 90_000)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (404, "NOT_FOUND")
    connection.close()


def test_a_compressed_body_is_a_415(server: Server) -> None:
    with socket.create_connection(server.address) as connection:
        connection.sendall(head(2, more="Content-Encoding: gzip\r\n") + b"{}")
        assert read_all(connection).startswith(b"HTTP/1.1 415 ")


def test_slow_clients_are_not_waited_for(server: Server) -> None:
    start = time.monotonic()
    silent, slow, body = (socket.create_connection(server.address) for _ in range(3))
    with silent, slow, body:
        body.sendall(head(100) + b'{"insta')
        slow.sendall(b"POST / HTTP/1.1\r\nHos")
        answer = read_all(body)
        assert read_all(silent) == b""
        assert read_all(slow) == b""
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "DEADLINE_EXCEEDED"
    assert 1.5 < time.monotonic() - start < 60


def test_headers_without_end_close_the_connection(server: Server) -> None:
    with socket.create_connection(server.address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for i in range(100):
                connection.sendall(b"X-%d: " % i + b"y" * 4096 + b"\r\n")
                time.sleep(0.001)
        except OSError:
            return
        assert not read_all(connection).startswith(b"HTTP/1.1 200")


def test_what_is_not_http_is_refused(server: Server) -> None:
    with socket.create_connection(server.address) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert b"200 OK" not in read_all(connection)
    assert server.predict("rich", [ROW])


def test_a_client_that_goes_is_forgotten(server: Server) -> None:
    for _ in range(20):
        with socket.create_connection(server.address) as connection:
            connection.sendall(head(100) + b'{"insta')
    assert server.predict("rich", [ROW])
    assert not server.events("a request failed")


def test_requests_on_one_connection_are_answered_in_order(server: Server) -> None:
    body = json.dumps({"instances": [ROW]}).encode()
    with socket.create_connection(server.address) as connection:
        connection.sendall((head(len(body)) + body) * 3 + head(2, more="Connection: close\r\n") + b"{}")
        answers = read_all(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"HTTP/1.1 400 ") == 1


def test_too_many_requests_at_once_are_a_429_and_the_last_are_answered_at_the_end(exports: Path) -> None:
    body = json.dumps({"instances": [ROW]}).encode()
    with Server(exports / "rich", "--max-requests", 2) as server:
        waiting = [socket.create_connection(server.address) for _ in range(2)]
        for connection in waiting:
            connection.sendall(head(len(body)) + body[:5])
        end = time.monotonic() + 30
        while "in_progress 3" not in server.fetch("/metrics")[2].decode():  # /metrics is one itself
            assert time.monotonic() < end
        status, headers, text = server.fetch(PREDICT, {"instances": [ROW]})
        assert (status, headers["retry-after"], json.loads(text)["code"]) == (429, "1", "RESOURCE_EXHAUSTED")
        idle = socket.create_connection(server.address)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("stopping")
        for connection in waiting:
            connection.sendall(body[5:])
        for connection in waiting:
            assert read_all(connection).startswith(b"HTTP/1.1 200 OK")
            connection.close()
        assert read_all(idle) == b""
        idle.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(server.address)
        assert server.stop() == 0
        assert server.events("stopped")


def test_requests_are_logged_where_that_is_asked_for_and_ctrl_c_ends_it_too(exports: Path) -> None:
    with Server(exports / "plan", "--name", "people", "--log-requests") as server:
        server.predict("people", [ROW, ROW], "transform")
        assert server.ask("/v1/models/plan")[0] == 404
        assert server.stop(signal.SIGINT) == 0
        logged = [{key: event[key] for key in ("model", "method", "status", "rows")} for event in server.events("request")]
        assert logged == [
            {"model": "people", "method": "transform", "status": 200, "rows": 2},
            {"model": "", "method": "status", "status": 404, "rows": 0},
        ]
        assert server.events("request")[0]["ms"] > 0


def test_many_clients_get_their_own_answers(server: Server) -> None:
    want = server.predict("rich", ROWS)
    wrong: list[object] = []

    def ask(first: int) -> None:
        connection = server.connect()
        for i in [*range(first, 60), *range(first)]:
            connection.request("POST", PREDICT, json.dumps({"instances": [ROWS[i]]}))
            found = json.loads(connection.getresponse().read())
            if found != {"predictions": [want[i]]}:
                wrong.append((i, found))
        connection.close()

    threads = [threading.Thread(target=ask, args=(7 * k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    shared = [line for line in server.fetch("/metrics")[2].decode().splitlines() if line.startswith("featurecols_calls_shared")]
    assert any('model="rich"' in line for line in shared)
