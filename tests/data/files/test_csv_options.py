"""CSV files that are written in another way: what fc.csv reads of them, and what errors say of those that were read wrongly."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols.data.files.left_out import LeftOut

WORDS = fc.Vocabulary("b", ["x", "y", "é"])
COLUMNS = [fc.Numeric("a", default=-1.0), WORDS]


def write(folder: Path, data: bytes | str, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder / name


def values(path: Path, key: str = "b", **options: object) -> list[object]:
    """What fc.csv reads of one field."""
    source = fc.csv(path, **options)  # type: ignore[arg-type]
    return [v for batch in source.batches([(key, "category")]) for v in batch.field(key).to_pylist()]


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("a;b\n1;x\n2;é\n", {"separator": ";"}),
        ("a|b\n1|x\n2|é\n", {"separator": "|", "header": 0}),
        ("1,x\n2,é\n", {"header": None, "names": ["a", "b"]}),
        ("p,q\n1,x\n2,é\n", {"header": True, "names": ["a", "b"]}),
        ("\n\np,p\n1,x\n2,é\n", {"header": 0, "names": ["a", "b"]}),
        ("a,b\n1,x\n2,é\n".encode("latin-1"), {"encoding": "latin-1"}),
        ("a,b\n1,x\n2,é\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("a,b\n1,'x'\n2,'é'\n", {"quote": "'"}),
        ("# made, by 'x\na,b\n1,x\n#2,y\n2,é\n#", {"comment": "#"}),
        ('Report "of, today\r\n\r\na,b\r\n1,x\r\n2,é\r\n', {"skip_rows": 2}),
        ('"\n//\na;b\r//1;y\r1;x\r2;é', {"skip_rows": 1, "comment": "//", "separator": ";"}),
    ],
)
def test_the_same_rows_in_any_dialect(tmp_path: Path, data: bytes | str, options: dict[str, object]) -> None:
    path = write(tmp_path, data, "rows")
    assert values(path, "a", **options) == ["1", "2"]
    assert values(path, "b", **options) == ["x", "é"]
    plan = fc.compile(COLUMNS)
    assert plan.encode(fc.csv(path, **options)).ids["b"].values.tolist() == [0, 2]  # type: ignore[arg-type]


def test_what_pandas_reads_with_the_same_options(tmp_path: Path) -> None:
    """An independent reader: all options at once."""
    text = "made by us\n#a;b\n1,5;'x;y'\n#3;3\n-,25e1;NA\n'?';'it''s'\n7;\n"
    path = write(tmp_path, text.encode("cp1252"))
    said = {"header": None, "names": ["a", "b"], "decimal": ",", "comment": "#", "encoding": "cp1252"}
    frame = pd.read_csv(path, sep=";", quotechar="'", na_values=["NA", "?"], keep_default_na=False, skiprows=1, **said)  # type: ignore[call-overload]
    source = fc.csv(path, separator=";", quote="'", nulls=("NA", "?"), skip_rows=1, **said)  # type: ignore[arg-type]
    batch = next(source.batches([("a", "number"), ("b", "category")]))
    assert batch.field("a").numbers().values.tolist()[:2] == frame["a"].tolist()[:2] == [1.5, -2.5]
    assert batch.field("a").to_pylist()[2] is None
    assert batch.field("b").to_pylist() == ["x;y", None, "it's", None]
    assert frame["b"].tolist()[::2] == ["x;y", "it's"]


def test_a_decimal_mark_makes_numbers_of_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a;b\n1,5;1,5\n2;1.5\n;1,2,3\n")
    source = fc.csv(path, separator=";", decimal=",")
    plan = fc.fit([fc.Numeric("a", default=0.0), fc.Vocabulary("b", fc.TopTerms(5))], source)
    found = plan.encode(source)
    assert found.dense.tolist() == [[1.5], [2.0], [0.0]]
    assert found.ids["b"].values.tolist() == [0, 0, 1]
    with pytest.raises(fc.DataError, match=r"a number has a point, .* 'b' at row 1, got '1.5'; take marks of thousands"):
        fc.fit([fc.Numeric("b")], source)


def test_names_that_no_header_gives(tmp_path: Path) -> None:
    path = write(tmp_path, "1\n\n3\n")
    assert values(path, "f0", header=None) == ["1", None, "3"]
    assert values(path, "h", header=False, names=["h"]) == ["1", None, "3"]
    assert values(path, "h", header=True, names=["h"]) == [None, "3"]
    with pytest.raises(fc.DataError, match=r"has 1 fields, and 2 names were given, got 'a', 'b'; give a name for every field"):
        values(path, "a", header=None, names=["a", "b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n1;x\n", r"a: field is not in .*; its lines have ';' in them, .* give fc.csv\(path, separator=';'\)"),
        ("a\tb\n1\tx\n", r"--separator '\\t'"),
        ('"a";"b"\n1,5;x\n2,5;y\n', r"Expected 1 columns, got 2: .*; its lines have ';' in them"),
        ("1,x\n2,y\n", r"the first row looks like values: .* header=None, names=\[...\]\) \(--no-header --names a,b,c\)"),
        ("b,c\nx,y\n", r"the data has 'b', 'c'"),
    ],
)
def test_errors_name_the_option_that_is_missing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(fc.DataError, match=message):
        fc.fit(COLUMNS, write(tmp_path, text))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"separator": "||"}, r'separator must be one ASCII character, got \'\|\|\'; give separator=";"'),
        ({"decimal": ","}, "decimal and separator are one character, got ','; give separator=\";\""),
        ({"header": 1}, "skip_rows= leaves lines out before it"),
        ({"names": ["a"]}, r"give header=None \(--no-header\) for a file without a header"),
        ({"names": ["a", "a"], "header": None}, "two fields have one name, got 'a'"),
        ({"encoding": "klingon"}, "unknown encoding, got 'klingon'"),
        ({"encoding": "base64"}, "unknown encoding"),
        ({"nulls": [1]}, "nulls must be texts"),
        ({"comment": ""}, "comment must be what lines begin with"),
        ({"skip_rows": -1}, "skip_rows must be a number of lines"),
        ({"quote": ","}, "quote is the separator"),
        ({"decimal": None}, "decimal must be one ASCII character, got None"),
        ({"header": np.array([0, 1])}, "header says whether the first row holds the names"),
        ({"decimal": "5"}, "decimal must be a mark that no number has otherwise, got '5'"),
        ({"decimal": "-"}, "decimal must be a mark that no number has otherwise"),
        ({"comment": ","}, "comment begins with the separator or the quote"),
        ({"comment": "'#", "quote": "'"}, "comment begins with the separator or the quote"),
        ({"sep": ";"}, r"no argument is called 'sep'; did you mean separator\?"),
    ],
)
def test_options_that_no_file_can_be_read_with(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises((fc.ColumnError, fc.ArgumentError), match=message):
        fc.csv(write(tmp_path, "a,b\n"), **options)  # type: ignore[arg-type]


def test_damage_is_an_error_in_every_encoding(tmp_path: Path) -> None:
    open_quote = write(tmp_path, 'a,b\n1,"x\n\n'.encode("utf-16"))
    with pytest.raises(fc.DataError, match="a quote in the last column is not closed"):
        values(open_quote, encoding="utf-16")
    with pytest.raises(fc.DataError, match=r"text is not utf-16; give the encoding"):
        values(write(tmp_path, b"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\x00\xd8\n\x00"), encoding="utf-16")
    with pytest.raises(fc.DataError, match="is not a CSV file, whose options were given"):
        values(write(tmp_path, b"PAR1 and so on", "rows"), separator=";")


def test_a_folder_and_a_list_and_a_pickled_source(tmp_path: Path) -> None:
    for name in ("a.csv", "b.txt", "c.data", "_d.csv", "e.json"):
        write(tmp_path, "a;b\n1;x\n", name)
    source = fc.csv(tmp_path, separator=";")
    assert [Path(path).name for path in source.paths] == ["a.csv", "b.txt", "c.data"]
    again = pickle.loads(pickle.dumps(source.part(source.fragments()[1:])))
    assert [Path(path).name for path in again.paths] == ["b.txt", "c.data"]
    assert fc.compile(COLUMNS).encode(again).ids["b"].values.tolist() == [0, 0]


def test_jobs_take_options_and_know_them(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = write(tmp_path / "in", "a;b\n1;x\n", "rows.txt")
    plan = fc.compile([fc.Numeric("a")])
    done = plan.transform_files(fc.csv(tmp_path / "in", separator=";"), tmp_path / "out", keep="b", new_only=True)
    assert (done.rows, [p.name for p in (tmp_path / "out").glob("[a-z]*")]) == (1, ["rows.parquet"])
    assert pd.read_parquet(tmp_path / "out" / "rows.parquet")["b"].tolist() == ["x"]
    with pytest.raises(fc.OutputError):
        plan.transform_files(fc.csv(tmp_path / "in", separator=";", nulls="NA"), tmp_path / "out", keep="b", new_only=True)
    with pytest.raises(fc.DataError, match="is neither Parquet, CSV, JSON lines nor Arrow by its name"):
        plan.transform_files(path, tmp_path / "other")


def test_lines_are_left_out_however_the_text_comes() -> None:
    """The answer does not depend on how many bytes are read at a time."""
    text = b'\xef\xbb\xbfone\r\ntwo\n#a\r\n1,"#\n#b"\n#"\n2\n#c'
    for size in (1, 2, 3, 7, 100):
        given = [text[i : i + size] for i in range(0, len(text), size)]
        left = LeftOut(lambda n, given=given: given.pop(0) if given else b"", 2, b"#", b'"', b",")  # type: ignore[misc]
        assert b"".join(iter(lambda left=left: left.read(5), b"")) == b'1,"#\n#b"\n2\n'  # type: ignore[misc]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["a,b\n1,x\n", "a;b\n1;\u00e9\n", "x,y\n" + "1,2\n" * 500])
def test_text_of_two_bytes_a_character_names_its_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    way = rf'it looks like {encoding}: give fc.csv\(path, encoding="{encoding}"\) \(--encoding {encoding}\)'
    with pytest.raises(fc.DataError, match=way):
        fc.compile([fc.Numeric("a")]).transform(write(tmp_path, text.encode(encoding)))
    (tmp_path / "ok.csv").write_bytes(b"a,b\n1,x\0\0\n2,\0\n")  # NULs alone are no other encoding
    assert fc.compile([fc.Numeric("a")]).transform(tmp_path / "ok.csv").tolist() == [[1], [2]]


@pytest.mark.parametrize("header", [True, False])
def test_a_row_of_another_width_is_named(tmp_path: Path, header: bool) -> None:
    start = "a,b\n" if header else ""
    for rows, row in (('1,"x\n,y"\n\n2,"z""q"\n3\n', 2), ("1,x\n2,y,z\n3,w\n", 1), ("1,x\n" * 70_000 + "2\n", 70_000)):
        path = write(tmp_path, start + rows)
        source = path if header else fc.csv(path, header=None, names=["a", "b"])
        with pytest.raises(fc.DataError, match=r"Expected 2 columns, got [13].*; put quotes around") as caught:
            fc.compile([fc.Numeric("a")]).transform(source)
        assert (caught.value.row, "Row #" in str(caught.value)) == (row, False)


@pytest.mark.parametrize("text", ["1,5", "1.234,5", "-1.234.567", "1,234.5", "12,345,678"])
def test_numbers_with_commas_name_the_decimal_mark(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, f"a;b\n1;x\n{text};y\n")
    for column in (fc.Numeric("a"), fc.Numeric(fc.Field("a", type="float")), fc.Identity("a", 3)):
        with pytest.raises(
            fc.DataError, match=r"at row 1, got .*; give fc.csv\(path, decimal=\",\"\) .* and take marks of thousands"
        ):
            fc.compile([column]).encode(fc.csv(path, separator=";"))
    with pytest.raises(fc.DataError, match=r"""all that is no number as Field\('a', invalid="missing"\)"""):
        fc.compile([fc.Numeric("a")]).encode(write(tmp_path, "a,b\n5 km,x\n"))


def test_names_that_another_mark_separates(tmp_path: Path) -> None:
    for mark, text in ((":", "a:b\n1:2\n"), (" ", "a b\n1 2\n"), (";", "a;b,c\n1;2,5\n2;3,5\n")):
        with pytest.raises(
            fc.DataError, match=rf"name has '{mark}' in it: read the file with fc.csv\(path, separator='{mark}'\)"
        ):
            fc.compile([fc.Numeric("a")]).transform(write(tmp_path, text))
    with pytest.raises(fc.DataError, match=r"the data has 'user id', 'b'$"):
        fc.compile([fc.Numeric("id")]).transform(write(tmp_path, "user id,b\n1,2\n"))


def test_what_is_no_path(tmp_path: Path) -> None:
    for path in ([3, 1], b"x.csv", [None], [tmp_path / "x.csv", 3]):
        with pytest.raises(fc.DataError, match=r"got (int|bytes|NoneType) in place of a path; give a path, or a list of paths"):
            fc.csv(path)  # type: ignore[arg-type]


def test_a_title_before_the_header_names_skip_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "Report of today\na,b\n1,x\n")
    with pytest.raises(
        fc.DataError, match=r"at row 0, .*the first line has one value: leave it out, fc.csv\(path, skip_rows=1\)"
    ):
        fc.compile([fc.Numeric("a")]).transform(path)
    assert fc.compile([fc.Numeric("a")]).transform(fc.csv(path, skip_rows=1)).tolist() == [[1]]


def test_options_that_leave_nothing_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "# a\n# b\n")
    for options in ({"comment": "#"}, {"skip_rows": 2}, {"skip_rows": 20}):
        with pytest.raises(fc.DataError, match="Empty CSV file; skip_rows= and comment= leave nothing of it"):
            fc.compile([fc.Numeric("a")]).transform(fc.csv(path, **options))  # type: ignore[arg-type]
