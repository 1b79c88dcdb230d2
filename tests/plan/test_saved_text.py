"""plan.json as a reviewer sees it: what it tells, what a change of the plan changes in it, and what a change of it does."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols as fc

MANY = [f"term {i}" for i in range(60)]
DATA: dict[str, Any] = {
    "age": [31.0, None, 50.0, 18.5] * 15,
    "job": ["nurse", "pilot", "nurse", None] * 15,
    "city": MANY,
    "spread": [i / 7 for i in range(60)],
}
JOB = fc.Vocabulary("job", fc.TopTerms(3), num_oov_buckets=1)
COLUMNS = [
    fc.Numeric("age", default=fc.Median(), normalizer=[fc.Clip(0, float("inf")), fc.ZScore()]),
    fc.Indicator(fc.Bucketized("age", fc.Quantiles(3))),
    fc.Indicator(JOB),
    fc.Indicator(fc.Vocabulary("city", fc.TopTerms(None))),
    fc.Indicator(fc.Vocabulary("city", MANY, name="Städte")),
    fc.Indicator(fc.Bucketized("spread", fc.Quantiles(60))),
    fc.Indicator(fc.Crossed([JOB, "city"], 10)),
    fc.Embedding(fc.Hashed("job", 10), 2, table="tags"),
]
TABLES = {"tags": np.arange(20, dtype=np.float32).reshape(10, 2)}


def made(columns: list[fc.Column] = COLUMNS, data: Any = DATA) -> fc.Plan:
    plan = fc.fit(columns, data)
    return plan.with_tables(TABLES) if plan.tables else plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made().save(tmp_path / "plan")
    return tmp_path / "plan"


def document(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "plan.json").read_text("utf-8"), parse_constant=lambda name: pytest.fail(name))


def same(a: fc.Plan, b: fc.Plan) -> None:
    assert a == b
    assert a.to_bytes() == b.to_bytes()
    assert a.transform(DATA).tobytes() == b.transform(DATA).tobytes()


# What it tells --------------------------------------------------------------------------------------------------------


def test_columns_stand_under_their_names_with_what_they_learned(folder: Path) -> None:
    found = document(folder)
    assert list(found) == [
        "format",
        "created_by",
        "fingerprint",
        "fields_digest",
        "tables_digest",
        "fields",
        "columns",
        "tables",
    ]
    assert (found["format"], found["created_by"]) == (2, f"featurecols {fc.__version__}")
    assert found["fingerprint"] == made().fingerprint
    assert found["tables_digest"] == made().tables_digest
    assert list(found["columns"]) == [column.name for column in COLUMNS]
    assert found["columns"]["age"] == {
        "type": "Numeric.v1",
        "source": "age",
        "default": {"type": "Median.v1"},
        "normalizer": [{"type": "Clip.v1", "min": 0.0, "max": {"float": "inf"}}, {"type": "ZScore.v1"}],
        "learned": {
            "default": {"value": 31.0},
            "normalizer_1": {"count": 45, "max": 50.0, "mean": 33.166666666666664, "min": 18.5, "std": 12.950761453374941},
        },
    }
    assert found["columns"]["job_indicator"]["source"] == {
        "type": "Vocabulary.v1",
        "source": "job",
        "terms": {"type": "TopTerms.v1", "n": 3},
        "num_oov_buckets": 1,
        "learned": {"terms": [["term", "count"], ["nurse", 30], ["pilot", 15]]},
    }
    assert found["columns"]["city_X_job_indicator"]["source"]["sources"] == [
        found["columns"]["job_indicator"]["source"],
        "city",
    ]


def test_long_lists_are_a_head_a_count_and_a_digest_with_the_whole_in_a_file(folder: Path) -> None:
    columns = document(folder)["columns"]
    learned = columns["city_indicator"]["source"]["learned"]["terms"]
    text = (folder / "terms-city.jsonl").read_bytes()
    assert learned == {
        "count": 60,
        "head": [[f"term {i}", 1] for i in (0, 1, 10, 11, 12)],
        "file": "terms-city.jsonl",
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    assert text.splitlines()[2:4] == [b'["term 10", 1]', b'["term 11", 1]']
    given = columns["Städte_indicator"]["source"]["terms"]
    assert (given["count"], given["head"]) == (60, MANY[:5])
    assert [json.loads(line) for line in (folder / given["file"]).read_text().splitlines()] == MANY
    boundaries = columns["spread_bucketized_indicator"]["source"]["learned"]["boundaries"]["boundaries"]
    assert (boundaries["dtype"], boundaries["shape"], boundaries["head"][:2]) == ("<f8", [59], [1 / 7, 2 / 7])
    files = ["learned.safetensors", "plan.json", "terms-St_dte-87b60bf5.jsonl", "terms-city.jsonl"]
    assert sorted(os.listdir(folder)) == files
    same(fc.load(folder), made())


def test_floats_and_bytes_come_back_bit_by_bit(tmp_path: Path) -> None:
    data = {"x": [5e-324, -0.0, 1 / 3, 1.7976931348623157e308, None], "b": [b"\xff\x00", "ü".encode(), b"", b"\xff\x00", b"a"]}
    plan = fc.fit(
        [
            fc.Numeric("x", default=fc.Median(), normalizer=fc.MinMax()),
            fc.Indicator(fc.Bucketized("x", fc.Quantiles(4))),
            fc.Indicator(fc.Vocabulary("b", fc.TopTerms(None))),
            fc.Numeric("x", default=float("nan"), normalizer=fc.Clip(float("-inf"), -0.0), name="open"),
        ],
        data,
    )
    plan.save(tmp_path)
    again = fc.load(tmp_path)
    assert again.to_bytes() == plan.to_bytes()
    assert again.transform(data).tobytes() == plan.transform(data).tobytes()
    assert document(tmp_path)["columns"]["b_indicator"]["source"]["learned"]["terms"][1] == [{"hex": "ff00"}, 2]


def test_two_columns_inside_others_may_have_one_name(tmp_path: Path) -> None:
    columns = [fc.Indicator(fc.Vocabulary("city", fc.TopTerms(n), num_oov_buckets=n), name=f"first {n}") for n in (55, 58)] + [
        fc.Indicator(fc.Bucketized(fc.Numeric("spread", default=d), fc.Quantiles(60)), name=f"at {d}") for d in (0, 1)
    ]
    plan = made(columns)
    plan.save(tmp_path)
    assert {"terms-city.jsonl", "terms-city-2.jsonl"} < set(os.listdir(tmp_path))
    same(fc.load(tmp_path), plan)


# What a change of the plan changes ------------------------------------------------------------------------------------


def texts(plan: fc.Plan, folder: Path) -> dict[str, list[str]]:
    """Return the lines of all text files of a plan, saved into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    plan.save(folder)
    return {p.name: p.read_text("utf-8").splitlines() for p in sorted(folder.iterdir()) if p.suffix in (".json", ".jsonl")}


def changes(old: dict[str, list[str]], new: dict[str, list[str]]) -> list[str]:
    """Return the lines that `git diff` shows as removed or added, without that of the fingerprint, which always changes."""
    found = []
    for name in sorted({*old, *new}):
        lines = difflib.unified_diff(old.get(name, []), new.get(name, []), "old", "new", lineterm="", n=0)
        found += [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    marks = [line for line in found if line[1:].startswith(' "fingerprint": ')]
    assert [mark[0] for mark in marks] == ["-", "+"]
    return [line for line in found if line not in marks]


def test_a_type_that_was_changed_is_refused(folder: Path) -> None:
    text = (folder / "plan.json").read_text("utf-8")
    changed = text.replace('"age": {"type": "float"}', '"age": {"type": "float", "list_depth": 1}')
    assert changed != text
    (folder / "plan.json").write_text(changed, "utf-8")
    with pytest.raises(fc.SavedPlanError, match="has other types of fields than it was saved with"):
        fc.load(folder)


def test_a_plan_that_has_no_digest_of_its_types_loads(folder: Path) -> None:
    text = (folder / "plan.json").read_text("utf-8")
    (folder / "plan.json").write_text(re.sub(', "fields_digest": "[0-9a-f]{32}"', "", text), "utf-8")
    same(fc.load(folder), made())


@pytest.mark.parametrize("at", range(len(COLUMNS)))
def test_a_column_that_is_added_adds_its_lines_and_changes_no_others(at: int, tmp_path: Path) -> None:
    whole = texts(made(), tmp_path / "whole")
    name = COLUMNS[at].name
    rest = texts(made(COLUMNS[:at] + COLUMNS[at + 1 :]), tmp_path / "rest")
    found = changes(rest, whole)
    assert [line for line in found if not line.startswith("+")] == []
    entry = [line for line in found if line.startswith("+  ")]
    assert f'+  "{name}": {{' in entry
    assert sum(line.startswith('+  "') for line in entry) == 1 + (name == "job_embedding")  # its table has an entry as well


def test_a_term_that_changed_is_what_differs(tmp_path: Path) -> None:
    columns = COLUMNS[:4]
    other = {**DATA, "job": ["nurse", "clown", "nurse", None] * 15}
    found = changes(texts(made(columns), tmp_path / "a"), texts(made(columns, other), tmp_path / "b"))
    assert found == ['-      , ["pilot", 15]', '+      , ["clown", 15]']


def test_a_term_that_is_added_last_is_a_line_more(tmp_path: Path) -> None:
    columns = COLUMNS[:4]
    other = {**DATA, "job": [*DATA["job"][:-1], "clown"]}
    found = changes(texts(made(columns), tmp_path / "a"), texts(made(columns, other), tmp_path / "b"))
    assert found == ['+      , ["clown", 1]']


def test_a_term_of_a_long_list_is_a_line_of_its_file_and_a_digest(tmp_path: Path) -> None:
    columns = COLUMNS[:4]
    other = {**DATA, "city": [*MANY[:-1], "term 99"]}
    found = changes(texts(made(columns), tmp_path / "a"), texts(made(columns, other), tmp_path / "b"))
    marks = [line for line in found if '"sha256"' in line]
    assert [mark[0] for mark in marks] == ["-", "+"]
    assert [line for line in found if line not in marks] == ['-["term 59", 1]', '+["term 99", 1]']


def test_a_learned_number_that_changed_is_one_line(tmp_path: Path) -> None:
    columns = [fc.Numeric("x", normalizer=fc.ZScore()), *COLUMNS[1:4]]
    old, new = ({**DATA, "x": [0.0] * 59 + [last]} for last in (1.0, 2.0))
    found = changes(texts(made(columns, old), tmp_path / "a"), texts(made(columns, new), tmp_path / "b"))
    assert [line[:20] for line in found] == ['-    "normalizer_0":', '+    "normalizer_0":']


def test_git_diff_shows_the_column_that_was_added_and_nothing_else(tmp_path: Path) -> None:
    old, new = made(COLUMNS[:3]), made(COLUMNS[:4])
    found = git_diff(old, new, tmp_path)
    (removed,) = [line for line in found if line.startswith("-")]
    assert removed.startswith(f'- "fingerprint": "{old.fingerprint}", "fields_digest": ')
    entry = [line for line in found if line.startswith("+")]
    assert sum(line.startswith(f'+ "fingerprint": "{new.fingerprint}", "fields_digest": ') for line in entry) == 1
    named = [line for line in entry if line.startswith('+  "') and "fingerprint" not in line]
    assert named == [f'+  "{COLUMNS[3].name}": {{']


def test_git_diff_shows_the_term_that_changed_and_nothing_else(tmp_path: Path) -> None:
    old, new = made(COLUMNS[:4]), made(COLUMNS[:4], {**DATA, "job": ["nurse", "clown", "nurse", None] * 15})
    found = git_diff(old, new, tmp_path)
    marks = [f'- "fingerprint": "{old.fingerprint}"', f'+ "fingerprint": "{new.fingerprint}"']
    assert [line.split(",")[0] for line in found[:2]] == marks
    assert found[2:] == ['-      , ["pilot", 15]', '+      , ["clown", 15]']


def git_diff(old: fc.Plan, new: fc.Plan, folder: Path) -> list[str]:
    """Return the lines that git shows as removed or added where a plan is saved over another one."""
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false"]
    old.save(folder / "plan")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "old"]):
        subprocess.run([*git, *command], check=True)
    new.save(folder / "plan", overwrite=True)
    subprocess.run([*git, "add", "."], check=True)
    done = subprocess.run([*git, "diff", "--cached", "-U0", "--no-color"], check=True, capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if re.match(r"[+-](?![+-]{2})", line)]


# What a change of the files does --------------------------------------------------------------------------------------


def broken(folder: Path, match: str) -> None:
    with pytest.raises(fc.SavedPlanError, match=match) as caught:
        fc.load(folder)
    assert str(folder) in str(caught.value)


def not_another(folder: Path, plan: fc.Plan) -> bool:
    """Assert that a folder holds this plan or is refused by an error that names it; return whether it is refused."""
    try:
        found = fc.load(folder)
    except fc.SavedPlanError as error:
        if str(folder) not in str(error):
            raise
        return True
    assert found == plan
    return False


def test_a_text_that_says_the_same_otherwise_is_the_same_plan(folder: Path) -> None:
    text = json.dumps({**document(folder), "created_by": "somebody"})
    (folder / "plan.json").write_text(text)
    terms = folder / "terms-city.jsonl"
    terms.write_bytes(terms.read_bytes().replace(b"\n", b"\r\n"))  # as git writes it on Windows
    same(fc.load(folder), made())


def test_a_mutated_text_is_an_error_or_the_same_plan(folder: Path) -> None:
    path, luck, plan = folder / "plan.json", random.Random(5), made()
    text = path.read_bytes()
    refused = 0
    for _ in range(400):
        at, kind = luck.randrange(len(text)), luck.randrange(3)
        changed = bytes([luck.choice(b'0x9"{}[],:\xff ')]) if kind else b""
        path.write_bytes(text[:at] + changed + text[at + (kind != 2) :])
        refused += not_another(folder, plan)
    assert refused > 300


VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    0.5,
    "x",
    "",
    [],
    {},
    [[]],
    {"type": "Numeric.v1"},
    {"file": "/etc/passwd"},
    "9" * 99,
]


def test_any_value_in_the_place_of_another_is_an_error_or_the_same_plan(folder: Path) -> None:
    plan, luck = made(), random.Random(7)
    text = (folder / "plan.json").read_text("utf-8")
    for _ in range(400):
        found = json.loads(text)
        place, key = luck.choice(list(places(found)))
        if luck.random() < 0.3 and isinstance(place, dict):
            del place[key]
        else:
            place[key] = luck.choice(VALUES)
        (folder / "plan.json").write_text(json.dumps(found))
        not_another(folder, plan)


def places(data: Any) -> Any:
    """Yield (container, key) for every value inside JSON data."""
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from places(data[key])


def test_every_flipped_bit_of_the_other_files_is_noticed(folder: Path) -> None:
    luck, plan = random.Random(1), made()
    for name in ("learned.safetensors", "terms-city.jsonl"):
        data = (folder / name).read_bytes()
        for _ in range(100):
            at = luck.randrange(len(data))
            (folder / name).write_bytes(data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1 :])
            not_another(folder, plan)  # the same one: a blank in front of the tensors that became a tab
        (folder / name).write_bytes(data)
    same(fc.load(folder), plan)


def test_what_is_wrong_is_said(folder: Path) -> None:
    path = folder / "plan.json"
    text = path.read_text("utf-8")
    for old, new, match in [
        ('"nurse"', '"nerse"', "column 'job' learned different things in two places"),
        ('"term 2"', '"term two"', "is not the file|was changed"),
        (
            '"n": 60',
            '"n": 61',
            "was changed since it was saved: its fingerprint is [0-9a-f]{32}, and '[0-9a-f]{32}'",
        ),
        ('"num_oov_buckets": 1', '"num_oov_buckets": 2', "was changed since it was saved"),
        ('"TopTerms.v1", "n": 3', '"TopTerms.v1", "n": 0', "n must be a positive integer"),
        (
            '"file": "terms-city.jsonl"',
            '"file": "../terms-city.jsonl"',
            "names the file '../terms-city.jsonl', which",
        ),
        ('"file": "terms-city.jsonl"', '"file": "terms-town.jsonl"', r"has no readable terms-town\.jsonl"),
        ('"count": 60', '"count": 61', r"terms-.*\.jsonl is not the file that plan.json was written with"),
        ('"Numeric.v1"', '"Numeric.v9"', "unknown type, got 'Numeric.v9'"),
        ('"age": {\n', '"edge": {\n', "column 'edge' is named 'age'"),
        ('"age": {"type": "float"}', '"edge": {"type": "float"}', "fields: 'edge' is not a field that a column reads"),
        ('"age": {"type": "float"}', '"age": {"type": "real"}', "fields: 'age' has no type that is known"),
        ('"format": 2', '"format": 3', "needs format 2, has 3; upgrade featurecols"),
        ('"created_by"', '"evaluated_by"', "holds 'evaluated_by', which this version does not know"),
        ('"tensor": "table/tags"', '"tensor": "tags"', r"table 'tags': learned\.safetensors does not have the tensor 'tags'"),
        ('["term", "count"]', '["count", "term"]', "column 'job' learned different things in two places"),
        ('"mean": 3', '"mean": "3"', "is not a plan"),
        ('"min": 18.5', '"min": 18', "column 'age', learned 'normalizer_1', 'min': needs <f8"),
    ]:
        assert old in text, old
        path.write_text(text.replace(old, new, 1), "utf-8")
        broken(folder, match)


def test_only_regular_files_are_opened(folder: Path) -> None:
    (folder / "terms-city.jsonl").unlink()
    os.mkfifo(folder / "terms-city.jsonl")
    broken(folder, "not a regular file but a pipe")
    (folder / "plan.json").unlink()
    (folder / "plan.json").mkdir()
    broken(folder, "plan.json")
    with pytest.raises(fc.SavedPlanError, match=r"plan\.json"):
        fc.load("a\0b")


def test_a_folder_of_links_is_a_plan(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    for name in os.listdir(folder):
        (tmp_path / "links" / name).symlink_to(folder / name)
    same(fc.load(tmp_path / "links"), made())
