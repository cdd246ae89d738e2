"""Numbers of a curve: its knee, and the area under it."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KNEE_METHOD = "farthest above the chord (Kneedle)"


@dataclass(frozen=True)
class Knee:
    """Where a curve bends most."""

    x: float
    y: float
    index: int     # among the points given
    height: float  # above the chord, on axes scaled to [0, 1]; near 0 there is no knee
    method: str = KNEE_METHOD


def knee(x: np.ndarray, y: np.ndarray) -> Knee:
    """The point farthest above the chord between the ends, both axes scaled to [0, 1].

    For rising curves that level off (benefit y against cost x). This is the offline form of Kneedle without
    smoothing (Satopaa, Albrecht, Irwin, Raghavan, ICDCSW 2011). It depends on the range of x: say which was swept.
    Points whose x or y is NaN are left out. ValueError with fewer than three others, or when x or y does not vary.
    """
    all_costs, all_benefits = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if all_costs.ndim != 1 or all_costs.shape != all_benefits.shape:
        raise ValueError(f"{all_costs.size} and {all_benefits.size} values; each x needs its y")
    given = np.flatnonzero(~(np.isnan(all_costs) | np.isnan(all_benefits)))
    cost, benefit = all_costs[given], all_benefits[given]
    if cost.size < 3:
        raise ValueError(f"{cost.size} points have an x and a y; a knee needs three points or more")
    if np.ptp(cost) == 0 or np.ptp(benefit) == 0:
        raise ValueError("the curve does not vary along an axis; it has no knee")
    scaled_cost = (cost - cost.min()) / np.ptp(cost)
    scaled_benefit = (benefit - benefit.min()) / np.ptp(benefit)
    above = scaled_benefit - scaled_cost
    index = int(np.argmax(above))
    return Knee(float(cost[index]), float(benefit[index]), int(given[index]), float(above[index]))


def area_under_curve(x: np.ndarray, y: np.ndarray, normalised: bool = True) -> float:
    """Area by the trapezoidal rule; normalised: divided by the range of x, which is the mean height.

    The success of a policy over all Sybil fractions in one number. x need not be sorted; ValueError when it has
    fewer than two different values.
    """
    order = np.argsort(x, kind="stable")
    across, height = np.asarray(x, dtype=float)[order], np.asarray(y, dtype=float)[order]
    if across.size < 2 or across[0] == across[-1]:
        raise ValueError("an area needs two different values of x or more")
    area = float(np.trapz(height, across))
    return area / float(across[-1] - across[0]) if normalised else area
