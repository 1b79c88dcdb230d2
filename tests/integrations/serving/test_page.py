"""The page in a real browser: the inputs of a model, a row that is tried, and what came of it."""

import re
from urllib.parse import urlencode

import pytest

from featurecols.integrations.serving import page
from tests.integrations.serving.browser import Shown, show
from tests.integrations.serving.server import Server

ROW = {"age": 39, "job": "nurse", "city": "Ulm", "tags": ["t1", "t2"]}


def tried(server: Server, model: str, **fields: object) -> Shown:
    host, port = server.address
    return show(f"http://{host}:{port}/v1/models/{model}/page?{urlencode({**fields, 'run': ''})}")


def short(value: float) -> str:
    return f"{value:.6g}"


def test_a_row_is_tried_and_explained(server: Server) -> None:
    found = tried(server, "team", age=39, job="nurse", city="Ulm", tags="t1, t2")
    assert found.values == {"age": "39", "job": "nurse", "city": "Ulm", "tags": "t1, t2"}
    ((row),) = server.predict("team", [ROW])
    assert found.texts["class"] == f"Class: {row['classes']}"
    scores = [[label, short(p)] for label, p in zip(("blue", "green", "red"), row["probabilities"], strict=True)]
    assert found.rows[0] == ["class", "probability", ""]
    assert [cells[:2] for cells in found.rows[1:4]] == scores
    (seen,) = server.ask("/v1/models/team:explain", {"instances": [ROW]})[1]["explanations"]
    assert [cells[0] for cells in found.rows[5:]] == [feature["name"] for feature in seen["features"]]
    assert ["job_embedding=nurse", "1", "job = nurse"] in found.rows
    assert [cells[2] for cells in found.rows if cells[0].startswith("tags_embedding")] == ["tags = t1, t2"] * 2
    assert '{"instances":[{"age":39,"job":"nurse","city":"Ulm","tags":["t1","t2"]}]}' in found.texts["request"]
    assert "error" not in found.texts
    assert found.texts["models"] == "bothnetpayplanrichteam"
    assert found.texts["about"].startswith("DNNClassifier, version 1, fingerprint ")


def test_an_error_is_shown_at_its_field(server: Server) -> None:
    found = tried(server, "rich", age="old", job="<img src=x onerror=alert(1)>")
    assert found.texts["error"].startswith("age: needs a number")
    assert found.invalid == ["age"]
    assert "answer" not in found.texts
    assert found.values["job"] == "<img src=x onerror=alert(1)>"


def test_numbers_and_plans_have_their_own_tables(server: Server) -> None:
    pay = tried(server, "pay", age=50, job="pilot")
    (row,) = server.predict("pay", [{"age": 50, "job": "pilot"}])
    assert pay.rows[:2] == [["output", "value"], ["predictions", short(row["predictions"])]]
    plan = tried(server, "plan", job="pilot")
    (features,) = server.predict("plan", [{"age": None, "job": "pilot"}], "transform")
    assert plan.rows[: len(features) + 1] == [["feature", "value"], *([str(i), short(v)] for i, v in enumerate(features))]
    assert "Filled: age: " in plan.texts["seen"]


def test_the_page_loads_nothing_from_elsewhere(server: Server) -> None:
    status, headers, body = server.fetch("/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.search(rb"(src|href)=|https?:|@import|url\(", body)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; script-src 'sha256-")
    assert dict(page.headers())[b"content-security-policy"].decode() == policy


@pytest.mark.parametrize("path", ["/v1/models/nobody/page", "/page"])
def test_no_page_without_a_model(server: Server, path: str) -> None:
    assert server.ask(path)[0] == 404
