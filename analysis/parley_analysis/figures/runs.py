"""Figures of one run."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..run import Run
from ..schema import row_kind
from .canvas import GRID, HONEST, SYBIL, legend_beside, looks

OVER_DATA = 1.5  # in the order of drawing: areas are at 1, the lines of the axes at 2.5
ENDED = ("workflows_success", "workflows_compromised", "workflows_failed")


class NoRows(ValueError):
    """A run that was killed before its first row of a kind."""


def require_rows(run: Run, group: str = "timeseries") -> None:
    """NoRows when nothing over time is there yet."""
    if run.rows(group) == 0:
        raise NoRows(f"{run.file} has no row in {group} yet (it had committed none when it was killed, or has just "
                     f"begun); resume it from {str(run.file).removesuffix('.part')}.checkpoint if there is one, or run "
                     "it again")


@dataclass(frozen=True)
class Phase:
    """A part of a run to shade, in simulated seconds."""

    name: str
    begin: float
    end: float
    colour: str = "0.88"


def time_series(run: Run, ax: Axes, names: Sequence[str] = ENDED, window: float = 20.0,
                phases: Iterable[Phase] = ()) -> Axes:
    """Time series as rates or levels, smoothed over `window` simulated seconds; the warm-up and `phases` are shaded.

    By default the workflows that ended, by outcome, per second. Counts become counts per second; levels, maxima and
    means keep their unit, which all of `names` must share (else ValueError). KeyError for a dataset of which
    docs/file-format.md does not say which of them it is, NoRows without rows.
    """
    require_rows(run)
    units = {_rate_unit(run, name) for name in names}
    if len(units) > 1:
        raise ValueError(f"the series have different units ({', '.join(sorted(units))}); draw them in several figures")
    for name, look in zip(names, looks(len(names)), strict=True):
        series = smoothed(run, name, window)
        ax.plot(series.index, series, color=look.colour, linestyle=look.dashes, linewidth=1.3, label=_words(name))
    _shade(ax, [Phase("warm-up", 0.0, run.warmup), *phases])
    ax.set_xlabel("Simulated time [s]")
    ax.set_ylabel(_value_label(names, units.pop()))
    ax.set_xlim(0, float(run.series(names[0]).index[-1]))
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", **GRID)
    legend_beside(ax, title=f"Mean over {window:g} s")
    return ax


def smoothed(run: Run, name: str, window: float) -> pd.Series:
    """A time series averaged over windows of simulated seconds that end at each time; counts become per second.

    KeyError as for time_series.
    """
    series = run.series(name)
    durations = np.diff(series.index.to_numpy(), prepend=0.0)
    series = series / durations if _is_count(run, name) else series.astype(float)
    rows = max(1, round(window / float(np.median(durations))))
    return series.rolling(rows, min_periods=1).mean()


def failure_reasons(run: Run, ax: Axes, window: float = 20.0) -> Axes:
    """Failed workflows per second by reason, stacked, smoothed over `window` simulated seconds."""
    require_rows(run)
    failed = run.table("workflows_failed_by_reason").astype(float)
    durations = np.diff(failed.index.to_numpy(), prepend=0.0)
    rows = max(1, round(window / float(np.median(durations))))
    rates = failed.div(durations, axis=0).rolling(rows, min_periods=1).mean()
    # The largest below: its edge is the steadiest.
    shown = [reason for reason in rates.sum().sort_values(ascending=False).index if rates[reason].sum() > 0]
    drawn = looks(len(shown))
    bands = ax.stackplot(rates.index, *(rates[reason] for reason in shown), colors=[look.colour for look in drawn],
                         labels=[_words(str(reason)) for reason in shown], linewidth=0.4,
                         edgecolor="white") if shown else []
    for band, look in zip(bands, drawn, strict=True):
        band.set_hatch(look.hatch)
    _shade(ax, [Phase("warm-up", 0.0, run.warmup)], over=True)
    ax.set_xlabel("Simulated time [s]")
    ax.set_ylabel("Failed workflows [1/s]")
    ax.set_xlim(0, float(rates.index[-1]))
    ax.set_ylim(bottom=0)
    if bands:
        legend_beside(ax, bands[::-1], f"Mean over {window:g} s")
    else:
        ax.annotate("no workflow failed", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color="0.35")
    return ax


def trust_distributions(run: Run, ax: Axes) -> Axes:
    """Published trust of honest peers and Sybils over time: median, and the central 50 % and 90 % of the peers.

    From the histograms of schema version 2 (16 bins: edges are known to 1/16). KeyError for older results.
    """
    require_rows(run, "histograms")
    handles = []
    for kind, label, colour in (("honest", "Honest peers", HONEST), ("sybil", "Sybils", SYBIL)):
        counts = run.table(f"trust_{kind}", "histograms")
        if counts.to_numpy().sum() == 0:
            continue
        levels = {share: trust_quantile(counts, share) for share in (0.05, 0.25, 0.5, 0.75, 0.95)}
        ax.fill_between(counts.index, levels[0.05], levels[0.95], color=colour, alpha=0.18, linewidth=0)
        ax.fill_between(counts.index, levels[0.25], levels[0.75], color=colour, alpha=0.35, linewidth=0)
        handles += ax.plot(counts.index, levels[0.5], color=colour, linewidth=1.5, label=f"{label}: median")
        handles.append(Patch(color=colour, alpha=0.5, linewidth=0, label="central 50 %"))
        handles.append(Patch(color=colour, alpha=0.18, linewidth=0, label="central 90 %"))
    _shade(ax, [Phase("warm-up", 0.0, run.warmup)])
    ax.set_xlabel("Simulated time [s]")
    ax.set_ylabel("Published trust")
    ax.set_xlim(0, float(counts.index[-1]))
    ax.set_ylim(0, 1)
    ax.grid(axis="y", **GRID)
    legend_beside(ax, handles)
    return ax


def trust_quantile(counts: pd.DataFrame, share: float) -> np.ndarray:
    """The trust below which a share of the peers lies, at each time; interpolated linearly within its bin."""
    edges = np.append(counts.columns.to_numpy(float), 1.0)
    values = []
    for row in counts.to_numpy(float):
        below = np.concatenate([[0.0], np.cumsum(row)])
        values.append(np.interp(share * below[-1], below, edges) if below[-1] > 0 else np.nan)
    return np.array(values)


def _shade(ax: Axes, phases: Iterable[Phase], over: bool = False) -> None:
    """Phases behind the data, and over it where the data covers the axes; their names along the top.

    What is over the data stays below the lines of the axes.
    """
    for phase in phases:
        if phase.end <= phase.begin:
            continue
        ax.axvspan(phase.begin, phase.end, color=phase.colour, linewidth=0, zorder=0)
        if over:
            ax.axvspan(phase.begin, phase.end, color=phase.colour, alpha=0.55, linewidth=0, zorder=OVER_DATA)
        ax.annotate(phase.name, ((phase.begin + phase.end) / 2, 1.0), xycoords=("data", "axes fraction"),
                    xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=8, color="0.35",
                    annotation_clip=False)


def _is_count(run: Run, name: str) -> bool:
    """Whether a series counts what happened in the interval."""
    return row_kind(str(run.attributes.get("model")), f"timeseries/{name}") == "sum"


def _rate_unit(run: Run, name: str) -> str:
    unit = run.units(f"timeseries/{name}")
    return f"{unit}/s" if _is_count(run, name) else unit


def _value_label(names: Sequence[str], unit: str) -> str:
    if all(name.startswith("workflows_") for name in names):
        return "Workflows [1/s]"
    text = _words(names[0]).capitalize() if len(names) == 1 else "Value"
    return text if unit == "1" else f"{text} [{unit}]"


def _words(name: str) -> str:
    return name.removeprefix("workflows_").replace("_", " ")
