"""Markdown tables of means and intervals over seeds."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from ..statistics import summarise

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without a final line break."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value: float, digits: int) -> str:
    """Rounded; - for none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def with_half_width(point: pd.Series, metric: str, digits: int = 3) -> str:
    """0.912 ± 0.013 of a row of `summarise`; the mean alone for one run."""
    half = (point[f"{metric}_high"] - point[f"{metric}_low"]) / 2
    return number(point[metric], digits) + ("" if math.isnan(half) else f" {PLUS_MINUS} {half:.{digits}f}")


def with_interval(mean: float, low: float, high: float, digits: int = 3) -> str:
    """0.365 (0.348 to 0.382); the mean alone when there is no interval."""
    return number(mean, digits) + ("" if math.isnan(low) else f" ({low:.{digits}f} to {high:.{digits}f})")


def pivoted(frame: pd.DataFrame, rows: str, columns: str, metric: str, order: Sequence[object], digits: int = 3,
            label: str | None = None) -> str:
    """The metric, mean and half width of the 95 % interval: a row a value of `rows`, a column one of `order`."""
    means = summarise(frame, by=(rows, columns), metrics=(metric,))
    cells = {(point[rows], point[columns]): with_half_width(point, metric, digits) for _, point in means.iterrows()}
    body = [[f"{value:g}" if isinstance(value, (int, float)) else str(value),
             *(cells.get((value, column), "-") for column in order)] for value in sorted(means[rows].unique())]
    return markdown_table([label or f"`{rows}`", *map(str, order)], body)
