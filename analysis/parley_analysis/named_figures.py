"""The figures that the command line draws, and what each needs. Packages are loaded when one is drawn."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .policies import FRACTION, POLICY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PEERS, TTL = "peers.count", "descriptor.ttl"


@dataclass(frozen=True)
class Named:
    """A figure of many runs.

    over: the parameter along its x axis, in which the runs must differ; "" where there is none.
    keyword: of the function, what --parameter sets; "" where it takes none. along_parameter: it is the x axis.
    """

    function: str
    over: str = ""
    keyword: str = ""
    needs_parameter: bool = False
    along_parameter: bool = False


OF_ONE_RUN = {"time-series": "time_series", "failure-reasons": "failure_reasons", "trust": "trust_distributions"}
OF_MANY_RUNS = {
    "success-vs-fraction": Named("success_vs_fraction", FRACTION),
    "success-vs-parameter": Named("success_vs_parameter", "", "parameter", True, True),
    "pareto": Named("pareto", "", "along"),
    "phase-map": Named("phase_map", FRACTION, "parameter", True),
    "ttl-knee": Named("ttl_knee", TTL),
    "latency-vs-peers": Named("latency_vs_peers", PEERS),
    "overhead-vs-peers": Named("overhead_vs_peers", PEERS),
    "cost-of-attack": Named("cost_of_attack_vs_fraction", FRACTION),
    "additional-cost": Named("additional_cost_vs_fraction", FRACTION),
    "failure-reasons-by-policy": Named("failure_reasons_by_policy"),
}


def draw_run(name: str, source: Path, ax: Axes) -> None:
    """A figure of one run; ValueError for a folder, or a run that does not have what it shows."""
    from . import figures
    from .run import Run

    if source.is_dir():
        raise ValueError(f"{name} shows one run; name a result file instead of the folder {source}")
    with _named_as(name):
        getattr(figures, OF_ONE_RUN[name])(Run(source), ax)


def draw_runs(name: str, source: Path, ax: Axes, parameter: str | None = None,
              where: Sequence[str] = ()) -> pd.DataFrame:
    """A figure of many runs; returns what it shows. ValueError when the runs do not fit it."""
    from . import figures
    from .choice import read_chosen
    from .comparable import require_varied

    named = OF_MANY_RUNS[name]
    if named.needs_parameter and not parameter:
        raise ValueError(f"{name} needs --parameter section.key: what goes "
                         f"{'along the x axis' if named.along_parameter else 'upwards'}")
    if source.is_file():
        raise ValueError(f"{name} shows many runs, and {source} is one; name the folder of a sweep, or draw "
                         f"{', '.join(OF_ONE_RUN)} of it")
    frame = read_chosen(source, where, keep=(FRACTION, POLICY))
    with _named_as(name):
        for key in filter(None, (parameter, named.over)):
            require_varied(frame, key)
        getattr(figures, named.function)(frame, ax, **({named.keyword: parameter} if parameter else {}))
    return frame


@contextmanager
def _named_as(name: str) -> Iterator[None]:
    """Names the figure in the error when the results do not fit it."""
    try:
        yield
    except (KeyError, ValueError) as error:
        raise ValueError(f"{name} cannot be drawn: {error.args[0]}") from None


def check_options(name: str, parameter: str | None, where: Sequence[str]) -> None:
    """ValueError when an option is given that the figure does not take."""
    if parameter and (name in OF_ONE_RUN or not OF_MANY_RUNS[name].keyword):
        raise ValueError(f"{name} takes no --parameter")
    if where and name in OF_ONE_RUN:
        raise ValueError(f"{name} shows one run, and takes no --where")
