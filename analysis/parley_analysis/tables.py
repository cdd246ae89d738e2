"""Tables for people."""
from __future__ import annotations

import math

import pandas as pd

from .policies import FRACTION, POLICY, policy_order
from .comparable import require_only
from .statistics import summarise
from .sweep import SEED, varied_parameters
from .units import value_order, value_text

COLUMN_GAP = 3  # spaces


def success_table(frame: pd.DataFrame, metric: str = "success_rate", rows: str = FRACTION) -> str:
    """Mean and half width of the 95 % interval of a metric: a row a value of the parameter `rows`, policies as columns.

    ValueError when the runs also differ in another parameter, or two have the same parameters and seed.
    """
    if rows == POLICY:
        raise ValueError(f"{POLICY} is across the table already; choose another parameter for its rows")
    others = [key for key in varied_parameters(frame) if key not in (SEED, POLICY, rows)]
    require_only(frame, (rows, POLICY), f"; or show it with --rows {others[0]}" if others else "")
    if metric not in frame.columns:
        raise ValueError(f"the runs have no summary value {metric}")
    policies = policy_order(frame[POLICY].unique())
    means = summarise(frame, by=(rows, POLICY), metrics=(metric,))
    cells = {(point[rows], point[POLICY]): _cell(point[metric], point[f"{metric}_high"] - point[metric])
             for _, point in means.iterrows()}
    lines = [["fraction" if rows == FRACTION else rows, *policies]]
    lines += [[value_text(value), *(cells.get((value, policy), "-") for policy in policies)]
              for value in sorted(frame[rows].unique(), key=value_order)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    gap = " " * COLUMN_GAP
    return "\n".join(gap.join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines)


def _cell(mean: float, half_width: float) -> str:
    """0.912 ± 0.013; the mean alone for one run; - for none."""
    if math.isnan(mean):
        return "-"
    if math.isnan(half_width):
        return f"{mean:.3f}"
    return f"{mean:.3f} \N{PLUS-MINUS SIGN} {half_width:.3f}"
