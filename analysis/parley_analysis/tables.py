"""Tables for people."""
from __future__ import annotations

import math

import pandas as pd

from .policies import FRACTION, POLICY, policy_order
from .statistics import require_only, summarise

COLUMN_GAP = 3  # spaces


def success_table(frame: pd.DataFrame, metric: str = "success_rate") -> str:
    """Mean and half width of the 95 % interval of a metric: fractions as rows, policies as columns.

    ValueError when the runs also differ in another parameter, or two have the same parameters and seed.
    """
    require_only(frame, (FRACTION, POLICY))
    if metric not in frame.columns:
        raise ValueError(f"the runs have no summary value {metric}")
    policies = policy_order(frame[POLICY].unique())
    means = summarise(frame, by=(FRACTION, POLICY), metrics=(metric,))
    cells = {(point[FRACTION], point[POLICY]): _cell(point[metric], point[f"{metric}_high"] - point[metric])
             for _, point in means.iterrows()}
    rows = [["fraction", *policies]]
    rows += [[f"{fraction:g}", *(cells.get((fraction, policy), "-") for policy in policies)]
             for fraction in sorted(frame[FRACTION].unique())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    gap = " " * COLUMN_GAP
    return "\n".join(gap.join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows)


def _cell(mean: float, half_width: float) -> str:
    """0.912 ± 0.013; the mean alone for one run; - for none."""
    if math.isnan(mean):
        return "-"
    if math.isnan(half_width):
        return f"{mean:.3f}"
    return f"{mean:.3f} \N{PLUS-MINUS SIGN} {half_width:.3f}"
