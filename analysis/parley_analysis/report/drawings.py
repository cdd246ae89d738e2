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
from ..sweep import SEED, parameter_columns


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
    varied = {key for key in parameter_columns(frame) if key != SEED and frame[key].nunique(dropna=False) > 1}
    found = [_draw(caption, draw, frame) for caption, draw in _fitting(frame, varied)]
    return [drawing for drawing in found if drawing is not None]


def _fitting(frame: pd.DataFrame, varied: set[str]) -> list[tuple[str, Callable[[pd.DataFrame, Axes], Axes]]]:
    numeric = sorted(key for key in varied if pd.api.types.is_numeric_dtype(frame[key]))
    if PEERS in varied and POLICY not in varied:
        return [("Discovery latency against the number of peers", figures.latency_vs_peers)]
    if varied == {FRACTION, POLICY}:
        return [("Success against the Sybil fraction", figures.success_vs_fraction),
                ("Cost of attack", figures.cost_of_attack_vs_fraction)]
    if varied == {TTL, POLICY} or varied == {TTL}:
        return [("Success against the TTL, with the knee", figures.ttl_knee),
                ("Success against control traffic", lambda runs, ax: figures.pareto(runs, ax, TTL))]
    if varied == {POLICY}:
        return [("Success against control traffic", figures.pareto),
                ("Why workflows failed", figures.failure_reasons_by_policy)]
    if len(varied) == 2 and FRACTION in varied and len(numeric) == 2:
        other = next(key for key in numeric if key != FRACTION)
        return [(f"Success over the Sybil fraction and {other}",
                 lambda runs, ax: figures.phase_map(runs, ax, other))]
    if len(numeric) == 1 and varied <= {numeric[0], POLICY}:
        return [(f"Success against {numeric[0]}",
                 lambda runs, ax: figures.success_vs_parameter(runs, ax, numeric[0]))]
    return []


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
