"""Text of a field whose type is known: what it spells is the value, by itself, in whatever it came."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import mmh3
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc

N = 1000

# of each type: what a CSV file says, the value that it is, and its canonical bytes
SPELLINGS: dict[str, list[tuple[str, Any, bytes]]] = {
    "boolean": [
        *((word, True, b"1") for word in ("true", "True", "TRUE")),
        *((word, False, b"0") for word in ("false", "False", "FALSE")),
        *((word, word, word.encode()) for word in ("tRUE", "yes", "1", "1.0", "NA", " True")),
    ],
    "integer": [
        *((str(n), n, str(n).encode()) for n in (0, 3, -7, 2**53 + 1, 2**64 - 1, -(10**30))),
        ("-0", 0, b"0"),
        ("1.0", 1.0, b"1"),
        ("2e3", 2000.0, b"2000"),
        *((word, word, word.encode()) for word in ("00501", "+1", " 1", "1.", "1.5", "True", "nan", "1e400")),
    ],
    "float": [
        ("1.0", 1.0, b"1"),
        ("-0.0", -0.0, b"0"),
        ("3", 3, b"3"),
        ("15e-1E", "15e-1E", b"15e-1E"),
        ("20.50e1", 205.0, b"205"),
        ("9007199254740993", 9007199254740993, b"9007199254740993"),
        *((word, word, word.encode()) for word in ("01.0", ".5", "inf", "True")),
    ],
    "decimal": [
        ("12.00", 12, b"12"),
        ("-1.50", Decimal("-1.5"), b"-1.5"),
        ("25e-3", Decimal("0.0250"), b"0.025"),
        ("12345678901234567890.0", 12345678901234567890, b"12345678901234567890"),
        ("7", 7, b"7"),
        ("1,5", "1,5", b"1,5"),
    ],
    "text": [(word, word, word.encode()) for word in ("True", "1.0", "-0", "007", "é", " x ")],
}


def ids(texts: list[bytes]) -> list[int]:
    return [mmh3.hash(text, 0, signed=False) % N for text in texts]


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_has_the_id_of_its_value(name: Any, tmp_path: Path) -> None:
    words, values, texts = zip(*SPELLINGS[name], strict=True)
    path = tmp_path / "x.csv"
    pd.DataFrame({"x": words, "y": 0}).to_csv(path, index=False)
    column = fc.Hashed(fc.Field("x", type=name), N)
    plan, dense = fc.compile([column]), fc.compile([fc.Indicator(column)])
    want = ids(list(texts))
    strings = [pa.table({"x": words}), pd.DataFrame({"x": pd.Categorical(words)}), {"x": list(words)}]
    for data in (str(path), {"x": list(values)}, [{"x": value} for value in values], *strings):
        assert plan.encode(data).ids["x"].values.tolist() == want
    for word, value, bucket in zip(words, values, want, strict=True):
        assert dense.transform_row({"x": word}).argmax() == dense.transform_row({"x": value}).argmax() == bucket
    lists = fc.compile([fc.Hashed(fc.Field("x", type=name, list=True), N)])
    assert lists.encode({"x": [list(words), None]}).ids["x"].values.tolist() == want


def test_literal_ids() -> None:
    columns = [fc.Hashed(fc.Field(key, type=key), N) for key in ("boolean", "integer", "float")]  # type: ignore[arg-type]
    found = fc.compile(columns).encode({"boolean": ["True", "F"], "integer": ["-0", "1.0"], "float": ["1.0", "3"]})
    assert {key: found.ids[key].values.tolist() for key in found.ids} == {
        "boolean": [939, 238],
        "integer": [207, 939],
        "float": [939, 300],
    }


def test_crosses_take_the_value(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\nTrue,3\nfalse,-0\n,7.0\nno,18446744073709551615\n")
    rows = [{"a": True, "b": 3}, {"a": False, "b": 0}, {"a": None, "b": 7.0}, {"a": "no", "b": 2**64 - 1}]
    fields = [fc.Field("a", type="boolean"), fc.Field("b", type="integer")]
    for hash in ("murmur3", "farmhash64"):
        plan = fc.compile([fc.Indicator(fc.Crossed(fields, N, hash=hash, keep_unseen=True))])  # type: ignore[arg-type]
        want = plan.transform(rows)
        np.testing.assert_array_equal(plan.transform(str(tmp_path / "x.csv")), want)
        np.testing.assert_array_equal([plan.transform_row(row) for row in rows], want)


@pytest.mark.parametrize(
    ("name", "words", "want"),
    [
        ("boolean", ["True", "FALSE", ""], [1.0, 0.0, -1.0]),
        ("integer", ["3", "-0", "1.5", "2e3", "123456789012345678901234567890"], [3, 0, 1.5, 2000, 1.2345678901234568e29]),
        ("float", ["0.1", "1", "", "0.30000000000000004"], [0.1, 1.0, -1.0, 0.30000000000000004]),
        ("decimal", ["0.1", "12.00"], [0.1, 12.0]),
    ],
)
def test_numbers_are_what_is_spelled(name: Any, words: list[str], want: list[float], tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\n" + "".join(f"{word},0\n" for word in words))
    plan = fc.compile([fc.Numeric(fc.Field("x", type=name), default=-1.0)])
    assert plan.transform(str(tmp_path / "x.csv"))[:, 0].tolist() == np.float32(want).tolist()
    if name != "float" and "." not in "".join(words):  # a category, too: the words of the file are coded
        plan = fc.compile([*plan.columns, fc.Hashed(fc.Field("x", type=name), 5, name="h")])
        assert plan.encode(str(tmp_path / "x.csv")).dense[:, 0].tolist() == np.float32(want).tolist()


@pytest.mark.parametrize(
    ("name", "word"),
    [("integer", "00501"), ("integer", " 5"), ("float", "+1"), ("float", "True"), ("boolean", "1"), ("float", "NA")],
)
def test_a_number_that_is_none_is_an_error(name: Any, word: str, tmp_path: Path) -> None:
    good = "True" if name == "boolean" else "1"
    (tmp_path / "x.csv").write_text(f"x,y\n{good},0\n{word},0\n")
    for column in (fc.Numeric(fc.Field("x", type=name)), fc.Bucketized(fc.Field("x", type=name), [0.5])):
        with pytest.raises(
            fc.DataError, match=f"the field is of type {name} in field 'x' at row 1, got '{word}'".replace("+", r"\+")
        ) as caught:
            fc.compile([column]).encode(str(tmp_path / "x.csv"))
        assert (caught.value.field, caught.value.row, caught.value.got) == ("x", 1, repr(word))


def test_text_of_a_frame_is_no_number() -> None:
    plan = fc.compile([fc.Numeric(fc.Field("x", type="integer"))])
    for data in ({"x": ["1"]}, pd.DataFrame({"x": ["1"]})):
        with pytest.raises(fc.DataError, match="needs a number"):
            plan.transform(data)
    with pytest.raises(fc.DataError, match="needs a number"):
        plan.transform_row({"x": "1"})


def test_integers_are_ids(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\n3,0\n1.0,0\n,0\n-0,0\n")
    plan = fc.compile([fc.Identity(fc.Field("x", type="integer"), 4)])
    assert plan.encode(str(tmp_path / "x.csv")).ids["x"].values.tolist() == [3, 1, -1, 0]
    assert plan.encode({"x": ["3", "1.0", None, "-0"]}).ids["x"].values.tolist() == [3, 1, -1, 0]
    (tmp_path / "x.csv").write_text("x,y\n3,0\n03,0\n")
    with pytest.raises(fc.DataError, match=r"needs an integer.*type integer.*row 1, got '03'"):
        plan.encode(str(tmp_path / "x.csv"))


def test_a_fraction_is_no_category(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\n1.0,0\n1.5,0\n")
    plan = fc.compile([fc.Hashed(fc.Field("x", type="float"), 5)])
    for data in (str(tmp_path / "x.csv"), {"x": [1.0, 1.5]}):
        with pytest.raises(fc.DataError, match=r"not a whole number below 2\^53 is not a category.*row 1"):
            plan.encode(data)


@pytest.mark.parametrize("name", ["timestamp", "date", "time", "duration"])
def test_types_that_no_column_reads_are_refused_from_csv_too(name: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\n,0\n2020-01-01,0\n")
    for column in (fc.Hashed(fc.Field("x", type=name), 5), fc.Numeric(fc.Field("x", type=name), default=0)):
        with pytest.raises(fc.DataError, match=f"row 1, got '2020-01-01' of type {name}"):
            fc.compile([column]).encode(str(tmp_path / "x.csv"))


def test_markers_are_removed_first_and_met_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\n-999,0\n-999.0,0\n?,0\n3.0,0\n")
    field = fc.Field("x", ("?", -999), type="integer")
    plan = fc.compile([fc.Hashed(field, N), fc.Numeric(field, default=-1.0, name="n")])
    found = plan.encode(str(tmp_path / "x.csv"))
    assert found.ids["x"].values.tolist() == [-1, -1, -1, 300]
    assert found.dense[:, 0].tolist() == [-1, -1, -1, 3]
    assert plan.encode({"x": [-999, -999.0, None, 3.0]}).ids["x"].values.tolist() == [-1, -1, -1, 300]
    dense = fc.compile([fc.Indicator(plan.columns[0])])
    assert [dense.transform_row({"x": x}).sum() for x in ("-999.0", "-999", "?", "3.0")] == [0, 0, 0, 1]


def test_given_terms_are_values(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x,y\nTrue,0\nFALSE,0\n")
    for terms in (["true", "False"], [True, False]):
        plan = fc.compile([fc.Vocabulary(fc.Field("x", type="boolean"), terms)])
        for data in (str(tmp_path / "x.csv"), {"x": [True, False]}, {"x": ["TRUE", "false"]}):
            assert plan.encode(data).ids["x"].values.tolist() == [0, 1]
    with pytest.raises(fc.ColumnError, match=r"two terms are the same in a field of type integer.*'1\.0'"):
        fc.compile([fc.Vocabulary(fc.Field("x", type="integer"), ["1", "1.0"])])
    with pytest.raises(fc.DataError, match="needs strings, as its terms are"):
        fc.compile([fc.Vocabulary(fc.Field("x", type="boolean"), ["yes", "no"])]).encode({"x": [True]})


def test_a_list_field_stays_a_list_whatever_a_batch_shows() -> None:
    """A5: chunks and rows in which all lists are null are lists: the same bits as the whole."""
    frame = pd.DataFrame({"tags": [["a", "b"], None, None, ["c", None]], "city": list("xyxy")})
    field = fc.Field("tags", type="text", list=True)
    cross = fc.Crossed([field, "city"], 50, keep_unseen=True)
    plan = fc.compile([fc.Indicator(cross), fc.Embedding(fc.Hashed(field, 9, name="e"), 2)])
    whole = plan.transform(frame)
    assert whole[1:3].sum() == 0
    for size in (1, 2, 3):
        for start in range(0, 4, size):
            part = frame.iloc[start : start + size]
            np.testing.assert_array_equal(plan.transform(part), whole[start : start + size])
            np.testing.assert_array_equal(plan.transform(part.to_dict("list")), whole[start : start + size])
            np.testing.assert_array_equal(plan.transform(part.to_dict("records")), whole[start : start + size])
    for row, want in zip(frame.to_dict("records"), whole, strict=True):
        np.testing.assert_array_equal(plan.transform_row(row), want)
    for missing in (pa.nulls(1), pa.nulls(1, pa.string()), pa.nulls(1, pa.list_(pa.string()))):
        np.testing.assert_array_equal(plan.transform(pa.table({"tags": missing, "city": ["y"]})), whole[1:2])


def test_numbers_in_lists_of_lists_stay_lists() -> None:
    plan = fc.compile([fc.Numeric(fc.Field("x", list=True), shape=(2,), default=0.5)])
    np.testing.assert_array_equal(plan.transform({"x": [[1.0, 2.0], [3.0, None]]}), [[1, 2], [3, 0.5]])
    typed, untyped = pa.nulls(1, pa.list_(pa.float64())), pa.nulls(1)
    got = []
    for data in (typed, untyped):
        try:
            got.append(plan.transform(pa.table({"x": data})).tolist())
        except fc.DataError as error:
            got.append(str(error))
    assert got[0] == got[1]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("of", [None, "integer", "float", "decimal", "learned"])
def test_integers_of_any_size_are_out_of_range_in_a_file_too(of: Any, shared: bool, tmp_path: Path) -> None:
    """E4, B3: Identity and check take an integer past 64 bits for one that is out of range, from CSV as from a table."""
    values = [1, 2**70, -(2**70), None, 2**63, 7]
    (tmp_path / "x.csv").write_text("i,other\n" + "".join(f"{'' if v is None else v},a\n" for v in values))
    path, table = str(tmp_path / "x.csv"), {"i": values, "other": ["a"] * 6}
    for choice, outside in (("drop", -1), (2, 2)):
        column = fc.Identity(fc.Field("i", type=None if of == "learned" else of), 3, out_of_range=choice)
        columns = [column, *([fc.Hashed(column.source, 9, name="h")] if shared else [])]  # which asks for a dictionary
        plan = fc.fit(columns, path) if of == "learned" else fc.compile(columns)
        for data in (path, table):
            assert plan.encode(data).ids["i"].values.tolist() == [1, outside, outside, -1, outside, outside]
            assert plan.check(data).fields["i"].out_of_range == pytest.approx(4 / 6)


def test_decimals_of_a_file_are_exact_integers(tmp_path: Path) -> None:
    """A decimal that is whole beyond 2^53 is an integer, as that of a table is."""
    (tmp_path / "x.csv").write_text("i,other\n9007199254740993.00,a\n-0.0,a\n9007199254740992.0,a\n")
    plan = fc.compile([fc.Identity(fc.Field("i", type="decimal"), 2**62, out_of_range="drop")])
    assert plan.encode(str(tmp_path / "x.csv")).ids["i"].values.tolist() == [2**53 + 1, 0, 2**53]


@pytest.mark.parametrize(
    ("marker", "texts", "values", "of", "missing"),
    [
        (1.5, ["1.5", "1.50", "2", "15e-1"], [1.5, 1.5, 2, 1.5], "integer", [True, True, False, True]),
        (-999, ["-999.0", "1", "-999", "-9.99e2"], [-999.0, 1, -999, -999.0], "integer", [True, False, True, True]),
        ("-999", ["-999.0", "1", "-999"], [-999.0, 1, -999], "integer", [True, False, True]),
        (2.0, ["2", "2.0", "1.0"], [2, 2.0, 1.0], "float", [True, True, False]),
        (True, ["True", "FALSE", "true"], [True, False, True], "boolean", [True, False, True]),
        ("NA", ["NA", "1", "2"], [None, 1, 2], "integer", [True, False, False]),
    ],
)
def test_markers_are_values_whatever_spells_them(
    marker: Any, texts: list[str], values: list[Any], of: str, missing: list[bool], tmp_path: Path
) -> None:
    """B3: numbers that are markers are removed before a type is learned, and are missing in a file, a table and a row."""
    (tmp_path / "x.csv").write_text("x,other\n" + "".join(f"{text},a\n" for text in texts))
    path, field = str(tmp_path / "x.csv"), fc.Field("x", missing=marker)
    number, category = fc.Numeric(field, default=-5, name="n"), fc.Indicator(fc.Hashed(field, N, name="h"))
    for columns in ([number], [category], [number, category]):
        plan = fc.fit(columns, path)
        assert plan.input_schema["x"] == (of, 0)
        found = plan.transform(path)
        absent = found[:, 0] == -5 if columns[0] is number else ~found.any(axis=1)
        assert absent.tolist() == missing
        np.testing.assert_array_equal(plan.transform({"x": values}), found)
        np.testing.assert_array_equal([plan.transform_row({"x": value}) for value in values], found)
        if columns == [category]:  # as a category, text is what it spells whatever it comes in
            np.testing.assert_array_equal(plan.transform({"x": [*texts, b"one more"]})[: len(texts)], found)
            np.testing.assert_array_equal([plan.transform_row({"x": text}) for text in texts], found)


@pytest.mark.parametrize(("marker", "of"), [("-999.0", "float"), ("1e3", "integer"), ("True", "boolean"), ("-0", "integer")])
def test_a_marker_that_is_the_text_of_a_value_is_refused(marker: str, of: str, tmp_path: Path) -> None:
    """B3, E6: it would be missing in a CSV file alone, and be a value in a table."""
    words = {"float": ["1.5", "-999.0"], "integer": ["5", "0"], "boolean": ["True", "False"]}[of]
    (tmp_path / "x.csv").write_text("x,other\n" + "".join(f"{word},a\n" for word in words))
    says = f"a missing marker is text, and the field is of type {of}"
    for column in (fc.Numeric(fc.Field("x", missing=marker), default=0), fc.Bucketized(fc.Field("x", missing=marker), [1])):
        with pytest.raises(fc.DataError, match=f"{says} in field 'x', got missing='{marker}'; declare it as the value: Field"):
            fc.fit([column], str(tmp_path / "x.csv"))
    with pytest.raises(fc.ColumnError, match=f"{says}, got '{marker}'; declare it as the value: missing="):
        fc.Field("x", missing=("?", marker), type=of)  # type: ignore[arg-type]
    assert fc.Field("x", missing=marker, type="text").missing == (marker,)


def test_a_value_in_place_of_a_list_is_a_list_of_it_beside_lists_too() -> None:
    """A5: docs/ids.md section 10; batches change nothing, and a missing value is an empty list."""
    rows: list[dict[str, Any]] = [{"x": x, "y": "b"} for x in ("a", ["a", "b"], "?", ["?"], None, [], [None], "c", 0, [0])]
    field = fc.Field("x", missing="?", list=True)
    columns = [fc.Indicator(fc.Crossed([field, "y"], 50, keep_unseen=True)), fc.Embedding(fc.Hashed(field, 9, name="e"), 2)]
    for plan in (fc.compile(columns), fc.fit(columns, rows)):
        want = np.stack([plan.transform_row(row) for row in rows])
        assert want[:, :50].sum(axis=1).tolist() == [1, 2, 0, 1, 0, 0, 1, 1, 1, 1]
        forms = rows, {key: [row[key] for row in rows] for key in "xy"}, pd.DataFrame(rows)
        for data in forms:
            np.testing.assert_array_equal(plan.transform(data), want)
            for size in (1, 2, 3):
                np.testing.assert_array_equal(np.concatenate(list(plan.transform_batches(data, size))), want)
        np.testing.assert_array_equal(plan.transform(iter(rows)), want)
        parts = [pd.DataFrame(part) for part in (rows[:1], rows[1:2], rows[2:])]  # of values alone, and of lists alone
        np.testing.assert_array_equal(np.concatenate(list(plan.transform_batches(iter(parts), 4))), want)
    says = r"x: needs a list, as other rows hold in field 'x' at row 0, got 'a'; give a list .* Field\('x', list=True\)"
    for run in (fc.compile([fc.Hashed("x", 9)]).encode, lambda data: fc.fit([fc.Hashed("x", 9)], data)):
        with pytest.raises(fc.DataError, match=says):
            run({"x": [row["x"] for row in rows]})
    with pytest.raises(fc.DataError, match="needs a list, as other rows hold"):
        fc.compile([fc.Numeric(field, shape=(2,))]).transform({"x": [[[1], 2], [[3], [4]]]})


@pytest.mark.parametrize("of", ["integer", "float", "decimal"])
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["1", "1.50", ".5"], "needs a whole number below 2^53"),
        (["1", ".5", "1.50"], "needs an integer, and the text does not"),
    ],
)
def test_the_first_bad_row_is_named_whatever_is_wrong_with_it(of: Any, words: list[str], what: str, tmp_path: Path) -> None:
    """B3: a fraction before a text that is not a number was passed over, unless each distinct value was looked at alone."""
    plan = fc.compile([fc.Identity(fc.Field("k", type=of), 9, out_of_range="drop")])
    (tmp_path / "a.csv").write_text("k,z\n" + "".join(f"{word},1\n" for word in words))
    for data in (
        {"k": words},
        pa.table({"k": pa.array(words).dictionary_encode()}),
        [{"k": w} for w in words],
        tmp_path / "a.csv",
    ):
        with pytest.raises(fc.DataError, match=rf"{what}.* at row 1, got '{words[1]}'".replace("^", r"\^")) as caught:
            plan.encode(data)
        assert caught.value.row == 1


def test_minus_zero_is_a_float_and_no_integer(tmp_path: Path) -> None:
    """As pyarrow reads a column of floats, and one of integers."""
    path = tmp_path / "a.csv"
    for text, floats, integers in (("-0", -0.0, 0.0), ("-0.0", -0.0, 0.0), ("0", 0.0, 0.0), ("-0e5", -0.0, 0.0)):
        path.write_text(f"x,y\n{text},1\n")
        for name, want in ((None, floats), ("float", floats), ("text", floats), ("integer", integers), ("decimal", integers)):
            got = fc.compile([fc.Numeric(fc.Field("x", type=name))]).transform(path)[0, 0]
            assert (got, np.signbit(got)) == (0.0, np.signbit(want)), (text, name)
        path.write_text(f"x,y\n{text},1\n1.5,2\n")
        assert np.signbit(fc.fit([fc.Numeric("x")], path).transform(path)[0, 0]) == np.signbit(floats)


def test_blanks_around_a_value_of_a_type_name_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,1\n 5 ,1\n")
    for name, column in (("float", fc.Numeric), ("integer", fc.Numeric), ("integer", lambda f: fc.Identity(f, 9))):
        with pytest.raises(fc.DataError, match=r"at row 1, got ' 5 '; it has blanks .* Field\('x', strip=True\) removes"):
            fc.compile([column(fc.Field("x", type=name))]).encode(path)
        fc.compile([column(fc.Field("x", type=name, strip=True))]).encode(path)
    path.write_text("x,y\n 05 ,1\n")  # no number of the type without the blanks either
    with pytest.raises(fc.DataError, match="mend the file, declare the text"):
        fc.compile([fc.Numeric(fc.Field("x", type="float"))]).encode(path)
