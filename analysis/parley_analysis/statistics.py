"""Means over seeds and how sure they are."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from .results import SEED, parameter_columns

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean of `count` values and the half width of its confidence interval (NaN below two values)."""

    mean: float
    half_width: float
    count: int

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width


def mean_interval(values: Iterable[float], confidence: float = CONFIDENCE) -> Interval:
    """Mean and Student t interval of independent values; NaN values are left out."""
    array = np.asarray(list(values), dtype=float)
    array = array[~np.isnan(array)]
    if array.size == 0:
        return Interval(math.nan, math.nan, 0)
    if array.size == 1:
        return Interval(float(array[0]), math.nan, 1)
    error = float(np.std(array, ddof=1)) / math.sqrt(array.size)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, array.size - 1))
    return Interval(float(np.mean(array)), quantile * error, int(array.size))


def summarise(frame: pd.DataFrame, by: Sequence[str] | None = None,
              metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """One row a point: `by`, `runs`, and for each metric M its mean M and the interval M_low, M_high (95 %).

    `by` defaults to all parameters except the seed, `metrics` to all numbers. Intervals are Student t
    over the runs of a point, which differ in their seed.
    """
    points = [key for key in parameter_columns(frame) if key != SEED] if by is None else list(by)
    names = _metrics(frame) if metrics is None else list(metrics)
    rows = []
    for group in _groups(frame, points):
        row: dict[str, object] = {**{key: group[key].iloc[0] for key in points}, "runs": len(group)}
        for name in names:
            interval = mean_interval(group[name])
            row.update({name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high})
        rows.append(row)
    return pd.DataFrame(rows)


def require_only(frame: pd.DataFrame, used: Iterable[str]) -> None:
    """ValueError when the runs differ in more than `used` and the seed: a mean over them would mix points."""
    known = {SEED, *used}
    others = [key for key in parameter_columns(frame)
              if key not in known and frame[key].nunique(dropna=False) > 1]
    if others:
        raise ValueError(f"the runs also differ in {', '.join(others)}; choose one value of it first")
    missing = [key for key in used if key not in frame.columns]
    if missing:
        raise ValueError(f"the runs have no parameter {', '.join(missing)}")


def _groups(frame: pd.DataFrame, points: list[str]) -> list[pd.DataFrame]:
    """The runs of each point, sorted by the point's parameters."""
    if not points:
        return [frame]
    keys = points if len(points) > 1 else points[0]  # pandas warns of a list of one
    return [group for _, group in frame.groupby(keys, sort=True, dropna=False)]


def _metrics(frame: pd.DataFrame) -> list[str]:
    numbers = frame.select_dtypes("number").columns
    return [name for name in numbers if "." not in name]
