"""Reads, summarises and draws the results of the Parley simulator.

    import parley_analysis as pa
    frame = pa.read_runs("results/paper-sybil")
    pa.summarise(frame, by=["adversary.fraction", "policy.name"])
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._interpreter import require_packages

if TYPE_CHECKING:
    from .figures import save_figure, success_vs_fraction
    from .results import Run, read_runs
    from .statistics import Interval, mean_interval, summarise
    from .tables import success_table

__all__ = ["Interval", "Run", "mean_interval", "read_runs", "save_figure", "success_table",
           "success_vs_fraction", "summarise"]

_MODULE_OF = {
    "Interval": "statistics", "mean_interval": "statistics", "summarise": "statistics",
    "Run": "results", "read_runs": "results",
    "save_figure": "figures", "success_vs_fraction": "figures",
    "success_table": "tables",
}


def __getattr__(name: str) -> object:
    """Loads a module when one of its names is first used.

    So a Python without the packages gets one clear line (ImportError), and tables do not wait for matplotlib.
    """
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_packages()
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
