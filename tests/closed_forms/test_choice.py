"""Who is chosen, in a static network: one step, tier 0, no reputation.

Sybils and honest peers have embeddings of the same law (embedding_gain 0), so the K candidates of a query are a
random subset of the N - 1 others of the asker, who is honest.
"""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from bounds import check_mean
from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

SEEDS = range(1, 41)
PEERS, CANDIDATES = 200, 8
SETTINGS = {
    **STATIC, **INDIFFERENT, "peers.count": PEERS, "registry.candidates": CANDIDATES, "peers.workflow_rate": 0.5,
    "capability.spread": 100, "query.spread": 100, "run.duration": "80s", "run.warmup": "10s"}


def share_without_sybil(sybils: int) -> float:
    return stats.hypergeom.pmf(0, PEERS - 1, sybils, CANDIDATES)


def expected_best(a: float, b: float, candidates: int) -> float:
    return integrate.quad(lambda q: 1 - stats.beta.cdf(q, a, b) ** candidates, 0, 1)[0]


@pytest.mark.parametrize("sybils", [0, 10, 30])
def test_the_best_claim_wins_under_argmax(tmp_path, sybils):
    """Sybils claim U(0.97, 1), honest peers tell a quality of Beta(6, 6): a Sybil among the candidates wins."""
    assert 1 - stats.beta.cdf(0.97, 6, 6) ** PEERS < 1e-4  # an honest claim that high would spoil the closed form
    settings = {**SETTINGS, "policy.select": "argmax", "policy.weight_quality": 1, "capability.quality_alpha": 6,
                "capability.quality_beta": 6, "adversary.fraction": sybils / PEERS}
    results = run_seeds(tmp_path, settings, SEEDS)
    honest = share_without_sybil(sybils)
    check_mean([r["success_rate"] for r in results], honest * expected_best(6, 6, CANDIDATES), "success")
    check_mean([r["failed_rate"] for r in results], 0, "failed")
    if sybils:
        # The mean over the queries of honest askers.
        check_mean([r["poisoned_candidate_share"] for r in results], sybils / (PEERS - 1), "poisoned candidates")


@pytest.mark.parametrize("sybils", [0, 40])
def test_equal_claims_are_chosen_uniformly_under_softmax(tmp_path, sybils):
    settings = {**SETTINGS, "policy.select": "softmax", "capability.quality_alpha": 6, "capability.quality_beta": 2,
                "adversary.fraction": sybils / PEERS}
    results = run_seeds(tmp_path, settings, SEEDS)
    check_mean([r["success_rate"] for r in results], (1 - sybils / (PEERS - 1)) * 6 / 8, "success")


@pytest.mark.parametrize("temperature", [0.4, 0.15])
def test_softmax_weighs_two_candidates_by_their_utility(tmp_path, temperature):
    """Of an honest claim of 0.5 and a Sybil's of q ~ U(0.97, 1), the Sybil's is chosen with probability
    1 / (1 + exp(-(q - 0.5) / temperature)). The Sybil is silent: choosing it shows as a time-out."""
    settings = {
        **STATIC, **INDIFFERENT, "peers.count": 3, "adversary.fraction": 1 / 3, "adversary.silent": 1,
        "registry.candidates": 2, "peers.workflow_rate": 5, "execution.timeout": "1s", "policy.weight_quality": 1,
        "policy.temperature": temperature, "capability.quality_alpha": 1e6, "capability.quality_beta": 1e6,
        "run.duration": "320s", "run.warmup": "20s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    claims = 0.97 + 0.03 * (np.arange(1000) + 0.5) / 1000
    expected = np.mean(1 / (1 + np.exp(-(claims - 0.5) / temperature)))
    check_mean([r.reasons["timeout"] / (r["workflows_success"] + r["workflows_compromised"] + r["workflows_failed"])
                for r in results], expected, "Sybil chosen")


def test_nobody_is_among_their_own_candidates(tmp_path):
    """One honest peer and one Sybil: only the Sybil can be handed out to the honest one."""
    settings = {**STATIC, **INDIFFERENT, "peers.count": 2, "adversary.fraction": 0.5, "registry.candidates": 1,
                "peers.workflow_rate": 5, "run.duration": "120s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result["poisoned_candidate_share"] == 1
    assert result["executions_good"] == 0 and result["executions_bad"] > 400


@pytest.mark.parametrize("peers, fraction", [(100, 0.3), (7, 0.5), (1000, 0.0005), (1000, 0.00049), (50, 0.97)])
def test_the_number_of_sybils_is_exact(tmp_path, peers, fraction):
    settings = {**STATIC, "peers.count": peers, "adversary.fraction": fraction, "peers.workflow_rate": 0,
                "registry.candidates": 2, "run.duration": "20s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    sybils = math.floor(fraction * peers + 0.5)
    assert (result.series["poisoned_entries"] == sybils).all()
    assert (result.series["live_honest_entries"] == peers - sybils).all()
