"""Figures fit for a paper: one function a figure, each draws on the axes it is given.

canvas   a new figure in the style of the package; storing it as PDF and PNG
sweeps   figures of many runs, from the frame of read_runs
runs     figures of one run
"""
from .canvas import PNG_DPI, STYLE, new_figure, save_figure
from .runs import Phase, failure_reasons, time_series, trust_distributions
from .sweeps import (cost_of_attack_vs_fraction, failure_reasons_by_policy, latency_vs_peers, pareto, phase_map,
                     success_vs_fraction, success_vs_parameter, ttl_knee)

__all__ = ["PNG_DPI", "STYLE", "Phase", "cost_of_attack_vs_fraction", "failure_reasons", "failure_reasons_by_policy",
           "latency_vs_peers", "new_figure", "pareto", "phase_map", "save_figure", "success_vs_fraction",
           "success_vs_parameter", "time_series", "trust_distributions", "ttl_knee"]
