"""A server as a process: TensorFlow Serving's REST over models and a plan, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from tests.integrations.serving.conftest import people
from tests.integrations.serving.server import Server

ROW = {"age": 39, "job": "nurse", "city": "Ulm", "tags": ["t1", "t2"]}
TABLE = people(60)
ROWS = [{key: TABLE[key][i] for key in ROW} for i in range(60)]


@pytest.mark.parametrize("name", ["rich", "team", "pay", "both"])
def test_predictions_are_those_of_the_model_with_its_keys(server: Server, exports: Path, name: str) -> None:
    model = fc.models.load(exports / name / "3" if name == "rich" else exports / name)
    want = model.predict(ROWS)
    found = server.predict(name, ROWS)
    assert [list(row) for row in found] == [want.keys()] * 60
    for key in want.arrays:
        assert [row[key] for row in found] == want[key].tolist()
    by_column = server.ask(f"/v1/models/{name}:predict", {"inputs": {key: TABLE[key] for key in ROW}})
    assert by_column == (200, {"outputs": {key: want[key].tolist() for key in want.arrays}})


def test_a_classifier_has_two_keys_of_numbers_and_two_of_classes(server: Server) -> None:
    (row,) = server.predict("team", [ROW])
    assert list(row) == ["logits", "probabilities", "class_ids", "classes"]
    assert row["classes"] == ("blue", "green", "red")[row["class_ids"]]
    assert sum(row["probabilities"]) == pytest.approx(1)


def test_classify_gives_labels_with_scores_and_regress_numbers(server: Server, exports: Path) -> None:
    team = fc.models.load(exports / "team").predict([ROW])["probabilities"][0].tolist()
    assert server.predict("team", [ROW], "classify") == [[["blue", team[0]], ["green", team[1]], ["red", team[2]]]]
    two = fc.models.load(exports / "rich" / "3").predict(ROWS)["probabilities"].tolist()
    assert server.predict("rich", ROWS, "classify") == [[["0", no], ["1", yes]] for no, yes in two]
    pay = fc.models.load(exports / "pay").predict(ROWS)["predictions"].tolist()
    assert server.predict("pay", [{"age": [r["age"]], "job": r["job"]} for r in ROWS], "regress") == pay


def test_a_sequential_answers_without_names(server: Server, exports: Path) -> None:
    model = fc.models.Sequential.load(exports / "net")
    assert server.predict("net", ROWS) == model.predict(ROWS).tolist()
    assert server.predict("net", ROWS, "classify") == [
        [["blue", a], ["green", b], ["red", c]] for a, b, c in model.predict_proba(ROWS).tolist()
    ]


def test_a_plan_alone_has_transform(server: Server, exports: Path) -> None:
    want = fc.load(exports / "plan").transform(ROWS)
    assert np.array_equal(np.array(server.predict("plan", ROWS, "transform"), np.float32), want)
    assert np.array_equal(np.array(server.predict("plan", ROWS[:3], "transform"), np.float32), want[:3])
    status, found = server.ask("/v1/models/plan:predict", {"instances": ROWS})
    assert (status, found["error"]) == (400, "plan: a Plan has no predict; ask for transform or explain")


def test_a_verb_that_a_model_has_not_is_a_400(server: Server) -> None:
    for name, verb in (("rich", "regress"), ("pay", "classify"), ("both", "regress"), ("rich", "transform")):
        status, found = server.ask(f"/v1/models/{name}:{verb}", {"examples": [ROW]})
        assert (status, found["code"]) == (400, "INVALID_ARGUMENT")


def test_explain_says_what_columns_made_of_a_row(server: Server) -> None:
    (found,) = server.ask("/v1/models/rich:explain", {"instances": [{**ROW, "job": None}]})[1]["explanations"]
    assert {f["name"].partition("=")[0] for f in found["features"]} == {"age", "city", "tags"}
    (plan,) = server.ask("/v1/models/plan:explain", {"instances": [{"age": None, "job": "pilot"}]})[1]["explanations"]
    assert [(f["name"], f["column"], f["from"]) for f in plan["features"]][-1] == (
        "job_indicator=pilot",
        "job_indicator",
        {"job": "pilot"},
    )
    assert server.ask("/v1/models/plan:explain", {"instances": [{"age": None, "job": "pilot"}] * 101})[0] == 400
    assert len(plan["filled"]) == 1
    assert plan["filled"][0].startswith("age: ")


def test_status_metadata_health_and_models(server: Server, exports: Path) -> None:
    state = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/rich", "/v1/models/rich/versions/3"):
        assert server.ask(path) == (200, {"model_version_status": [state]})
    status, found = server.ask("/v1/models/rich/versions/3/metadata")
    assert status == 200
    assert found["model_spec"] == {"name": "rich", "signature_name": "", "version": "3"}
    signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert {key: tensor["dtype"] for key, tensor in signature["inputs"].items()} == {
        "age": "DT_INT64",
        "job": "DT_STRING",
        "city": "DT_STRING",
        "tags": "DT_STRING",
    }
    assert [len(signature["inputs"][key]["tensor_shape"]["dim"]) for key in ("age", "tags")] == [1, 2]
    assert {key: tensor["dtype"] for key, tensor in signature["outputs"].items()} == {
        "logits": "DT_FLOAT",
        "probabilities": "DT_FLOAT",
        "class_ids": "DT_INT64",
        "classes": "DT_INT64",
    }
    model = fc.models.load(exports / "rich" / "3")
    about = found["featurecols"]
    assert (about["kind"], about["fingerprint"], about["labels"]) == ("LinearClassifier", model.fingerprint, ["0", "1"])
    assert about["fields"]["tags"] == {"type": "text", "list_depth": 1, "read_as": ["category"]}
    served = {"both": 1, "net": 1, "pay": 1, "plan": 1, "rich": 3, "team": 1}
    assert server.ask("/healthz") == (200, {"status": "ok", "models": served})
    assert [model["name"] for model in server.ask("/v1/models")[1]["models"]] == sorted(served)


def test_a_version_is_asked_for_by_its_number(server: Server) -> None:
    assert server.ask("/v1/models/rich/versions/3:predict", {"instances": [ROW]})[0] == 200
    status, found = server.ask("/v1/models/rich/versions/2:predict", {"instances": [ROW]})
    assert (status, found["error"]) == (404, "rich: version 2 is not served; it is version 3")
    assert server.ask("/v1/models/rich/versions/2")[0] == 404


@pytest.mark.parametrize(
    "path", ["/v1/models/nobody", "/v1/models/nobody:predict", "/v1/models/rich:guess", "/x", "/v1/models/rich/x"]
)
def test_what_is_not_there_is_a_404(server: Server, path: str) -> None:
    status, found = server.ask(path, {} if ":" in path else None)
    assert (status, found["code"]) == (404, "NOT_FOUND")


def test_another_method_is_a_405(server: Server) -> None:
    for path, method, allowed in (
        ("/v1/models/rich:predict", "GET", "POST"),
        ("/v1/models/rich", "POST", "GET, HEAD"),
        ("/healthz", "DELETE", "GET, HEAD"),
    ):
        status, headers, body = server.fetch(path, method=method, raw=b"{}" if method == "POST" else None)
        assert (status, headers["allow"]) == (405, allowed)
        assert json.loads(body)["code"] == "UNIMPLEMENTED"
    assert server.fetch("/healthz", method="HEAD")[0] == 200


BAD: list[tuple[Any, str, str | None, int | None]] = [
    ({"instances": [{"age": 1}]}, "job: field is not in row 0", "job", 0),
    ({"instances": [ROW, {**ROW, "age": "old"}]}, "age: needs a number", "age", 1),
    ({"instances": [ROW, {**ROW, "tags": ["a"] * 51}]}, "a list has more than 50 elements", "tags", 1),
    ({"instances": [ROW] * 501}, "holds more than 500 rows", None, None),
]


@pytest.mark.parametrize(("body", "text", "field", "row"), BAD, ids=range(len(BAD)))
def test_errors_have_field_and_row(server: Server, body: Any, text: str, field: str | None, row: int | None) -> None:
    status, found = server.ask("/v1/models/rich:predict", body)
    assert (status, found.get("field"), found.get("row")) == (400, field, row)
    assert text in found["error"]


def test_texts_may_come_as_base64_and_integers_may_be_huge(server: Server) -> None:
    as_bytes = {**ROW, "job": {"b64": "bnVyc2U="}}
    assert server.predict("rich", [as_bytes]) == server.predict("rich", [ROW])
    status, found = server.ask("/v1/models/rich:predict", {"instances": [{**ROW, "city": 10**400}]})
    assert status in (200, 400), found
    status, found = server.ask("/v1/models/rich:predict", {"instances": [{**ROW, "age": 10**400}]})
    assert (status, found["field"], found["row"]) == (400, "age", 0)
    status, found = server.ask("/v1/models/rich:predict", {"instances": [{**ROW, "city": "\ud800"}]})
    assert (status, found["field"], found["row"]) == (400, "city", 0)


def test_metrics_count_what_was_answered(server: Server) -> None:
    def count(text: str) -> float:
        return sum(
            float(line.split()[-1]) for line in server.fetch("/metrics")[2].decode().splitlines() if line.startswith(text)
        )

    name = 'featurecols_requests_total{model="pay",method="predict",status='
    ok, bad = f'{name}"200"}}', f'{name}"400"}}'
    before = count(ok), count(bad), count('featurecols_rows_total{model="pay"}')
    server.predict("pay", ROWS)
    server.ask("/v1/models/pay:predict", {"instances": [{}]})
    assert (count(ok), count(bad)) == (before[0] + 1, before[1] + 1)
    assert count('featurecols_rows_total{model="pay"}') == before[2] + 60
    assert count("process_resident_memory_bytes") > 1e7
    server.ask("/v1/models/anything-else", None)
    assert "anything-else" not in server.fetch("/metrics")[2].decode()


def test_no_rows_have_no_predictions(server: Server) -> None:
    assert server.ask("/v1/models/rich:predict", {"instances": []}) == (200, {"predictions": []})
    assert server.ask("/v1/models/plan:transform", {"instances": []}) == (200, {"features": []})
