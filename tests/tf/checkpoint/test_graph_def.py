from pathlib import Path

import pytest

from featurecols import errors
from featurecols.tf.checkpoint import graph_def
from featurecols.tf.checkpoint.graph_def import Settings, read_settings
from tests.tf.tf_models import DATA

FOUND = {  # what the graphs of the fixtures say
    "combined_v1": Settings("relu", "sum", "regressor"),
    "combined_v2": Settings("relu", "sum", "classifier"),
    "dnn_shared_v1": Settings("relu", None, "regressor"),
    "dnn_shared_v2": Settings("relu", None, "regressor"),
    "dnn_v1": Settings("relu", None, "classifier"),
    "dnn_v2": Settings("tanh", None, "classifier"),
    "linear_reg_v2": Settings(None, "sum", "regressor"),
    "linear_v1": Settings(None, "sum", "classifier"),
    "linear_v2": Settings(None, "sqrtn", "classifier"),
}


@pytest.mark.parametrize("name", FOUND)
def test_settings_of_graphs_that_tensorflow_wrote(name: str) -> None:
    assert read_settings(DATA / name) == FOUND[name]


def graph(folder: Path, *nodes: tuple[str, str, list[str]]) -> Path:
    text = "".join(
        f'node {{\n  name: "{name}"\n  op: "{op}"\n' + "".join(f'  input: "{i}"\n' for i in inputs) + "}\n"
        for name, op, inputs in nodes
    )
    (folder / "graph.pbtxt").write_text(text + "versions {\n  producer: 1645\n}\n")
    return folder


LAYER = "dnn/hiddenlayer_0"
SHOWN = (f"{LAYER}/activation", "HistogramSummary", [f"{LAYER}/activation/tag", f"{LAYER}/x"])


@pytest.mark.parametrize(
    ("op", "activation"),
    [
        ("Relu", "relu"),
        ("Selu", "selu"),
        ("Softplus", "softplus"),
        ("BiasAdd", "linear"),
        ("IdentityN", "unknown"),
        ("Mul", "unknown"),
    ],
)
def test_the_summary_shows_the_activation(tmp_path: Path, op: str, activation: str) -> None:
    found = read_settings(graph(tmp_path, (f"{LAYER}/x", op, []), SHOWN, (f"{LAYER}/BiasAdd", "BiasAdd", [])))
    assert found.activation == activation


def test_an_activation_outside_the_layer_is_unknown(tmp_path: Path) -> None:
    shown = (f"{LAYER}/activation", "HistogramSummary", [f"{LAYER}/activation/tag", "dnn/Gelu/mul_1"])
    assert read_settings(graph(tmp_path, shown, (f"{LAYER}/BiasAdd", "BiasAdd", []))).activation == "unknown"


def test_under_batch_norm_the_layers_own_nodes_tell(tmp_path: Path) -> None:
    norm = f"{LAYER}/batchnorm_0/batchnorm/add_1"
    shown = (f"{LAYER}/activation", "HistogramSummary", [f"{LAYER}/activation/tag", norm])
    dense = (f"{LAYER}/BiasAdd", "BiasAdd", [])
    assert read_settings(graph(tmp_path, shown, dense, (norm, "AddV2", []), (f"{LAYER}/Elu", "Elu", []))).activation == "elu"
    assert read_settings(graph(tmp_path, shown, dense, (norm, "AddV2", []))).activation == "unknown"
    swish = [(f"{LAYER}/Sigmoid", "Sigmoid", []), (f"{LAYER}/mul", "Mul", [])]
    assert read_settings(graph(tmp_path, shown, dense, (norm, "AddV2", []), *swish)).activation == "unknown"


def test_two_combiners_say_nothing(tmp_path: Path) -> None:
    name = "linear/linear_model/{}/weighted_sum/embedding_lookup_sparse"
    nodes = [(name.format("a"), "SparseSegmentSum", []), (name.format("b"), "SparseSegmentMean", [])]
    assert read_settings(graph(tmp_path, *nodes[:1])).sparse_combiner == "sum"
    assert read_settings(graph(tmp_path, *nodes)).sparse_combiner is None


def test_a_model_without_predicted_classes_is_a_regressor(tmp_path: Path) -> None:
    """Its columns may be numbers alone, which leave no other trace."""
    bias = ("linear/linear_model/bias_weights", "VarHandleOp", [])
    assert read_settings(graph(tmp_path, bias)) == Settings(None, None, "regressor")
    assert read_settings(graph(tmp_path, bias, ("head/predictions/probabilities", "Softmax", []))).kind == "classifier"
    assert read_settings(graph(tmp_path, ("something/else", "Add", []))).kind is None


def test_no_graph_and_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(tmp_path) == Settings()
    for text in (b"", b"\xff" * 10_000, b"node {\n" * 100, b'  name: "dnn/logits"\n}\n', b"}\n" * 9):
        (tmp_path / "graph.pbtxt").write_bytes(text)
        assert read_settings(tmp_path).activation is None
    monkeypatch.setattr(graph_def, "_MAX_BYTES", 10)
    with pytest.raises(errors.SavedPlanError, match="larger than"):
        read_settings(tmp_path)


def test_a_linked_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "graph.pbtxt").symlink_to(DATA / "dnn_v2" / "graph.pbtxt")
    with pytest.raises(errors.SavedPlanError, match="symbolic link"):
        read_settings(tmp_path)
