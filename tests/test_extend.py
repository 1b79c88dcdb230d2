"""Kinds from outside the package: the files of examples/mypkg, which docs/extending.md shows, under all laws."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import mmh3
import numpy as np
import pytest
from mypkg import FirstLetters, Hinge

import featurecols as fc
from featurecols import extend
from featurecols._core.spec import KINDS
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, canonical, float32

ROOT = Path(__file__).parent.parent
NAN = math.nan


class HingeReference(Kind):
    """How far below and above, one number at a time."""

    def width(self) -> int:
        return 2

    def features(self, row: Row) -> list[float]:
        return self._point(self.raw(self.column.source, row))

    def steps(self, row: Row) -> list[list[float]]:
        return [self._point(x) for x in self.raw(self.column.source, row) or ()]

    def _point(self, x: float | None) -> list[float]:
        x = self.column.default if x is None else x
        if x is None:
            raise ValueError(f"{self.column.name}: missing without default")
        at = self.column.at
        return [NAN, NAN] if math.isnan(x) else [float32(max(at - x, 0.0)), float32(max(x - at, 0.0))]


class FirstLettersReference(Kind):
    """The hash of the first letters, one value at a time."""

    def ids(self, row: Row) -> RowIds:
        return self.map(self.column.source, row, self._id)

    def _id(self, value: object) -> int:
        letters = canonical(value).decode("latin-1" if isinstance(value, bytes) else "utf-8")[: self.column.n]
        encoded = letters.encode("latin-1" if isinstance(value, bytes) else "utf-8")
        return mmh3.hash(encoded, signed=False) % int(self.column.num_buckets)


REFERENCES: dict[type, type[Kind]] = {Hinge: HingeReference, FirstLetters: FirstLettersReference}
CITIES = ("Oslo", "Os", None, "", "O", "Östersund", "東京都", "a\0b", "Osaka", "x" * 5000)

EXAMPLES = [
    Example(
        "hinge",
        [Hinge("hour", 12)],
        rows=[{"hour": h, "x": -h} for h in (0.0, 6.0, 12.0, 18.5, -7.25, 1e-310, 23.999, 4.0)],
        changes={"source": "x", "at": 13, "name": "h"},
        wrong=[
            Wrong(lambda: Hinge("", 24), ("key", "''")),
            Wrong(lambda: Hinge(fc.Hashed("x", 3), 24), ("source", "Hashed('x', 3)")),
            Wrong(lambda: Hinge("hour", math.inf), ("at", "got inf")),
            Wrong(lambda: Hinge("hour", "24"), ("at", "'24'")),
            Wrong(lambda: Hinge("hour", 12, default="0"), ("default", "'0'")),
            Wrong(lambda: Hinge("hour", 12, name=""), ("name", "''")),
        ],
        bad=[
            Bad({"hour": [1.0, None]}, ("hour", "missing", "default"), 1),
            Bad({"hour": ["a"]}, ("hour", "number"), 0),
            Bad({"hour": [[1.0], [2.0]]}, ("hour", "one number"), 0),
            Bad({"hours": [1.0]}, ("hour", "hours"), None),
        ],
    ),
    Example(
        "hinge integers with a default",
        [Hinge(fc.Field("hour", missing=-1), 24, default=6), fc.Numeric("hour", default=0, name="plain")],
        rows=[{"hour": h} for h in (0, None, -1, 23, 12)],
        changes={"default": 7.0, "source": "hour"},
    ),
    Example("hinge with NaN", [Hinge("hour", 7, default=NAN)], rows=[{"hour": h} for h in (NAN, 1.0, None, math.inf)]),
    Example(
        "a sequence of hinges",
        [fc.Sequence(Hinge("hours", 24, default=0), 2)],
        rows=[{"hours": h} for h in ([1.0, 2.0, 3.0], [], None, [None, 4.5])],
        changes={"keep": "first", "max_length": 3},
    ),
    Example(
        "first letters",
        [FirstLetters("city", 2, 50)],
        rows=[{"city": c, "town": c} for c in CITIES],
        changes={"source": "town", "n": 1, "num_buckets": 49, "name": "c"},
        wrong=[
            Wrong(lambda: FirstLetters("", 2, 50), ("key", "''")),
            Wrong(lambda: FirstLetters("city", 0, 50), ("n must", "got 0")),
            Wrong(lambda: FirstLetters("city", 2, 2**31), ("num_buckets", str(2**31))),
        ],
        bad=[
            Bad({"city": [1.0, 2.5]}, ("city", "2.5"), 1),
            Bad({"city": ["a", "\ud800"]}, ("city", "surrogate"), 1),
            Bad({"town": ["a"]}, ("city", "town"), None),
        ],
    ),
    Example("first digits", [FirstLetters("code", 2, 50)], rows=[{"code": c} for c in (5, 512, 51, -7, None, 0)]),
    Example("first bytes", [FirstLetters("raw", 2, 50)], rows=[{"raw": r} for r in (b"\xff\x00a", b"", None, b"\xff\x00")]),
    Example(
        "lists of first letters",
        [FirstLetters(fc.Field("tags", missing="?"), 1, 9), fc.Sequence(fc.Indicator(FirstLetters("tags", 1, 9)), 2)],
        rows=[{"tags": t} for t in (["a", "b", "ab"], [], None, ["?", None, "é"])],
        changes={"source": "tags"},
    ),
    Example(
        "crossed, embedded, weighted",
        [
            fc.Crossed([FirstLetters("city", 1, 9), "day"], 100),
            fc.Embedding(FirstLetters("city", 1, 9), 3),
            fc.Weighted(FirstLetters("city", 2, 9, name="weighted"), "w"),
            Hinge("day", 7),
        ],
        rows=[{"city": c, "day": d, "w": d / 2} for d, c in enumerate(CITIES)],
        changes={"sources": ("day", FirstLetters("city", 1, 9))},
    ),
]
for example in EXAMPLES:
    example.kinds.update(REFERENCES)
test_laws = laws.of(EXAMPLES)


@pytest.mark.parametrize("kind", [Hinge, FirstLetters])
def test_laws_cover_every_argument(kind: type) -> None:
    laws.covers(kind, EXAMPLES)


def test_every_name_of_extend_is_there() -> None:
    assert sorted(extend.__all__) == sorted(name for name in vars(extend) if not name.startswith("_"))
    doc = str(extend.__doc__)
    assert [name for name in extend.__all__ if not re.search(rf"\b{name}\b", doc)] == []


def test_the_page_shows_the_files_that_run() -> None:
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n# (mypkg/\w+\.py)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in blocks] == ["mypkg/hinge.py", "mypkg/first_letters.py"]
    for name, text in blocks:
        assert text == (ROOT / "examples" / name).read_text("utf-8")


COLUMNS = [
    Hinge("hour", 12),
    fc.Indicator(FirstLetters("city", 2, 10)),
    fc.Indicator(fc.Crossed([FirstLetters("city", 1, 5), fc.Bucketized("hour", [12])], 20)),
]
ROW = {"hour": 17.5, "city": "Oslo"}
LOADING = f"""
import sys
import featurecols as fc
plan = fc.load(sys.argv[1])
print(plan.fingerprint, plan.transform_row({ROW!r}).tobytes().hex())
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "examples")])}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_a_fresh_process_needs_the_import(tmp_path: Path) -> None:
    plan = fc.compile(COLUMNS)
    plan.save(tmp_path / "plan")
    assert '"mypkg.Hinge.v1"' in (tmp_path / "plan" / "plan.json").read_text("utf-8")
    done = python("import mypkg\n" + LOADING, str(tmp_path / "plan"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [plan.fingerprint, plan.transform_row(ROW).tobytes().hex()]
    bare = python(LOADING, str(tmp_path / "plan"))
    assert bare.returncode != 0
    assert "SavedPlanError" in bare.stderr
    assert "import mypkg first" in bare.stderr


def test_rows_are_explained() -> None:
    plan = fc.compile(COLUMNS)
    assert plan.feature_names[:2] == ("hour[below]", "hour[above]")
    said = str(plan.explain(ROW))
    assert "hour=17.5" in said
    assert "city='Oslo'" in said
    assert "hour[above]" in str(plan.describe(1))


def test_a_model_trains_is_exported_and_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hours, cities = rng.uniform(0, 24, 600), rng.choice(["Oslo", "Osaka", "Lima", "Quito"], 600)
    late = (np.cos(hours / 24 * 2 * np.pi) > 0) == np.isin(cities, ["Oslo", "Osaka"])
    data = {"hour": hours, "city": cities.tolist(), "late": late}
    deep = [Hinge("hour", 12), fc.Embedding(FirstLetters("city", 1, 20), 4)]
    model = fc.models.DNNClassifier(deep, [16], optimizer="adam", config=fc.models.RunConfig(seed=1))
    model.train(data, label="late", epochs=40, batch_size=50)
    assert model.evaluate(data)["auc"] > 0.9
    path = model.export(tmp_path / "model")
    again = fc.models.load(path)
    assert again.predict(data)["probabilities"].tobytes() == model.predict(data)["probabilities"].tobytes()


def test_a_cell_of_a_notebook_may_run_twice() -> None:
    source = (ROOT / "examples" / "mypkg" / "hinge.py").read_text("utf-8")
    notebook = types.ModuleType("my_notebook")
    sys.modules["my_notebook"] = notebook
    try:
        exec(source, vars(notebook))
        first = fc.compile([notebook.Hinge("hour", 12)])
        exec(source.replace("np.maximum(x - at, 0)", "2 * np.maximum(x - at, 0)"), vars(notebook))
        second = fc.compile([notebook.Hinge("hour", 12)])
        assert first.transform_row({"hour": 13}).tolist() == [0, 1]
        assert second.transform_row({"hour": 13}).tolist() == [0, 2]
        assert fc.Plan.from_bytes(second.to_bytes()).transform_row({"hour": 13}).tolist() == [0, 2]
    finally:
        del sys.modules["my_notebook"]
        KINDS.pop("my_notebook.Hinge.v1")


@pytest.mark.parametrize("value", [0, 1, 2.5, 10])
def test_check_number_lets_finite_numbers_within_limits_pass(value) -> None:
    assert extend.check_number("Hinge hour", "at", value, 0, 10) is None


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (math.inf, (), "Hinge hour: at must be a finite number, got inf; give a number such as at=0"),
        (NAN, (), "at must be a finite number, got nan"),
        (10**400, (), "at must be a finite number, got 1000"),
        (True, (), "at must be a finite number, got True"),
        ("3", (), "at must be a finite number, got '3'"),
        (0.5, (1,), "at must be a finite number of at least 1, got 0.5; give a number such as at=1"),
        (11, (1, 10), "at must be a finite number of at least 1 and at most 10, got 11"),
        (3, (-math.inf, 2.5), "at must be a finite number of at most 2.5, got 3; give a number such as at=2.5"),
    ],
)
def test_check_number_names_the_column_the_argument_and_the_way_out(value, limits, message) -> None:
    with pytest.raises(fc.ColumnError, match=message):
        extend.check_number("Hinge hour", "at", value, *limits)
