"""Beta reputation in networks so small, and so busy, that trust can be computed by hand.

Every requester rates every provider many times an epoch, and what one rater says in an epoch is scaled to weigh
rater_cap: so each rater adds exactly that, and the pooled counts are geometric sums of the decay of an epoch.
"""
from __future__ import annotations

import numpy as np
import pytest

from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

EPOCH = 10
BUSY = {**STATIC, **INDIFFERENT, "policy.name": "tier1", "reputation.kind": "beta", "reputation.epoch": f"{EPOCH}s",
        "peers.workflow_rate": 20, "descriptor.ttl": "2s", "run.duration": "100s", "run.warmup": "0s"}
GOOD = {"capability.quality_alpha": 1e6, "capability.quality_beta": 0.01}
BAD = {"capability.quality_alpha": 0.01, "capability.quality_beta": 1e6, "execution.outcome_detection": 1}
# Published trust is kept as a 32-bit number, counts in units of 2^-20.
PRECISION = 1e-5


def weight(time: np.ndarray, half_life: float, cap: float = 1) -> np.ndarray:
    """What one rater's reports weigh as published at or before each time: the latest epoch undecayed."""
    decay = 0.5 ** (EPOCH / half_life)
    epochs = np.floor(time / EPOCH)
    return cap * (1 - decay**epochs) / (1 - decay)


@pytest.mark.parametrize("half_life", [20, 600])
@pytest.mark.parametrize("cap", [1, 2.5])
def test_good_service_raises_trust_as_the_beta_law_says(tmp_path, half_life, cap):
    settings = {**BUSY, **GOOD, "peers.count": 2, "registry.candidates": 1, "reputation.half_life": f"{half_life}s",
                "reputation.rater_cap": cap}
    [result] = run_seeds(tmp_path, settings, [1])
    good = weight(result.series["time"], half_life, cap)
    np.testing.assert_allclose(result.series["mean_trust_honest"], (1 + good) / (2 + good), atol=PRECISION)


def test_bad_service_lowers_trust_as_the_beta_law_says(tmp_path):
    settings = {**BUSY, **BAD, "peers.count": 2, "registry.candidates": 1, "reputation.half_life": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    bad = weight(result.series["time"], 20)
    np.testing.assert_allclose(result.series["mean_trust_honest"], 1 / (2 + bad), atol=PRECISION)


def test_raters_are_pooled_and_separate_honest_from_sybil(tmp_path):
    """Two honest peers and a Sybil: each honest one is praised by one rater, the Sybil blamed by two."""
    settings = {**BUSY, **GOOD, "execution.outcome_detection": 1, "peers.count": 3, "adversary.fraction": 1 / 3,
                "registry.candidates": 2, "reputation.half_life": "60s"}
    [result] = run_seeds(tmp_path, settings, [1])
    one = weight(result.series["time"], 60)
    np.testing.assert_allclose(result.series["mean_trust_honest"], (1 + one) / (2 + one), atol=PRECISION)
    np.testing.assert_allclose(result.series["mean_trust_sybil"], 1 / (2 + 2 * one), atol=PRECISION)
    np.testing.assert_array_equal(result.series["trust_auc"], np.where(result.series["time"] < EPOCH, 0.5, 1.0))


def test_a_report_says_nothing_in_tier_0(tmp_path):
    settings = {**BUSY, **GOOD, "policy.name": "optimistic", "peers.count": 2, "registry.candidates": 1}
    [result] = run_seeds(tmp_path, settings, [1])
    assert (result.series["mean_trust_honest"] == 0.5).all()
    assert result.messages["feedback"] == 0


def least_blames(threshold: float, prior: float, published: float = 0.5) -> int:
    """After how many bad outcomes the trust used is below the threshold (no decay, one rater)."""
    for bad in range(1000):
        local = 1 / (2 + bad)
        if (bad * local + prior * published) / (bad + prior) < threshold:
            return bad
    raise ValueError("never")


@pytest.mark.parametrize("threshold, prior, blames", [(0.3, 4, 6), (0.45, 4, 2), (0.3, 20, 17), (0.1, 1, 13)])
def test_own_experience_ends_a_requesters_patience(tmp_path, threshold, prior, blames):
    """One requester, one provider, always bad, always noticed, nothing published: the trust used is
    (b / (2 + b) + n0 / 2) / (b + n0) after b blames, and delegation ends when it falls below the threshold."""
    assert least_blames(threshold, prior) == blames
    settings = {**STATIC, "policy.name": "tier1", "policy.threshold": threshold, "reputation.kind": "beta",
                "reputation.epoch": "1000000s", "reputation.half_life": "1000000000s",
                "reputation.prior_weight": prior, "peers.count": 2, "adversary.fraction": 0.5,
                "registry.candidates": 1, "execution.outcome_detection": 1, "peers.workflow_rate": 0.005,
                "descriptor.ttl": "15s", "run.duration": "20000s", "run.warmup": "0s", "run.seed": 1}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result.messages["delegate"] == blames
    assert result.reasons["execution_failed"] == blames
    untrusted = result["workflows_failed"] - blames - result.reasons["no_candidate"]
    assert result.reasons["no_trusted_candidate"] == untrusted
    assert result.reasons["no_trusted_candidate"] > 50
