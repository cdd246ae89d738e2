"""Reads, summarises and draws the results of the Parley simulator.

    import parley_analysis as pa
    frame = pa.read_runs("results/paper-sybil")
    pa.summarise(frame, by=["adversary.fraction", "policy.name"])

analysis/README.md has the modules. The names below are loaded when they are first used.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._interpreter import require_packages

if TYPE_CHECKING:
    from . import figures, launch, report, validate, watch
    from .attack import cost_of_attack
    from .choice import read_chosen
    from .compare import Difference, compare_runs
    from .curves import Knee, area_under_curve, knee
    from .figures import new_figure, save_figure, success_vs_fraction, success_vs_parameter
    from .histograms import Percentile, percentile, roc_auc
    from .launch import run_sweep
    from .report import write_report
    from .run import Run
    from .schema import FormatError
    from .statistics import Interval, Rate, mean_interval, paired_differences, summarise, wilson_interval
    from .sweep import open_sweep, read_runs
    from .tables import success_table
    from .validate import check_file

__all__ = ["Difference", "FormatError", "Interval", "Knee", "Percentile", "Rate", "Run", "area_under_curve",
           "check_file", "compare_runs", "cost_of_attack", "figures", "knee", "launch", "mean_interval",
           "new_figure", "open_sweep", "paired_differences", "percentile", "read_chosen", "read_runs", "report",
           "roc_auc", "run_sweep", "save_figure", "success_table", "success_vs_fraction", "success_vs_parameter",
           "summarise", "validate", "watch", "wilson_interval", "write_report"]

_NAMES = {
    "attack": ("cost_of_attack",),
    "choice": ("read_chosen",),
    "compare": ("Difference", "compare_runs"),
    "curves": ("Knee", "area_under_curve", "knee"),
    "figures": ("new_figure", "save_figure", "success_vs_fraction", "success_vs_parameter"),
    "histograms": ("Percentile", "percentile", "roc_auc"),
    "launch": ("run_sweep",),
    "report": ("write_report",),
    "run": ("Run",),
    "schema": ("FormatError",),
    "statistics": ("Interval", "Rate", "mean_interval", "paired_differences", "summarise", "wilson_interval"),
    "sweep": ("open_sweep", "read_runs"),
    "tables": ("success_table",),
    "validate": ("check_file",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}
# Modules by their own name.
_MODULES = ("figures", "launch", "report", "validate", "watch")


def __getattr__(name: str) -> object:
    """Loads a module when one of its names is first used.

    So a Python without the packages gets one clear line (ImportError), and tables do not wait for matplotlib.
    """
    if name not in _MODULE_OF and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_packages()
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
