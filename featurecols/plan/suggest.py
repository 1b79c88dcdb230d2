"""fc.suggest: columns for data of which nothing is declared, with a reason beside each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from featurecols import errors
from featurecols._core.suggestions import explain_arguments
from featurecols._core.ways_out import way_out_of
from featurecols.columns.missing import Missing
from featurecols.columns.numeric import Numeric
from featurecols.data.batch import Source
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers
from featurecols.data.sources import Data, as_source
from featurecols.plan.statistics import percent
from featurecols.plan.suggestions.category_rules import MANY, suggest_terms, suggest_texts
from featurecols.plan.suggestions.field_profile import FieldCollector, FieldProfile, NumberProfile
from featurecols.plan.suggestions.label_relation import CLASSES, Target, explained, same_values, target_of
from featurecols.plan.suggestions.label_rules import suggest_from_label
from featurecols.plan.suggestions.number_rules import suggest_number
from featurecols.plan.suggestions.row_sample import RowSampler, Sample
from featurecols.plan.suggestions.suggestions import Suggestion, Suggestions
from featurecols.plan.suggestions.text_shape import TextShape, shape_of
from featurecols.plan.suggestions.time_rules import suggest_time

_BATCH = 1 << 17  # rows that are looked at together
UNIQUE = 0.95  # share of distinct values, from which on they name rows
SOME_ROWS = 50  # values, from which on that counts
LEAK = 0.98  # share of the variance of the label that one field explains, from which on it is the label under another name
_FEW_TERMS = 0.5  # share of distinct values, up to which texts are terms
# Names of integers that are terms.
_CODE = re.compile(r"(?i:(^|[\W_])(id|code|key|zip|postcode|zipcode))$|[a-z](Id|ID|Code|Key|Zip)$")
_LONG = 16  # numbers of a list of constant length that become features


@explain_arguments
def suggest(data: Data, label: str | None = None, *, leave_out: Iterable[str] = ()) -> Suggestions:
    """Return columns that suit data, as a list with a reason beside each; print it to read them.

    The data is read once, in bounded memory. The answer depends on the rows alone, not on their order or on batches. What is
    said of pairs of fields and of the label comes from a sample of 32,768 distinct rows, which are chosen by their hashes.

    - Numbers: ZScore, after Log1p where they are skewed, with Clip where some are far away; intervals of quantiles beside them;
      few integers as categories too; the median and Missing where some are missing.
    - Texts and booleans: one-hot of their terms; a hash of many terms; Split where they are lists such as "a|b|c", Words where
      they are prose.
    - Timestamps and dates, as text too: hour, weekday, month, and the days since the first one.
    - Pairs of numbers whose ratio says of the label what they do not one by one, such as people and households: at most four
      ratios, of 1,000 rows or more.
    - Pairs of fields that say together of the label what neither says alone: at most six crosses, of 1,000 rows or more.
    - Fields of many values that explain what the other fields leave of the label: TargetMean, in `linear` and `dnn` alone.
    - Left out, with a warning in `warnings`: constants, ids that name single rows, copies of other fields, fields that give the
      label away. A warning says too what is wrong with a label that is constant, missing in some rows, or no label at all.
    - Blanks around terms and times are removed; infinite numbers count as missing.

    Args:
        data: rows, as for fit.
        label: the field to predict. It gets no column, and shows which fields give it away.
        leave_out: fields that are not known when the model is used, or that are not to be read.

    Returns:
        A list that is accepted wherever columns are, with `linear` and `dnn` for these models, `reasons()`, `left_out`,
        `warnings` and `save(path)`.

    Raises:
        DataError: for data that cannot be read, without rows, or without the label.

    >>> import featurecols as fc
    >>> rows = {"age": [31, 25, 47, 31] * 20, "job": ["cook", "pilot", None, "cook"] * 20, "v": [1] * 80}
    >>> found = fc.suggest(rows, leave_out=["job"])
    >>> found.left_out
    {'job': 'left out as asked', 'v': 'always 1'}
    """
    source, skipped = as_source(data), tuple([leave_out] if isinstance(leave_out, str) else leave_out)
    profiles, sample, nameless = _read(source, label, skipped)
    sample = _as_declared(sample, profiles)
    rows = max((profile.rows for profile in profiles.values()), default=0)
    target = None if label is None else target_of(profiles[label], sample)
    read = [profile for key, profile in profiles.items() if key != label and key not in skipped]
    copies = same_values(read, sample.fields)
    found = []
    for key, profile in profiles.items():
        if key in skipped:
            found.append(Suggestion(key, "left out as asked"))
        elif key in copies:
            found.append(Suggestion(key, f"the same values as {copies[key]}", warning=True))
        elif key != label:
            found.append(_suggest(profile, sample, target))
        elif (problem := _problem_of_label(profile, target)) is not None:
            found.append(Suggestion(key, problem, warning=True))
    if nameless:
        found.append(Suggestion("(no name)", "a field without a name, as R writes the numbers of rows: name it to read it"))
    if target is not None:
        used = {one.field for one in found if one.columns}
        found += suggest_from_label([profile for profile in read if profile.key in used], sample, target)
    return Suggestions(found, rows, label, 0 if target is None else target.classes)


def _problem_of_label(profile: FieldProfile, target: Target | None) -> str | None:
    """Return why fields are not tried against the label, or no model learns it; None where all is well."""
    if not profile.present:
        return "the label has no value at all"
    if profile.type.list_depth or (profile.times is not None and target is None):
        return f"a label is a number, a text or a boolean a row, and this one holds {'lists' if profile.lengths else 'times'}"
    if (same := _constant(profile)) is not None:
        return f"the label is always {same}"
    if profile.numbers is not None and profile.numbers.invalid is not None:
        text, count = profile.numbers.invalid
        return f"the label is a number but for {errors.show(text, 40)} and the like, in {count:,} row{'s' if count > 1 else ''}"
    if profile.missing:
        return f"{percent(profile.missing / profile.values)} of the rows have no label: leave them out where a model is trained"
    if target is not None:
        return None
    return f"a label of more than {CLASSES} classes: fields are not tried against it"


def _read(source: Source, label: str | None, skipped: tuple[str, ...]) -> tuple[dict[str, FieldProfile], Sample, bool]:
    """Read the data once; the last is whether there is a field without a name."""
    collectors: dict[str, FieldCollector] = {}
    sampler: RowSampler | None = None
    try:
        for batch in source.batches(None, _BATCH):
            if sampler is None:
                names = [*dict.fromkeys([*batch.names, *source.known_names()])]
                _require_text(names)
                batch.check([*skipped, *([] if label is None else [label])])
                collectors = {key: FieldCollector(key) for key in names}
                sampler = RowSampler([key for key in names if key and key not in skipped])
            views = {key: batch.field(key) for key in collectors if key and key not in skipped}
            for key, view in views.items():
                collectors[key].add(view)
            sampler.add(batch, views)
        if sampler is None or not max((collector.rows for collector in collectors.values()), default=0):
            raise errors.DataError("suggest", "no rows", hint="give data with rows")
        return {key: collector.profile() for key, collector in collectors.items() if key}, sampler.sample(), "" in collectors
    finally:
        for collector in collectors.values():
            collector.close()


def _require_text(names: list[str]) -> None:
    """Raise DataError where names of fields are not text, as numbers of pandas are."""
    other = next((name for name in names if not isinstance(name, str)), None)
    if other is not None:
        hint = "rename the columns, frame.columns = frame.columns.astype(str)"
        raise errors.DataError("suggest", "names of fields must be text", got=errors.show(other), hint=hint)


def _as_declared(sample: Sample, profiles: Mapping[str, FieldProfile]) -> Sample:
    """Return the sample with its fields as columns read them."""
    views = dict(sample.fields)
    for key, view in views.items():
        source = profiles[key].source
        if source.prepares:
            view = source.prepare(view)
        elif source.missing:
            view = view.with_markers(Markers.of(source.missing))
        views[key] = view
    return Sample(views, sample.counts, sample.hashes)


def _suggest(profile: FieldProfile, sample: Sample, target: Target | None) -> Suggestion:
    """Return what is suggested for one field."""
    key, view = profile.key, sample.fields[profile.key]
    if not profile.present:
        return Suggestion(key, "no value at all", warning=True)
    if profile.type.list_depth > 1 or (profile.type.type is None and not profile.terms):
        kind = _arrow_type(view)
        way = way_out_of(kind)
        return Suggestion(key, f"no column reads such values: {kind}{way and f'; {way}'}", warning=True)
    if (same := _constant(profile)) is not None:
        if not profile.missing:
            return Suggestion(key, f"always {same}", warning=True)
        said = f"{same}, or missing ({percent(profile.missing / profile.values)}): whether it is there"
        return Suggestion.for_all(key, said, Missing(key))
    shape = TextShape()
    if profile.type.type == "text" and not profile.type.list_depth and profile.times is None:
        shape = shape_of(view, sample.counts, few=_are_terms(profile))
    if shape.problem is not None:
        return Suggestion(key, shape.problem, warning=True)
    if not shape.words and shape.separator is None and _is_id(profile):
        return Suggestion(key, "another value in nearly every row: it names rows, and says nothing of others", warning=True)
    if target is not None and (share := explained(target, profile, view)) >= LEAK:
        said = f"gives {target.key} away (explains {percent(share)} of it): is it known when you predict?"
        return Suggestion(key, said, warning=True)
    complete = int(sample.counts.sum()) == profile.rows
    return _by_type(profile, shape, curves=target is not None and target.classes == 0, complete=complete)


def _by_type(profile: FieldProfile, shape: TextShape, *, curves: bool, complete: bool) -> Suggestion:
    key = profile.key
    if profile.type.list_depth:
        return _lists(profile)
    if profile.type.type == "boolean":
        return suggest_terms(profile)
    if profile.numbers is not None:
        is_code = _CODE.search(key) is not None or _is_one(profile.numbers)  # integers that are one float are no quantities
        if is_code and profile.type.type == "integer" and profile.terms:
            return suggest_terms(profile)
        return suggest_number(profile, profile.numbers, curves=curves)
    if profile.times is not None:
        return suggest_time(profile, profile.times)
    if (found := suggest_texts(profile, shape, complete=complete)) is not None:
        return found
    if profile.terms:
        return suggest_terms(profile)
    return Suggestion(key, "its values are neither numbers nor terms nor times", warning=True)


def _lists(profile: FieldProfile) -> Suggestion:
    key, lengths = profile.key, profile.lengths or (0, 0)
    if profile.terms and profile.type.type not in ("float", "decimal"):
        return suggest_terms(profile)
    if profile.numbers is not None and lengths[0] == lengths[1] <= _LONG and not profile.missing:
        column = Numeric(key, shape=(lengths[0],))
        return Suggestion.for_all(key, f"lists of {lengths[0]} numbers", column)
    return Suggestion(key, "lists of numbers of many lengths: declare Sequence where their order matters", warning=True)


def _are_terms(profile: FieldProfile) -> bool:
    """Return whether so few texts differ that they are terms."""
    most = min(MANY, max(SOME_ROWS, _FEW_TERMS * profile.present))
    return profile.distinct is not None and profile.distinct <= most


def _constant(profile: FieldProfile) -> str | None:
    """Return the only value of a field; None where there are several."""
    if profile.times is not None and profile.times.first == profile.times.last and profile.numbers is None:
        return "one time"
    if profile.distinct == 1 or (profile.distinct is None and profile.numbers is not None and _is_one(profile.numbers)):
        if profile.numbers is not None and profile.type.type != "boolean":
            return f"{profile.numbers.low:g}"
        return errors.show(profile.top[0][0].decode("utf-8", "backslashreplace"), 40) if profile.top else "one value"
    return None


def _is_one(numbers: NumberProfile) -> bool:
    """Return whether all numbers are one float."""
    return numbers.low == numbers.high


def _is_id(profile: FieldProfile) -> bool:
    """Return whether nearly every row has a value of its own, which is not a measurement."""
    if profile.present < SOME_ROWS or profile.type.list_depth or profile.times is not None or profile.distinct is None:
        return False
    if profile.type.type == "integer" and profile.numbers is not None:  # consecutive, or nearly: not a quantity
        return profile.distinct == profile.present and profile.numbers.high - profile.numbers.low < 2 * profile.present
    return profile.numbers is None and profile.distinct >= UNIQUE * profile.present


def _arrow_type(view: FieldView) -> str:
    try:
        return str(view.to_arrow().type)
    except errors.DataError:
        return "of several types"
