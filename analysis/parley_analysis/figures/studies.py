"""Figures of the studies beyond the paper's; as in sweeps, each takes the frame of read_runs."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from ..attack import sybil_identities
from ..policies import FRACTION, POLICY, PolicyStyle, spare_style
from ..comparable import require_decided_by, require_only
from ..statistics import summarise
from .canvas import GRID, legend_beside, looks
from .sweeps import (INTERVAL, LABELS, OVERHEAD, PEERS, SUCCESS, by_policy, draw_pareto, line_with_band, log_ticks,
                     means_by_peers, share_axis)

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
FORGING_CASES: dict[tuple[str, str], object] = {("true", "now"): "-", ("false", "now"): DASHES, ("false", "max"): ":"}

KIND_STYLES = {
    "none": PolicyStyle("Own experience only", "0.5", "X"),
    "beta": PolicyStyle("Beta (pooled)", "#D55E00", "s"),
    "eigentrust": PolicyStyle("EigenTrust", "#0072B2", "D"),
    "sybilrank": PolicyStyle("SybilRank", "#009E73", "o"),
}


def kind_order(names: Iterable[str]) -> list[str]:
    """Known kinds of reputation in the order above, then others by name."""
    known = list(KIND_STYLES)
    return sorted(names, key=lambda name: (known.index(name) if name in KIND_STYLES else len(known), name))


def overhead_vs_peers(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Control bytes a peer and second over the number of peers; parameters may move together with it.

    ValueError when runs of one number of peers differ in another parameter.
    """
    means = means_by_peers(frame, (OVERHEAD,))
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
    values = sorted(frame[parameter].unique())
    if len(values) != len(names):
        raise ValueError(f"the runs have {len(values)} values of {parameter}; the figure is about {len(names)}")
    handles: list[Line2D] = []
    for value, dashes in zip(values, ("-", DASHES), strict=True):
        means = summarise(frame[frame[parameter] == value], by=(POLICY, FRACTION), metrics=(SUCCESS,))
        for line, style in by_policy(means):
            _add_once(handles, line_with_band(ax, line, FRACTION, SUCCESS, style, dashes))
    handles += [_dash(name, dashes) for name, dashes in zip(names, ("-", DASHES), strict=True)]
    _labelled(ax, LABELS[FRACTION], SUCCESS)
    legend_beside(ax, handles, INTERVAL)
    return ax


def metric_vs_praise(frame: pd.DataFrame, ax: Axes, metric: str = SUCCESS) -> Axes:
    """A metric over the rate of praise among Sybils: a line a kind of reputation, dashed with badmouthing.

    The rates stand side by side.
    """
    require_only(frame, (PRAISE, KIND, BADMOUTH))
    rates = sorted(frame[PRAISE].unique())
    handles: list[Line2D] = []
    for badmouth, dashes in (("false", "-"), ("true", DASHES)):
        runs = frame[frame[BADMOUTH] == badmouth]
        for line, style in _by_kind(summarise(runs, by=(KIND, PRAISE), metrics=(metric,))):
            drawn = line_with_band(ax, _placed(line, PRAISE, rates), "place", metric, style, dashes)
            _add_once(handles, drawn)
    handles.append(_dash("with badmouthing", DASHES))
    _place_ticks(ax, rates)
    _labelled(ax, "Praise per Sybil [1/s]", metric)
    legend_beside(ax, handles, INTERVAL)
    return ax


def success_vs_forging(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Success over the rate of forging by policy: signatures verified solid, not verified dashed, dotted when forged
    descriptors have the largest sequence number, too. The rates stand side by side. ValueError for other cases."""
    require_only(frame, (FORGE_RATE, VERIFY, SEQUENCE, POLICY))
    others = set(zip(frame[VERIFY], frame[SEQUENCE], strict=True)) - set(FORGING_CASES)
    if others:
        verify, sequence = sorted(others)[0]
        raise ValueError(f"the figure does not show {VERIFY} = {verify} with {SEQUENCE} = {sequence}; leave these runs "
                         "out")
    rates = sorted(frame[FORGE_RATE].unique())
    handles: list[Line2D] = []
    for (verify, sequence), dashes in FORGING_CASES.items():
        runs = frame[(frame[VERIFY] == verify) & (frame[SEQUENCE] == sequence)]
        for line, style in by_policy(summarise(runs, by=(POLICY, FORGE_RATE), metrics=(SUCCESS,))):
            drawn = line_with_band(ax, _placed(line, FORGE_RATE, rates), "place", SUCCESS, style, dashes)
            _add_once(handles, drawn)
    handles += [_dash("verified", "-"), _dash("not verified", DASHES), _dash("not verified, largest\nsequence number", ":")]
    _place_ticks(ax, rates)
    _labelled(ax, "Forged descriptors per Sybil [1/s]", SUCCESS)
    legend_beside(ax, handles, INTERVAL)
    return ax


def success_vs_identity_cost(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Success over what a budget buys as the price of an identity rises, by the share kept back for fresh identities.

    Whether Sybils whitewash may move together with that share, and not differ otherwise (ValueError).
    """
    require_only(frame, (COST, RESERVE, WHITEWASH))
    require_decided_by(frame, RESERVE, (WHITEWASH,))
    means = summarise(frame, by=(RESERVE, COST), metrics=(SUCCESS,))
    for (reserve, line), look in zip(means.groupby(RESERVE), looks(means[RESERVE].nunique()), strict=True):
        name = "all spent on Sybils\nat the start" if reserve == 0 else f"{reserve:.0%} kept back\nfor fresh identities"
        line_with_band(ax, line, COST, SUCCESS, PolicyStyle(name, look.colour, look.marker), look.dashes)
    _labelled(ax, "Cost of an identity", SUCCESS)
    log_ticks(ax, sorted(frame[COST].unique()))
    legend_beside(ax, title=INTERVAL)
    return ax


def _placed(line: pd.DataFrame, parameter: str, values: Sequence[float]) -> pd.DataFrame:
    """The line with its values of the parameter at their places among `values`, those of all lines of the figure."""
    return line.assign(place=[values.index(value) for value in line[parameter]])


def _place_ticks(ax: Axes, values: Sequence[float]) -> None:
    """The places 0, 1, ... of the values as ticks."""
    ax.set_xticks(range(len(values)), [f"{value:g}" for value in values])


def _add_once(handles: list[Line2D], drawn: Line2D) -> None:
    """Adds a line to the legend, as a solid one, unless another one of its name is there."""
    if drawn.get_label() not in {handle.get_label() for handle in handles}:
        handles.append(Line2D([], [], color=drawn.get_color(), marker=drawn.get_marker(), label=drawn.get_label(),
                              linewidth=drawn.get_linewidth(), markersize=drawn.get_markersize(),
                              markeredgecolor=drawn.get_markeredgecolor(),
                              markeredgewidth=drawn.get_markeredgewidth()))


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
    """The rows of each kind of reputation and how it is drawn."""
    unknown = 0
    for kind in kind_order(means[KIND].unique()):
        yield means[means[KIND] == kind], KIND_STYLES[kind] if kind in KIND_STYLES else spare_style(kind, unknown)
        unknown += kind not in KIND_STYLES


def _labelled(ax: Axes, x: str, y: str) -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(LABELS.get(y, y))
    share_axis(ax)
