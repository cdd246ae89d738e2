"""Figures of many runs. Each takes the frame of read_runs; ValueError when runs differ in what it does not show."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter

from ..attack import ADDITIONAL, IDENTITIES, additional_compromised, cost_of_attack
from ..curves import Knee, knee
from ..policies import FRACTION, POLICY, STYLES, PolicyStyle, policy_order, policy_style
from ..run import Run
from ..comparable import require_decided_by, require_no_copies, require_numbers, require_only
from ..statistics import summarise
from ..sweep import FILE, SEED, parameter_columns
from ..units import seconds
from .canvas import GRID, STYLE, legend_beside, looks

SUCCESS = "success_rate"
OVERHEAD = "control_bytes_per_peer_second"
PEERS = "peers.count"
TTL = "descriptor.ttl"
INTERVAL = "Mean with 95 % interval"
LABEL_GAP = 0.075  # share of the axis that a tick's label takes
KNEE_MARKS = (("*", 11), ("p", 16))  # markers and their sizes; the first is drawn over the second
RARE = 0.005  # share of all failures below which a reason is one of "other"
LABELS = {
    FRACTION: "Sybil fraction $f$",
    PEERS: "Peers $N$",
    TTL: "Descriptor TTL [s]",
    SUCCESS: "Workflow success rate",
    "compromised_rate": "Share of compromised workflows",
    "trust_auc": "Trust tells honest peers from Sybils (AUC)",
    "adversary.canary_recognition": "Probability to recognise a canary",
    OVERHEAD: "Control traffic per peer [bytes/s]",
    "canary.guess": "Probability to guess a canary",
}


def success_vs_fraction(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Workflow success rate over the Sybil fraction: a line a policy, mean over seeds, 95 % interval as band.

    `frame` comes from read_runs and may differ in fraction, policy and seed only (else ValueError).
    """
    return success_vs_parameter(frame, ax, FRACTION)


def success_vs_parameter(frame: pd.DataFrame, ax: Axes, parameter: str) -> Axes:
    """The same over any parameter with numbers."""
    require_only(frame, (parameter, POLICY))
    require_numbers(frame, parameter)
    means = summarise(frame, by=(POLICY, parameter), metrics=(SUCCESS,))
    for line, style in by_policy(means):
        line_with_band(ax, line, parameter, SUCCESS, style)
    ax.set_xlabel(_axis_label(frame, parameter))
    ax.set_ylabel(LABELS[SUCCESS])
    share_axis(ax)
    legend_beside(ax, title=INTERVAL)
    return ax


def pareto(frame: pd.DataFrame, ax: Axes, along: str | None = None) -> Axes:
    """Success rate against control traffic: a mark a policy, with 95 % intervals of both, and the Pareto front.

    With `along` (such as "descriptor.ttl") a policy has a mark a value of that parameter, joined by a line.
    The front is dashed: no policy has more success with less traffic than those on it.
    """
    legend_beside(ax, draw_pareto(frame, ax, along), INTERVAL)
    return ax


def draw_pareto(frame: pd.DataFrame, ax: Axes, along: str | None = None) -> list[Line2D]:
    """Draws it without a legend, whose handles are returned."""
    require_only(frame, (POLICY,) if along is None else (POLICY, along))
    by = (POLICY,) if along is None else (POLICY, along)
    means = summarise(frame, by=by, metrics=(SUCCESS, OVERHEAD))
    front = pareto_front(means[OVERHEAD].to_numpy(), means[SUCCESS].to_numpy())
    ax.plot(means[OVERHEAD].iloc[front], means[SUCCESS].iloc[front], color="0.55", linestyle="--", linewidth=1,
            zorder=1)
    handles: list[Line2D] = []
    for points, style in by_policy(means):
        ax.errorbar(points[OVERHEAD], points[SUCCESS], xerr=_reach(points, OVERHEAD), yerr=_reach(points, SUCCESS),
                    fmt=style.marker, color=style.colour, markersize=6.5, markeredgecolor="white",
                    markeredgewidth=0.6, linestyle="none" if along is None else "-", linewidth=1.2,
                    elinewidth=1.1, capsize=2.5, zorder=2)
        handles.append(Line2D([], [], color=style.colour, marker=style.marker, linestyle="none", label=style.label))
    handles.append(Line2D([], [], color="0.55", linestyle="--", linewidth=1, label="Pareto front"))
    _label(ax, OVERHEAD, SUCCESS)
    ax.margins(0.08)
    ax.grid(**GRID)
    return handles


def pareto_front(cost: np.ndarray, benefit: np.ndarray) -> list[int]:
    """Indices of the points that no other beats (less or equal cost and more benefit), by rising cost.

    A point whose cost or benefit is NaN is not on the front.
    """
    front: list[int] = []
    known = ~(np.isnan(cost) | np.isnan(benefit))
    for index in np.lexsort((-benefit, cost)):
        if known[index] and (not front or benefit[index] > benefit[front[-1]]):
            front.append(int(index))
    return front


def phase_map(frame: pd.DataFrame, ax: Axes, parameter: str, metric: str = SUCCESS,
              levels: Sequence[float] = (0.5, 0.9)) -> Axes:
    """The mean of a metric over the Sybil fraction (x) and another parameter (y), with lines at `levels`.

    A cell a point that was run; colours and lines say where it works and where it fails.
    """
    require_only(frame, (FRACTION, parameter))
    require_numbers(frame, parameter)
    means = summarise(frame, by=(FRACTION, parameter), metrics=(metric,))
    grid = means.pivot(index=parameter, columns=FRACTION, values=metric)
    x, y, z = grid.columns.to_numpy(float), grid.index.to_numpy(float), grid.to_numpy(float)
    share = _is_share(metric)
    cells = ax.pcolormesh(_cell_edges(x), _cell_edges(y), z, cmap="viridis", vmin=0 if share else None,
                          vmax=1 if share else None, linewidth=0, rasterized=True)
    drawn = [level for level in levels if np.nanmin(z) < level < np.nanmax(z)]
    if drawn and min(z.shape) >= 2:
        # White on dark cells and black on bright ones would change along a line: white with a dark edge does not.
        ax.contour(x, y, z, levels=drawn, colors="black", linewidths=2.4)
        lines = ax.contour(x, y, z, levels=drawn, colors="white", linewidths=1.2)
        for text in ax.clabel(lines, fmt="%g", fontsize=8, inline_spacing=3):
            text.set_bbox({"facecolor": "0.15", "edgecolor": "none", "pad": 1.2, "alpha": 0.75})
    ax.set_xlabel(LABELS[FRACTION])
    ax.set_ylabel(_axis_label(frame, parameter))
    ax.set_xticks(x)
    ax.set_yticks(y)
    colours = ax.figure.colorbar(cells, ax=ax, pad=0.02)
    colours.set_label(_axis_label(frame, metric), size=STYLE["font.size"])
    colours.ax.tick_params(labelsize=STYLE["font.size"])
    colours.outline.set_visible(False)
    return ax


def ttl_knee(frame: pd.DataFrame, ax: Axes, ranges: Sequence[tuple[float, float]] | None = None) -> Axes:
    """Success rate over the descriptor TTL: a line a policy, its knee over each range of TTLs (s) as a mark.

    The knee is that of success against control traffic, by the method of curves.knee, on the means. Without
    `ranges`: over all TTLs that were run. ValueError for more than two ranges.
    """
    require_only(frame, (TTL, POLICY))
    means = summarise(frame, by=(POLICY, TTL), metrics=(SUCCESS, OVERHEAD))
    marked = _with_marks(ranges or [(means[TTL].min(), means[TTL].max())])
    for line, style in by_policy(means):
        line_with_band(ax, line, TTL, SUCCESS, style)
        for place, ((low, high), (marker, size)) in enumerate(marked):
            points = line[line[TTL].between(low, high)]
            bend = knee_of_ttl(points)
            ax.plot(points[TTL].iloc[bend.index], bend.y, marker=marker, markersize=size, color=style.colour,
                    markeredgecolor="black", markeredgewidth=0.8, linestyle="none", zorder=5 - place)
    lines = [line for line in ax.get_lines() if line.get_linestyle() != "None"]
    lines.sort(key=lambda line: line.get_ydata(orig=False)[-1], reverse=True)
    marks = [Line2D([], [], marker=marker, markersize=0.8 * size, color="0.8", markeredgecolor="black",
                    linestyle="none", label=f"Knee, TTL {low:g} to {high:g} s")
             for (low, high), (marker, size) in marked]
    marks[-1].set_label(f"{marks[-1].get_label()}:\nfarthest above the\nchord of success\nagainst control traffic")
    _label(ax, TTL, SUCCESS)
    log_ticks(ax, sorted(means[TTL].unique()))
    ax.grid(axis="y", **GRID)
    legend_beside(ax, [*lines, *marks], INTERVAL)
    return ax


def _with_marks(ranges: Sequence[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[str, int]]]:
    """Each range of TTLs with the mark of its knees."""
    if len(ranges) > len(KNEE_MARKS):
        raise ValueError(f"{len(ranges)} ranges of TTLs; the figure tells {len(KNEE_MARKS)} apart")
    return list(zip(ranges, KNEE_MARKS[:len(ranges)], strict=True))


def knee_of_ttl(points: pd.DataFrame) -> Knee:
    """The knee of success against control traffic among the mean points of one policy."""
    return knee(points[OVERHEAD].to_numpy(), points[SUCCESS].to_numpy())


def latency_vs_peers(frame: pd.DataFrame, ax: Axes, latency: str = "discovery") -> Axes:
    """Percentiles 50, 90 and 99 of a latency (ms) over the number of peers, mean over seeds with 95 % interval.

    Parameters that a sweep moves together with the number of peers are fine; ValueError when runs of one number of
    peers differ in another parameter.
    """
    names = [f"{latency}_latency_p{p}" for p in (50, 90, 99)]
    means = means_by_peers(frame, names)
    for name, look in zip(names, looks(len(names)), strict=True):
        scaled = means[[name, f"{name}_low", f"{name}_high"]] * 1e3
        line = pd.concat([means[[PEERS]], scaled], axis=1)
        line_with_band(ax, line, PEERS, name, PolicyStyle(f"{name[-2:]}th percentile", look.colour, look.marker))
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel(LABELS[PEERS])
    ax.set_ylabel(f"{latency.replace('_', ' ').capitalize()} latency [ms]")
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", **GRID)
    legend_beside(ax, title=INTERVAL)
    return ax


def means_by_peers(frame: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Means over the number of peers; ValueError when it does not decide all other parameters."""
    require_decided_by(frame, PEERS, (key for key in parameter_columns(frame) if key not in (PEERS, SEED)))
    return summarise(frame, by=(PEERS,), metrics=metrics)


def cost_of_attack_vs_fraction(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Sybil identities for each workflow compromised in the measured time, over the Sybil fraction, by policy.

    With whitewashing fresh identities count, too, from the start of the run on.
    Seeds without a compromised workflow have no finite cost: mean and interval are taken of its inverse, the
    workflows an identity compromises, and turned over.
    """
    require_only(frame, (FRACTION, POLICY))
    costs = cost_of_attack(frame)
    costs = costs[costs[FRACTION] > 0]
    turned = turned_over(costs.assign(_yield=1 / costs[IDENTITIES]))
    top = 3 * turned["cost"][np.isfinite(turned["cost"])].max()
    turned["cost_high"] = turned["cost_high"].where(np.isfinite(turned["cost_high"]), top)
    return draw_cost(turned, ax, f"Sybil identities per workflow\ncompromised{_measured_time(frame)}")


def additional_cost_vs_fraction(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Sybil identities for each workflow compromised beyond those that honest peers' own failures compromise.

    Where the 95 % interval of what an identity adds includes 0 the cost has a lower limit only: an arrow.
    """
    require_only(frame, (FRACTION, POLICY))
    turned = additional_cost(frame)
    known = np.isfinite(turned["cost_high"])
    draw_cost(turned[known], ax, f"Sybil identities per additional\nworkflow compromised{_measured_time(frame)}")
    handles = list(ax.get_lines())
    drawn = {line.get_label() for line in handles}
    limited = turned[~known & np.isfinite(turned["cost_low"])]
    for place, (points, style) in enumerate(by_policy(limited)):
        low = points["cost_low"].to_numpy()
        beside = points[FRACTION] + 0.008 * place
        ax.errorbar(beside, low, yerr=low, lolims=True, fmt="none", ecolor=style.colour, elinewidth=1.2)
        if style.label not in drawn:
            handles.append(Line2D([], [], color=style.colour, marker=style.marker, label=style.label))
    handles.sort(key=lambda line: -_last_limit(turned, line.get_label()))
    arrow = Line2D([], [], color="0.4", marker="^", markersize=5, linestyle="none", label="lower limit (95 %)")
    legend_beside(ax, [*handles, arrow], INTERVAL)
    return ax


def _last_limit(turned: pd.DataFrame, label: str) -> float:
    """The lower limit of a policy's cost at the largest fraction that has one."""
    rows = turned[[policy_style(name).label == label for name in turned[POLICY]]]
    return float(rows["cost_low"][np.isfinite(rows["cost_low"])].iloc[-1])


def additional_cost(frame: pd.DataFrame) -> pd.DataFrame:
    """`cost`, `cost_low`, `cost_high` of an additional compromised workflow by policy and fraction."""
    costs = additional_compromised(frame)
    costs = costs[costs[FRACTION] > 0]
    return turned_over(costs.assign(_yield=costs[ADDITIONAL] / (costs["sybil_identities"] + costs["fresh_identities"])))


def turned_over(costs: pd.DataFrame) -> pd.DataFrame:
    """1 over the mean of the column _yield (workflows an identity compromises) and over its interval."""
    means = summarise(costs, by=(POLICY, FRACTION), metrics=("_yield",))
    turned = pd.DataFrame({POLICY: means[POLICY], FRACTION: means[FRACTION]})
    with np.errstate(divide="ignore"):
        turned["cost"] = _turned_over(means["_yield"])
        turned["cost_low"] = _turned_over(means["_yield_high"])
        turned["cost_high"] = _turned_over(means["_yield_low"])
    return turned


def draw_cost(turned: pd.DataFrame, ax: Axes, label: str) -> Axes:
    """Costs with their intervals over the fraction on a logarithmic axis, a line a policy."""
    for line, style in by_policy(turned):
        line_with_band(ax, line[np.isfinite(line["cost"])], FRACTION, "cost", style)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(LABELS[FRACTION])
    ax.set_ylabel(label)
    ax.grid(axis="y", **GRID)
    legend_beside(ax, title=INTERVAL)
    return ax


def failure_reasons_by_policy(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Why workflows failed, as shares of those that ended: a stacked bar a policy, sums over seeds.

    Reads /summary/workflows_failed_by_reason of every run of the frame.
    """
    require_only(frame, (POLICY,))
    policies = policy_order(frame[POLICY].unique())
    shares = pd.DataFrame({policy: _failed_shares(frame[frame[POLICY] == policy]) for policy in policies})
    totals = shares.sum(skipna=False)
    shares = _with_rare_together(shares.fillna(0))
    left = np.zeros(len(policies))
    for (reason, values), look in zip(shares.iterrows(), looks(len(shares)), strict=True):
        ax.barh(range(len(policies)), values, left=left, color=look.colour, hatch=look.hatch, edgecolor="white",
                linewidth=0.6, label=str(reason).replace("_", " "), height=0.62)
        left += values.to_numpy()
    for place, (end, total) in enumerate(zip(left, totals, strict=True)):
        ax.annotate("no workflow ended" if np.isnan(total) else f"{total:.3f}", (end, place), xytext=(3, 0),
                    textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(range(len(policies)), [policy_style(name).label for name in policies])
    if not ax.containers:  # no bar says how high the axes are
        ax.set_ylim(-0.5, len(policies) - 0.5)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.15 * left.max() or 1)  # with room for the totals
    ax.set_xlabel("Share of the ended workflows that failed")
    ax.grid(axis="x", **GRID)
    if ax.containers:
        legend_beside(ax, ax.containers, "Reason")
    return ax


def _with_rare_together(shares: pd.DataFrame) -> pd.DataFrame:
    """The reasons that occur, rare ones summed as "other"."""
    shares = shares[shares.sum(axis=1) > 0]
    total = shares.to_numpy().sum()
    rare = shares.sum(axis=1) < RARE * total
    other = shares[rare].sum()
    frequent = shares[~rare]
    return pd.concat([frequent, other.to_frame("other").T]) if other.sum() > 0 else frequent


def _failed_shares(runs: pd.DataFrame) -> pd.Series:
    """Failed workflows of the runs of a point by reason, over all ended ones; NaN where none ended."""
    require_no_copies(runs)
    failed = 0
    for file in runs[FILE]:
        with Run(file).dataset("summary") as summary:
            failed = failed + summary["workflows_failed_by_reason"].to_series().astype(float)
    ended = runs[["workflows_success", "workflows_compromised", "workflows_failed"]].to_numpy().sum()
    return failed / (ended if ended > 0 else np.nan)


def by_policy(means: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, PolicyStyle]]:
    """The rows of each policy and how it is drawn."""
    unknown = 0
    for name in policy_order(means[POLICY].unique()):
        yield means[means[POLICY] == name], policy_style(name, unknown)
        unknown += name not in STYLES


def line_with_band(ax: Axes, line: pd.DataFrame, x: str, y: str, style: PolicyStyle,
                   dashes: object = "-") -> Line2D:
    """Bands, not bars: where two policies are close, bars at the same places cannot be told apart."""
    ax.fill_between(line[x], *_limits(line, y), color=style.colour, alpha=0.2, linewidth=0)
    [drawn] = ax.plot(line[x], line[y], label=style.label, color=style.colour, linewidth=1.4, linestyle=dashes,
                      marker=style.marker, markersize=5.5, markeredgecolor="white", markeredgewidth=0.6)
    return drawn


def _reach(points: pd.DataFrame, name: str) -> np.ndarray:
    """How far the interval is below and above the mean, shape (2, points); 0 where one run gives none."""
    low, high = _limits(points, name)
    return np.array([(points[name] - low).fillna(0), (high - points[name]).fillna(0)])


def _label(ax: Axes, x: str, y: str) -> None:
    ax.set_xlabel(LABELS.get(x, x))
    ax.set_ylabel(LABELS.get(y, y))


def _axis_label(frame: pd.DataFrame, column: str) -> str:
    """What a metric or a parameter is, with its unit."""
    if column in LABELS:
        return LABELS[column]
    name = frame.attrs.get("long_names", {}).get(column, column)
    unit = frame.attrs.get("units", {}).get(column, "1")
    return name if unit == "1" else f"{name} [{unit}]"


def _is_share(metric: str) -> bool:
    """Whether a metric is between 0 and 1 by what it is."""
    return metric.endswith(("_rate", "_share")) or metric in ("trust_auc", "mean_trust_honest", "mean_trust_sybil")


def _limits(points: pd.DataFrame, metric: str) -> tuple[pd.Series, pd.Series]:
    """The interval as it is drawn: Student's t knows nothing of the ends of a share, and passes them with few seeds."""
    low, high = points[f"{metric}_low"], points[f"{metric}_high"]
    return (low.clip(0, 1), high.clip(0, 1)) if _is_share(metric) else (low, high)


def share_axis(ax: Axes) -> None:
    ax.set_ylim(0.0, 1.02)  # so that marks at 1 are whole
    ax.yaxis.set_major_locator(MultipleLocator(0.2))
    ax.grid(axis="y", **GRID)


def log_ticks(ax: Axes, values: Sequence[float]) -> None:
    """A logarithmic x axis whose ticks are values that were run (sorted)."""
    ax.set_xscale("log")
    ticks = [values[-1]]
    for value in reversed(values[:-1]):  # those whose labels do not touch
        if np.log(ticks[-1] / value) > LABEL_GAP * np.log(values[-1] / values[0]):
            ticks.append(value)
    ax.set_xticks(ticks, [f"{value:g}" for value in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()


def _cell_edges(centres: np.ndarray) -> np.ndarray:
    """Edges half-way between neighbours, as far outside the ends as inside."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middles[0]], middles, [2 * centres[-1] - middles[-1]]])


def _turned_over(values: pd.Series) -> np.ndarray:
    """1 / value; infinite where the value is not positive, NaN where it is missing."""
    numbers = values.to_numpy(float)
    return np.where(np.isnan(numbers), np.nan, np.where(numbers > 0, 1 / np.where(numbers > 0, numbers, 1), np.inf))


def _measured_time(frame: pd.DataFrame) -> str:
    """" in 540 s": the time that the summary covers, when all runs share it."""
    config = frame.attrs.get("config", {})
    if "run.duration" not in config or "run.warmup" not in config:
        return ""
    return f" in {seconds(config['run.duration']) - seconds(config['run.warmup']):g} s"
