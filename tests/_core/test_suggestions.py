"""Wrong names and arguments end in errors that name the right ones; right ones cost nothing and keep their signatures."""

from __future__ import annotations

import inspect
import re

import pytest

import featurecols as fc
from featurecols import errors, models
from featurecols._core import other_arguments, other_names, suggestions


@suggestions.explain_arguments
def call(source: str, num_buckets: int, *, seed: int = 0) -> int:
    """Fail inside where seed is negative."""
    return len(source) + num_buckets + seed if seed >= 0 else len(seed)  # type: ignore[arg-type]


@suggestions.explain_arguments
def nothing() -> None: ...


def test_right_arguments_reach_the_function() -> None:
    assert call("ab", 3, seed=4) == 9
    assert str(inspect.signature(call)) == "(source: 'str', num_buckets: 'int', *, seed: 'int' = 0) -> 'int'"


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (("a", 1), {"sed": 1}, "call: no argument is called 'sed'; did you mean seed?"),
        (("a", 1), {"random_state": 1}, "call: no argument is called 'random_state'; did you mean seed?"),
        (("a", 1), {"colour": 1}, "call: no argument is called 'colour'; it takes source, num_buckets, seed"),
        (("a",), {"n_bins": 1}, "call: no argument is called 'n_bins'; did you mean num_buckets?"),
        (("a",), {}, "call: needs num_buckets; call call(source, num_buckets, ...)"),
        ((), {}, "call: needs source and num_buckets; call call(source, num_buckets, ...)"),
        (("a", 1, 2), {}, "call: takes source, num_buckets by position, got 2 after them; give the others by name (seed=)"),
    ],
)
def test_wrong_arguments_are_told_with_the_right_ones(
    arguments: tuple[object, ...], options: dict[str, object], says: str
) -> None:
    with pytest.raises(errors.ArgumentError) as error:
        call(*arguments, **options)  # type: ignore[arg-type]
    assert str(error.value) == says
    assert isinstance(error.value, TypeError)


def test_a_call_that_takes_nothing_says_so() -> None:
    with pytest.raises(errors.ArgumentError, match="no argument is called 'x'; it takes none"):
        nothing(x=1)  # type: ignore[call-arg]
    with pytest.raises(errors.ArgumentError, match="takes no argument by position, got 1; leave it out"):
        nothing(1)  # type: ignore[call-arg]


def test_an_error_inside_the_function_is_left_alone() -> None:
    with pytest.raises(TypeError, match="has no len") as error:
        call("a", 1, seed=-1)
    assert not isinstance(error.value, errors.ArgumentError)


def test_an_argument_that_is_given_twice_is_pythons_error() -> None:
    with pytest.raises(TypeError, match="multiple values for argument 'source'"):
        call("a", 1, source="b")  # type: ignore[misc]


class Thing:
    """A class with suggestions."""

    value = 3

    @property
    def broken(self) -> int:
        return self._not_there  # type: ignore[no-any-return]

    __getattr__ = suggestions.attributes_of("Plan")


def test_attributes_are_suggested_and_properties_keep_their_own_errors() -> None:
    thing = Thing()
    assert thing.value == 3
    assert not hasattr(thing, "anything")
    with pytest.raises(AttributeError, match=r"'Thing' object has no attribute 'valu'; did you mean value\?"):
        _ = thing.valu
    with pytest.raises(AttributeError, match=r"'Thing' object has no attribute 'fit'; use fc\.fit\(columns, data\)"):
        _ = thing.fit
    with pytest.raises(AttributeError, match=r"'Thing' object has no attribute '_not_there'$"):
        _ = thing.broken


def test_modules_suggest() -> None:
    get, names = suggestions.module_names("featurecols.models.metrics", ["auc", "accuracy"])
    assert names() == ["accuracy", "auc"]
    with pytest.raises(AttributeError, match=r"has no attribute 'acuracy'; did you mean accuracy\?"):
        get("acuracy")
    with pytest.raises(AttributeError, match=r"has no attribute 'roc_auc_score'; use metrics\.auc$"):
        get("roc_auc_score")
    with pytest.raises(AttributeError, match=r"has no attribute '__wrapped__'$"):
        get("__wrapped__")


def test_what_hints_name_exists() -> None:
    plan = fc.compile([fc.Hashed("c", 3)])
    known: dict[str, object] = {"fc": fc, "featurecols": fc, "plan": plan, "features": plan.encode({"c": ["a"]})}
    known |= {"models": models, "model": models.LinearClassifier(plan)}
    known |= {name: getattr(models, name) for name in ("layers", "losses", "metrics", "optimizers", "schedules", "hooks")}
    texts = [text for names in other_names.NAMES.values() for text in names.values()]
    texts += [text for uses in other_names.ARGUMENTS.values() for text in uses] + list(other_names.HINTS.values())
    texts += [text for hints in other_arguments.CALLS.values() for text in hints.values()]
    named = {found for text in texts for found in re.findall(rf"\b({'|'.join(known)})((?:\.\w+)+)", text)}
    assert len(named) > 60
    for start, rest in sorted(named - {("plan", ".width")}):  # a plan of bare ids has no width
        value = known[start]
        for name in rest[1:].split("."):
            if name != "feature_names":
                value = getattr(value, name)


def test_names_that_exist_have_no_hint() -> None:
    assert [name for name in other_names.NAMES["featurecols"] if hasattr(fc, name)] == []
    assert [name for name in other_names.NAMES["featurecols.models"] if hasattr(models, name)] == []
