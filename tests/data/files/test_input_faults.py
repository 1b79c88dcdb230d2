"""Planted faults in how files are read: the tests of what they hold notice each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.files import test_csv_options as dialects
from tests.data.files import test_open_quotes as quotes
from tests.data.files import test_other_files as others
from tests.data.files import test_partitions as partitions
from tests.mutation.planting import CAUGHT, Fault, planted

pytestmark = pytest.mark.mutation

F = "featurecols.data.files"
Test = Callable[[Path], None]


def dialect(data: bytes | str, **options: object) -> Test:
    return lambda path: dialects.test_the_same_rows_in_any_dialect(path, data, options)


def refused(message: str, **options: object) -> Test:
    return lambda path: dialects.test_options_that_no_file_can_be_read_with(path, options, message)


def in_folders(path: Path) -> None:
    folder = partitions.folder.__wrapped__(path)  # type: ignore[attr-defined]
    partitions.test_jobs_keep_the_folders_and_their_fields(folder, path)


def several_types(path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        others.test_values_of_several_types_and_fields_that_come_late(path, patch)


COMMENTS = dialect("# made, by 'x\na,b\n1,x\n#2,y\n2,é\n#", comment="#")
LINES = others.test_json_lines_are_rows
FAULTS: list[tuple[Test, Fault]] = [
    (dialect("1,x\n2,é\n", header=None, names=["a", "b"]), Fault(f"{F}.csv_options:_parse_header", "header is None", "False")),
    (
        refused("two fields have one name", names=["a", "a"], header=None),
        Fault(f"{F}.csv_options:_parse_names", "names.count(name) > 1", "False"),
    ),
    (
        refused("quote is the separator", quote=","),
        Fault(f"{F}.csv_options:parse_options", 'separator or ","', "separator", also=("featurecols.data.csv_source",)),
    ),
    (
        refused("decimal and separator", decimal=","),
        Fault(f"{F}.csv_options:parse_options", "separator is None", "False", also=("featurecols.data.csv_source",)),
    ),
    (
        refused("unknown encoding", encoding="base64"),
        Fault(f"{F}.csv_options:_parse_encoding", 'b"x".decode(encoding, "replace")', "0"),
    ),
    (
        dialects.test_what_pandas_reads_with_the_same_options,
        Fault(f"{F}.csv_options:_parse_nulls", 'set(given) - {""}', "set()"),
    ),
    (
        dialects.test_a_decimal_mark_makes_numbers_of_text,
        Fault(f"{F}.decimal_marks:_join_equal", "coded.indices.take(codes)", "codes"),
    ),
    (dialects.test_a_decimal_mark_makes_numbers_of_text, Fault(f"{F}.decimal_marks:_refuse_point", "row >= 0", "False")),
    (COMMENTS, Fault(f"{F}.left_out:LeftOut._without_comments", "not inside", "False")),
    (
        dialect('Report "of, today\r\n\r\na,b\r\n1,x\r\n2,é\r\n', skip_rows=2),
        Fault(f"{F}.left_out:LeftOut.__init__", "_skip_lines(_lines(read), skip)", "_lines(read)"),
    ),
    (several_types, Fault(f"{F}.json_lines:JsonLinesFile._blocks", 'block.removeprefix(b"\\xef\\xbb\\xbf")', "block")),
    (
        lambda path: others.test_lines_that_are_not_rows(path, b'{"x": 1}\n[1]\n', "and it is list"),
        Fault(f"{F}.json_lines:JsonLinesFile._parse_rows", "not isinstance(row, dict)", "False"),
    ),
    (
        lambda path: others.test_lines_that_are_not_rows(path, b'{"x": 1}\n{"x": \n', "line 2 is not JSON"),
        Fault(f"{F}.json_lines:JsonLinesFile._wrong_line", "number + 1", "number"),
    ),
    (LINES, Fault(f"{F}.json_lines:JsonLinesFile._parse_typed", "pa.types.is_timestamp(field.type)", "False")),
    (
        others.test_compressed_csv,
        Fault(f"{F}.streams:_Unpacked.read", 'raise EOFError("it ends in the middle of its data")', 'return b""'),
    ),
    (
        others.test_compressed_csv,
        Fault(f"{F}.streams:_Unpacked.read", "self._decoder.unused_data or self._file.read(_BLOCK)", 'b""'),
    ),
    (others.test_compressed_csv, Fault(f"{F}.streams:_member", "len(files) != 1", "len(files) < 1")),
    (others.test_compressed_csv, Fault(f"{F}.streams:_member", 'm.filename.startswith("__MACOSX/")', "False")),
    (others.test_arrow_files_and_streams, Fault(f"{F}.arrow:ArrowFile.read", "at += 1", "at += 2")),
    (others.test_arrow_files_and_streams, Fault(f"{F}.arrow:ArrowFile.__init__", "start.startswith(OLD_FEATHER)", "False")),
    (in_folders, Fault(f"{F}.partitions:_repeat", "[text]", "[text or '']")),
    (in_folders, Fault(f"{F}.partitions:PartitionedFile.read", "need[0] not in asked", "True")),
    (
        lambda path: quotes.test_random_texts_end_where_the_parser_says(b","),
        Fault(f"{F}.open_quotes:follow", "(last - first) % 2", "True"),
    ),
    (
        lambda path: quotes.test_random_texts_end_where_the_parser_says(b","),
        Fault(f"{F}.open_quotes:follow", "data[first - 1] not in starts", "False"),
    ),
]


@pytest.mark.parametrize(("test", "fault"), FAULTS, ids=lambda value: str(value) if isinstance(value, Fault) else "")
def test_what_files_hold_notices(test: Test, fault: Fault, tmp_path: Path) -> None:
    with planted(fault), pytest.raises((*CAUGHT, AttributeError, KeyError)):
        test(tmp_path)
