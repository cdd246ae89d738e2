"""What the model must show by measurement (the claims of model.md): 100 peers, 600 s, means over seeds.

Differences between policies are taken seed by seed, and each claimed order or bound has to hold for the mean with a
one-sided t bound: the probability that noise alone passes a claim that is just false is CONFIDENCE.
"""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from parley_runs import run_seeds

CONFIDENCE = 1e-3
SEEDS = range(101, 117)
POLICIES = ("optimistic", "tier1", "tier2", "tier3", "risk_aware")
FRACTIONS = (0.0, 0.1, 0.3, 0.5)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """runs[fraction, policy]: one Result a seed."""
    folder = tmp_path_factory.mktemp("shape")
    return {(fraction, policy): runs_of(folder / f"{fraction}-{policy}", fraction, policy, SEEDS)
            for fraction in FRACTIONS for policy in POLICIES}


def runs_of(folder, fraction: float, policy: str, seeds):
    return run_seeds(folder, {"adversary.fraction": fraction, "policy.name": policy}, seeds, rows=False)


def values(results, name: str) -> np.ndarray:
    return np.array([result[name] for result in results])


def least(differences: np.ndarray) -> float:
    """The lower confidence bound of a mean."""
    n = len(differences)
    return float(differences.mean() - stats.t.ppf(1 - CONFIDENCE, n - 1) * differences.std(ddof=1) / math.sqrt(n))


@pytest.mark.parametrize("fraction", [f for f in FRACTIONS if f >= 0.1])
@pytest.mark.parametrize("worse, better", [("optimistic", "tier1"), ("tier1", "tier2"), ("tier2", "tier3")])
def test_more_verification_gives_more_success_under_attack(runs, fraction, worse, better):
    gain = values(runs[fraction, better], "success_rate") - values(runs[fraction, worse], "success_rate")
    assert least(gain) > 0


def test_without_sybils_reputation_changes_success_by_less_than_a_hundredth(tmp_path):
    optimistic, tier1 = (values(runs_of(tmp_path / policy, 0.0, policy, range(1, 101)), "success_rate")
                         for policy in ("optimistic", "tier1"))
    assert least(tier1 - optimistic) > -0.01 and least(optimistic - tier1) > -0.01


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_risk_aware_is_nearly_as_good_as_tier_3_at_less_cost(runs, fraction):
    lost = values(runs[fraction, "tier3"], "success_rate") - values(runs[fraction, "risk_aware"], "success_rate")
    assert least(0.05 - lost) > 0
    cost = (values(runs[fraction, "risk_aware"], "control_bytes_per_peer_second")
            / values(runs[fraction, "tier3"], "control_bytes_per_peer_second"))
    assert least(0.8 - cost) > 0


@pytest.mark.parametrize("fraction", [f for f in FRACTIONS if f >= 0.1])
def test_no_policy_has_the_success_of_cost_aware_for_less_control_traffic(runs, tmp_path, fraction):
    cost_aware = runs_of(tmp_path, fraction, "cost_aware", SEEDS)
    for policy in POLICIES:
        gained = values(cost_aware, "success_rate") - values(runs[fraction, policy], "success_rate")
        saved = (values(runs[fraction, policy], "control_bytes_per_peer_second")
                 - values(cost_aware, "control_bytes_per_peer_second"))
        assert least(gained) > 0 or least(saved) > 0, policy


def test_the_optimistic_baseline_collapses_and_risk_aware_holds(runs):
    success = {key: values(results, "success_rate").mean() for key, results in runs.items()}
    baseline = [success[fraction, "optimistic"] for fraction in FRACTIONS]
    assert all(a > b for a, b in zip(baseline, baseline[1:])), "falls with every step"
    assert baseline[-1] < 0.1 * baseline[0]
    assert success[0.5, "risk_aware"] > success[0.0, "risk_aware"] - 0.05


def test_discovery_latency_does_not_grow_with_the_network(tmp_path):
    """N = 20 to 1000 at the preset's entries a shard: medians over seeds within one bin of each other, and of the
    two delays a query takes."""
    medians = {}
    for peers, seeds, duration in ((20, 10, "600s"), (100, 10, "300s"), (1000, 4, "120s")):
        results = run_seeds(tmp_path / str(peers), {
            "peers.count": peers, "adversary.fraction": 0.2, "run.duration": duration}, range(1, seeds + 1),
            rows=False)
        medians[peers] = values(results, "discovery_latency_p50").mean()
    bin_width = 10 ** (1 / 50)
    assert max(medians.values()) < bin_width * min(medians.values())
    rng = np.random.default_rng(1)
    two_delays = np.median(0.010 + rng.lognormal(math.log(0.030), 0.5, (2, 10**6)).sum(axis=0))
    for peers, median in medians.items():
        assert two_delays / bin_width < median < bin_width * (two_delays + 1e-3), peers


def test_control_traffic_per_peer_does_not_grow_with_the_network(tmp_path):
    rates = {}
    for peers, seeds in ((100, 10), (1000, 3)):
        results = run_seeds(tmp_path / str(peers), {
            "peers.count": peers, "adversary.fraction": 0.2, "run.duration": "120s", "run.warmup": "30s"},
            range(1, seeds + 1), rows=False)
        rates[peers] = values(results, "control_bytes_per_peer_second").mean()
    assert rates[1000] == pytest.approx(rates[100], rel=0.1)
