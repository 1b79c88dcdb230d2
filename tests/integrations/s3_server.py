"""A local S3 server, which is a process of its own, and buckets of it.

Run as a program it prints its port, and serves until its input ends. A request for `/kill/PID/NUMBER/WHEN/PREFIX` arms it: the
request of that number, of those that change an object whose path begins with PREFIX, kills the process PID, before or after it
is done. It answers how many such requests there were since it was armed with the number 0.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",  # which the AWS SDK in pyarrow would wait for
}


@dataclass(frozen=True)
class Bucket:
    """A bucket as its owner sees it, by another library than the one under test."""

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

    @property
    def client(self):
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.endpoint, **keys)

    def put(self, key: str, data: bytes) -> str:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)
        return f"{self.url}/{key}"

    def get(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.name, Key=key)["Body"].read())

    def list(self, prefix: str = "") -> list[str]:
        return sorted(self.times(prefix))

    def times(self, prefix: str = "") -> dict[str, object]:
        """When each object was put."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return {each["Key"]: each["LastModified"] for each in found}


class Killer:
    """The application, and a process that one of its requests kills."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application, self.lock = application, threading.Lock()
        self.process = self.left = 0
        self.when = self.prefix = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/kill/"):
            seen = str(-self.left).encode()  # changes since it was armed with number 0
            process, number, self.when, self.prefix = path.split("/", 5)[2:]
            self.process, self.left = int(process), int(number)
            start_response("200 OK", [("Content-Length", str(len(seen)))])
            return [seen]
        kills = False
        if environ["REQUEST_METHOD"] in ("PUT", "POST", "DELETE") and path.lstrip("/").startswith(self.prefix):
            with self.lock:
                self.left -= 1
                kills = self.left == 0 and self.process > 0
        if kills and self.when == "before":
            os.kill(self.process, signal.SIGKILL)
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        answer = list(self.application(environ, start_response))
        if kills:
            os.kill(self.process, signal.SIGKILL)
        return answer


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Killer(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


@contextmanager
def serve_s3() -> Iterator[str]:
    """Give the address of a server while it runs."""
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "tests.integrations.s3_server"]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


def new_bucket(endpoint: str) -> Bucket:
    made = Bucket(f"b-{uuid.uuid4().hex[:12]}", endpoint)
    made.client.create_bucket(Bucket=made.name)
    return made


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server of these tests."""
    with serve_s3() as address:
        yield address


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket; the environment says where it is and who may use it."""
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    return new_bucket(s3_server)


if __name__ == "__main__":
    main()
