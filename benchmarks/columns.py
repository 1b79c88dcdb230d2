"""Claim: columns over times, tokens and intervals take less processor time than other libraries for the same features.

Lists, intervals and texts are fewer rows than times and label means, as the table says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import TargetEncoder

import featurecols as fc
from benchmarks.harness import Result, measure

ZONE = "America/New_York"
BUDGET = 20.0  # seconds after which a claim has three runs of each library, and not seven


def run(rows: int = 1_000_000) -> list[Result]:
    """Time parts of instants in a zone, sine and cosine, genres as many-hot features, tf-idf of texts, and intervals."""
    random = np.random.default_rng(18)
    instants = random.integers(1_300_000_000, 1_750_000_000, rows) * 1_000_000  # microseconds
    frame = pd.DataFrame({"at": pd.to_datetime(pd.Series(instants), unit="us", utc=True)})
    polars = pl.DataFrame({"at": pl.Series(instants).cast(pl.Datetime("us", "UTC"))})
    found = [
        _part("hour", frame, polars),
        _part("month", frame, polars),
        _cyclic(frame, polars),
        _split(rows // 5, random),
        _tfidf(rows // 50, random),
        *_piecewise(rows // 5, random),
    ]
    return [*[_measured(*claim) for claim in found], *_target_mean(rows, random)]


def _measured(claim: str, rows: int, cases: dict[str, Callable[[], Any]]) -> Result:
    wanted = {name: np.asarray(case(), np.float32).reshape(rows, -1) for name, case in cases.items()}
    for name, matrix in wanted.items():
        atol = 1e-4 if name == "torch" else 1e-6  # which computes in float32
        np.testing.assert_allclose(matrix, wanted["featurecols"], atol=atol, err_msg=name)
    result = measure(claim, rows, cases, budget=BUDGET)
    result.notes = {
        f"processor time of {name}": f"{result.processor_ratio(name):.2f} x" for name in cases if name != "featurecols"
    }
    return result


def _part(part: str, frame: pd.DataFrame, polars: pl.DataFrame) -> tuple[str, int, dict[str, Callable[[], Any]]]:
    plan = fc.compile([fc.DatePart("at", part, timezone=ZONE)])  # type: ignore[arg-type]
    first, local = int(part == "month"), pl.col("at").dt.convert_time_zone(ZONE).dt
    return (
        f"DatePart: the {part} of instants in a zone",
        len(frame),
        {
            "featurecols": lambda: plan.encode(frame).ids[f"at_{part}"].values,
            "pandas": lambda: getattr(frame["at"].dt.tz_convert(ZONE).dt, part) - first,
            "polars": lambda: polars.select(getattr(local, part)().cast(pl.Int32) - first).to_numpy(),
        },
    )


def _cyclic(frame: pd.DataFrame, polars: pl.DataFrame) -> tuple[str, int, dict[str, Callable[[], Any]]]:
    plan = fc.compile([fc.Cyclic(fc.DatePart("at", "hour", timezone=ZONE), 24)])
    angle = pl.col("at").dt.convert_time_zone(ZONE).dt.hour() * (2 * np.pi / 24)

    def in_pandas() -> np.ndarray:
        x = frame["at"].dt.tz_convert(ZONE).dt.hour.to_numpy() * (2 * np.pi / 24)
        return np.stack([np.sin(x), np.cos(x)], axis=1).astype(np.float32)

    return (
        "Cyclic: sine and cosine of the hour",
        len(frame),
        {
            "featurecols": lambda: plan.transform(frame),
            "pandas": in_pandas,
            "polars": lambda: polars.select(
                angle.sin().cast(pl.Float32).alias("sin"), angle.cos().cast(pl.Float32).alias("cos")
            ).to_numpy(),
        },
    )


def _split(rows: int, random: np.random.Generator) -> tuple[str, int, dict[str, Callable[[], Any]]]:
    names = sorted(("Drama", "Comedy", "Crime", "Action", "Horror", "War", "Western", "Family", "Music", "Sport"))
    texts = ["|".join(random.permutation(names)[: random.integers(1, 5)]) for _ in range(rows)]
    frame = pd.DataFrame({"genres": pd.Series(texts, dtype="str")})
    polars = pl.DataFrame({"genres": texts})
    plan = fc.compile([fc.Indicator(fc.Vocabulary(fc.Split("genres"), names))])
    vectorizer = CountVectorizer(tokenizer=lambda text: text.split("|"), lowercase=False, token_pattern=None, vocabulary=names)
    lists = pl.col("genres").str.split("|").list
    return (
        "Split: a|b|c as features",
        rows,
        {
            "featurecols": lambda: plan.transform(frame),
            "pandas": lambda: frame["genres"].str.get_dummies("|"),
            "polars": lambda: polars.select([lists.contains(name).cast(pl.Float32).alias(name) for name in names]).to_numpy(),
            "scikit-learn": lambda: vectorizer.transform(texts).toarray(),
        },
    )


def _tfidf(rows: int, random: np.random.Generator) -> tuple[str, int, dict[str, Callable[[], Any]]]:
    words = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(words[(5 * random.pareto(1.0, 30)).astype(int) % 5000]) for _ in range(rows)]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), max_features=300, token_pattern=r"\w+").fit(texts)
    pairs = fc.NGrams(fc.Words("text"), (1, 2))
    column = fc.Indicator(fc.Tfidf(fc.Vocabulary(pairs, list(vectorizer.get_feature_names_out()))))
    frame = pd.DataFrame({"text": pd.Series(texts, dtype="str")})
    plan = fc.fit([column], frame)
    return (
        "Tfidf: words and pairs of words as features",
        rows,
        {"featurecols": lambda: plan.transform(frame), "scikit-learn": lambda: vectorizer.transform(texts).toarray()},
    )


def _target_mean(rows: int, random: np.random.Generator) -> list[Result]:
    """Return the cost of TargetMean beside other encoders of the same means, and of its fit beside that of TopTerms."""
    terms = np.array([f"N{i:05d}" for i in range(4000)])
    tails = pd.Series(terms[random.zipf(1.3, rows) % len(terms)], dtype="str")
    frame = pd.DataFrame({"tail": tails, "late": random.integers(0, 2, rows), "id": random.permutation(rows)})
    columns = [fc.TargetMean("tail", "late", fold_by="id")]
    plan, polars = fc.fit(columns, frame), pl.DataFrame({"tail": frame["tail"].to_numpy(object)})
    encoder = TargetEncoder(smooth=20.0, target_type="continuous").fit(frame[["tail"]], frame["late"])
    means = dict(zip(terms, plan.transform({"tail": terms})[:, 0].astype(np.float64), strict=True))
    transform = _measured(
        "TargetMean: the mean label of 4,000 terms",
        rows,
        {
            "featurecols": lambda: plan.transform(frame),
            "pandas": lambda: frame["tail"].map(means).to_numpy(),
            "polars": lambda: polars.select(pl.col("tail").replace_strict(means)).to_numpy(),
            "scikit-learn": lambda: encoder.transform(frame[["tail"]]),
        },
    )
    vocabulary = [fc.Vocabulary("tail", fc.TopTerms(None))]
    fit = measure(
        "TargetMean: fit, beside that of a vocabulary",
        rows,
        {
            "featurecols": lambda: fc.fit(columns, frame),
            "Vocabulary(TopTerms)": lambda: fc.fit(vocabulary, frame),
            "scikit-learn": lambda: TargetEncoder(smooth=20.0, target_type="continuous").fit(frame[["tail"]], frame["late"]),
        },
        budget=BUDGET,
    )
    fit.notes = {
        f"processor time of {name}": f"{fit.processor_ratio(name):.2f} x" for name in fit.seconds if name != "featurecols"
    }
    return [transform, fit]


def _piecewise(rows: int, random: np.random.Generator) -> list[tuple[str, int, dict[str, Callable[[], Any]]]]:
    import torch
    from sklearn.preprocessing import SplineTransformer

    x = random.lognormal(size=rows)
    frame, polars, intervals = pd.DataFrame({"x": x}), pl.DataFrame({"x": x}), fc.Piecewise("x", fc.Quantiles(48))
    curve = fc.Embedding(intervals, 8)
    plan, embedded = fc.fit([intervals], frame), fc.fit([curve], frame)
    table = random.normal(0, 0.02, embedded.tables[curve.name].shape).astype(np.float32)
    embedded = embedded.with_tables({curve.name: table})
    knots = np.quantile(x, np.linspace(0, 1, 49), method="lower")
    bounds = [plan.describe(i).label.strip("[)").split(", ") for i in range(plan.width)]
    b = np.array([float(low) for low, _ in bounds] + [float(bounds[-1][1])])
    assert len(b) == len(knots)
    widths, splines = np.diff(b), SplineTransformer(degree=1, knots=b[:, None], extrapolation="constant").fit(x[:, None])
    tensor, low, width = torch.from_numpy(x).float(), torch.from_numpy(b[:-1]).float(), torch.from_numpy(widths).float()
    rows_of, slope, bias = (torch.from_numpy(part) for part in (table[:-2], table[-2], table[-1]))

    def in_pandas() -> np.ndarray:
        return np.clip((frame["x"].to_numpy()[:, None] - b[:-1]) / widths, 0, 1).astype(np.float32)

    def in_scikit_learn() -> np.ndarray:
        return np.cumsum(splines.transform(frame[["x"]].to_numpy())[:, :0:-1], axis=1)[:, ::-1].astype(np.float32)

    def passed() -> torch.Tensor:
        return ((tensor[:, None] - low) / width).clamp(0, 1)

    def in_torch() -> np.ndarray:
        z = ((tensor - b[0]) / (b[-1] - b[0])).clamp(0, 1)
        return torch.addmm(bias + z[:, None] * slope, passed(), rows_of).numpy()

    of_polars = [
        ((pl.col("x") - at) / by).clip(0, 1).cast(pl.Float32).alias(str(at)) for at, by in zip(b, widths, strict=False)
    ]
    z = ((x - b[0]) / (b[-1] - b[0]))[:, None]
    return [
        (
            "Piecewise: 48 intervals of a number",
            rows,
            {
                "featurecols": lambda: plan.transform(frame),
                "pandas": in_pandas,
                "polars": lambda: polars.select(of_polars).to_numpy(),
                "scikit-learn": in_scikit_learn,
                "torch": lambda: passed().numpy(),
            },
        ),
        (
            "Embedding of a Piecewise: 48 intervals, 8 dimensions",
            rows,
            {
                "featurecols": lambda: embedded.transform(frame),
                "pandas": lambda: in_pandas() @ table[:-2] + z * table[-2] + table[-1],
                "torch": in_torch,
            },
        ),
    ]
