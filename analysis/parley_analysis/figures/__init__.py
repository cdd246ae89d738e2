"""Figures fit for a paper: one function a figure, each draws on the axes it is given.

canvas   a new figure in the style of the package; storing it as PDF and PNG
sweeps   figures of many runs, from the frame of read_runs
studies  figures of the studies beyond the paper's
runs     figures of one run
"""
from .canvas import PNG_DPI, STYLE, new_figure, new_panels, save_figure
from .runs import NoRows, Phase, failure_reasons, time_series, trust_distributions
from .studies import (metric_vs_attack_edges, metric_vs_praise, overhead_vs_peers, pareto_by_fraction,
                      success_blind_and_aware, success_vs_forging, success_vs_identity_cost, success_with_and_without)
from .sweeps import (additional_cost_vs_fraction, cost_of_attack_vs_fraction, failure_reasons_by_policy,
                     latency_vs_peers, pareto, phase_map, success_vs_fraction, success_vs_parameter, ttl_knee)

__all__ = ["PNG_DPI", "STYLE", "NoRows", "Phase", "additional_cost_vs_fraction", "cost_of_attack_vs_fraction", "failure_reasons",
           "failure_reasons_by_policy", "latency_vs_peers", "metric_vs_attack_edges", "metric_vs_praise", "new_figure",
           "new_panels", "overhead_vs_peers", "pareto", "pareto_by_fraction", "phase_map", "save_figure",
           "success_blind_and_aware", "success_vs_forging", "success_vs_fraction", "success_vs_identity_cost",
           "success_vs_parameter", "success_with_and_without", "time_series", "trust_distributions", "ttl_knee"]
