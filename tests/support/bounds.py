"""Confidence bounds with a stated false-alarm probability, `alarm`: how often a right program fails the check.

All checks are two-sided. Where a program's runs share random draws within a seed (the Sybil set, qualities), the
seeds are the independent units, and the t interval over seeds is the bound; where single trials are independent
by the model's definition, the bound is the exact binomial, Poisson or multinomial one.
"""
from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from scipy import stats

ALARM = 1e-5


def check_mean(values: Sequence[float], expected: float, what: str, alarm: float = ALARM) -> None:
    """The mean over seeds is `expected`: t interval (n >= 20, where the t law holds well for any of our means)."""
    values = np.asarray(values, dtype=float)
    n = len(values)
    error = values.std(ddof=1) / math.sqrt(n)
    bound = stats.t.ppf(1 - alarm / 2, n - 1) * error
    assert abs(values.mean() - expected) <= bound, (
        f"{what}: {values.mean():.6g} over {n} seeds, expected {expected:.6g} +- {bound:.3g}")


def check_mean_between(low: Sequence[float], high: Sequence[float], expected: float, what: str,
                       alarm: float = ALARM) -> None:
    """As check_mean for a mean that is known within bounds only, such as one from a histogram's bins."""
    n = len(low)
    factor = stats.t.ppf(1 - alarm / 2, n - 1) / math.sqrt(n)
    lowest = np.mean(low) - factor * np.std(low, ddof=1)
    highest = np.mean(high) + factor * np.std(high, ddof=1)
    assert lowest <= expected <= highest, f"{what}: between {lowest:.6g} and {highest:.6g}, expected {expected:.6g}"


def check_binomial(hits: int, trials: int, share: float, what: str, alarm: float = ALARM) -> None:
    """`hits` of `trials` independent trials of chance `share`: exact test."""
    p = stats.binomtest(int(hits), int(trials), share).pvalue
    assert p >= alarm, f"{what}: {hits} of {trials} = {hits / trials:.5g}, expected {share:.5g} (p = {p:.2g})"


def check_poisson(count: int, mean: float, what: str, alarm: float = ALARM) -> None:
    """A Poisson count of the given mean: exact tails."""
    tail = min(stats.poisson.cdf(count, mean), stats.poisson.sf(count - 1, mean))
    assert 2 * tail >= alarm, f"{what}: {count}, expected {mean:.6g} (p = {2 * tail:.2g})"


def check_normal(value: float, mean: float, variance: float, what: str, alarm: float = ALARM) -> None:
    """A sum of many independent terms, of known mean and variance."""
    bound = stats.norm.ppf(1 - alarm / 2) * math.sqrt(variance)
    assert abs(value - mean) <= bound, f"{what}: {value:.6g}, expected {mean:.6g} +- {bound:.3g}"


def check_histogram(counts: np.ndarray, edges: np.ndarray, cdf, what: str, alarm: float = ALARM) -> None:
    """Independent values with distribution function `cdf`, counted in bins with these lower edges: chi-squared
    test; neighbouring bins are put together until each expects 50 values."""
    total = counts.sum()
    shares = np.diff(np.append(cdf(edges), 1.0))
    shares[0] += cdf(edges[:1])[0]
    observed, expected = [0.0], [0.0]
    for n, share in zip(counts, shares):
        if expected[-1] >= 50:
            observed.append(0.0)
            expected.append(0.0)
        observed[-1] += n
        expected[-1] += total * share
    observed[-2:] = [sum(observed[-2:])]
    expected[-2:] = [sum(expected[-2:])]
    assert len(observed) >= 10, f"{what}: too few bins"
    statistic = sum((o - e) ** 2 / e for o, e in zip(observed, expected))
    p = stats.chi2.sf(statistic, len(observed) - 1)
    assert p >= alarm, f"{what}: chi-squared {statistic:.1f} with {len(observed)} bins (p = {p:.2g})"


def histogram_means(counts: np.ndarray, edges: np.ndarray) -> tuple[float, float]:
    """The least and the greatest mean that values in these bins can have; the last bin must be empty."""
    assert counts[-1] == 0, "values beyond the last bin"
    total = counts.sum()
    return float(counts @ edges / total), float(counts[:-1] @ edges[1:] / total)


def share_below(counts: np.ndarray, edges: np.ndarray, at: float) -> tuple[float, float]:
    """The bin edge nearest to `at`, and the share of the values below it."""
    edge = int(np.argmin(np.abs(edges - at)))
    return float(edges[edge]), float(counts[:edge].sum() / counts.sum())


def check_mean_within(values: Sequence[float], low: float, high: float, what: str, alarm: float = ALARM) -> None:
    """As check_mean for an expectation that is known within [low, high] only."""
    values = np.asarray(values, dtype=float)
    n = len(values)
    bound = stats.t.ppf(1 - alarm / 2, n - 1) * values.std(ddof=1) / math.sqrt(n)
    assert low - bound <= values.mean() <= high + bound, (
        f"{what}: {values.mean():.6g} over {n} seeds, expected {low:.6g} to {high:.6g} +- {bound:.3g}")
