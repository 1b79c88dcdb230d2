import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featurecols.data import arrow_buffers
from featurecols.data.fields.convert import view_of


def split(offsets: Any, data: Any) -> list[bytes]:
    return [data[a:b].tobytes() for a, b in itertools.pairwise(offsets)]


@pytest.mark.parametrize("start", range(0, 20))
@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 17])
def test_bitmaps_of_slices(start: int, length: int) -> None:
    values = [None if i % 3 == 0 else i for i in range(64)]
    array = pa.array(values).slice(start, 40)
    found = arrow_buffers.Valid(array).rows(2, 2 + length)
    expected = [v is not None for v in values[start + 2 : start + 2 + length]]
    assert (np.ones(length, bool) if found is None else found).tolist() == expected


def test_no_bitmap_where_nothing_is_null() -> None:
    array = pa.array([None, 1, 2, 3])[1:]
    assert arrow_buffers.Valid(array).rows(0, 3) is None
    assert arrow_buffers.Valid(pa.array([1, 2])).bits is None
    assert arrow_buffers.Valid(pa.array([], pa.int8())).rows(0, 0) is None


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
)
def test_primitives_in_place(kind: str) -> None:
    array = pa.array(np.arange(10, dtype=kind))
    found = arrow_buffers.primitive(array[3:7])
    assert found.dtype == np.dtype(kind)
    assert found.tolist() == [3, 4, 5, 6]
    assert found.__array_interface__["data"][0] == array.buffers()[1].address + 3 * found.itemsize
    assert arrow_buffers.primitive(array[:0]).tolist() == []


def test_booleans_of_slices() -> None:
    values = [bool(i * i % 5 % 2) for i in range(40)]
    for start in range(17):
        assert arrow_buffers.primitive(pa.array(values)[start : start + 19]).tolist() == values[start : start + 19]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_texts_in_place(kind: Any) -> None:
    array = pa.array(["zero", None, "", "žluť", "end"], kind)
    offsets, data = arrow_buffers.texts(array[1:4])
    assert split(offsets, data) == [b"", b"", "žluť".encode()]
    assert data.__array_interface__["data"][0] == array.buffers()[2].address
    assert [part.tolist() for part in arrow_buffers.texts(array[:0])] == [[0], []]


def test_texts_of_one_width() -> None:
    array = pa.array([b"abc", None, b"ghi", b"xyz"], pa.binary(3))
    offsets, data = arrow_buffers.texts(array[2:])
    assert offsets.tolist() == [0, 3, 6]
    assert data.tobytes() == b"ghixyz"


def test_equal_to() -> None:
    words = [b"?", b"", b"a?", b"?", b"??", b"b", b"na\0", b"na"]
    offsets, data = arrow_buffers.texts(pa.array(words))
    for word in [*words, b"none", b"\0"]:
        assert arrow_buffers.equal_to(offsets, data, word).tolist() == [w == word for w in words]
    assert arrow_buffers.equal_to(offsets[3:6], data, b"?").tolist() == [True, False]


@pytest.mark.parametrize("functions", [True, False])
def test_decimals(functions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.compute

    if not functions:
        monkeypatch.delitem(sys.modules, pyarrow.compute.__name__)
    for dtype, numbers in (
        (np.int64, [0, -1, 7, 10, -(2**63), 2**63 - 1]),
        (np.uint64, [0, 2**64 - 1]),
        (np.int64, []),
    ):
        offsets, data = arrow_buffers.decimals(np.array(numbers, dtype))
        assert [data[a:b].tobytes() for a, b in itertools.pairwise(offsets)] == [b"%d" % n for n in numbers]
        assert offsets.dtype == np.int32


def parts(array: pa.Array) -> list[Any]:
    offsets, elements = arrow_buffers.list_parts(array)
    assert offsets.dtype == np.int64
    assert offsets[0] == 0
    assert offsets[-1] == len(elements)
    flat = elements.to_pylist()
    return [flat[a:b] for a, b in itertools.pairwise(offsets)]


LISTS = [[1, 2], None, [], [3, None], [4], None, [5, 6, 7]]


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int32()), pa.large_list(pa.int32()), pa.list_view(pa.int32()), pa.large_list_view(pa.int32())]
)
def test_lists_of_every_layout(kind: Any) -> None:
    array = pa.array(LISTS, kind)
    for start in range(8):
        for stop in range(start, 8):
            assert parts(array[start:stop]) == [row or [] for row in LISTS[start:stop]]


def test_lists_of_one_size() -> None:
    rows = [[1, 2], None, [3, None], None, [7, 8]]
    array = pa.array(rows, pa.list_(pa.int32(), 2))
    for start in range(6):
        for stop in range(start, 6):
            assert parts(array[start:stop]) == [row or [] for row in rows[start:stop]]


def test_a_null_list_may_own_elements() -> None:
    array = pa.ListArray.from_arrays(
        pa.array([0, 2, 3, 5], pa.int32()), pa.array([1, 2, 3, 4, 5]), mask=pa.array([False, True, False])
    )
    assert array.values.to_pylist() == [1, 2, 3, 4, 5]
    assert parts(array) == [[1, 2], [], [4, 5]]


def test_list_views_in_any_order() -> None:
    array = pa.ListViewArray.from_arrays(
        pa.array([3, 0, 1, 3], pa.int32()), pa.array([2, 1, 3, 0], pa.int32()), pa.array([1, 2, 3, 4, 5])
    )
    assert parts(array) == [[4, 5], [1], [2, 3, 4], []]
    assert parts(array[1:3]) == [[1], [2, 3, 4]]


def test_settled_types() -> None:
    assert arrow_buffers.settled(pa.array(["a" * 20, None], pa.string_view())).to_pylist() == ["a" * 20, None]
    assert arrow_buffers.settled(pa.array([b"a", None], pa.binary_view())).type == pa.large_binary()
    import pyarrow.compute as pc

    assert arrow_buffers.settled(pc.run_end_encode(pa.array([1, 1, None]))).to_pylist() == [1, 1, None]
    tensors = pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), (2,)), pa.array([[1, 2]], pa.list_(pa.int32(), 2))
    )
    assert arrow_buffers.settled(tensors).type == pa.list_(pa.int32(), 2)
    lists = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array([["a"], ["b", "c"]]))
    assert arrow_buffers.settled(lists).to_pylist() == [["b", "c"], ["a"]]


def test_joined_dictionaries() -> None:
    a = pa.array(["x", "y"]).dictionary_encode()
    b = pa.array(["y", None, "z"]).dictionary_encode()
    assert arrow_buffers.joined([a, b]).to_pylist() == ["x", "y", "y", None, "z"]
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array([None, "w"]))
    assert arrow_buffers.joined([a, odd]).to_pylist() == ["x", "y", None, "w"]
    many = [
        pa.array([f"{k}-{i}" for i in range(100)]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
        for k in range(2)
    ]
    assert arrow_buffers.joined(many).to_pylist() == [f"{k}-{i}" for k in range(2) for i in range(100)]


def test_one_array() -> None:
    assert arrow_buffers.one_array(pa.chunked_array([], pa.int32())).to_pylist() == []
    assert arrow_buffers.one_array(pa.chunked_array([], pa.dictionary(pa.int8(), pa.string()))).to_pylist() == []
    assert arrow_buffers.one_array(pa.chunked_array([["a"], [None, "b"]], pa.string_view())).to_pylist() == ["a", None, "b"]


@pytest.mark.parametrize(
    "values",
    [
        ["a", "", "é\0", None],
        [None, 3, -(2**63), 2**63 - 1],
        [0.5, float("nan"), None, -0.0],
        [True, None, False] * 5,
        [1, 2.5],
        [None, None],
        [],
        [[1], None],
        [b"a", None],
        ["a", b"b"],
    ],
)
def test_python_values_without_pandas_are_what_pyarrow_makes_of_them(
    values: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)  # imported or not, as other tests have it
    found, expected = arrow_buffers.of_python(values), pa.array(values, from_pandas=False)
    found.validate(full=True)
    assert found.type == expected.type
    assert str(found) == str(expected)
    assert found.null_count == expected.null_count


class Loud(str):
    def __str__(self) -> str:
        return "loud"

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("texts", [["a", Loud("bcd"), "e"], ["é", Loud("bcd")], ["a", Loud("é"), None]])
def test_texts_without_pandas_are_their_characters_and_not_what_their_class_prints(
    texts: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    assert view_of("k", texts).to_pylist() == [None if text is None else "".join([text]) for text in texts]


def test_python_values_that_no_type_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    with pytest.raises(UnicodeError):
        arrow_buffers.of_python(["\ud800"])
    with pytest.raises(arrow_buffers.REFUSED):
        arrow_buffers.of_python([2**63])


def test_the_first_calls_with_python_values_import_no_pandas_and_no_functions_of_arrow() -> None:
    code = """
import sys, featurecols as fc
plan = fc.compile([fc.Numeric("a"), fc.Indicator(fc.Vocabulary("b", ["x"])), fc.Indicator(fc.Crossed(["a", "b"], 10))])
assert plan.transform_row({"a": 1, "b": "x"})[:2].tolist() == [1, 1]
assert "pyarrow.compute" not in sys.modules
plan.transform({"a": [1, 2, 3], "b": ["x", None, "y"]})
plan.transform({"a": [1, 2, 3] * 500, "b": ["x", None, "y"] * 500})
assert not {"pandas", "pyarrow.compute"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
