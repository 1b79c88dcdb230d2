"""Which columns suit timestamps, dates, times of day and durations."""

from __future__ import annotations

import datetime
from typing import Literal

from featurecols._core.times import DAY, DURATION, INSTANT, TIME_OF_DAY
from featurecols.analyzers.placeholders import Median
from featurecols.columns.base import Column
from featurecols.columns.date_part import DatePart
from featurecols.columns.elapsed import Elapsed, Timestamp
from featurecols.columns.indicator import Indicator
from featurecols.columns.missing import Missing
from featurecols.columns.normalizers import ZScore
from featurecols.columns.numeric import Numeric
from featurecols.plan.statistics import percent
from featurecols.plan.suggestions.field_profile import FieldProfile, TimeProfile
from featurecols.plan.suggestions.suggestions import Suggestion

_EPOCH = datetime.datetime(1970, 1, 1)
WEEKS, MONTHS = 7, 59  # days from the first time to the last, from which on the weekday and the month differ


def suggest_time(profile: FieldProfile, times: TimeProfile) -> Suggestion:
    """Return what suits a field of times of which at least two differ."""
    key, source, gaps = profile.key, profile.source, profile.missing > 0
    beside: tuple[Column, ...] = (Missing(source),) if gaps else ()
    missing = "".join(f"; {text}" for text in profile.cleaned)
    missing += f"; {percent(profile.missing / profile.values)} missing, with an indicator" if gaps else ""
    if len(times.kinds) != 1:
        return Suggestion(key, "left out: times with and without a zone, or times and durations", warning=True)
    kind = next(iter(times.kinds))
    if kind == DURATION:
        length = Numeric(Elapsed(source, unit=_unit(times)), default=Median(), normalizer=ZScore())
        return Suggestion.for_all(key, f"durations, in {_unit(times)}{missing}", length, *beside)
    zone = "UTC" if kind == INSTANT else None
    if kind == TIME_OF_DAY:
        return _of_parts(profile, f"times of day: the hour{missing}", [DatePart(source, "hour")], (), beside)
    days = (times.last - times.first) / DAY
    parts = [DatePart(source, "hour", timezone=zone)] if times.clock else []
    parts += [DatePart(source, "weekday", timezone=zone)] if days >= WEEKS else []
    parts += [DatePart(source, "month", timezone=zone)] if days >= MONTHS else []
    first, last = _date(times.first), _date(times.last)
    start = Timestamp(f"{first}T00:00:00+00:00" if kind == INSTANT else first)
    trend = Numeric(Elapsed(source, start), default=Median(), normalizer=ZScore())
    names = ", ".join(str(part.part) for part in parts)
    what = "timestamps" if times.clock else "dates"
    zoned = ", on the clocks of UTC: give the timezone that people live by" if kind == INSTANT and times.clock else ""
    said = f"{what} from {first} to {last}: {f'{names}, and ' if names else ''}days since the first{zoned}{missing}"
    return _of_parts(profile, said, parts, (trend,), beside)


def _of_parts(
    profile: FieldProfile, said: str, parts: list[DatePart], numbers: tuple[Column, ...], beside: tuple[Column, ...]
) -> Suggestion:
    hot = tuple(Indicator(part) for part in parts)
    return Suggestion(profile.key, said, (*hot, *numbers, *beside), (*parts, *numbers, *beside), (*hot, *numbers, *beside))


def _unit(times: TimeProfile) -> Literal["days", "hours", "minutes", "seconds"]:
    """Return the unit in which the longest duration is a number of a few digits."""
    longest = max(abs(times.first), abs(times.last))
    return "days" if longest >= 4 * DAY else "hours" if longest >= 4 * 3600 else "minutes" if longest >= 240 else "seconds"


def _date(seconds: int) -> str:
    return (_EPOCH + datetime.timedelta(seconds=seconds)).date().isoformat()
