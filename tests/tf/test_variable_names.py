import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.tf.checkpoint.reader import Checkpoint
from featurecols.tf.variable_names import input_weights, is_weight, layer_weights, linear_weights
from tests.tf.tf_models import DATA, NAMES

JOB = fc.categorical_column_with_identity("job", 5)


def test_linear_names_and_shapes() -> None:
    columns = [JOB, fc.numeric_column("age", shape=(3,)), fc.embedding_column(JOB, 2)]
    assert [(w.name, w.shape, w.own) for w in linear_weights(columns, 4)] == [
        ("linear/linear_model/job/weights", (5, 4), "job"),
        ("linear/linear_model/age/weights", (3, 4), "age"),
        ("linear/linear_model/job_embedding/weights", (2, 4), "job_embedding"),
        ("linear/linear_model/job_embedding/embedding_weights", (5, 2), "job_embedding/embedding_weights"),
        ("linear/linear_model/bias_weights", (4,), "bias"),
    ]


def test_input_names_and_shapes() -> None:
    one, two = fc.shared_embeddings([JOB, fc.categorical_column_with_identity("next", 5)], 2)
    scope = "dnn/input_from_feature_columns/input_layer/"
    assert [(w.name, w.own) for w in input_weights([fc.numeric_column("a"), fc.embedding_column(JOB, 2), one, two])] == [
        (f"{scope}job_embedding/embedding_weights", "job_embedding"),
        (f"{scope}job_next_shared_embedding/embedding_weights", "job_next_shared_embedding"),
        (f"{scope}job_next_shared_embedding/embedding_weights", "job_next_shared_embedding"),
    ]


def test_layer_names_and_shapes() -> None:
    assert dict(layer_weights(7, [4], 2, True)) == {
        "dnn/hiddenlayer_0/kernel": (7, 4),
        "dnn/hiddenlayer_0/bias": (4,),
        "dnn/hiddenlayer_0/batchnorm_0/gamma": (4,),
        "dnn/hiddenlayer_0/batchnorm_0/beta": (4,),
        "dnn/hiddenlayer_0/batchnorm_0/moving_mean": (4,),
        "dnn/hiddenlayer_0/batchnorm_0/moving_variance": (4,),
        "dnn/logits/kernel": (4, 2),
        "dnn/logits/bias": (2,),
    }


def test_names_with_blanks_are_written_as_tensorflow_writes_them() -> None:
    column = fc.categorical_column_with_identity("job title/ä", 5)
    assert next(iter(linear_weights([column], 1))).name == "linear/linear_model/job_title__/weights"


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_told_from_slots_and_counters(name: str) -> None:
    """In real checkpoints: every weight is one, and what is none has the name of an optimizer or is the step."""
    for tensor in Checkpoint.open(DATA / name).names():
        other = ("Adagrad", "Ftrl", "training/", "global_step", "accumulator", "shared_embedding", "_CHECKPOINTABLE")
        assert is_weight(tensor) != any(word in tensor for word in other) or tensor.startswith("dnn/input_from"), tensor


def test_what_is_no_weight() -> None:
    assert (
        np.array([is_weight(n) for n in ("global_step", "dnn/hiddenlayer_0/kernel/Adam", "x/weights", "baseline/bias")]).sum()
        == 0
    )
