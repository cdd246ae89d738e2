"""Means, shares and paired differences over seeds, and how sure they are."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from .comparable import (choose_one, groups_of, require_metrics, require_no_copies, require_one_point,
                         require_parameters)
from .policies import POLICY
from .sweep import SEED, metric_columns, parameter_columns, varied_parameters

CONFIDENCE = 0.95
FEW_SEEDS = 5  # below, an interval is wide and leans on the assumption of normal means


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
    """Mean and Student t interval of independent values; NaN values are left out. With an infinite value, such as a
    percentile beyond the last bin, the mean is infinite (NaN with both signs) and there is no interval."""
    array = np.asarray(list(values), dtype=float)
    array = array[~np.isnan(array)]
    if array.size == 0:
        return Interval(math.nan, math.nan, 0)
    if array.size == 1:
        return Interval(float(array[0]), math.nan, 1)
    if np.isinf(array).any():
        signs = set(array[np.isinf(array)])
        return Interval(float(signs.pop()) if len(signs) == 1 else math.nan, math.nan, int(array.size))
    error = float(np.std(array, ddof=1)) / math.sqrt(array.size)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, array.size - 1))
    return Interval(float(np.mean(array)), quantile * error, int(array.size))


@dataclass(frozen=True)
class Rate:
    """A share of `count` trials with its confidence interval."""

    value: float
    low: float
    high: float
    count: int


def wilson_interval(successes: float, trials: float, confidence: float = CONFIDENCE) -> Rate:
    """Share of independent trials that succeeded, with the score interval of Wilson (1927).

    Unlike mean +- 1.96 standard errors it stays within [0, 1] and is right for few trials and for shares near
    0 or 1. Workflows of one run are not quite independent; between seeds prefer mean_interval.
    ValueError unless 0 <= successes <= trials. Without trials: NaN.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials; successes must lie between 0 and the trials")
    if trials == 0:
        return Rate(math.nan, math.nan, math.nan, 0)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # At the ends the interval touches 0 or 1, but for rounding.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Rate(share, low, high, int(trials))


def paired_differences(frame: pd.DataFrame, metric: str, baseline: object, of: str = POLICY,
                       by: Sequence[str] | None = None) -> pd.DataFrame:
    """Differences of a metric to a baseline, pair by pair of runs with the same seed.

    Runs with the same seed share their random numbers (arrivals, qualities, who is Sybil), so the difference
    varies less than the metric. One row a point and value of `of` (default: the policy): `by`, `of`, pairs (those that
    have a difference: not of NaN, nor of infinity to infinity; all else is over them), baseline (its mean), difference
    with difference_low and difference_high (95 %, Student t over the pairs), and p_value (two-sided paired t test; NaN
    below two pairs). `by` defaults to all other parameters.
    ValueError when the baseline is not among the runs or a point has two runs with the same seed.
    """
    points = [key for key in parameter_columns(frame) if key not in (SEED, of)] if by is None else list(by)
    if not (frame[of] == baseline).any():
        raise ValueError(f"no run has {of} = {baseline}; choose one of {', '.join(map(str, frame[of].unique()))}")
    keys = [*points, SEED]
    repeated = frame.duplicated([*keys, of])
    if repeated.any():
        raise ValueError(f"two runs have the same {', '.join([*keys, of])}; name what else differs in `by`")
    base = frame.loc[frame[of] == baseline, [*keys, metric]].rename(columns={metric: "_baseline"})
    pairs = frame[frame[of] != baseline].merge(base, on=keys)
    rows = []
    for group in groups_of(pairs, [*points, of]):
        difference = (group[metric] - group["_baseline"]).dropna()
        whole = group.loc[difference.index]
        interval = mean_interval(difference)
        rows.append({**{key: group[key].iloc[0] for key in (*points, of)}, "pairs": interval.count,
                     "baseline": float(whole["_baseline"].mean()), "difference": interval.mean,
                     "difference_low": interval.low, "difference_high": interval.high,
                     "p_value": _paired_p_value(difference.to_numpy(float))})
    return pd.DataFrame(rows)


def _paired_p_value(difference: np.ndarray) -> float:
    """Two-sided p value of the mean of the differences being zero."""
    if difference.size < 2 or not np.isfinite(difference).all():
        return math.nan
    error = float(np.std(difference, ddof=1)) / math.sqrt(difference.size)
    if error == 0:
        return 1.0 if difference[0] == 0 else 0.0
    return float(2 * stats.t.sf(abs(difference.mean()) / error, difference.size - 1))


def summarise(frame: pd.DataFrame, by: Sequence[str] | None = None, metrics: Sequence[str] | None = None,
              pool: bool = False) -> pd.DataFrame:
    """One row a point: `by`, `runs`, and for each metric M its mean M and the interval M_low, M_high (95 %).

    `by` defaults to all parameters except the seed, `metrics` to all numbers. Intervals are Student t over the runs of
    a point, which are independent because they differ in their seed, and in nothing else: ValueError when they do (what
    moves together with `by` does not), or two have the same seed.
    `pool`: a point may have several values of what `by` leaves out. The runs of a seed, which share their random
    numbers, are averaged over them first; the interval is over the seeds. ValueError unless each seed has them all.
    """
    points = [key for key in parameter_columns(frame) if key != SEED] if by is None else list(by)
    require_parameters(frame, points)
    names = metric_columns(frame) if metrics is None else list(metrics)
    require_metrics(frame, names)
    rows = []
    for group in groups_of(frame, points):
        require_no_copies(group)
        values = _averaged_by_seed(group, names) if pool else group
        require_one_point(values)
        row: dict[str, object] = {**{key: group[key].iloc[0] for key in points}, "runs": len(group)}
        for name in names:
            interval = mean_interval(values[name])
            row.update({name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high})
        rows.append(row)
    columns = [*points, "runs", *(f"{name}{end}" for name in names for end in ("", "_low", "_high"))]
    return pd.DataFrame(rows, columns=columns)


def _averaged_by_seed(group: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A row a seed: means over what else the runs differ in; NaN where one of them is."""
    others = [key for key in varied_parameters(group) if key != SEED]
    if not others:
        return group
    require_parameters(group, (SEED,))
    if len(group) != len(group.drop_duplicates(others)) * group[SEED].nunique():
        raise ValueError(f"not every seed has a run at each value of {', '.join(others)}; a mean over them would mix "
                         f"seeds and values. {choose_one(others)}")
    return group.groupby(SEED)[list(names)].agg(lambda values: values.mean(skipna=False))
