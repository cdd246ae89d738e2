"""Figures of the studies beyond the paper's; as in sweeps, each takes the frame of read_runs."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from ..attack import sybil_identities
from ..policies import FRACTION, POLICY, PolicyStyle
from ..statistics import require_only, summarise
from .canvas import GRID, legend_beside
from .sweeps import INTERVAL, LABELS, OVERHEAD, PEERS, SUCCESS, by_policy, draw_pareto, line_with_band, share_axis

RECOGNITION = "adversary.canary_recognition"
KIND = "reputation.kind"
PRAISE = "adversary.praise_rate"
BADMOUTH = "adversary.badmouth"
EDGES = "attack_edges"
DASHES = (0, (4, 2))

KIND_STYLES = {
    "none": PolicyStyle("Own experience only", "0.5", "X"),
    "beta": PolicyStyle("Beta (pooled)", "#D55E00", "s"),
    "eigentrust": PolicyStyle("EigenTrust", "#0072B2", "D"),
    "sybilrank": PolicyStyle("SybilRank", "#009E73", "o"),
}


def overhead_vs_peers(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Control bytes a peer and second over the number of peers; parameters may move together with it."""
    means = summarise(frame, by=(PEERS,), metrics=(OVERHEAD,))
    line_with_band(ax, means, PEERS, OVERHEAD, PolicyStyle(INTERVAL, "#0072B2", "o"))
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel(LABELS[PEERS])
    ax.set_ylabel(LABELS[OVERHEAD])
    ax.set_ylim(0, 1.15 * means[OVERHEAD].max())
    ax.grid(axis="y", **GRID)
    return ax


def pareto_by_fraction(frame: pd.DataFrame, axes: Sequence[Axes]) -> None:
    """The Pareto figure once for each Sybil fraction, on axes side by side; the legend right of the last."""
    require_only(frame, (POLICY, FRACTION))
    for ax, (fraction, runs) in zip(axes, frame.groupby(FRACTION), strict=True):
        handles = draw_pareto(runs, ax)
        ax.set_title(f"$f$ = {fraction:g}", fontsize=9)
        if ax is not axes[0]:
            ax.set_ylabel("")
    legend_beside(axes[-1], handles, INTERVAL)


def success_blind_and_aware(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Success over the Sybil fraction by policy: canary-blind Sybils solid, those that recognise canaries dashed."""
    require_only(frame, (FRACTION, POLICY, RECOGNITION))
    handles = []
    for recognition, dashes in zip(sorted(frame[RECOGNITION].unique()), ("-", DASHES), strict=True):
        runs = frame[frame[RECOGNITION] == recognition]
        for line, style in by_policy(summarise(runs, by=(POLICY, FRACTION), metrics=(SUCCESS,))):
            drawn = line_with_band(ax, line, FRACTION, SUCCESS, style, dashes)
            if dashes == "-":
                handles.append(drawn)
        name = "canary-blind" if recognition == 0 else f"recognise a canary\nwith probability {recognition:g}"
        handles.append(Line2D([], [], color="0.3", linestyle=dashes, label=f"Sybils {name}"))
    _labelled(ax, LABELS[FRACTION], SUCCESS)
    legend_beside(ax, [h for h in handles if h.get_marker() != "None"] +
                  [h for h in handles if h.get_marker() == "None"], INTERVAL)
    return ax


def metric_vs_praise(frame: pd.DataFrame, ax: Axes, metric: str = SUCCESS) -> Axes:
    """A metric over the rate of praise among Sybils: a line a kind of reputation, dashed with badmouthing.

    The rate 0 stands at the left end of the logarithmic axis.
    """
    require_only(frame, (PRAISE, KIND, BADMOUTH))
    rates = sorted(frame[PRAISE].unique())
    handles = []
    for badmouth, dashes in (("false", "-"), ("true", DASHES)):
        runs = frame[frame[BADMOUTH] == badmouth]
        for line, style in _by_kind(summarise(runs, by=(KIND, PRAISE), metrics=(metric,))):
            line = line.assign(place=[rates.index(rate) for rate in line[PRAISE]])
            drawn = line_with_band(ax, line, "place", metric, style, dashes)
            if badmouth == "false":
                handles.append(drawn)
    handles.append(Line2D([], [], color="0.3", linestyle=DASHES, label="with badmouthing"))
    ax.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    _labelled(ax, "Praise per Sybil [1/s]", metric)
    legend_beside(ax, handles, INTERVAL)
    return ax


def metric_vs_attack_edges(frame: pd.DataFrame, ax: Axes, metric: str, along: str) -> Axes:
    """A metric against the measured attack edges a Sybil, as `along` moves them: a line a kind of reputation.

    A mark a value of `along`, mean over seeds, with the 95 % interval of the metric.
    """
    require_only(frame, (along, KIND))
    runs = frame.assign(edges=frame[EDGES] / sybil_identities(frame))
    for line, style in _by_kind(summarise(runs, by=(KIND, along), metrics=("edges", metric))):
        line_with_band(ax, line.sort_values("edges"), "edges", metric, style)
    _labelled(ax, "Attack edges per Sybil", metric)
    legend_beside(ax, title=INTERVAL)
    return ax


def _by_kind(means: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, PolicyStyle]]:
    for kind, style in KIND_STYLES.items():
        if (means[KIND] == kind).any():
            yield means[means[KIND] == kind], style


def _labelled(ax: Axes, x: str, y: str) -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(LABELS.get(y, y))
    share_axis(ax)
