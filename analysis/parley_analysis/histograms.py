"""Percentiles from histograms, with what the bins hide."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentile:
    """A percentile and the edges of the bin it lies in: the value before binning was between them."""

    value: float
    low: float
    high: float

    @property
    def bin_error(self) -> float:
        """The most by which `value` can be wrong, in its unit."""
        return math.inf if math.isinf(self.value) else max(self.value - self.low, self.high - self.value)


def percentile(lower_edges: np.ndarray, counts: np.ndarray, share: float) -> Percentile:
    """The value below which `share` of the counted values lie.

    lower_edges: shape (bins,), rising; the last bin has no upper end. counts: the same shape. Within a bin the
    value is interpolated on the logarithmic scale, in a bin that begins at 0 on the linear one; in the last bin,
    beyond 10,000 s of a latency, it is infinite, and low is the edge: as the program does for /summary. Empty: NaN.
    ValueError when the shapes differ or share is not in [0, 1].
    """
    edges, numbers = np.asarray(lower_edges, dtype=float), np.asarray(counts, dtype=float)
    if edges.shape != numbers.shape or edges.ndim != 1:
        raise ValueError(f"edges of shape {edges.shape} and counts of shape {numbers.shape}; they must be equal, "
                         "and have one dimension")
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} is not between 0 and 1")
    total = numbers.sum()
    if total == 0:
        return Percentile(math.nan, math.nan, math.nan)
    below = np.concatenate([[0.0], np.cumsum(numbers)])
    wanted = share * total
    index = int(np.flatnonzero((numbers > 0) & (below[1:] >= wanted))[0])
    low = float(edges[index])
    if index == edges.size - 1:
        return Percentile(math.inf, low, math.inf)
    high = float(edges[index + 1])
    position = max(0.0, (wanted - below[index]) / numbers[index])
    value = high * position if low == 0 else low * (high / low) ** position
    return Percentile(value, low, high)


def roc_auc(lower: np.ndarray, higher: np.ndarray) -> float:
    """Probability that a value of the histogram `higher` exceeds one of `lower`; ties within a bin count half.

    Both have the same bins, in rising order: with Sybils' trust as `lower` and honest peers' as `higher` it tells
    how well trust tells them apart (0.5: not at all; 1: perfectly). NaN when one is empty.
    """
    low, high = np.asarray(lower, dtype=float), np.asarray(higher, dtype=float)
    if low.sum() == 0 or high.sum() == 0:
        return math.nan
    lower_before = np.concatenate([[0.0], np.cumsum(low)[:-1]])
    return float((high * (lower_before + low / 2)).sum() / (low.sum() * high.sum()))
