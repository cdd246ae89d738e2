"""Which figures fit the runs, drawn as SVG."""
from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib
import pandas as pd
from matplotlib.axes import Axes

from .. import figures
from ..figures.runs import require_rows
from ..figures.sweeps import PEERS, TTL
from ..policies import FRACTION, POLICY
from ..run import Run
from ..comparable import not_decided_by
from ..sweep import SEED, varied_parameters
from ..units import value_text


MOST_DRAWN = 8  # figures of a page
Fitting = tuple[str, Callable[[pd.DataFrame, Axes], Axes], pd.DataFrame]  # caption, figure, the runs that it shows


@dataclass(frozen=True)
class Drawing:
    """A figure in the page."""

    caption: str
    svg: bytes


def drawings_of_run(run: Run) -> list[Drawing]:
    """Of one run: what happened over time. NoRows when nothing has happened yet."""
    require_rows(run)
    wanted: list[tuple[str, Callable[[Run, Axes], Axes]]] = [
        ("Workflows by outcome", figures.time_series), ("Failed workflows by reason", figures.failure_reasons),
        ("Published trust of honest peers and Sybils", figures.trust_distributions)]
    return [drawing for caption, draw in wanted if (drawing := _draw(caption, draw, run)) is not None]


def drawings_of_sweep(frame: pd.DataFrame) -> list[Drawing]:
    """Of many runs: what their parameters allow."""
    found = [_draw(caption, draw, runs) for caption, draw, runs in _fitting(frame)]
    return [drawing for drawing in found if drawing is not None]


def _fitting(frame: pd.DataFrame) -> list[Fitting]:
    varied = {key for key in varied_parameters(frame) if key != SEED}
    numeric = sorted(key for key in varied if pd.api.types.is_numeric_dtype(frame[key]))
    if PEERS in varied and POLICY not in varied and not not_decided_by(frame, PEERS, varied - {PEERS}):
        return [("Discovery latency against the number of peers", figures.latency_vs_peers, frame)]
    if varied == {FRACTION, POLICY}:
        return [("Success against the Sybil fraction", figures.success_vs_fraction, frame),
                ("Cost of attack", figures.cost_of_attack_vs_fraction, frame)]
    if varied in ({TTL, POLICY}, {TTL}) and frame[TTL].nunique() >= 3:  # a knee needs three
        return [("Success against the TTL, with the knee", figures.ttl_knee, frame),
                ("Success against control traffic", lambda runs, ax: figures.pareto(runs, ax, TTL), frame)]
    if varied == {POLICY}:
        return [("Success against control traffic", figures.pareto, frame),
                ("Why workflows failed", figures.failure_reasons_by_policy, frame)]
    if len(varied) == 2 and FRACTION in varied and len(numeric) == 2:
        other = next(key for key in numeric if key != FRACTION)
        return [(f"Success over the Sybil fraction and {other}",
                 lambda runs, ax: figures.phase_map(runs, ax, other), frame)]
    return _along_one(frame, varied, numeric)


def _along_one(frame: pd.DataFrame, varied: set[str], numeric: list[str]) -> list[Fitting]:
    """Success along one parameter, a figure for each value of the others; along that which needs fewest figures.

    None when these would be too many, or the model has no policies.
    """
    if POLICY not in frame.columns:
        return []
    choices = []
    for key in numeric:
        others = sorted(varied - {key, POLICY})
        groups = [group for _, group in frame.groupby(others if len(others) > 1 else others[0], dropna=False)
                  if group[key].nunique() > 1] if others else [frame]
        if groups:
            choices.append((len(groups), key != FRACTION, key, others, groups))
    if not choices:
        return []
    count, _, key, others, groups = min(choices, key=lambda choice: choice[:3])
    if count > MOST_DRAWN:
        return []
    name = "the Sybil fraction" if key == FRACTION else key
    return [(f"Success against {name}{_place(group, others)}",
             lambda runs, ax: figures.success_vs_parameter(runs, ax, key), group) for group in groups]


def _place(group: pd.DataFrame, others: list[str]) -> str:
    """Where the runs of a figure lie in the study: " at descriptor.ttl = 15 s"."""
    units = group.attrs.get("units", {})
    values = [f"{key} = {value_text(group[key].iloc[0])}{' s' * (units.get(key) == 's')}" for key in others]
    return f" at {', '.join(values)}" if values else ""


def _draw(caption: str, draw: Callable[..., Axes], data: Run | pd.DataFrame) -> Drawing | None:
    """A figure as SVG; None when the results lack what it shows (another model, an older version, no row yet)."""
    figure, ax = figures.new_figure()
    try:
        draw(data, ax)
    except (KeyError, figures.NoRows):
        return None
    stream = io.BytesIO()
    with matplotlib.rc_context(figures.STYLE):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return Drawing(caption, stream.getvalue())
