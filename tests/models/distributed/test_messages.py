"""What processes of one training send each other."""

import numpy as np
import pytest

import featurecols as fc
from featurecols.models.autodiff.tape import IndexedSlices
from featurecols.models.distributed.messages import gradients_of, pack, pack_gradients, pack_rows, rows_of, unpack
from featurecols.models.errors import ModelError
from featurecols.models.input.examples import Examples, Layout


def test_rows_come_back() -> None:
    columns = [
        fc.Numeric("x"),
        fc.Hashed("c", 7),
        fc.Weighted(fc.Hashed("tags", 9), "w", name="tags"),
        fc.Sequence(fc.Numeric("s"), 2),
    ]
    data = {
        "x": [0.5, 2, 3],
        "c": ["a", "b", None],
        "tags": [["u"], [], ["v", "u"]],
        "w": [[2.0], [], [1.0, 3.0]],
        "s": [[1], [], [2, 3]],
    }
    plan = fc.compile(columns)
    layout = Layout(plan.encoded_slots)
    labels, weights = np.array([1, 0, 1]), np.array([1, 2, 3], np.float32)
    x = Examples.of(plan.encode(data), layout, labels, weights).slice(1, 3)
    found = rows_of(*unpack(pack_rows(x, (1, 3, 3))), layout)
    assert found["x"].tolist() == [[2.0], [3.0]]
    assert found.ids("c").values.tolist() == x.ids("c").values.tolist()
    tags, _ = found.ids("tags").elements()
    assert found.ids("tags").offsets.tolist() == [0, 0, 2]
    assert tags.weights is not None
    assert tags.weights.tolist() == [1.0, 3.0]
    assert found.labels.tolist() == [0, 1]
    assert found.weights.tolist() == [2, 3]
    assert {name: steps.tolist() for name, steps in found.lengths.items()} == {name: [0, 2] for name in x.lengths}


def test_gradients_come_back() -> None:
    given = {"b": np.array(2.5, np.float32), "t": IndexedSlices(np.array([4, 1]), np.ones((2, 3), np.float32), (5, 3))}
    about, arrays = unpack(pack_gradients("apply", 0.25, given))
    found = gradients_of(about, arrays)
    assert about["loss"] == 0.25
    assert list(found) == ["b", "t"]
    assert found["b"].shape == ()
    assert found["b"] == np.float32(2.5)
    assert found["t"].dense().tolist() == [[0] * 3, [1] * 3, [0] * 3, [0] * 3, [1] * 3]


@pytest.mark.parametrize("cut", [3, 20, 130])
def test_a_message_that_was_cut_short_is_an_error(cut: int) -> None:
    message = pack({"kind": "step"}, {"a": np.arange(30.0)})
    with pytest.raises(ModelError, match="a message is damaged"):
        unpack(message[:cut])


def test_types_of_objects_are_no_message() -> None:
    message = pack({"kind": "step"}, {"a": np.arange(2.0)}).replace(b"<f8", b"|O8")
    with pytest.raises(ModelError, match="a message is damaged"):
        unpack(message)
