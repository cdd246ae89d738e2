"""The program agrees with the independent implementation of the model at every point of reference.json (the studies'
parameters) and of reference_of_mechanisms.json (one point for each mechanism that those leave at its default).

Per point and quantity: Welch's t test between the means over seeds, two-sided. FAMILY_ALARM is the probability that
a right program fails any of them, shared out evenly (Bonferroni), about 2e-5 a comparison. Beyond the t bound a
difference may be what the two measure with different precision: the reference keeps six digits, and the program
takes percentiles from histograms of 50 bins a decade, so they may be off by one bin, 4.7 %.
"""
from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from parley_runs import ROOT, run_seeds

FAMILY_ALARM = 0.01
SEEDS = range(1, 21)
BIN_WIDTH = 10 ** (1 / 50) - 1
QUANTITIES = ("success_rate", "compromised_rate", "control_bytes_per_peer_second", "discovery_latency_p50",
              "end_to_end_latency_p50", "unsafe_actions", "trust_auc", "mean_trust_honest", "mean_trust_sybil",
              "poisoned_candidate_share", "stale_entry_share", "canaries_sent")
POINTS = {name: point for file in ("reference.json", "reference_of_mechanisms.json")
          for name, point in json.loads((ROOT / "tests/oracle" / file).read_text()).items()}
ALARM = FAMILY_ALARM / (len(POINTS) * len(QUANTITIES))

# The oracle's times are in seconds, and some of its parameters have other names.
DURATIONS = ("run.duration", "run.warmup", "descriptor.ttl", "drift.mean_nominal", "drift.mean_degraded",
             "execution.timeout", "workflow.deadline", "query.timeout", "query.max_time", "canary.timeout",
             "registry.base_time")
OTHER_NAMES = {"registry.base_time": "registry.query_time"}
NOT_NEEDED = ("adversary.malicious",)  # the rest of adversary.silent


def settings_of(parameters: dict) -> dict[str, object]:
    settings: dict[str, object] = {}
    for key, value in parameters.items():
        if key == "drift.enabled":
            settings["drift.kind"] = "two_state" if value else "none"
        elif key not in NOT_NEEDED:
            settings[OTHER_NAMES.get(key, key)] = f"{value:g}s" if key in DURATIONS else value
    if "capability.classes" in parameters:  # the oracle's default steps for generated classes
        settings["workflow.steps"] = "any/medium, any/high/side_effect"
    return settings


def bound(reference: dict, values: np.ndarray) -> float:
    """Half-width of the acceptance interval for the difference of the means."""
    parts = np.array([reference["sd"] ** 2 / reference["n"], values.var(ddof=1) / len(values)])
    if parts.sum() == 0:
        return 0.0
    freedom = parts.sum() ** 2 / (parts**2 / np.array([reference["n"] - 1, len(values) - 1])).sum()
    return stats.t.ppf(1 - ALARM / 2, freedom) * math.sqrt(parts.sum())


def compare(name: str, reference: dict, values: np.ndarray) -> tuple[str, bool]:
    """A line of the table, and whether the two agree."""
    if reference["n"] == 0:
        return f"{name:32} undefined in both", bool(np.isnan(values).all())
    mean, wanted = values.mean(), reference["mean"]
    allowed = bound(reference, values) + 1e-5 * abs(wanted)
    if name.endswith("_p50"):
        allowed += BIN_WIDTH * abs(wanted)
    agrees = bool(abs(mean - wanted) <= allowed)
    return (f"{name:32} {mean:12.6g} oracle {wanted:12.6g} difference {mean - wanted:+10.3g} allowed {allowed:9.3g}"
            f"{'' if agrees else '  DISAGREES'}", agrees)


@pytest.mark.parametrize("point", POINTS)
def test_means_over_seeds_agree(tmp_path, point):
    entry = POINTS[point]
    results = run_seeds(tmp_path, settings_of(entry["parameters"]), SEEDS, rows=False)
    lines = [compare(name, entry["values"][name], np.array([result[name] for result in results]))
             for name in QUANTITIES]
    table = "\n".join(line for line, _ in lines)
    if "PARLEY_COMPARISON_TABLE" in os.environ:
        with Path(os.environ["PARLEY_COMPARISON_TABLE"]).open("a") as file:
            file.write(f"{point}\n{table}\n")
    assert all(agrees for _, agrees in lines), f"{point}\n{table}"
