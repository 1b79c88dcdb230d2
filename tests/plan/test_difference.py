"""fc.diff and fc.carry_tables: what two plans share, counted, and tables carried by meaning."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc

JOB = ["cook", "nurse", "pilot"]


def embedded(terms, dimension=2, **more):
    return fc.Embedding(fc.Vocabulary("job", terms, **more), dimension=dimension)


def test_counts():
    old = fc.compile([embedded(JOB, num_oov_buckets=2), fc.Numeric("age"), fc.Bucketized("x", [1.0, 2.0]), fc.Hashed("h", 4)])
    new = fc.compile(
        [
            embedded(["nurse", "cook", "smith"], num_oov_buckets=2),
            fc.Bucketized("x", [1.0, 3.0]),
            fc.Hashed("h", 5),
            fc.Numeric("y"),
        ]
    )
    found = fc.diff(old, new)
    assert bool(found)
    got = {name: (c.change, c.unit, c.same, c.moved, c.gone, c.new, c.carried) for name, c in found.columns.items()}
    assert got == {
        "job_embedding": ("changed", "ids", 2, 2, 1, 1, 4),  # unseen buckets are the same, cook and nurse have changed places
        "x_bucketized": ("changed", "ids", 1, 0, 2, 2, None),
        "h": ("changed", "ids", 0, 0, 4, 5, None),
        "y": ("added", "features", 0, 0, 0, 1, None),
        "age": ("removed", "features", 0, 0, 1, 0, None),
    }
    assert found.width == (old.width, new.width)
    assert found.to_dict()["columns"]["y"]["change"] == "added"
    assert list(found.fields) == ["y", "age"]
    assert repr(found).splitlines()[0] == "5 of 5 columns differ"
    assert "<td" in found._repr_html_()


def test_what_was_learned_counts():
    columns = [fc.Numeric("x", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("c", fc.TopTerms(5)))]
    old, new = fc.fit(columns, {"x": [1.0, 2.0], "c": ["a", "b"]}), fc.fit(columns, {"x": [1.0, 9.0], "c": ["b", "a"]})
    found = fc.diff(old, new)
    assert [(c.name, c.change) for c in found.changed] == [("x", "changed")]
    assert not fc.diff(old, fc.fit(columns, {"x": [2.0, 1.0], "c": ["a", "b"]}))
    assert repr(fc.diff(old, old)) == "the plans are the same"


def test_order_types_and_tables():
    one, two = fc.Numeric("a"), fc.Numeric("b")
    found = fc.diff(fc.compile([one, two]), fc.compile([two, one]))
    assert found
    assert repr(found).splitlines() == [
        "0 of 2 columns differ",
        "columns stand in another order: features are at other places of the matrix",
    ]
    typed = fc.diff(fc.compile([one]), fc.compile([fc.Numeric(fc.Field("a", type="float"))]))
    assert "field a: any type, now float" in repr(typed)
    plan = fc.compile([embedded(JOB)])
    trained = plan.with_tables({"job_embedding": np.ones((3, 2), np.float32)})
    assert fc.diff(plan, trained).tables == ("job_embedding",)
    assert "tables with other numbers: job_embedding" in repr(fc.diff(plan, trained))


def test_rows_are_carried_by_meaning():
    table = np.arange(6, dtype=np.float32).reshape(3, 2) + 1
    old = fc.compile([embedded(JOB)]).with_tables({"job_embedding": table})
    new = fc.compile([embedded(["pilot", "smith", "cook"])])
    carried = fc.carry_tables(old, new)
    np.testing.assert_array_equal(carried.tables["job_embedding"][[0, 2]], table[[2, 0]])
    np.testing.assert_array_equal(carried.tables["job_embedding"][1], new.tables["job_embedding"][1])
    assert fc.diff(old, carried).columns["job_embedding"].carried == 2
    assert fc.carry_tables(old, fc.compile([embedded(JOB, dimension=3)])).trained_tables == {}
    assert fc.carry_tables(old, fc.compile([fc.Numeric("x")])) == fc.compile([fc.Numeric("x")])


def test_only_plans():
    with pytest.raises(fc.PlanError, match="diff: needs two plans"):
        fc.diff([embedded(JOB)], fc.compile([embedded(JOB)]))
    with pytest.raises(fc.PlanError, match="carry_tables: needs two plans"):
        fc.carry_tables(fc.compile([embedded(JOB)]), "plan")
