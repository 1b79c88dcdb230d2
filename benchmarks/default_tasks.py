"""The data sets of the benchmark of default arguments, as plain tables: numbers, texts and a label, nothing prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import featurecols as fc

MOST = 8_000  # rows of the large data sets that are used, so that all models with five splits take minutes


@dataclass(frozen=True)
class Table:
    """Rows, their label, and which columns are numbers and which are texts."""

    name: str
    rows: pd.DataFrame
    label: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    regression: bool

    def columns(self) -> list[fc.Numeric | fc.Indicator]:
        """Return what a newcomer declares: numbers as Numeric, texts as indicators of their most frequent terms."""
        numbers = [
            fc.Numeric(key, default=fc.Median()) if self.rows[key].isna().any() else fc.Numeric(key) for key in self.numbers
        ]
        return [*numbers, *(fc.Indicator(fc.Vocabulary(key, fc.TopTerms(100))) for key in self.texts)]


def _table(name: str, rows: pd.DataFrame, label: str, *, regression: bool) -> Table:
    keys = [key for key in rows.columns if key != label]
    numbers = tuple(key for key in keys if pd.api.types.is_numeric_dtype(rows[key]))
    return Table(name, rows, label, numbers, tuple(key for key in keys if key not in numbers), regression)


def _sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most MOST rows, drawn once."""
    return rows if len(rows) <= MOST else rows.sample(MOST, random_state=0).reset_index(drop=True)


def diabetes(folder: Path) -> Table:
    """442 patients and a measure of progression a year later, as scikit-learn has them."""
    from sklearn.datasets import load_diabetes

    return _table("diabetes", load_diabetes(as_frame=True, scaled=False).frame, "target", regression=True)


def mpg(folder: Path) -> Table:
    """398 cars and their miles per gallon; their names are left out."""
    rows = pd.read_csv(folder / "mpg/mpg.csv", na_values=["?"]).drop(columns="name")
    return _table("mpg", rows, "mpg", regression=True)


def abalone(folder: Path) -> Table:
    """4,177 shells and the number of their rings."""
    return _table("abalone", pd.read_csv(folder / "abalone/abalone.csv"), "rings", regression=True)


def california(folder: Path) -> Table:
    """20,640 districts and the median value of their houses, in dollars."""
    rows = pd.read_parquet(folder / "california_housing/housing.parquet")
    return _table("california", rows, "median_house_value", regression=True)


def diamonds(folder: Path) -> Table:
    """8,000 of 53,940 diamonds and their prices, in dollars."""
    return _table("diamonds", _sample(pd.read_parquet(folder / "diamonds/diamonds.parquet")), "price", regression=True)


def penguins(folder: Path) -> Table:
    """344 penguins of three species."""
    return _table("penguins", pd.read_csv(folder / "penguins/penguins.csv"), "species", regression=False)


def heart(folder: Path) -> Table:
    """303 patients, with a disease of the heart or without."""
    rows = pd.read_csv(folder / "heart/processed.cleveland.data", na_values=["?"])
    return _table("heart", rows.assign(num=(rows["num"] > 0).astype(int)), "num", regression=False)


def cancer(folder: Path) -> Table:
    """569 tumours, malignant or benign, as scikit-learn has them."""
    from sklearn.datasets import load_breast_cancer

    return _table("breast cancer", load_breast_cancer(as_frame=True).frame, "target", regression=False)


def adult(folder: Path) -> Table:
    """8,000 of 32,561 persons of the census, with an income above 50,000 dollars or below."""
    rows = _sample(pd.read_parquet(folder / "adult/adult_data.parquet"))
    label = rows.columns[-1]
    return _table("adult", rows.drop(columns="fnlwgt", errors="ignore"), label, regression=False)


def flights(folder: Path) -> Table:
    """8,000 of 60,000 flights from New York, at least 15 minutes late or not: from the schedule and the date."""
    rows = fc.datasets.flights().to_pandas()
    rows = _sample(rows[rows["arr_delay"].notna()].reset_index(drop=True))
    keys = ["month", "day", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance"]
    late = (rows["arr_delay"] >= 15).astype(int)
    return _table("flights", rows[keys].assign(late=late), "late", regression=False)


TABLES: dict[str, Callable[[Path], Table]] = {
    found.__name__: found for found in (diabetes, mpg, abalone, california, diamonds, penguins, heart, cancer, adult, flights)
}


def split(table: Table, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training rows and a quarter of the rows held out, by the number of the split."""
    order = np.random.default_rng(number).permutation(len(table.rows))
    held = len(order) // 4
    rows = table.rows
    return rows.iloc[order[held:]].reset_index(drop=True), rows.iloc[order[:held]].reset_index(drop=True)
