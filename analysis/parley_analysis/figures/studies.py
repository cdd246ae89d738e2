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
from .canvas import CATEGORIES, GRID, legend_beside
from .sweeps import (INTERVAL, LABELS, OVERHEAD, PEERS, SUCCESS, by_policy, draw_pareto, line_with_band, log_ticks,
                     share_axis)

RECOGNITION = "adversary.canary_recognition"
KIND = "reputation.kind"
PRAISE = "adversary.praise_rate"
BADMOUTH = "adversary.badmouth"
EDGES = "attack_edges"
FORGE_RATE = "adversary.forge_rate"
SEQUENCE = "adversary.forge_sequence"
VERIFY = "identity.verify"
WHITEWASH = "adversary.whitewash"
RESERVE = "adversary.reserve"
COST = "identity.cost"
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
    return success_with_and_without(frame, ax, RECOGNITION, ("Sybils canary-blind", "Sybils recognise\nevery canary"))


def success_with_and_without(frame: pd.DataFrame, ax: Axes, parameter: str, names: tuple[str, str]) -> Axes:
    """Success over the Sybil fraction by policy: solid for the lower of two values of a parameter, dashed for the other.

    `names`: of the two values.
    """
    require_only(frame, (FRACTION, POLICY, parameter))
    handles = []
    for value, name, dashes in zip(sorted(frame[parameter].unique()), names, ("-", DASHES), strict=True):
        means = summarise(frame[frame[parameter] == value], by=(POLICY, FRACTION), metrics=(SUCCESS,))
        drawn = [line_with_band(ax, line, FRACTION, SUCCESS, style, dashes) for line, style in by_policy(means)]
        handles += drawn if dashes == "-" else []
    handles += [_dash(name, dashes) for name, dashes in zip(names, ("-", DASHES))]
    _labelled(ax, LABELS[FRACTION], SUCCESS)
    legend_beside(ax, handles, INTERVAL)
    return ax


def metric_vs_praise(frame: pd.DataFrame, ax: Axes, metric: str = SUCCESS) -> Axes:
    """A metric over the rate of praise among Sybils: a line a kind of reputation, dashed with badmouthing.

    The rate 0 stands at the left end of the logarithmic axis.
    """
    require_only(frame, (PRAISE, KIND, BADMOUTH))
    handles = []
    for badmouth, dashes in (("false", "-"), ("true", DASHES)):
        runs = frame[frame[BADMOUTH] == badmouth]
        for line, style in _by_kind(summarise(runs, by=(KIND, PRAISE), metrics=(metric,))):
            drawn = line_with_band(ax, _side_by_side(ax, line, PRAISE), "place", metric, style, dashes)
            handles += [drawn] if badmouth == "false" else []
    handles.append(_dash("with badmouthing", DASHES))
    _labelled(ax, "Praise per Sybil [1/s]", metric)
    legend_beside(ax, handles, INTERVAL)
    return ax


def success_vs_forging(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Success over the rate of forging by policy: signatures verified solid, not verified dashed, dotted when forged
    descriptors have the largest sequence number, too. The rates stand side by side."""
    require_only(frame, (FORGE_RATE, VERIFY, SEQUENCE, POLICY))
    handles = []
    for verify, sequence, dashes in (("true", "now", "-"), ("false", "now", DASHES), ("false", "max", ":")):
        runs = frame[(frame[VERIFY] == verify) & (frame[SEQUENCE] == sequence)]
        for line, style in by_policy(summarise(runs, by=(POLICY, FORGE_RATE), metrics=(SUCCESS,))):
            drawn = line_with_band(ax, _side_by_side(ax, line, FORGE_RATE), "place", SUCCESS, style, dashes)
            handles += [drawn] if verify == "true" else []
    handles += [_dash("verified", "-"), _dash("not verified", DASHES), _dash("not verified, largest\nsequence number", ":")]
    _labelled(ax, "Forged descriptors per Sybil [1/s]", SUCCESS)
    legend_beside(ax, handles, INTERVAL)
    return ax


def success_vs_identity_cost(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Success over what a budget buys as the price of an identity rises, by the share kept back for fresh identities."""
    require_only(frame, (COST, RESERVE, WHITEWASH))
    for (reserve, line), colour, marker in zip(summarise(frame, by=(RESERVE, COST), metrics=(SUCCESS,)).groupby(RESERVE),
                                               CATEGORIES, "osD"):
        name = "all spent on Sybils\nat the start" if reserve == 0 else f"{reserve:.0%} kept back\nfor fresh identities"
        line_with_band(ax, line, COST, SUCCESS, PolicyStyle(name, colour, marker))
    _labelled(ax, "Cost of an identity", SUCCESS)
    log_ticks(ax, sorted(frame[COST].unique()))
    legend_beside(ax, title=INTERVAL)
    return ax


def _side_by_side(ax: Axes, line: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """The line with its values of the parameter at 0, 1, ..., which are labelled."""
    values = sorted(line[parameter].unique())
    ax.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    return line.assign(place=[values.index(value) for value in line[parameter]])


def _dash(name: str, dashes: object) -> Line2D:
    """What a kind of line means."""
    return Line2D([], [], color="0.3", linestyle=dashes, label=name)


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
