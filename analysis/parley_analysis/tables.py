"""Tables for people."""
from __future__ import annotations

import math

import pandas as pd

from .policies import FRACTION, POLICY, policy_order
from .statistics import Interval, mean_interval, require_only

COLUMN_GAP = 3  # spaces


def success_table(frame: pd.DataFrame, metric: str = "success_rate") -> str:
    """Mean and half width of the 95 % interval of a metric: fractions as rows, policies as columns.

    ValueError when the runs also differ in another parameter.
    """
    require_only(frame, (FRACTION, POLICY))
    if metric not in frame.columns:
        raise ValueError(f"the runs have no summary value {metric}")
    policies = policy_order(frame[POLICY].unique())
    groups = {point: mean_interval(group[metric]) for point, group in frame.groupby([FRACTION, POLICY])}
    rows = [["fraction", *policies]]
    rows += [[f"{fraction:g}", *(_cell(groups.get((fraction, policy))) for policy in policies)]
             for fraction in sorted(frame[FRACTION].unique())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    gap = " " * COLUMN_GAP
    return "\n".join(gap.join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows)


def _cell(interval: Interval | None) -> str:
    """0.912 ± 0.013; the mean alone for one run; - for none."""
    if interval is None or math.isnan(interval.mean):
        return "-"
    if math.isnan(interval.half_width):
        return f"{interval.mean:.3f}"
    return f"{interval.mean:.3f} \N{PLUS-MINUS SIGN} {interval.half_width:.3f}"
